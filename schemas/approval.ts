import * as z from 'zod';
import { Name, pageOf, Reason, Timestamp } from './common.ts';
import { type AskedOf, exactly, listQuery } from './list-query.ts';

/** The actions for which a fleet can ask for the approval of a second person. */
export const ProtectedAction = z.enum(['break-glass', 'prune', 'delete-instance', 'voter-key', 'grant']).meta({
  id: 'ProtectedAction',
  description:
    'break-glass: setting safety rules aside. prune: a manifest or a rollback that deletes resources. delete-instance: deleting the ' +
    'instance of a gateway at the cloud. voter-key: adding, changing or removing a voter that has a key or a token. grant: giving ' +
    'somebody a role that holds in this fleet, or a new secret to a token that can approve here.',
});
export type ProtectedAction = z.infer<typeof ProtectedAction>;

/** An action of an approval: one that the fleet protects, or the one that is always protected in a fleet that protects any. */
export const ApprovedAction = z.enum([...ProtectedAction.options, 'lower-approvals']).meta({
  id: 'ApprovedAction',
  description:
    'lower-approvals: asking for fewer approvals, or for approvals that are valid for longer, and deleting the fleet. In a fleet ' +
    'that asks for any approval, this takes one as well.',
});
export type ApprovedAction = z.infer<typeof ApprovedAction>;

export const ApprovalPolicy = z
  .strictObject({
    required: z
      .array(ProtectedAction)
      .min(1)
      .max(ProtectedAction.options.length)
      .refine((actions) => new Set(actions).size === actions.length, 'must not repeat an action')
      .meta({ description: 'The actions that take the approval of a second person.', examples: [['break-glass']] }),
    validSeconds: z
      .int()
      .min(60)
      .max(7 * 86_400)
      .default(86_400)
      .meta({ description: 'The time from a request in which it has to be approved and sent again.' }),
  })
  .meta({
    id: 'ApprovalPolicy',
    description:
      'The actions for which one person is not enough. Automation, shifts and evacuations never need approval.',
  });
export type ApprovalPolicy = z.output<typeof ApprovalPolicy>;

export const ApprovalId = z
  .string()
  .regex(/^apr-[0-9a-f]{24}$/, 'must be the id of an approval')
  .meta({ examples: ['apr-5f0c1d2e3b4a59687766f0e1'] });

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal digits')
  .meta({
    description: 'The digest of the plan: of everything that would be done, and of the revisions that it starts from.',
    examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  });

export const Approval = z
  .object({
    id: ApprovalId,
    fleet: Name.optional().meta({ description: 'The fleet; absent when the request concerns the installation.' }),
    state: z.enum(['pending', 'approved', 'rejected', 'used']).meta({
      description:
        'pending: nobody has decided yet. approved: the requester can send the request again. rejected: the request is refused ' +
        'until the approval expires. used: the request was carried out.',
    }),
    actions: z.array(ApprovedAction).meta({ description: 'The protected actions that the request contains.' }),
    digest,
    summary: z.array(z.string()).meta({ description: 'What the request would do, in sentences.' }),
    requestedBy: z.string().meta({ examples: ['ada'] }),
    requestedAt: Timestamp,
    reason: z.string().optional().meta({ description: 'The reason that was given with the request.' }),
    expiresAt: Timestamp.meta({ description: 'The time at which the approval is gone, whatever its state.' }),
    decidedBy: z
      .string()
      .optional()
      .meta({ description: 'Whoever approved or rejected it.', examples: ['bob'] }),
    decidedAt: Timestamp.optional(),
    rejection: z.string().optional().meta({ description: 'The reason of a rejection.' }),
    usedAt: Timestamp.optional(),
  })
  .meta({ id: 'Approval', description: 'A request that takes a second person, and what that person decided.' });
export type Approval = z.infer<typeof Approval>;

export const ApprovalPage = pageOf('ApprovalPage', Approval);

export const ApproveInput = z
  .strictObject({ digest })
  .meta({ id: 'ApproveInput', description: 'Approves the plan that has this digest, and no other one.' });

export const RejectInput = z.strictObject({ reason: Reason }).meta({ id: 'RejectInput' });

export const ApprovalNeed = z
  .object({
    actions: Approval.shape.actions,
    digest,
    state: z.enum(['missing', 'pending', 'approved', 'rejected']).meta({
      description:
        'missing: nobody has asked for the approval yet, which the request itself does when it is no dry run.',
    }),
    approval: ApprovalId.optional().meta({ description: 'The approval; absent while it is missing.' }),
  })
  .meta({ id: 'ApprovalNeed', description: 'The approval that a request takes, and how it stands.' });
export type ApprovalNeed = z.infer<typeof ApprovalNeed>;

/** The approval with which a write was made, as its audit event tells of it. */
export const UsedApproval = z
  .object({ id: ApprovalId, approvedBy: z.string() })
  .meta({ id: 'UsedApproval', description: 'The approval that was used up by the write, and who gave it.' });
export type UsedApproval = z.infer<typeof UsedApproval>;

export const ApprovalQuery = listQuery(
  { fields: ['requestedAt', 'expiresAt'], usual: 'id' },
  {
    state: Approval.shape.state.optional().meta({ description: 'The state of the approval.', examples: ['pending'] }),
    action: ApprovedAction.optional().meta({ description: 'Only requests with this action.', examples: ['prune'] }),
    requestedBy: exactly('Only requests of this actor.', 'ada'),
  },
);
export type ApprovalQuery = AskedOf<typeof ApprovalQuery>;
