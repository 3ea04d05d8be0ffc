import type { IncomingMessage } from 'node:http';
import type { FaultQueue } from './fault-queue.ts';
import { parseFault } from './faults.ts';
import type { CallLog } from './log.ts';
import { seedIngress } from './mse/ingress.ts';
import type { MseState } from './mse/model.ts';
import { readBody } from './request.ts';

export const ADMIN_PREFIX = '/_local/';

interface AdminParts {
  /** Objects by kind, of all products. */
  state: MseState;
  log: CallLog;
  faults: FaultQueue;
}

interface AdminAnswer {
  status: number;
  body: unknown;
}

/**
 * Answers the admin endpoints: GET /_local/state, /_local/log and /_local/faults; POST /_local/faults with a fault as
 * JSON; POST /_local/ingress with the objects of an MSE gateway's Ingress controller as JSON; DELETE /_local/faults and
 * /_local/log. A POST must have the content type of JSON, so that no web page can send one without the user's
 * knowledge.
 */
export async function handleAdmin(parts: AdminParts, message: IncomingMessage): Promise<AdminAnswer> {
  const { pathname } = new URL(message.url ?? '/', 'http://local');
  const { state, log, faults } = parts;
  switch (`${message.method} ${pathname}`) {
    case 'GET /_local/state':
      return { status: 200, body: withLists(state) };
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
      return await post(message, (value) => addFault(faults, value));
    case 'POST /_local/ingress':
      return await post(message, (value) => addIngress(state, value));
    default:
      return {
        status: 404,
        body: { message: 'There are /_local/state, /_local/log, /_local/faults and /_local/ingress.' },
      };
  }
}

/** Returns a copy of the state in which maps by id have become lists, at every depth. */
function withLists(state: object): unknown {
  const text = JSON.stringify(state, (_, value) => (value instanceof Map ? [...value.values()] : value));
  return JSON.parse(text);
}

function addFault(faults: FaultQueue, value: unknown): AdminAnswer {
  const fault = parseFault(value);
  if (typeof fault === 'string') return { status: 400, body: { message: fault } };
  faults.add(fault);
  return { status: 201, body: faults.list() };
}

function addIngress(state: MseState, value: unknown): AdminAnswer {
  const reason = seedIngress(state, value);
  if (reason !== undefined) return { status: 400, body: { message: reason } };
  return { status: 201, body: withLists({ gateways: state.gateways }) };
}

async function post(message: IncomingMessage, handle: (value: unknown) => AdminAnswer): Promise<AdminAnswer> {
  if (!message.headers['content-type']?.startsWith('application/json')) {
    return { status: 415, body: { message: 'Send content-type: application/json.' } };
  }
  return handle(parseJson((await readBody(message)).toString('utf8')));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
