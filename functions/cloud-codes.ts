import type { CloudErrorClass } from './deps.ts';

/**
 * The error code with which a call that has DryRun set tells that it would be accepted (npm @alicloud/alb20200616). The
 * caller that asked for the dry run handles it.
 */
export const DRY_RUN_PASSED = 'DryRunOperation';

/**
 * The error codes of Alibaba Cloud by class. The official catalogue of ALB is not public: these are the codes that its
 * published clients (terraform-provider-alicloud, alibaba-load-balancer-controller) act upon, and those of the API gateway
 * in front of it. MSE documents IllegalRequest, InvalidParameter, NoPermission, NotFound and InternalError for each action
 * (OpenAPI 2019-05-31). Numbers are the codes of answers whose HTTP status is 200.
 */
const CODES: Record<CloudErrorClass, readonly string[]> = {
  throttled: ['429'],
  unavailable: ['SystemBusy', 'ServiceUnavailable', 'InternalError', 'Timeout', 'ConnectionFailed', 'InvalidResponse'],
  busy: [
    '409',
    'IdempotenceProcessing',
    'IncorrectStatus.LoadBalancer',
    'IncorrectStatus.Listener',
    'IncorrectStatus.Rule',
    'IncorrectStatus.ServerGroup',
    'IncorrectStatus.Acl',
    'IncorrectStatus.serverGroup',
    'IncorrectBusinessStatus.LoadBalancer',
    'ResourceInConfiguring.LoadBalancer',
    'ResourceInConfiguring.Listener',
    'ResourceInConfiguring.Rule',
    'ResourceInConfiguring.ServerGroup',
    'VipStatusNotSupport',
    'LbStatusNotSupport',
    'LockFailed',
    'Conflict.Lock',
    'OperationFailed.ResourceIsConfiguring',
    '-21013',
    '-21020',
    '-22001',
    '-22031',
  ],
  'in-use': ['ResourceInUse.ServerGroup'],
  gone: [
    'ResourceNotFound.LoadBalancer',
    'ResourceNotFound.Listener',
    'ResourceNotFound.Rule',
    'ResourceNotFound.ServerGroup',
    'ResourceNotFound.Acl',
    '-735',
    'NotFound',
    '404',
  ],
  quota: ['QuotaExceeded'],
  denied: ['OperationDenied', 'Forbidden', 'NoPermission', '403'],
  credentials: [
    'UnknownCredentials',
    'InvalidAccessKeyId.NotFound',
    'InvalidAccessKeyId.Inactive',
    'InvalidSecurityToken.Expired',
    'InvalidSecurityToken.Malformed',
    'InvalidSecurityToken.MismatchWithAccessKey',
    'InvalidTimeStamp.Expired',
    'IncompleteSignature',
    'SignatureDoesNotMatch',
  ],
  invalid: ['IllegalRequest', 'InvalidParameter', DRY_RUN_PASSED],
};

/** The families of codes that are documented as a whole. The part of a code before the first dot names its family. */
const FAMILIES: readonly string[] = ['QuotaExceeded', 'OperationDenied', 'Forbidden'];

const CLASS_BY_CODE = new Map(
  Object.entries(CODES).flatMap(([name, codes]) => codes.map((code) => [code, name as CloudErrorClass] as const)),
);

/**
 * Returns the class of an error code of an answer (with the HTTP status) or of a failed job (without). Codes are compared
 * as a whole; only throttling is recognised by a part of the code, as in the client of Alibaba Cloud. An unknown code is
 * `invalid`, so that the call is not retried, unless the status is that of a fault of the server.
 */
export function errorClassOf(code: string, status = 0): CloudErrorClass {
  if (code.includes('Throttling')) return 'throttled';
  const family = code.split('.', 1)[0] ?? '';
  const known = CLASS_BY_CODE.get(code) ?? (FAMILIES.includes(family) ? CLASS_BY_CODE.get(family) : undefined);
  return known ?? (status >= 500 ? 'unavailable' : 'invalid');
}
