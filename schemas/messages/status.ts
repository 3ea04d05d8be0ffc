/**
 * Sentences of the status of a fleet, of its ready calls and of explanations: what is the matter, what a person can do
 * about it, and why a cluster has its share. Those without a full stop are parts of the sentences beside them.
 */

import type { GateAnswer } from '../failover.ts';

type Cluster = { cluster: string };
type City = { city: string };
type Way = 'leave' | 'regain';
type Distribution = { distribution: string };

const since = (time: string | undefined) => (time === undefined ? '' : ` since ${time}`);

const until = (time: string | undefined) => (time === undefined ? '' : ` until ${time}`);

export const STATUS = {
  // The summary.
  NoCluster: () => 'The fleet has no cluster.',
  AllIsWell: ({ clusters, gateways, seconds }: Record<'clusters' | 'gateways' | 'seconds', number>) => {
    const up = clusters === 1 ? 'The cluster is up' : `All ${clusters} clusters are up`;
    if (gateways === 0) return `${up}. The fleet has no gateway.`;
    const had = gateways === 1 ? 'the gateway had what it shall' : `all ${gateways} gateways had what they shall`;
    return `${up}, and ${had} have when last read, at most ${seconds} s ago.`;
  },
  AndMore: ({ shown, count }: { shown: string; count: number }) => `${shown} And ${count} more.`,
  GaveIt: ({ gateway, range, seconds }: { gateway: string; range: string; seconds: number }) =>
    `${gateway} gave it ${range} when read ${seconds} s ago`,
  DownAndServed: (given: Cluster & { since: string | undefined; given: string; meant: string }) =>
    `${given.cluster} is down${since(given.since)}, and ${given.given === '' ? 'it has not been read that it is left' : given.given}.${given.meant}`,
  MeantToHave: ({ range, why }: { range: string; why: string }) => ` It is to have ${range} now, since ${why}.`,
  KeptByGate: () => 'a closed gate keeps it there',
  KeptForWant: () => 'nobody else can serve that: look for what failed, nothing else will end this',
  KeptByMode: () => 'automation does not act',
  FailsAndTrusted: ({ cluster, given }: Cluster & { given: string }) =>
    `${cluster} fails for its voters, and somebody has said that it does not${given}.`,
  TakenOutAndServed: ({ cluster, given }: Cluster & { given: string }) =>
    `${cluster} is taken out by hand, and ${given}.`,
  KeptIn: (given: Cluster & { brake: string; until: string | undefined }) =>
    `${given.cluster} fails, and the brake ${given.brake} keeps it in${until(given.until)}: somebody has to say whether it does fail.`,
  Recommended: ({ automation, moves }: { automation: string; moves: string }) =>
    `Nothing moves by itself, as the mode is ${automation}; recommended is ${moves}.`,
  NotHeard: ({ voters }: { voters: string }) => `Not heard: ${voters}.`,
  DownAndLeft: (given: Cluster & { since: string | undefined; seconds: number | undefined }) =>
    `${given.cluster} is down${since(given.since)}${given.seconds === undefined ? '' : `, and gateways gave it nothing when last read, at most ${given.seconds} s ago`}.`,
  HealthUntold: ({ clusters }: { clusters: string }) =>
    `No majority says whether ${clusters} can serve: nobody watches, or not for long enough yet.`,
  ShiftTells: (given: Cluster & Record<'shift' | 'owner' | 'mode' | 'target' | 'until', string>) => {
    const does = {
      keep: 'says that it is healthy',
      isolate: `isolates ${given.target}`,
      drain: `drains ${given.target}`,
    };
    return `${given.cluster}: the shift ${given.shift} of ${given.owner} ${does[given.mode as keyof typeof does]} until ${given.until}.`;
  },
  ServiceReturns: (given: Cluster & { service: string; percent: number; frozenUntil: string | undefined }) =>
    `${given.cluster}: ${given.service} is to have ${given.percent} % of its share there now: ${given.frozenUntil === undefined ? 'it returns when it has its turn, step by step' : `a freeze window holds it until ${given.frozenUntil}`}.`,
  DrillTakesOut: ({ drill, target }: { drill: string; target: string }) =>
    `The drill ${drill} has taken ${target} out.`,
  RulesSetAside: ({ breakGlass, rules }: { breakGlass: string; rules: string }) =>
    `The break-glass ${breakGlass} sets aside ${rules}.`,
  ModePaused: () => 'Automation is paused.',

  // Brakes.
  GateIsClosed: ({ gate, clusters }: { gate: string; clusters: string | undefined }) =>
    `The gate ${gate} is closed: it keeps the traffic of ${clusters ?? 'all clusters'} where it is, whatever their health.`,
  FreezeOpen: (given: { until: string }) =>
    `A freeze window is open until ${given.until}: no cluster returns and no drill begins.`,
  FailbackManual: () => 'Failback is manual: somebody has to let each cluster return.',
  ModeRecommends: () => 'Automation only recommends: gateways keep what they have.',
  ModePauses: () => 'Automation is paused: gateways keep what they have, and what it would do is recommended.',
  DataGateAsks: (
    given: City & {
      way: Way;
      clusters: string;
      until: string | undefined;
      answered?: { answer: GateAnswer; by: string } | undefined;
    },
  ) => {
    const { city, way, clusters, answered } = given;
    const asks =
      way === 'leave'
        ? `The data gate of ${city} keeps its traffic on ${clusters}, although nobody there is well, and asks whether the city may be left.`
        : `The data gate of ${city} holds back ${clusters}, where somebody is well again, and asks whether the city may be regained.`;
    if (given.until !== undefined) {
      return `${asks} Without an answer ${way === 'leave' ? 'it is left' : 'its clusters return'} after ${given.until}.`;
    }
    return answered
      ? `${asks} ${answered.by} has answered ${answered.answer}.`
      : `${asks} Nothing but an answer ends this.`;
  },

  // Ready calls: their titles, and what they do.
  TakeOut: ({ cluster }: Cluster) => `Take ${cluster} out`,
  TakeOutDoes: () =>
    'It does fail: its traffic goes to those that serve, as far as the mode of the fleet lets automation act.',
  KeepIn: ({ cluster }: Cluster) => `Keep ${cluster} in`,
  KeepInDoes: () => 'It does not fail: for an hour nothing is believed that speaks against it.',
  BelieveFailure: ({ cluster }: Cluster) => `Believe that ${cluster} fails`,
  BelieveFailureDoes: () => 'It is judged by its voters again, as far as the mode of the fleet lets automation act.',
  AnswerGate: ({ city, way, answer }: City & { way: Way; answer: GateAnswer }) => {
    if (way === 'leave') return answer === 'go' ? `Leave ${city}` : `Stay in ${city}`;
    return answer === 'go' ? `Regain ${city}` : `Keep out of ${city}`;
  },
  AnswerGateDoes: ({ way, answer }: { way: Way; answer: GateAnswer }) => {
    if (way === 'leave') {
      return answer === 'go'
        ? 'Its data is ready elsewhere: the traffic goes there.'
        : 'Its data is not ready elsewhere: the traffic stays, although it fails, until somebody answers go.';
    }
    return answer === 'go'
      ? 'Its data is ready there: its clusters return.'
      : 'Its data is not ready there: its clusters wait until somebody answers go.';
  },
  ApplyRecommended: () => 'Apply what is recommended',
  ApplyRecommendedDoes: ({ moves }: { moves: string }) =>
    `Gateways are given it: ${moves}. It is refused when that is not recommended any more.`,
  OpenGate: ({ gate }: { gate: string }) => `Open the gate ${gate}`,
  OpenGateDoes: ({ clusters }: { clusters: string }) =>
    `Automation may leave ${clusters} then. Close it again when that is over.`,
  PushAgain: ({ gateway }: { gateway: string }) => `Push to ${gateway} again`,
  PushAgainDoes: ({ told }: { told: string }) =>
    `It is made as it is declared, and what somebody changed there is undone. ${told}`,
  LetReturn: ({ cluster }: Cluster) => `Let ${cluster} return`,
  LetReturnDoes: () =>
    'It gets its share back when it has its turn, as the failback of the fleet says, and does not dwell any longer. Where automation does not act, each step is recommended and has to be applied.',
  EndFreeze: () => 'End the freeze',
  EndFreezeDoes: ({ clusters }: { clusters: string }) =>
    `${clusters} may return. The windows that are open now are not declared any more.`,
  ResumeAutomation: () => 'Resume automation',
  ResumeAutomationDoes: ({ mode }: { mode: string | undefined }) => `The mode of the fleet becomes ${mode}.`,
  GiveBack: ({ cluster, service }: Cluster & { service: string | undefined }) =>
    service === undefined ? `Give ${cluster} its traffic back` : `Give ${cluster} the traffic of ${service} back`,
  GiveBackDoes: ({ shift, owner, target }: Record<'shift' | 'owner' | 'target', string>) =>
    `The shift ${shift} of ${owner} ends, and ${target} returns as after a failure.`,
  EndDrill: ({ drill }: { drill: string }) => `End the drill ${drill}`,
  EndDrillDoes: ({ clusters }: { clusters: string }) =>
    `The drill takes ${clusters} out no longer: what was taken comes back as after a failure.`,

  // Rollouts.
  RolloutGoesOn: ({ distribution }: Distribution) => `Let the rollout of ${distribution} go on`,
  RolloutGoesOnDoes: () =>
    'The wait of its step begins anew, and the next one is taken when nothing speaks against it.',
  StopRollout: ({ distribution }: Distribution) => `Stop the rollout of ${distribution}`,
  StopRolloutDoes: () => 'The distribution keeps what it has.',
  StoppedFromStatus: () => 'stopped from the status',
  UndoRollout: ({ distribution }: Distribution) => `Undo the rollout of ${distribution}`,
  UndoRolloutDoes: () =>
    'The distribution has what it had before, by one write. It is refused once somebody else has changed the distribution.',
  UndoneFromStatus: () => 'undone from the status',
  RolloutRuns: (given: Distribution & { actor: string; percent: number; step: number; steps: number }) =>
    `The distribution ${given.distribution} is being rolled out by ${given.actor}, and is at ${given.percent} % (step ${given.step} of ${given.steps}).`,
  RolloutHasStopped: (
    given: Distribution & { actor: string; percent: number; step: number; steps: number; detail: string },
  ) =>
    `The rollout of the distribution ${given.distribution} by ${given.actor} has stopped at ${given.percent} % (step ${given.step} of ${given.steps}): ${given.detail}`,
  GainerStands: ({ cluster, standing, reason }: Cluster & Record<'standing' | 'reason', string>) =>
    `${cluster} is to have more, and is ${standing}${reason === '' ? '' : `: ${reason}`}.`,
  GainerDoubted: ({ cluster, verdict }: Cluster & { verdict: string }) =>
    `${cluster} is to have more, and is ${verdict} for a majority of its voters.`,
  GainerCannot: ({ cluster, why }: Cluster & { why: string }) => `${cluster} is to have more, and cannot: ${why}`,
  TakenOutThere: ({ shift, service }: { shift: string; service: string | undefined }) =>
    `The shift ${shift} has taken ${service} out there.`,
  NotBackThere: ({ service }: { service: string }) => `${service} has yet to get its share back there.`,

  // Explanations of a share.
  WeightInTier: ({ weight, tier }: { weight: string; tier: number }) => `${weight} in tier ${tier}`,
  PartOfWeight: ({ weight, by, name }: Record<'weight' | 'by' | 'name', string>) =>
    `its part of weight ${weight} of ${by} ${name}`,
  ServesForOthers: ({ service }: { service: string }) => `serves for clusters that do not export ${service}`,
  NotExported: ({ service }: { service: string }) => `does not export ${service}, or has no address for it`,
  Preferred: () => 'preferred: every other cluster that exports the service stands behind those that are named',
  ServesForCluster: ({ cluster }: Cluster) => `serves what ${cluster} does not`,
  Withdrawn: (given: { percent: number; sentence: string; reason: string; isKept: boolean }) =>
    `${given.percent === 0 ? 'Withdrawn.' : `Limited to ${given.percent} % of its share.`} ${given.sentence} (${given.reason})${given.isKept ? ' It is kept all the same, as no other cluster can serve.' : ''}`,
  AllocatedTogether: () => 'the capacity of clusters over all backends, and what they had when they began to wait',

  // The score of recommendations.
  NothingToScore: () => 'The fleet is automatic: nothing is withheld, so that there is nothing to score.',
  ScoreSince: (given: { since: string; isWholeWeek: boolean }) =>
    given.isWholeWeek ? 'In the last 7 days' : `Since ${given.since}, which is less than a week,`,
  NoneWithheld: ({ when }: { when: string }) =>
    `${when} automation would not have taken traffic away from any cluster.`,
  Withheld: (
    given: { when: string; requests: number | undefined } & Record<
      'failovers' | 'confirmed' | 'regretted' | 'open' | 'seconds',
      number
    >,
  ) =>
    `${given.when} automation would have taken traffic away from failing clusters ${given.failovers === 1 ? 'once' : `${given.failovers} times`}: ${given.confirmed} confirmed, ${given.regretted} regretted, ${given.open} open; without it, clusters that were down kept as much as all traffic of the fleet in ${given.seconds} s${given.requests === undefined ? '' : `, about ${given.requests} requests`}.`,
};
