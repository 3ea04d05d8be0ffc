import { errorClassOf } from '../cloud-codes.ts';
import { CloudError } from '../deps.ts';

const MAX_MESSAGE_LENGTH = 300;
const MAX_RETRY_AFTER_MS = 120_000;

/** What an answer says of a failure. MSE has a number like an HTTP status in `Code`, and the code proper in `ErrorCode`. */
interface Body {
  Code?: unknown;
  ErrorCode?: unknown;
  Message?: unknown;
  RequestId?: unknown;
}

/** What pop-core throws when the answer holds an error code; of its other errors only `name` is of use. */
interface Thrown {
  name?: unknown;
  data?: Body;
  entry?: { response?: { statusCode?: unknown; headers?: Record<string, unknown> } };
}

/**
 * Turns whatever pop-core threw into a CloudError and the wait that the cloud asks for. Nothing of the thrown error's own text is
 * kept: it holds the URL. Of the cloud's text only what is free of addresses, `secrets` and signatures.
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
 * What an answer says that went wrong; MSE says so also with HTTP 200. Its `ErrorCode` counts where there is one, else `Code`, which may
 * stand for an HTTP status.
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

/** The answer is no answer of the API: a fault of a server or proxy in between. */
export function invalidResponse(action: string, detail: string): CloudError {
  return new CloudError({
    code: 'InvalidResponse',
    errorClass: 'unavailable',
    action,
    message: `${action}: ${detail}`,
  });
}

function transportError(name: unknown, action: string): CloudError {
  if (name === 'SyntaxError' || name === 'TypeError') return invalidResponse(action, 'the answer is not a JSON object');
  const timedOut = name === 'RequestTimeoutError';
  return new CloudError({
    code: timedOut ? 'Timeout' : 'ConnectionFailed',
    errorClass: 'unavailable',
    action,
    message: `${action}: ${timedOut ? 'no answer in time' : 'the connection failed'}`,
  });
}

function messageOf(action: string, code: string, text: unknown, secrets: readonly string[]): string {
  const plain = typeof text === 'string' ? text : '';
  const unsafe = /:\/\/|signature|accesskey/i.test(plain) || secrets.some((secret) => plain.includes(secret));
  return plain === '' || unsafe ? `${action}: ${code}` : `${action}: ${code}: ${plain.slice(0, MAX_MESSAGE_LENGTH)}`;
}

/** Milliseconds, as Alibaba Cloud's own SDK reads the header (`@darabonba/typescript`). */
function retryAfter(header: unknown): number | undefined {
  const milliseconds = Number(header);
  return header !== undefined && milliseconds > 0 ? Math.min(milliseconds, MAX_RETRY_AFTER_MS) : undefined;
}

/** json-bigint throws plain objects, pop-core decorated errors: anything with members may have these; each is checked where it is used. */
function asThrown(thrown: unknown): Thrown {
  return typeof thrown === 'object' && thrown !== null ? (thrown as Thrown) : {};
}
