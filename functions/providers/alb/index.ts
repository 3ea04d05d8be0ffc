import type { AlbTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply.ts';
import { batch } from './batch.ts';
import { check } from './check.ts';
import { compile } from './compile.ts';
import { checkQuotas } from './limits.ts';
import { observe } from './observe.ts';

/** Alibaba Cloud Application Load Balancer: pools become server groups, rules become listener rules. */
export const alb: GatewayProvider<AlbTarget> = { kind: 'alb', check, checkQuotas, observe, compile, batch, apply };
