import { type Decision, TrafficAnswer } from '../../../schemas/decision.ts';
import type { Reply, Success } from './endpoint.ts';

/** Returns the header with the URL of the operation that makes the gateways follow; no header when there is no operation. */
export function operationHeader(fleet: string, operation: string | undefined): Record<string, string> {
  return operation === undefined ? {} : { 'Operation-Location': `/v1/fleets/${fleet}/operations/${operation}` };
}

export const TRAFFIC_ANSWER: Success = {
  status: 200,
  description: 'The decision. In a dry run, it is the one that would be taken.',
  schema: TrafficAnswer,
  headers: ['Operation-Location'],
};

export const ENDED: readonly Success[] = [
  { status: 200, description: 'The decision that would be taken, in a dry run.', schema: TrafficAnswer },
  { status: 204, description: 'The shift or the break-glass has ended.', headers: ['Operation-Location'] },
];

interface Commanded {
  decision?: Decision | undefined;
  note?: string | undefined;
  operation?: string | undefined;
}

export function trafficReply(fleet: string, { decision, note, operation }: Commanded): Reply {
  const body: TrafficAnswer = { ...(decision && { decision }), ...(note !== undefined && { note }) };
  return { status: 200, body, headers: operationHeader(fleet, operation) };
}

/** Returns the reply of an operation that ends something. */
export function endedReply(fleet: string, commanded: Commanded, isDry: boolean | undefined): Reply {
  if (isDry) return trafficReply(fleet, commanded);
  return { status: 204, headers: operationHeader(fleet, commanded.operation) };
}
