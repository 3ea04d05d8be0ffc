/** Examples of the enrolment of agents. */

import type { Assignment, Enrolled, Enrolment, EnrolmentInput, IssuedInvitation } from '../../../schemas/enrolment.ts';
import { FleetInput } from '../../../schemas/fleet.ts';
import type { Example } from '../http/example.ts';

const INVITED = '2026-11-23T07:00:00.000Z';
const EXPIRED = '2026-11-23T07:15:00.000Z';
const ENROLLED = '2026-11-23T07:02:00.000Z';
const ENDS = '2026-12-23T07:02:00.000Z';
const TOKEN = 'fle_shop_lab_Zk3vN8hq2sT5xYcR1bLwU9aEoGd4mJ7pKfVi0SzQ6tX';
const PUBLIC_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

const empty: Enrolment = { fleet: 'shop', voter: 'lab', credentials: [] };
const invitation = { createdAt: INVITED, expiresAt: EXPIRED };
const issued: IssuedInvitation = { ...empty, invitation, token: TOKEN };

const enrolment: Enrolment = {
  ...empty,
  publicKey: PUBLIC_KEY,
  enrolledAt: ENROLLED,
  invitation: { ...invitation, usedAt: ENROLLED },
  credentials: [{ createdAt: ENROLLED, expiresAt: ENDS }],
};

const enrolmentInput: EnrolmentInput = {
  token: TOKEN,
  publicKey: PUBLIC_KEY,
  credentialHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

const enrolled: Enrolled = { fleet: 'shop', voter: 'lab', expiresAt: ENDS };

const assignment: Assignment = {
  fleet: { name: 'shop', health: FleetInput.parse({}).health, controlTargets: [] },
  voter: 'lab',
  clusters: [{ name: 'one', probes: [] }],
};

export const enrolmentExamples: Record<string, Example> = {
  getEnrolment: { response: enrolment },
  createInvitation: { response: { ...empty, invitation }, created: issued },
  deleteEnrolment: { response: empty },
  enrolAgent: { body: enrolmentInput, response: enrolled },
  getAssignment: { response: assignment },
};
