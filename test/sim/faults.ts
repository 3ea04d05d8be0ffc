/** Faults of the product that are planted on purpose, one at a time, and the truths that have to find them. */

import type { Fault } from './plant.ts';
import { blinded, forgetful, given, keepsReason, replaced, replacedStage, seen, stages } from './plant.ts';
import { ORDERS, TRANSITIONS, VOTE_RULES } from './product.ts';

const { up, suspected, down, held, ramping, joining } = TRANSITIONS;
const stays = up.healthy;
const goDown = held.unhealthy;
const rises: typeof stays = (state, { nowMs }) => ({ ...state, standing: 'up', sinceMs: nowMs });

/** What the table of standings says, cell by cell. */
const STANDINGS: readonly Fault[] = [
  replaced('a healthy cluster goes down', ['noHealthyLoses'], [up, 'healthy'], goDown),
  replaced('a cluster that fails stays up', ['deadAreLeft'], [up, 'unhealthy'], stays),
  replaced('a cluster of which nothing is known goes down', ['noHealthyLoses'], [up, 'unknown'], goDown),
  replaced('a suspicion outlives its reason', ['comesToRest', 'noHealthyLoses'], [suspected, 'healthy'], stays),
  replaced('a brake never ends', ['deadAreLeft'], [suspected, 'unhealthy'], stays),
  replaced(
    'a suspected cluster of which nothing is known goes down',
    ['noHealthyLoses'],
    [suspected, 'unknown'],
    goDown,
  ),
  replaced('a cluster that has recovered stays down', ['comesToRest'], [down, 'healthy'], stays),
  replaced(
    'a cluster that has recovered is up at once',
    ['waitsAreServed', 'movesAreBounded'],
    [down, 'healthy'],
    rises,
  ),
  replaced('a cluster that fails recovers', ['deadAreLeft', 'movesAreBounded'], [down, 'unhealthy'], rises),
  replaced(
    'a cluster of which nothing is known recovers',
    ['waitsAreServed', 'movesAreBounded'],
    [down, 'unknown'],
    rises,
  ),
  replaced('a dwell never goes on', ['comesToRest'], [held, 'healthy'], stays),
  replaced('a held cluster that fails stays held', ['deadAreLeft'], [held, 'unhealthy'], stays),
  replaced('a dwell counts what nobody has seen', ['waitsAreServed'], [held, 'unknown'], stays),
  replaced('a ramping cluster that is healthy goes down', ['noHealthyLoses'], [ramping, 'healthy'], goDown),
  replaced('a ramping cluster that fails goes on', ['deadAreLeft'], [ramping, 'unhealthy'], stays),
  replaced('a ramping cluster of which nothing is known goes down', ['noHealthyLoses'], [ramping, 'unknown'], goDown),
  replaced('a new cluster never gets in', ['comesToRest'], [joining, 'healthy'], stays),
  replaced('a new cluster that fails gets in', ['deadAreLeft'], [joining, 'unhealthy'], rises),
  replaced('a new cluster of which nothing is known gets in', ['waitsAreServed'], [joining, 'unknown'], rises),
  replaced('nobody can resume', ['deadAreLeft', 'peopleAreObeyed'], [ORDERS.resume, 'suspected'], undefined),
  replaced(
    'a dismissal takes the cluster out',
    ['noHealthyLoses', 'peopleAreObeyed'],
    [ORDERS.dismiss, 'suspected'],
    goDown,
  ),
  replaced('nobody can restore a cluster', ['comesToRest'], [ORDERS.restore, 'held'], undefined),
];

