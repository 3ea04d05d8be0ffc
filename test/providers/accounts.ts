import type { RamPolicy } from '../../infra/local/cloud/ram.ts';
import type { LocalCloud, LocalCloudOptions } from '../../infra/local/cloud/server.ts';

export interface AccessKey {
  accessKeyId: string;
  accessKeySecret: string;
}

/** Makes a user that may do everything, for tests that make gateways. */
export const OWNER_OF_ACCOUNT: AccessKey = { accessKeyId: 'owner-id', accessKeySecret: 'owner-secret' };

/** A RAM user, as Fairlead is. */
export const RESTRICTED: AccessKey = { accessKeyId: 'test-id', accessKeySecret: 'test-secret' };

/** Both keys; the restricted one may do what the policies allow. */
export function accounts(...policies: RamPolicy[]): Pick<LocalCloudOptions, 'accessKeys' | 'policies'> {
  const keys = [OWNER_OF_ACCOUNT, RESTRICTED];
  return {
    accessKeys: Object.fromEntries(keys.map(({ accessKeyId, accessKeySecret }) => [accessKeyId, accessKeySecret])),
    policies: { [RESTRICTED.accessKeyId]: policies },
  };
}

/** Rejects when a policy has refused something. */
export async function closeAllowed(cloud: LocalCloud): Promise<void> {
  await cloud.close();
  if (cloud.denied.size > 0) throw new Error(`The RAM policy refused ${[...cloud.denied].join(', ')}.`);
}
