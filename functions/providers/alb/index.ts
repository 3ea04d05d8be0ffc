import type { AlbTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply.ts';
import { backends } from './backends.ts';
import { batch } from './batch.ts';
import { capabilities } from './capabilities.ts';
import { check } from './check.ts';
import { compile } from './compile.ts';
import { keptFacts, ownObserved } from './facts.ts';
import { findings, quotas } from './findings.ts';
import { matchGroups } from './match.ts';
import { observe } from './observe.ts';
import { permissions } from './permissions.ts';
import { calls } from './planned-calls.ts';
import { movesPoints, points, restoresMarks } from './points.ts';
import { destroy, provision } from './provision.ts';
import { rehearse } from './rehearse.ts';
import { shadows } from './shadows.ts';
import { effectiveShares } from './weights.ts';

/**
 * Alibaba Cloud Application Load Balancer: pools become server groups, rules become listener rules. Each rule has an explicit priority,
 * so that our order is ALB's. What has been observed gets its own types back here.
 */
export const alb: GatewayProvider<AlbTarget> = {
  kind: 'alb',
  capabilities,
  permissions,
  check,
  checkOrder: () => [],
  findings: (config, facts) => findings(config, keptFacts(facts)),
  quotas: (config, facts) => quotas(config, keptFacts(facts)),
  observe,
  match: (config, observed, session) => matchGroups(config, ownObserved(observed), session),
  points: (pool, observed) => points(pool, ownObserved(observed)),
  shadows: (observed) => shadows(ownObserved(observed)),
  movesPoints,
  restoresMarks,
  backends,
  compile: (config, shares, observed, session) => compile(config, shares, ownObserved(observed), session),
  served: (pool, shares) => effectiveShares(pool.members, shares),
  batch,
  calls: (changes, observed, session) => calls(changes, ownObserved(observed), session),
  rehearse: (changes, observed, session) => rehearse(changes, ownObserved(observed), session),
  apply: (changes, observed, session) => apply(changes, ownObserved(observed), session),
  provision,
  destroy,
};
