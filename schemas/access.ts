import * as z from 'zod';

/** The kinds of things that somebody may be allowed to do. */
export const Permission = z
  .enum(['read', 'operate', 'declare', 'approve', 'administer', 'observe', 'probe', 'alert'])
  .meta({ id: 'Permission' });
export type Permission = z.infer<typeof Permission>;

/** The named sets of permissions that a grant can give. */
export const Role = z
  .enum(['viewer', 'operator', 'editor', 'approver', 'admin', 'agent', 'trigger', 'alert'])
  .meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;
