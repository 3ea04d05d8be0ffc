/** Makes errors as SDKs, networks and attackers throw them. It runs in Node and in workerd. */

export const SECRETS = {
  accessKeyId: 'LTAI5tHostileAccessKey01',
  accessKeySecret: 'kPz/3qV+hostile/Secret=XyZ0123456789abcd',
  apiToken: 'hostile-api-token-0123456789',
  signature: 'mZ1x8hJkD3/9pQ+7sWbYtLr0Uvc=',
  session: `FwoGZXIvYXdzE${'Q2hvc3RpbGVTZXNzaW9u9'.repeat(12)}`,
  unknown: 'AKIAHOSTILE0EXAMPLE0',
} as const;

/** Secrets that the settings contain; the others are recognised by their form alone. */
export const KNOWN = [SECRETS.accessKeyId, SECRETS.accessKeySecret, SECRETS.apiToken];

const URL_OF_A_CALL =
  `https://alb.cn-hangzhou.aliyuncs.com/?Action=ListRules&AccessKeyId=${SECRETS.accessKeyId}` +
  `&Signature=${encodeURIComponent(SECRETS.signature)}&SecurityToken=${encodeURIComponent(SECRETS.session)}`;

/** Texts that each contain something that no line may show. */
export const TEXTS: readonly string[] = [
  `AccessKeyNotFound: The specified key is not found. URL: ${URL_OF_A_CALL}`,
  `/?AccessKeyId=${SECRETS.unknown}&Signature=${SECRETS.signature}`,
  `connect ECONNREFUSED http://user:${SECRETS.apiToken}@10.0.0.1:8000/table`,
  `Authorization: Bearer ${SECRETS.apiToken}`,
  `{"authorization":"Bearer ${SECRETS.apiToken}","x":1}`,
  `AWS4-HMAC-SHA256 Credential=${SECRETS.unknown}/20261127/us-west-2/dynamodb/aws4_request, Signature=${'ab12'.repeat(16)}`,
  `X-Amz-Security-Token: ${SECRETS.session}`,
  `{"x-amz-security-token":"${SECRETS.session}"}`,
  `The signature we calculated, ${SECRETS.signature}, does not match.`,
  `Unexpected token in JSON: "${SECRETS.accessKeySecret}" is not valid JSON`,
  `the secret ${encodeURIComponent(SECRETS.accessKeySecret)} in a query`,
  `the secret ${SECRETS.accessKeySecret} by itself`,
];

function throwing(): Error {
  return Object.defineProperties(new Error('behind getters'), {
    message: {
      get: () => {
        throw new Error(TEXTS[0]);
      },
    },
    stack: {
      get: () => {
        throw new Error(TEXTS[1]);
      },
    },
    cause: {
      get: () => {
        throw new Error(TEXTS[2]);
      },
    },
  });
}

function cyclic(): Error {
  const error = new Error('cyclic');
  error.cause = new Error('in between', { cause: error });
  return error;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** An error of the AWS SDK, as far as a log reads it. */
export function awsError(message: string): Error {
  return Object.assign(new Error(message), {
    name: 'ProvisionedThroughputExceededException',
    $fault: 'client',
    $metadata: { httpStatusCode: 400, requestId: 'QJ5A1B2C3D4E5F6G7H8I9J0KLMNVV4KQNSO5AEMVJF66Q9ASUAAJG' },
    $response: { headers: { authorization: SECRETS.apiToken } },
  });
}

/** pop-core decorates its errors with the exchange. */
export function popError(message: string): Error {
  return Object.assign(new Error(`${message}, URL: ${URL_OF_A_CALL}`), {
    name: 'Throttling.UserError',
    code: 'Throttling.User',
    url: URL_OF_A_CALL,
    data: { RequestId: '7B0E6F4A-0000-0000-0000-000000000000' },
    entry: { url: URL_OF_A_CALL, request: { headers: { authorization: SECRETS.apiToken } } },
  });
}

/** Thrown values, by what is special about them. */
export function hostile(text: string): Record<string, unknown> {
  return {
    error: new Error(text),
    'in the cause': new Error('outside', { cause: new Error('between', { cause: new TypeError(text) }) }),
    'in one of several': new AggregateError([new Error(text)], text),
    text,
    undefined,
    null: null,
    number: 7,
    symbol: Symbol(text),
    frozen: Object.freeze(Object.assign(new Error(text), { code: text, requestId: text })),
    'in the name': Object.assign(new Error('named'), { name: text, code: text, requestId: text }),
    'in the stack': Object.assign(new Error(text), {
      stack: `Error: ${text}\n    at ${text} (${text}:1:1)\n    at ${text}`,
    }),
    'a stack of another message': Object.assign(new Error('short'), {
      stack: `Error: ${text}\n    at x (${text}:1:1)`,
    }),
    'object that is no error': { message: text, name: 'Odd', stack: 5, cause: { message: text } },
    long: new Error(`${'x'.repeat(1_000_000)} ${text} ${'y '.repeat(1_000)}`),
    'cut in the middle': new Error(`${'word '.repeat(1_590)}${'z'.repeat(30)}${text} ${'y '.repeat(10_000)}`),
    'many lines': new Error(`${text}\n`.repeat(2_000)),
    aws: awsError(text),
    pop: popError(text),
    getters: throwing(),
    cyclic: cyclic(),
    revoked: revoked(),
    function: Object.assign(() => undefined, { message: text }),
  };
}
