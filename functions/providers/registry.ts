import type { GatewayTarget } from '../../schemas/gateway.ts';
import { alb } from './alb/index.ts';
import type { GatewayProvider } from './provider.ts';

/** Every gateway provider; a new one is a folder and a line here. */
const providers: { [K in GatewayTarget['provider']]: GatewayProvider<Extract<GatewayTarget, { provider: K }>> } = {
  alb,
};

export function providerFor(kind: GatewayTarget['provider']): GatewayProvider {
  return providers[kind];
}
