import type { IncomingMessage } from 'node:http';
import type { CloudState } from './alb/model.ts';
import { type FaultQueue, parseFault } from './faults.ts';
import type { CallLog } from './log.ts';
import { readBody } from './request.ts';

export const ADMIN_PREFIX = '/_local/';

interface AdminParts {
  state: CloudState;
  log: CallLog;
  faults: FaultQueue;
}

interface AdminAnswer {
  status: number;
  body: unknown;
}

/**
 * GET /_local/state, /_local/log, /_local/faults; POST /_local/faults with a fault as JSON; DELETE /_local/faults and /_local/log.
 * A POST must say that it is JSON, so that no web page can send one unasked.
 */
export async function handleAdmin(parts: AdminParts, message: IncomingMessage): Promise<AdminAnswer> {
  const { pathname } = new URL(message.url ?? '/', 'http://local');
  const { state, log, faults } = parts;
  switch (`${message.method} ${pathname}`) {
    case 'GET /_local/state':
      return { status: 200, body: Object.fromEntries(Object.entries(state).map(([k, map]) => [k, [...map.values()]])) };
    case 'GET /_local/log':
      return { status: 200, body: { counts: log.counts(), entries: log.entries } };
    case 'DELETE /_local/log':
      log.clear();
      return { status: 200, body: { counts: log.counts(), entries: log.entries } };
    case 'GET /_local/faults':
      return { status: 200, body: faults.list() };
    case 'DELETE /_local/faults':
      faults.clear();
      return { status: 200, body: faults.list() };
    case 'POST /_local/faults':
      return await addFault(faults, message);
    default:
      return { status: 404, body: { message: 'There are /_local/state, /_local/log and /_local/faults.' } };
  }
}

async function addFault(faults: FaultQueue, message: IncomingMessage): Promise<AdminAnswer> {
  if (!message.headers['content-type']?.startsWith('application/json')) {
    return { status: 415, body: { message: 'Send content-type: application/json.' } };
  }
  const fault = parseFault(parseJson((await readBody(message)).toString('utf8')));
  if (typeof fault === 'string') return { status: 400, body: { message: fault } };
  faults.add(fault);
  return { status: 201, body: faults.list() };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
