import type { Permission, Role } from '../../../schemas/access.ts';

const VIEWER: readonly Permission[] = ['read'];
const OPERATOR: readonly Permission[] = [...VIEWER, 'operate', 'probe'];
const EDITOR: readonly Permission[] = [...OPERATOR, 'declare'];

/**
 * The permissions of each role. read: see declarations, decisions and history. operate: move traffic, and press the buttons
 * that settle what waits for a person. declare: change declarations. approve: approve what somebody else has planned.
 * administer: everything about tokens and grants. observe: send the observations of an agent. probe: ask for a probe round.
 * alert: send the alerts of a voter. An administrator sends no alerts, because alerts are the evidence of one voter.
 */
export const ROLES: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: VIEWER,
  operator: OPERATOR,
  editor: EDITOR,
  approver: [...VIEWER, 'approve'],
  admin: [...EDITOR, 'approve', 'administer', 'observe'],
  agent: ['observe'],
  trigger: ['probe'],
  alert: ['alert'],
};

/** The permissions with which somebody can ask for a protected action, or approve one. */
const OF_PEOPLE: readonly Permission[] = ['operate', 'declare', 'approve', 'administer'];

/** Tells whether somebody with the role can ask for a protected action, or approve one. */
export function isOfPerson(role: Role): boolean {
  return ROLES[role].some((permission) => OF_PEOPLE.includes(permission));
}

/** Returns the roles that have a permission, the most modest one first. */
export function rolesWith(permission: Permission): Role[] {
  const roles = Object.keys(ROLES) as Role[];
  return roles.filter((role) => ROLES[role].includes(permission)).sort((a, b) => ROLES[a].length - ROLES[b].length);
}
