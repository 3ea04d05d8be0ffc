import type { AlbTarget } from '../../../schemas/gateway.ts';
import type { GatewayProvider } from '../provider.ts';
import { apply } from './apply/apply.ts';
import { batch } from './apply/batch.ts';
import { calls } from './apply/planned-calls.ts';
import { rehearse } from './apply/rehearse.ts';
import { check } from './compile/check.ts';
import { compile } from './compile/compile.ts';
import { effectiveShares } from './compile/weights.ts';
import { capabilities } from './limits/capabilities.ts';
import { backends } from './observe/backends.ts';
import { keptFacts, ownObserved } from './observe/facts.ts';
import { findings, quotas } from './observe/findings.ts';
import { matchGroups } from './observe/match.ts';
import { observe } from './observe/observe.ts';
import { movesPoints, points, restoresMarks } from './observe/points.ts';
import { shadows } from './observe/shadows.ts';
import { permissions } from './permissions.ts';
import { destroy, provision } from './provision.ts';

/**
 * The provider for Alibaba Cloud Application Load Balancer. Pools become server groups, and rules become forwarding
 * rules of listeners. Each rule has an explicit priority, so that ALB evaluates them in our order. Observed values get
 * the types of ALB back here.
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
