import { say } from '../../schemas/messages/index.ts';
import { errorClassOf } from '../cloud-codes.ts';
import { CloudError } from '../deps.ts';

const MAX_MESSAGE_LENGTH = 300;
const MAX_RETRY_AFTER_MS = 120_000;

/**
 * The part of an answer that describes a failure. MSE returns a number like an HTTP status in `Code`, and the actual
 * code in `ErrorCode`.
 */
interface Body {
  Code?: unknown;
  ErrorCode?: unknown;
  Message?: unknown;
  RequestId?: unknown;
}

/** The error that pop-core throws when the answer contains an error code. Of its other errors only `name` is useful. */
interface Thrown {
  name?: unknown;
  data?: Body;
  entry?: { response?: { statusCode?: unknown; headers?: Record<string, unknown> } };
}

/**
 * Converts whatever pop-core threw to a `CloudError` and the wait that the cloud asks for. The text of the thrown error
 * is dropped, because it contains the URL. The text of the cloud is kept only if it contains no addresses, `secrets` or
 * signatures.
 */
export function toFailure(
  thrown: unknown,
  action: string,
  secrets: readonly string[],
): { error: CloudError; retryAfterMs?: number | undefined } {
  const { name, data, entry } = asThrown(thrown);
  if (data?.Code === undefined) return { error: transportError(name, action) };
  const status = Number(entry?.response?.statusCode ?? 0);
  const error = refusal(data, action, secrets, status);
  return { error, retryAfterMs: retryAfter(entry?.response?.headers?.['x-acs-retry-after']) };
}

/**
 * Returns the error that an answer contains, which MSE may send with HTTP 200. Its `ErrorCode` is used if there is one,
 * or else `Code`, which may be an HTTP status.
 */
export function refusal(body: Body, action: string, secrets: readonly string[], httpStatus = 0): CloudError {
  const codes = [body.ErrorCode, body.Code].flatMap((code) =>
    code === undefined || code === '' ? [] : [String(code)],
  );
  const [code = 'InvalidResponse', ...others] = codes;
  const status = codes.map(Number).find((number) => number >= 400 && number < 600) ?? httpStatus;
  const classes = [code, ...others].map((one) => errorClassOf(one, status));
  return new CloudError({
    code,
    errorClass: classes.find((one) => one !== 'invalid') ?? 'invalid',
    action,
    requestId: typeof body.RequestId === 'string' ? body.RequestId : undefined,
    message: messageOf(action, code, body.Message, secrets),
  });
}

/** Returns the error for an answer that is not from the API, but from a faulty server or proxy in between. */
export function invalidResponse(action: string, detail: string): CloudError {
  return new CloudError({
    code: 'InvalidResponse',
    errorClass: 'unavailable',
    action,
    message: `${action}: ${detail}`,
  });
}

function transportError(name: unknown, action: string): CloudError {
  if (name === 'SyntaxError' || name === 'TypeError') return invalidResponse(action, say('AnswerNotJson').text);
  const timedOut = name === 'RequestTimeoutError';
  return new CloudError({
    code: timedOut ? 'Timeout' : 'ConnectionFailed',
    errorClass: 'unavailable',
    action,
    message: say(timedOut ? 'CloudSilent' : 'CloudUnreached', { action }).text,
  });
}

function messageOf(action: string, code: string, text: unknown, secrets: readonly string[]): string {
  const plain = typeof text === 'string' ? text : '';
  const unsafe = /:\/\/|signature|accesskey/i.test(plain) || secrets.some((secret) => plain.includes(secret));
  return plain === '' || unsafe ? `${action}: ${code}` : `${action}: ${code}: ${plain.slice(0, MAX_MESSAGE_LENGTH)}`;
}

/**
 * Returns the wait in milliseconds, which is how Alibaba Cloud's own SDK reads the header (`@darabonba/typescript`).
 */
function retryAfter(header: unknown): number | undefined {
  const milliseconds = Number(header);
  return header !== undefined && milliseconds > 0 ? Math.min(milliseconds, MAX_RETRY_AFTER_MS) : undefined;
}

/**
 * Returns a thrown value as an object. json-bigint throws plain objects and pop-core decorated errors, so any object
 * may have these members; each is checked where it is used.
 */
function asThrown(thrown: unknown): Thrown {
  return typeof thrown === 'object' && thrown !== null ? (thrown as Thrown) : {};
}
