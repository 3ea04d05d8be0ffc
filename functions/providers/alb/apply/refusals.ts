import type { Refusal } from '../../../core/gateway/provider-object.ts';
import { CloudError, type CloudErrorClass } from '../../../deps.ts';
import { permissions } from '../permissions.ts';

/** What concerns the objects of one write and nothing else. */
const REFUSED: readonly CloudErrorClass[] = ['invalid', 'quota', 'in-use', 'denied'];

const WRITES = new Set<string>(permissions.routing.writes);

/**
 * What the cloud refuses of some writes to an object; undefined when they are done. Throws what concerns the gateway as a whole, such as
 * a read that is denied.
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
