/** Sentences about who sends a request and what they may do: tokens, roles and grants. */

/** The place that a permission is needed in, of which `fleet` is absent when it is needed in every fleet. */
interface Where {
  fleet?: string | undefined;
  voter?: string | undefined;
  gateway?: { credentials: string; instance?: string | undefined } | undefined;
}

type Voter = { fleet: string; voter: string };
type Name = { id: string };
type Changes = { verb: keyof typeof VERBS; kind: string };

const VERBS = { create: 'Creates', update: 'Changes', delete: 'Deletes' };

export const ACCESS = {
  AgentMissing: ({ fleet, voter }: Voter) => `There is no agent ${voter} among the voters of fleet ${fleet}.`,
  KeyDeclared: ({ fleet, voter }: Voter) =>
    `The voter ${voter} of fleet ${fleet} declares its public key: take the key out of the declaration to let an agent enrol.`,
  EnrolmentTokenNotAccepted: () => 'This token is not accepted, or not any more: ask for a new enrolment token.',
  EnrolledByAnother: ({ fleet, voter }: Voter) =>
    `Another agent has enrolled as voter ${voter} of fleet ${fleet} with this token. Unless that was you, take the enrolment back.`,
  TooMany: ({ actor, perMinute, limitClass }: { actor: string; perMinute: number; limitClass: string }) =>
    `${actor} has sent more than ${perMinute} requests of the class ${limitClass} in a minute: wait as Retry-After says.`,
  TooManyAtOnce: ({ actor, atOnce, limitClass }: { actor: string; atOnce: number; limitClass: string }) =>
    `${atOnce} requests of the class ${limitClass} of ${actor} are being served already: wait as Retry-After says.`,
  TooManyWrongTokens: () => 'Too many wrong tokens have come from this network: wait for a minute.',
  GivesRole: ({ grant, role, where, to }: Record<'grant' | 'role' | 'where' | 'to', string>) =>
    `Gives the role ${role} in ${where} to ${to}, by the grant ${grant}.`,
  MakesSecret: ({ token, roles }: { token: string; roles: string }) =>
    `Makes a new secret for the token ${token}, which has the roles ${roles}.`,
  LengthensToken: ({ token, roles, until }: Record<'token' | 'roles', string> & { until: string | undefined }) =>
    `Lets the token ${token}, which has the roles ${roles}, be used ${until === undefined ? 'without end' : `until ${until}`}.`,
  MakesEnrolmentToken: ({ voter }: { voter: string }) =>
    `Makes an enrolment token, with which an agent gives voter ${voter} a new key.`,
  SetsRulesAside: ({ rules, until, reason }: Record<'rules' | 'until' | 'reason', string>) =>
    `Sets the safety rules ${rules} aside until ${until}: ${reason.replace(/\.$/, '')}.`,
  ChangesMany: ({ verb, kind, count, names }: Changes & { count: number; names: string }) =>
    `${VERBS[verb]} ${count} ${kind}s: ${names}.`,
  ChangesOne: ({ verb, kind, name }: Changes & { name: string }) => `${VERBS[verb]} the ${kind} ${name}.`,
  ChangesFields: ({ kind, name, pointers }: Record<'kind' | 'name' | 'pointers', string>) =>
    `Changes the ${kind} ${name} at ${pointers}.`,
  ChangesVoters: ({ voters }: { voters: string }) => `Changes who may vote as ${voters}.`,
  DropsApproval: ({ actions }: { actions: string }) => `No longer asks for the approval of ${actions}.`,
  LengthensApproval: (given: { after: number | undefined; before: number | undefined }) =>
    `Lets approvals be valid for ${given.after} seconds in place of ${given.before}.`,
  DeletesInstance: ({ names }: { names: string }) =>
    `Deletes the instance of ${names} at the cloud, with everything on it.`,
  NotSignedByBody: () => 'The signature is not that of the public key of the body.',
  NotSignedByVoter: ({ voter }: { voter: string }) => `The signature is not that of the key of voter ${voter}.`,
  OutdecidedApproval: ({ id }: Name) =>
    `Others keep deciding on the approval ${id}: look at it before you send yours again.`,
  NoApproval: ({ id }: Name) => `There is no approval ${id}, or it has expired.`,
  OwnRequest: ({ id, requestedBy }: Name & { requestedBy: string }) =>
    `${requestedBy} has asked for ${id}: somebody else has to approve it.`,
  OtherPlan: ({ id, digest }: Name & { digest: string }) =>
    `This is not the plan of ${id}, which has the digest ${digest}.`,
  ApprovalOver: ({ id, state }: Name & { state: string }) => `The approval ${id} is ${state} already.`,
  ApprovalRejected: ({
    id,
    decidedBy,
    expiresAt,
    rejection,
  }: Name & Record<'decidedBy' | 'expiresAt' | 'rejection', string>) =>
    `${decidedBy} has rejected ${id}, until ${expiresAt}: ${rejection.replace(/\.$/, '')}.`,
  ApprovalRequired: ({ id, expiresAt }: Name & { expiresAt: string }) =>
    `Somebody else has to approve ${id} before ${expiresAt}; then send the request again.`,
  OutwrittenApproval: () => 'Others keep writing the approval of this request: send the request again.',
  NobodyCouldApprove: ({ where }: { where: string }) =>
    `Nobody but you could approve: make an approver in ${where} first.`,
  NoToken: () => 'Send a token of the control plane as Authorization: Bearer.',
  TokenNotAccepted: () => 'The token is not accepted, or not any more: send another one.',
  IdentityFault: ({ fault }: { fault: string }) => fault,
  NoPermission: ({ permission, roles, ...where }: Where & { permission: string; roles: string }) =>
    `This needs the permission ${permission} ${placeOf(where)}, which comes with the role ${roles}.`,
  NoPermissionAnywhere: ({ permission, roles }: { permission: string; roles: string }) =>
    `This needs the permission ${permission} in any fleet, which comes with the role ${roles}.`,
  LastAdministrator: () =>
    'Nobody would be left who can change grants: make another administrator first, or give the control plane a token in API_TOKEN.',
  ReservedName: ({ names }: { names: string }) =>
    `The name is taken, since ${names} are actors that are no tokens: choose another one.`,
  TokenEnded: ({ name }: { name: string }) => `The token ${name} is revoked or has expired: make it again with PUT.`,
  TooManyGrants: ({ most }: { most: number }) => `An installation has at most ${most} grants: give a group one grant.`,
  NoIssuer: ({ issuer }: { issuer: string }) =>
    `There is no identity provider with the issuer ${issuer} in the settings.`,
};

function placeOf({ fleet, voter, gateway }: Where): string {
  if (fleet === undefined) return 'in every fleet';
  if (gateway === undefined) return voter === undefined ? `in fleet ${fleet}` : `in fleet ${fleet} for voter ${voter}`;
  const { credentials, instance } = gateway;
  const what = instance === undefined ? 'an instance that is still to be created' : `instance ${instance}`;
  return `in fleet ${fleet} for ${what} and credential set ${credentials}`;
}
