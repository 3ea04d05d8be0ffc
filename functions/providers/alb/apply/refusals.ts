import type { Refusal } from '../../../core/gateway/provider-object.ts';
import { CloudError, type CloudErrorClass } from '../../../deps.ts';
import { permissions } from '../permissions.ts';

/** The classes of errors that concern the objects of one write and nothing else. */
const REFUSED: readonly CloudErrorClass[] = ['invalid', 'quota', 'in-use', 'denied'];

const WRITES = new Set<string>(permissions.routing.writes);

/**
 * Does some writes to an object, and resolves with the error that refuses them; undefined when they are done. Throws
 * errors that concern the gateway as a whole, such as a read that is denied.
 */
export async function refusedOf(work: () => Promise<void>): Promise<CloudError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof CloudError && isRefused(error)) return error;
    throw error;
  }
}

function isRefused({ errorClass, action }: CloudError): boolean {
  return errorClass === 'gone' || (REFUSED.includes(errorClass) && WRITES.has(action));
}

export function refusal({ kind, key }: Pick<Refusal, 'kind' | 'key'>, { code, message }: CloudError): Refusal {
  return { kind, key, code, detail: message };
}
