import type { GatewayTarget } from '../../schemas/gateway.ts';
import { alb } from './alb/index.ts';
import { mse } from './mse/index.ts';
import type { GatewayProvider } from './provider.ts';

/** Every gateway provider; a new one is a folder and a line here. */
const providers: { [K in GatewayTarget['provider']]: GatewayProvider<Extract<GatewayTarget, { provider: K }>> } = {
  alb,
  mse,
};

/** Callers choose a provider by the kind of a target, so that it never meets a target of another kind; the types cannot say so. */
export function providerFor(kind: GatewayTarget['provider']): GatewayProvider {
  return providers[kind] as GatewayProvider;
}
