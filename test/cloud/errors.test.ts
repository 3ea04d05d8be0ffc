import { describe, expect, test } from 'vitest';
import { refusal, toFailure } from '../../functions/cloud/errors.ts';
import { errorClassOf } from '../../functions/cloud-codes.ts';

describe('errorClassOf', () => {
  test.each([
    ['Throttling', 400, 'throttled'],
    ['Throttling.User', 400, 'throttled'],
    ['Rejected.Throttling', 503, 'throttled'],
    ['SystemBusy', 400, 'unavailable'],
    ['InternalError', 500, 'unavailable'],
    ['SomethingNew', 500, 'unavailable'],
    ['SomethingNew', 400, 'invalid'],
    ['IdempotenceProcessing', 400, 'busy'],
    ['IncorrectStatus.Listener', 400, 'busy'],
    ['ResourceInConfiguring.Listener', 400, 'busy'],
    ['-21013', 400, 'busy'],
    ['ResourceInUse.ServerGroup', 400, 'in-use'],
    ['ResourceNotFound.Rule', 404, 'gone'],
    ['QuotaExceeded.RulesNum', 400, 'quota'],
    ['OperationDenied.SomethingNew', 400, 'denied'],
    ['Forbidden.RAM', 403, 'denied'],
    ['IllegalParam.Order', 400, 'invalid'],
    ['InvalidAccessKeyId.NotFound', 404, 'credentials'],
    ['SignatureDoesNotMatch', 400, 'credentials'],
    ['Conflict.Lock', 400, 'busy'],
    ['IncorrectStatus.serverGroup', 400, 'busy'],
    ['OperationFailed.ResourceIsConfiguring', 400, 'busy'],
    ['NotFound', 404, 'gone'],
    ['NoPermission', 403, 'denied'],
    ['InvalidParameter', 400, 'invalid'],
    ['DryRunOperation', 503, 'invalid'],
  ])('%s with HTTP %i is %s', (code, status, expected) => {
    expect(errorClassOf(code, status)).toBe(expected);
  });

  test('codes are compared whole: a longer code is another code', () => {
    expect(errorClassOf('IncorrectStatus.ListenerOfSomethingElse', 400)).toBe('invalid');
    expect(errorClassOf('QuotaExceededNot', 400)).toBe('invalid');
  });
});

test('whatever is thrown becomes a CloudError', () => {
  for (const thrown of [undefined, null, 'text', 7, {}, new Error('https://example.com/?AccessKeyId=x')]) {
    expect(toFailure(thrown, 'ListRules', []).error).toMatchObject({
      errorClass: 'unavailable',
      message: 'ListRules: the connection failed',
    });
  }
});

test.each([
  [{ Code: 404, ErrorCode: 'NotFound' }, 'NotFound', 'gone'],
  [{ Code: 404, ErrorCode: 'mse-404-001' }, 'mse-404-001', 'gone'],
  [{ Code: 403 }, '403', 'denied'],
  [{ Code: 409, ErrorCode: 'Anything' }, 'Anything', 'busy'],
  [{ Code: 429 }, '429', 'throttled'],
  [{ Code: 500, ErrorCode: 'Anything' }, 'Anything', 'unavailable'],
  [{ Code: 200, ErrorCode: 'InternalError' }, 'InternalError', 'unavailable'],
  [{ Code: 400, ErrorCode: 'IllegalRequest' }, 'IllegalRequest', 'invalid'],
  [{ Code: 200 }, '200', 'invalid'],
  [{}, 'InvalidResponse', 'unavailable'],
])('an answer that refuses with %o is %s, %s', (body, code, errorClass) => {
  expect(refusal({ ...body, Message: 'why' }, 'AddGatewayRoute', [])).toMatchObject({
    code,
    errorClass,
    message: `AddGatewayRoute: ${code}: why`,
  });
});
