import type * as z from 'zod';
import type { AlbTarget } from '../../../schemas/gateway.ts';
import type { Json } from '../../core/gateway/provider-object.ts';
import type { Session } from '../provider.ts';
import { invalidAnswer } from '../shared.ts';
import type { ReadAction, WriteAction } from './permissions.ts';

export type AlbSession = Session<AlbTarget>;

/**
 * The page size of lists. The default of 20 would hide objects; 100 is the most that a list returns (ALB OpenAPI
 * 2020-06-16).
 */
const PAGE_SIZE = 100;
const MAX_PAGES = 200;

/** Makes a call that changes nothing. The answer must have the form of `schema`. */
export async function read<T>(
  session: AlbSession,
  action: ReadAction,
  parameters: Record<string, Json | undefined>,
  schema: z.ZodType<T>,
): Promise<T> {
  const body = await session.cloud.call(requestOf(session, action, parameters));
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalidAnswer(action, parsed.error.issues.map((issue) => issue.path.join('.')).join(', '));
}

/** Returns the items of all pages of a list, until there is no token for another page. */
export async function list<T>(
  session: AlbSession,
  action: ReadAction,
  parameters: Record<string, Json | undefined>,
  schema: z.ZodType<{ items: T[]; nextToken?: string | undefined }>,
  pageSize = PAGE_SIZE,
): Promise<T[]> {
  const items: T[] = [];
  let NextToken: string | undefined;
  for (let count = 0; count < MAX_PAGES; count++) {
    const page = await read(session, action, { ...parameters, MaxResults: pageSize, NextToken }, schema);
    items.push(...page.items);
    if (page.nextToken === undefined || page.nextToken === '') return items;
    NextToken = page.nextToken;
  }
  throw invalidAnswer(action, `more than ${MAX_PAGES} pages`);
}

/**
 * Makes a call that changes something, under the lease. All actions but those on tags take a client token. Resolves
 * with the answer as soon as the cloud has accepted the call.
 */
export async function write(
  session: AlbSession,
  action: WriteAction,
  parameters: Record<string, Json | undefined>,
  clientToken: string | undefined,
): Promise<Record<string, Json>> {
  const request = requestOf(session, action, { ...parameters, ClientToken: clientToken });
  return session.cloud.call({ ...request, beforeAttempt: session.ensureLease });
}

function requestOf(
  { target, credentials, priority, whileWaiting }: AlbSession,
  action: ReadAction | WriteAction,
  parameters: Record<string, Json | undefined>,
) {
  return {
    product: 'alb' as const,
    regionId: target.regionId,
    credentials,
    priority,
    whileWaiting,
    action,
    parameters,
  };
}
