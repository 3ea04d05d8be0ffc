/** The endpoints that write, made from what is special about each, and their replies. */

import type * as z from 'zod';
import { type Decision, TrafficAnswer } from '../../../schemas/decision.ts';
import { inFleet } from '../../core/access/access.ts';
import {
  type Definition,
  defineEndpoint,
  type Endpoint,
  type NO_BODY,
  type NO_QUERY,
  type Reply,
  type Success,
} from './endpoint.ts';

type WithDefaults<T, K extends keyof T> = Omit<T, K | 'write'> & Partial<Pick<T, K>>;

/**
 * Creates an endpoint that writes. Unless it says otherwise, repeating a request changes nothing more, and a POST replays its
 * answer for an idempotency key.
 */
export function writeEndpoint<
  P extends z.ZodObject,
  Q extends z.ZodObject = typeof NO_QUERY,
  B extends z.ZodType = typeof NO_BODY,
>(definition: WithDefaults<Definition<P, Q, B>, 'idempotency'>): Endpoint {
  const keyed = definition.method === 'post' ? { keyedAnswer: 'replayed' as const } : {};
  return defineEndpoint<P, Q, B>({ idempotency: 'idempotent', ...keyed, ...definition, write: true });
}

/**
 * Creates an endpoint by which people on call act on a fleet. Unless it says otherwise, it is a POST that answers with
 * the decision.
 */
export function trafficEndpoint<P extends z.ZodObject, B extends z.ZodType = typeof NO_BODY>(
  definition: WithDefaults<Definition<P, typeof NO_QUERY, B>, 'access' | 'method' | 'idempotency' | 'successes'>,
): Endpoint {
  return writeEndpoint({ access: inFleet('operate'), method: 'post', successes: [TRAFFIC_ANSWER], ...definition });
}

const TRAFFIC_ANSWER: Success = {
  status: 200,
  description: 'The decision. In a dry run, it is the one that would be taken.',
  schema: TrafficAnswer,
  headers: ['Operation-Location'],
};

/** Returns the header with the URL of the operation that makes the gateways follow; no header when there is no operation. */
export function operationHeader(fleet: string, operation: string | undefined): Record<string, string> {
  return operation === undefined ? {} : { 'Operation-Location': `/v1/fleets/${fleet}/operations/${operation}` };
}

/** Returns the reply of a write that has an answer, and an operation when gateways have to follow. */
export function answerReply(fleet: string, answer: object, operation: string | undefined): Reply {
  return { status: 200, body: answer, headers: operationHeader(fleet, operation) };
}

/** Returns the reply of a write that has made something, which is at the path. */
export function createdReply(Location: string, made: object, headers: Record<string, string> = {}): Reply {
  return { status: 201, body: made, headers: { ...headers, Location } };
}

interface Commanded {
  decision?: Decision | undefined;
  note?: string | undefined;
  operation?: string | undefined;
}

export function trafficReply(fleet: string, { decision, note, operation }: Commanded): Reply {
  const answer: TrafficAnswer = { ...(decision && { decision }), ...(note !== undefined && { note }) };
  return answerReply(fleet, answer, operation);
}
