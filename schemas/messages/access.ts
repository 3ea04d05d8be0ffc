/** Sentences about who sends a request and what they may do: tokens, roles and grants. */

/** The place that a permission is needed in, of which `fleet` is absent when it is needed in every fleet. */
interface Where {
  fleet?: string | undefined;
  voter?: string | undefined;
  gateway?: { credentials: string; instance?: string | undefined } | undefined;
}

export const ACCESS = {
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