const VOTES: readonly Fault[] = [
  replaced('stale votes count', ['noHealthyLoses', 'movesAreBounded'], [VOTE_RULES, 'isFresh'], () => true),
  replaced('suspect votes count', ['noHealthyLoses'], [VOTE_RULES, 'isSuspect'], () => false),
  replaced('one vote is a quorum', ['noHealthyLoses'], [VOTE_RULES, 'quorumOf'], () => 1),
  replaced('all voters have to agree', ['deadAreLeft'], [VOTE_RULES, 'quorumOf'], (voters) => voters),
  replaced('the view of a gateway is enough', ['noHealthyLoses'], [VOTE_RULES, 'isSufficient'], () => true),
  seen('inconclusive observations are failures', ['noHealthyLoses'], (observation) =>
    observation.outcome === 'inconclusive' ? { ...observation, outcome: 'fail' } : observation,
  ),
  forgetful('an edit of the policy forgets what was seen', ['noHealthyLoses', 'deadAreLeft']),
];

/** What the decision does not look at, or sees otherwise. */
const POLICY: readonly Fault[] = [
  blinded('nobody is asked', ['suspicionsHold'], ({ failover }) => ({
    failover: { ...failover, correlation: { ...failover.correlation, action: 'proceed' } },
  })),
  blinded('people are asked for a day', ['deadAreLeft'], ({ failover }) => ({
    failover: { ...failover, correlation: { ...failover.correlation, askSeconds: 86_400 } },
  })),
  blinded('all voters stand at one place', ['deadAreLeft'], ({ voters }) => ({
    voters: voters.map(({ name }) => ({ name, type: 'edge' })),
  })),
  blinded('removals are not capped', ['removalsAreCapped'], ({ safety }) => ({
    safety: { ...safety, maxRemoved: undefined },
  })),
  blinded('one removal is too much', ['deadAreLeft'], ({ safety }) => ({
    safety: { ...safety, maxRemoved: { clusters: 1, windowSeconds: 86_400 } },
  })),
  blinded('gates are open', ['noHealthyLoses'], ({ safety }) => ({ safety: { ...safety, gates: [] } })),
  blinded('gates are closed', ['deadAreLeft'], ({ safety }) => ({
    safety: { ...safety, gates: [{ name: 'g', open: false }] },
  })),
  blinded('every fleet is automatic', ['modesHold'], () => ({ automation: 'automatic' })),
  blinded('no fleet is automatic', ['deadAreLeft'], () => ({ automation: 'recommend' })),
  blinded('nobody waits for a cooldown', ['movesAreBounded'], ({ failover }) => ({
    failover: { ...failover, cooldownSeconds: 0 },
  })),
  blinded('nobody waits for a dwell', ['waitsAreServed'], ({ health }) => ({ health: { ...health, dwellSeconds: 0 } })),
  blinded('a return is one jump', ['returnsByOneStep'], ({ failover }) => ({
    failover: { ...failover, failback: { ...failover.failback, mode: 'auto' } },
  })),
  blinded('nobody asks for consent', ['waitsAreServed'], ({ failover }) => ({
    failover: { ...failover, failback: { ...failover.failback, mode: 'ramp' } },
  })),
  blinded('returns go on in freeze windows', ['waitsAreServed'], ({ failover }) => ({
    failover: { ...failover, freezeWindows: [] },
  })),
];

