import type { CloudErrorClass } from './deps.ts';

/** The error by which a call with DryRun tells that it would be taken (npm @alicloud/alb20200616). To be met by who has asked for it. */
export const DRY_RUN_PASSED = 'DryRunOperation';

/**
 * Error codes of Alibaba Cloud by class. The official catalogue of ALB is not public: these are the codes that its published clients
 * (terraform-provider-alicloud, alibaba-load-balancer-controller) act upon, and those of the API gateway before it. MSE documents
 * IllegalRequest, InvalidParameter, NoPermission, NotFound and InternalError for each action (OpenAPI 2019-05-31); numbers are the codes of
 * answers whose HTTP status is 200.
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

/** Families that are documented as a whole: the part of the code before the first dot decides. */
const FAMILIES: readonly string[] = ['QuotaExceeded', 'OperationDenied', 'Forbidden'];

const CLASS_BY_CODE = new Map(
  Object.entries(CODES).flatMap(([name, codes]) => codes.map((code) => [code, name as CloudErrorClass] as const)),
);

/**
 * The class of an error code, as it stands in an answer (with the HTTP status) or in a failed job (without). Codes are compared
 * whole; only throttling is known by a part of the code, as in Alibaba Cloud's own client. What is not known is `invalid`, so that it
 * is not retried, unless the status speaks of a fault on the server's side.
 */
export function errorClassOf(code: string, status = 0): CloudErrorClass {
  if (code.includes('Throttling')) return 'throttled';
  const family = code.split('.', 1)[0] ?? '';
  const known = CLASS_BY_CODE.get(code) ?? (FAMILIES.includes(family) ? CLASS_BY_CODE.get(family) : undefined);
  return known ?? (status >= 500 ? 'unavailable' : 'invalid');
}
