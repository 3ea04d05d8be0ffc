import type { GatewayTarget } from '../../schemas/gateway.ts';
import { alb } from './alb/index.ts';
import { mse } from './mse/index.ts';
import type { GatewayProvider } from './provider.ts';

/** Every gateway provider. A new one is a folder and a line here. */
const providers: { [K in GatewayTarget['provider']]: GatewayProvider<Extract<GatewayTarget, { provider: K }>> } = {
  alb,
  mse,
};

/**
 * Returns the provider for a kind of target. It never meets a target of another kind, which the types cannot express.
 */
export function providerFor(kind: GatewayTarget['provider']): GatewayProvider {
  return providers[kind] as GatewayProvider;
}
