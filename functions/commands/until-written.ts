import { say } from '../../schemas/messages/index.ts';
import { contend } from '../attempts.ts';
import { AppError } from './app-error.ts';

/** The number of attempts to write while other writes come first. */
const MAX_ATTEMPTS = 5;

/**
 * Repeats the work while it resolves with undefined, which means that another write came first. After the last attempt
 * it throws the error that `lost` returns: `write-conflict` if not given.
 */
export async function untilWritten<T>(
  work: () => Promise<T | undefined>,
  lost: () => Promise<AppError> = async () => outrun(),
): Promise<T> {
  const done = await contend(MAX_ATTEMPTS, work);
  if (done === undefined) throw await lost();
  return done;
}

function outrun(): AppError {
  return new AppError('write-conflict', say('Outrun'));
}
