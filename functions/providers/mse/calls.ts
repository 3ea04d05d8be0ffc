import * as z from 'zod';
import type { MseTarget } from '../../../schemas/gateway.ts';
import type { Json } from '../../core/gateway/provider-object.ts';
import { CloudError } from '../../deps.ts';
import type { ProvisionSession, Session } from '../provider.ts';
import { invalidAnswer } from '../shared.ts';
import type { ReadAction, WriteAction } from './permissions.ts';

export type MseSession = Session<MseTarget>;

/** The part of a session that a call needs. */
export type CallSession = ProvisionSession & { target: Pick<MseTarget, 'regionId'> };

type Parameters = Record<string, Json | undefined>;

/** The page size of lists. The default of 10 would take many calls (MSE OpenAPI 2019-05-31). */
const PAGE_SIZE = 100;
const MAX_PAGES = 200;

/** Returns the schema of a member of an answer that may be absent or null. */
export function orElse<T extends z.ZodType>(schema: T, fallback: z.output<T>) {
  return schema.nullish().transform((value) => value ?? fallback);
}

/** Makes a call that changes nothing. `Data` of the answer must have the form of `schema`. */
export async function read<T>(
  session: CallSession,
  action: ReadAction,
  parameters: Parameters,
  schema: z.ZodType<T>,
): Promise<T> {
  const { Data } = await session.cloud.call(requestOf(session, action, parameters));
  const parsed = schema.safeParse(Data);
  if (parsed.success) return parsed.data;
  throw invalidAnswer(action, parsed.error.issues.map((issue) => issue.path.join('.')).join(', '));
}

/** Returns the items of all pages of a list. A page may be shorter than requested. */
export async function list<T>(
  session: CallSession,
  action: ReadAction,
  parameters: Parameters,
  item: z.ZodType<T>,
): Promise<T[]> {
  const schema = z.object({ TotalSize: z.coerce.number(), Result: orElse(z.array(item), []) });
  const items: T[] = [];
  for (let PageNumber = 1; PageNumber <= MAX_PAGES; PageNumber++) {
    const page = await read(session, action, { ...parameters, PageNumber, PageSize: PAGE_SIZE }, schema);
    items.push(...page.Result);
    if (items.length >= page.TotalSize || page.Result.length === 0) return items;
  }
  throw invalidAnswer(action, `more than ${MAX_PAGES} pages`);
}

/**
 * Makes a call that changes something, under the lease. It must be harmless to repeat. Resolves with `Data` of the
 * answer.
 */
export async function write(
  session: CallSession,
  action: WriteAction,
  parameters: Parameters,
): Promise<Json | undefined> {
  const request = { ...requestOf(session, action, parameters), beforeAttempt: session.ensureLease };
  return (await session.cloud.call(request))['Data'];
}

/** Signals that a write has been done already and is not attempted again. */
class Done extends Error {}

/**
 * Makes a write that must not be repeated. MSE has no idempotency tokens, so before another attempt `isDone` checks
 * whether the previous one succeeded. Resolves with `Data`, or with undefined when a previous attempt succeeded.
 */
export async function writeOnce(
  session: CallSession,
  action: WriteAction,
  parameters: Parameters,
  isDone: () => Promise<boolean>,
): Promise<Json | undefined> {
  let attempts = 0;
  const beforeAttempt = async () => {
    await session.ensureLease();
    if (attempts++ > 0 && (await isDone())) throw new Done();
  };
  try {
    return (await session.cloud.call({ ...requestOf(session, action, parameters), beforeAttempt }))['Data'];
  } catch (error) {
    if (!(error instanceof Done)) throw error;
    return undefined;
  }
}

function requestOf(
  { target, credentials, priority, whileWaiting }: CallSession,
  action: ReadAction | WriteAction,
  parameters: Parameters,
) {
  // Without AcceptLanguage, error messages are in Chinese.
  return {
    product: 'mse' as const,
    regionId: target.regionId,
    credentials,
    priority,
    whileWaiting,
    action,
    parameters: { AcceptLanguage: 'en', ...parameters },
  };
}

export function isGone(error: unknown): boolean {
  return error instanceof CloudError && error.errorClass === 'gone';
}
