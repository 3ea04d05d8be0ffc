import { illegal } from '../errors.ts';
import type { HealthCheckConfig } from './model.ts';

/** The configuration as requests carry it: the API calls the protocol `gRPC`, which is kept as `GRPC`. */
export type HealthCheckInput = Partial<
  Omit<HealthCheckConfig, 'HealthCheckProtocol'> & { HealthCheckProtocol: 'HTTP' | 'HTTPS' | 'TCP' | 'gRPC' }
>;

/** The documented defaults; those of protocol, path and codes are assumed. */
const DEFAULTS: HealthCheckConfig = {
  HealthCheckEnabled: true,
  HealthCheckProtocol: 'HTTP',
  HealthCheckPath: '/',
  HealthCheckHost: '',
  HealthCheckMethod: 'HEAD',
  HealthCheckHttpVersion: 'HTTP1.1',
  HealthCheckCodes: ['http_2xx'],
  HealthCheckConnectPort: 0,
  HealthCheckInterval: 2,
  HealthCheckTimeout: 5,
  HealthyThreshold: 3,
  UnhealthyThreshold: 3,
};

/** Returns `current`, or the defaults without it, with the fields of `input`, and checks the result as a whole. */
export function applyHealthCheck(
  current: HealthCheckConfig | undefined,
  { HealthCheckProtocol: sent, ...input }: HealthCheckInput,
): HealthCheckConfig {
  const before = current ?? DEFAULTS;
  const protocol = sent === 'gRPC' ? 'GRPC' : (sent ?? before.HealthCheckProtocol);
  const turnsGrpc = protocol === 'GRPC' && before.HealthCheckProtocol !== 'GRPC';
  const config: HealthCheckConfig = {
    ...before,
    ...(turnsGrpc ? { HealthCheckMethod: 'POST', HealthCheckCodes: ['0'] } : {}),
    ...input,
    HealthCheckProtocol: protocol,
  };
  checkHealthCheck(config);
  return config;
}

export function presentHealthCheck(config: HealthCheckConfig): Record<string, unknown> {
  const { HealthCheckProtocol } = config;
  return { ...config, HealthCheckProtocol: HealthCheckProtocol === 'GRPC' ? 'gRPC' : HealthCheckProtocol };
}

function checkHealthCheck(config: HealthCheckConfig): void {
  const { HealthCheckProtocol, HealthCheckMethod, HealthCheckPath, HealthCheckCodes } = config;
  const isGrpc = HealthCheckProtocol === 'GRPC';
  if (HealthCheckMethod === (isGrpc ? 'HEAD' : 'POST')) {
    throw illegal('HealthCheckConfig.HealthCheckMethod', `${HealthCheckMethod} does not go with the protocol`);
  }
  if (!HealthCheckPath.startsWith('/')) throw illegal('HealthCheckConfig.HealthCheckPath', 'it must begin with "/"');
  const codes = isGrpc ? /^\d{1,2}(-\d{1,2})?$/ : /^http_[2-5]xx$/;
  if (HealthCheckCodes.length > 20 || HealthCheckCodes.some((code) => !codes.test(code))) {
    throw illegal(
      'HealthCheckConfig.HealthCheckCodes',
      isGrpc ? 'at most 20 of 0 to 99' : 'they are http_2xx to http_5xx',
    );
  }
}
