import { say } from '../../schemas/messages/index.ts';
import { contend } from '../attempts.ts';
import { AppError } from './app-error.ts';
import type { Precondition } from './precondition.ts';

/** The number of attempts to write while other writes come first. */
const MAX_ATTEMPTS = 5;

/**
 * The number of attempts of a write that is to come through whoever else writes. An attempt is lost for each write of somebody else
 * that came first, so this many may write the same resource at the same time.
 */
const MAX_FORCED_ATTEMPTS = 20;

interface Contest {
  /** Returns the error of the last attempt: `write-conflict` if not given. */
  lost?: () => Promise<AppError>;
  /** The conditions of the client; with `If-Match: *` it asks to come through. */
  precondition?: Precondition;
}

/** Repeats the work while it resolves with undefined, which means that another write came first, and throws after the last attempt. */
export async function untilWritten<T>(
  work: () => Promise<T | undefined>,
  { lost = async () => outrun(), precondition = {} }: Contest = {},
): Promise<T> {
  const done = await contend(precondition.ifMatch === '*' ? MAX_FORCED_ATTEMPTS : MAX_ATTEMPTS, work);
  if (done === undefined) throw await lost();
  return done;
}

function outrun(): AppError {
  return new AppError('write-conflict', say('Outrun'));
}
