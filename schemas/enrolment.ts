/** Enrolment of agents, and the work that they are given. */

import * as z from 'zod';
import { AccessDryRun } from './access.ts';
import { Cluster } from './cluster.ts';
import { Name, Timestamp } from './common.ts';
import { PublicKey } from './failover.ts';
import { HealthPolicy } from './fleet.ts';
import { Probe } from './probe.ts';

const SECRET = 'Zk3vN8hq2sT5xYcR1bLwU9aEoGd4mJ7pKfVi0SzQ6tX';

export const Invitation = z
  .object({
    createdAt: Timestamp,
    expiresAt: Timestamp,
    usedAt: Timestamp.optional().meta({ description: 'The time at which an agent has enrolled with it.' }),
  })
  .meta({ id: 'Invitation', description: 'An enrolment token, which one agent can use once.' });

export const Credential = z
  .object({ createdAt: Timestamp, expiresAt: Timestamp })
  .meta({ id: 'Credential', description: 'What an agent is let in with. It has two at most, while it changes over.' });

export const Enrolment = z
  .object({
    fleet: Name,
    voter: Name,
    publicKey: PublicKey.optional().meta({
      description:
        'The key that batches of the voter are checked with, whether it was enrolled or is declared; absent when there is none yet.',
    }),
    enrolledAt: Timestamp.optional().meta({ description: 'The time at which the agent has enrolled.' }),
    invitation: Invitation.optional(),
    credentials: z.array(Credential).meta({ description: 'The credentials that are accepted, newest first.' }),
    dryRun: AccessDryRun.optional().meta({ description: 'Only in a dry run.' }),
  })
  .meta({ id: 'Enrolment', description: 'What is known of the agent of a voter.' });
export type Enrolment = z.infer<typeof Enrolment>;

export const IssuedInvitation = Enrolment.extend({
  token: z.string().meta({
    description:
      'The enrolment token, which `npm run agent` takes as `FAIRLEAD_ENROLMENT_TOKEN`. It is shown in this answer only.',
    examples: [`fle_shop_lab_${SECRET}`],
  }),
}).meta({ id: 'IssuedInvitation', description: 'An enrolment with its enrolment token.' });
export type IssuedInvitation = z.infer<typeof IssuedInvitation>;

export const EnrolmentInput = z
  .strictObject({
    token: z
      .string()
      .max(256)
      .meta({
        description: 'The enrolment token, or the credential that is to be replaced.',
        examples: [`fle_shop_lab_${SECRET}`],
      }),
    publicKey: PublicKey.meta({ description: 'The public key of the agent, whose private part signs this request.' }),
    credentialHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the credential in 64 lower-case hexadecimal digits')
      .meta({
        description:
          'The SHA-256 of the new credential, which the agent has made itself: `fla_`, the fleet, `_`, the voter, `_` and 32 random ' +
          'bytes in Base64url.',
        examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
      }),
  })
  .meta({ id: 'EnrolmentInput' });
export type EnrolmentInput = z.infer<typeof EnrolmentInput>;

export const Enrolled = z
  .object({
    fleet: Name,
    voter: Name,
    expiresAt: Timestamp.meta({ description: 'The time at which the new credential expires.' }),
  })
  .meta({ id: 'Enrolled', description: 'The voter that the agent is, and for how long.' });
export type Enrolled = z.infer<typeof Enrolled>;

export const Assignment = z
  .object({
    fleet: z.object({ name: Name, health: HealthPolicy, controlTargets: z.array(Probe) }),
    voter: Name,
    clusters: z.array(Cluster.pick({ name: true, probes: true })).meta({
      description: 'The clusters that the voter watches, by name, each with the probes that agents send.',
    }),
  })
  .meta({ id: 'Assignment', description: 'The work of an agent, and all that it gets to know of its fleet.' });
export type Assignment = z.infer<typeof Assignment>;
