import type { Change, Refusal } from '../../../core/gateway/provider-object.ts';
import { CloudError, type CloudErrorClass } from '../../../deps.ts';

/** The classes of errors that concern the gateway or the caller, and not the object of a call. */
const OF_THE_GATEWAY: readonly CloudErrorClass[] = ['throttled', 'unavailable', 'busy', 'credentials'];

/** Signals that a change needs an object that is not at the gateway, because the cloud has refused it. */
export class DependsOnRefused extends Error {}

/**
 * Makes a change. Resolves with what the cloud refuses of it; rejects with errors that concern more than this change.
 */
export async function attempt({ kind, key }: Change, work: () => Promise<unknown>): Promise<Refusal[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof DependsOnRefused) return [{ kind, key, code: 'DependsOnRefused', detail: error.message }];
    if (!(error instanceof CloudError) || OF_THE_GATEWAY.includes(error.errorClass)) throw error;
    return [{ kind, key, code: error.code, detail: error.message }];
  }
}
