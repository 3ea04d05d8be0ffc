import { effectiveShares } from '../../functions/core/distribution.ts';
import { step, unknownHealth } from '../../functions/core/health.ts';
import { RULES, type Rules } from '../../functions/core/rules.ts';
import { type Production, productionWith } from './production.ts';

/** Builds with one rule broken, and the invariant that has to notice. */
export interface Fault {
  name: string;
  production: Production;
  /** Any of them. */
  caughtBy: readonly string[];
  /** Of the seed of the tests, one in which it shows. */
  episode: number;
}

function fault(name: string, episode: number, rules: Partial<Rules>, caughtBy: readonly string[]): Fault {
  return { name, episode, production: productionWith(rules), caughtBy };
}

function votes(changes: Partial<Rules['votes']>): Partial<Rules> {
  return { votes: { ...RULES.votes, ...changes } };
}

/** Forgets what it knew when the policy is edited, as Kong does. */
function resetsOnEdit(): Production['step'] {
  let last = '';
  return (record, observation, watch, nowMs) => {
    const policy = JSON.stringify(watch.policy);
    const isEdited = last !== '' && last !== policy;
    last = policy;
    const { fleet, cluster, uid } = record;
    return step(isEdited ? unknownHealth(fleet, cluster, uid, nowMs) : record, observation, watch, nowMs);
  };
}

/** Without an answer, nothing is known: the broken build takes it for a failure. */
const failsWhenUnsure: Production['step'] = (record, observation, watch, nowMs) => {
  const outcome = observation.outcome === 'inconclusive' ? 'fail' : observation.outcome;
  return step(record, { ...observation, outcome }, watch, nowMs);
};

const withoutHysteresis: Production['step'] = (record, observation, watch, nowMs) =>
  step(record, observation, { ...watch, policy: { ...watch.policy, failureThreshold: 1, successThreshold: 1 } }, nowMs);

/** Withdrawn is withdrawn, whoever is left. */
const emptied: Production['sharesOf'] = (pool, traffic) => {
  const isOut = (name: string) => traffic.withdrawals.some(({ cluster, percent }) => cluster === name && percent === 0);
  return effectiveShares(pool, traffic).map((share) => (isOut(share.cluster) ? { ...share, percent: 0 } : share));
};

export const FAULTS: readonly Fault[] = [
  fault('R1: stale votes count', 19, votes({ isFresh: () => true }), ['I5', 'I3']),
  {
    name: 'R1: inconclusive counts as a failure',
    episode: 4,
    production: productionWith({}, { step: failsWhenUnsure }),
    caughtBy: ['I3', 'I5', 'I16'],
  },
  {
    name: 'R2: no hysteresis',
    episode: 0,
    production: productionWith({}, { step: withoutHysteresis }),
    caughtBy: ['I3', 'I5', 'I16'],
  },
  fault('R3: one vote is a quorum', 0, votes({ quorumOf: () => 1 }), ['I3', 'I5']),
  fault('R4: suspect votes count', 1, votes({ isSuspect: () => false }), ['I3', 'I5']),
  fault('R5: the view of a gateway is enough', 4, votes({ isSufficient: () => true }), ['I5']),
  {
    name: 'R8: an edit resets health',
    episode: 1,
    production: productionWith({}, { step: resetsOnEdit() }),
    caughtBy: ['I16'],
  },
  {
    name: 'R10: a backend may be left empty',
    episode: 5,
    production: productionWith({}, { sharesOf: emptied }),
    caughtBy: ['I1', 'I2'],
  },
  fault('R11: no min-serving', 2, { safety: { ...RULES.safety, 'min-serving': () => undefined } }, ['I8']),
  fault('R11: no min-base', 70, { safety: { ...RULES.safety, 'min-base': () => undefined } }, ['I8']),
  fault('R11: no exclusive', 2, { safety: { ...RULES.safety, exclusive: () => undefined } }, ['I8']),
  fault('R12: gates are open', 27, { safety: { ...RULES.safety, gate: () => undefined } }, ['I8']),
  fault('R14: capacity is not looked at', 54, { fill: (placed) => [...placed] }, ['I12']),
  fault('R16: no cooldown', 1, { isHeld: () => false }, ['I6']),
  fault('R16: the hold does not grow', 1, { holdMs: (_, seconds) => seconds * 1000 }, ['I6']),
  fault('R17: a return is one jump', 1, { nextRampPercent: () => 100 }, ['I7', 'R21']),
  fault('R17: all return at once', 12, { isSlotFree: () => true }, ['R17']),
  fault('R17: returns in a freeze window', 4, { isFrozen: () => false }, ['R17-freeze']),
  fault('R17: never returns', 2, { mayReturn: () => false }, ['I14']),
  fault('R18: correlation is ignored', 3, { isCorrelated: () => false }, ['R18']),
  fault(
    'R20: automation before a shift',
    61,
    { governing: ({ outage, shift, drill }) => RULES.governing(outage ? { outage } : { shift, drill }) },
    ['I11'],
  ),
  fault('R20: a failure does not end a drill', 14, { interruptsDrill: () => false }, ['I11-drill', 'I11', 'I14']),
  fault('R21: a shift never expires', 3, { isExpired: () => false }, ['R21', 'I14']),
  fault('R24: steps are not verified', 5, { isVerified: (_): _ is number => true }, ['R24']),
  fault('R13: no panic', 1, { isPanic: () => false }, ['R13']),
  fault('R13: always panic', 1, { isPanic: () => true }, ['R13', 'I4']),
];
