import type { Change, Refusal } from '../../core/provider-object.ts';
import { CloudError, type CloudErrorClass } from '../../deps.ts';

/** What is wrong with the gateway or the caller, and not with the object of a call. */
const OF_THE_GATEWAY: readonly CloudErrorClass[] = ['throttled', 'unavailable', 'busy'];

const CREDENTIAL_CODES: readonly string[] = [
  'UnknownCredentials',
  'InvalidAccessKeyId.NotFound',
  'InvalidAccessKeyId.Inactive',
  'InvalidSecurityToken.Expired',
  'InvalidSecurityToken.Malformed',
  'InvalidSecurityToken.MismatchWithAccessKey',
  'InvalidTimeStamp.Expired',
  'IncompleteSignature',
  'SignatureDoesNotMatch',
];

/** Whether the key, the token or the signature is wrong, so that no call would be taken. */
function isOfCredentials({ code }: CloudError): boolean {
  return CREDENTIAL_CODES.includes(code);
}

/** A change needs an object that is not at the gateway, because the cloud has refused it. */
export class DependsOnRefused extends Error {}

/** Does a change. Resolves with what the cloud refuses of it; rejects with what concerns more than this change. */
export async function attempt({ kind, key }: Change, work: () => Promise<unknown>): Promise<Refusal[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof DependsOnRefused) return [{ kind, key, code: 'DependsOnRefused', detail: error.message }];
    if (!(error instanceof CloudError) || OF_THE_GATEWAY.includes(error.errorClass) || isOfCredentials(error))
      throw error;
    return [{ kind, key, code: error.code, detail: error.message }];
  }
}