const SITUATION: readonly Fault[] = [
  given('steps do not wait for gateways', ['returnsByOneStep'], (situation) => ({
    ...situation,
    verifiedAtMs: situation.nowMs,
  })),
  given('gateways never follow', ['comesToRest'], ({ verifiedAtMs: _, ...situation }) => situation),
  given('all sites return together', ['waitsAreServed'], (situation) => ({
    ...situation,
    clusters: situation.clusters.map((item) => ({ ...item, site: 'everywhere' })),
  })),
  given('nobody has a capacity', ['noAvoidableHeat'], (situation) => ({
    ...situation,
    clusters: situation.clusters.map(({ capacity: _, ...item }) => item),
  })),
  given('clusters that fell are trusted with more', ['movesAreBounded', 'noHealthyLoses'], (situation) => ({
    ...situation,
    traffic: { ...situation.traffic, clusters: situation.traffic.clusters.map((item) => ({ ...item, fallsMs: [] })) },
  })),
  given('a break-glass has no effect', ['deadAreLeft', 'nothingMovesByItself'], (situation) => ({
    ...situation,
    traffic: { ...situation.traffic, breakGlasses: [] },
  })),
  given('a cluster that is created again is the same one', ['noHealthyLoses', 'deadAreLeft'], (situation) => ({
    ...situation,
    traffic: { ...situation.traffic, clusters: situation.traffic.clusters.map((item) => ({ ...item, uid: '' })) },
  })),
  given('isolated clusters are drained', ['peopleAreObeyed', 'pointsAreWhole'], (situation) => ({
    ...situation,
    traffic: {
      ...situation.traffic,
      shifts: situation.traffic.shifts.map((shift) => ({
        ...shift,
        mode: shift.mode === 'isolate' ? 'drain' : shift.mode,
      })),
    },
  })),
  given('drained clusters keep half', ['peopleAreObeyed'], (situation) => ({
    ...situation,
    traffic: {
      ...situation.traffic,
      shifts: situation.traffic.shifts.map((shift) => ({ ...shift, percent: 50, currentPercent: 50 })),
    },
  })),
  given('kept clusters are not believed', ['noHealthyLoses', 'peopleAreObeyed'], (situation) => ({
    ...situation,
    traffic: { ...situation.traffic, shifts: situation.traffic.shifts.filter(({ mode }) => mode !== 'keep') },
  })),
  given('shifts never expire', ['comesToRest', 'noHealthyLoses'], (situation) => ({
    ...situation,
    traffic: {
      ...situation.traffic,
      shifts: situation.traffic.shifts.map((shift) => ({ ...shift, expiresAtMs: Number.MAX_SAFE_INTEGER })),
    },
  })),
];

/** What gives way to traffic that has nowhere to go, and in which order. */
const ALLOCATION: readonly Fault[] = [
  ...(['turn', 'ramp', 'impaired', 'dwell', 'drained', 'consent', 'joining'] as const).map((reason) =>
    keepsReason(reason, ['deadAreLeft', 'pointsAreWhole']),
  ),
  keepsReason('drill', ['deadAreLeft', 'pointsAreWhole']),
  keepsReason('down', ['pointsAreWhole']),
  replacedStage('clusters that went down together are believed first', ['deadAreLeft'], 'headroom', {
    believesTogether: true,
  }),
  replacedStage('the headroom is no limit', ['noAvoidableHeat', 'noHealthyLoses'], 'headroom', {
    room: Number.POSITIVE_INFINITY,
  }),
  replacedStage('warm is hot', ['noAvoidableHeat'], 'warm', { room: Number.POSITIVE_INFINITY }),
  replacedStage('nobody gets hot', ['peopleAreObeyed', 'pointsAreWhole', 'deadAreLeft'], 'hot', { room: 1.1 }),
  replacedStage('clusters that fell are never trusted with more', ['pointsAreWhole'], 'fallen', { roomOfFallen: 1 }),
  stages('dead clusters give way before living ones', ['deadAreLeft'], (sets) =>
    sets.map((set) => new Set([...set, 'down'])),
  ),
  stages('drained clusters give way first', ['peopleAreObeyed'], (sets) =>
    sets.map((set) => new Set([...set, 'drained'])),
  ),
];

export const FAULTS: readonly Fault[] = [...STANDINGS, ...VOTES, ...POLICY, ...SITUATION, ...ALLOCATION];

/** Episodes of seed 7 in which faults were found, by the names of the faults. Those that are absent have not been searched for yet. */
export const FOUND_IN: Readonly<Record<string, number>> = {
  'a healthy cluster goes down': 0,
  'a cluster that fails stays up': 0,
  'a cluster of which nothing is known goes down': 4,
  'a cluster that has recovered stays down': 0,
  'a brake never ends': 17,
  'a cluster that has recovered is up at once': 2,
  'a cluster that fails recovers': 0,
};
