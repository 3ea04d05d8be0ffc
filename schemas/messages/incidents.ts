/**
 * Sentences of incidents and events, by which people are notified: what is wrong, and, with `Over`, that it is not any
 * more.
 */

type Gateway = { gateway: string };
type Cluster = { cluster: string };
type Voter = { voter: string };
type First = Gateway & Record<'kind' | 'key' | 'detail', string> & { count: number };

const objects = (count: number) => `${count} ${count === 1 ? 'object' : 'objects'} of ours`;

const more = (others: number, what: string) => (others > 0 ? ` (and ${others} more ${what})` : '');

export const INCIDENTS = {
  // Clusters.
  ClusterSuspected: ({ cluster, until, reason }: Cluster & { until: string | undefined; reason: string }) =>
    `${cluster} is suspected and keeps its traffic${until === undefined ? '' : ` until ${until} at most`}: ${reason}. Say whether it does fail: the status of the fleet has a call for each answer.`,
  ClusterSuspectedOver: ({ cluster }: Cluster) => `No brake keeps ${cluster} in any more.`,
  ClusterGated: ({ cluster, reason }: Cluster & { reason: string }) =>
    `${cluster} is down, and a closed gate keeps its traffic there: ${reason}. The status of the fleet has the call that opens the gate.`,
  ClusterGatedOver: ({ cluster }: Cluster) => `No closed gate keeps traffic on ${cluster} while it is down any more.`,
  Overloaded: ({ cluster, load, capacity }: Cluster & { load: number; capacity: number }) =>
    `${cluster} has to serve ${load} requests per second and can serve ${capacity}.`,
  OverloadedOver: ({ cluster }: Cluster) => `${cluster} does not have to serve more than it can any more.`,
  Stranded: ({ cluster }: Cluster) =>
    `Nobody else can serve, so ${cluster} keeps traffic although it is down or drained: bring a cluster back that serves the same.`,
  StrandedOver: ({ cluster }: Cluster) => `${cluster} has no traffic for want of anybody else any more.`,
  CertificateExpires: ({ cluster, at }: Cluster & { at: string }) =>
    `A certificate of ${cluster} expires at ${at}: renew it.`,
  CertificateExpiresOver: ({ cluster }: Cluster) => `No certificate of ${cluster} expires soon any more.`,
  DataGateAsksOver: ({ city, way }: { city: string; way: 'leave' | 'regain' }) =>
    `The data gate of ${city} does not ask any more whether the city may be ${way === 'leave' ? 'left' : 'regained'}.`,
  FailedTogether: ({ clusters, seconds }: { clusters: string; seconds: number }) =>
    `${clusters} failed within ${seconds} s: a common cause is likely.`,

  // Losses. These say why a loss would be felt, without a full stop.
  WouldOverload: (given: Cluster & { load: number; capacity: number; others: number }) =>
    `${given.cluster} would have to serve ${given.load} requests per second and can serve ${given.capacity}${more(given.others, 'clusters')}`,
  NobodyElseCould: ({ service, others }: { service: string; others: number }) =>
    `nobody else could serve ${service}${more(others, 'services')}`,
  NobodyElseDeclared: ({ service, others }: { service: string; others: number }) =>
    `nobody else is declared to serve ${service}${more(others, 'services')}`,
  LossNotBorne: ({ loss, why }: { loss: string; why: string }) => `The fleet could not do without ${loss} now: ${why}.`,
  LossNotBorneOver: ({ loss }: { loss: string }) => `The fleet could do without ${loss} again.`,

  // People are waited for.
  ApprovalWaits: (
    given: Record<'requestedBy' | 'id' | 'expiresAt' | 'summary', string> & { reason?: string | undefined },
  ) =>
    `${given.requestedBy} asks for the approval ${given.id}, until ${given.expiresAt}${given.reason === undefined ? '' : ` (${given.reason})`}. ${given.summary}`,
  ApprovalWaitsOver: ({ id }: { id: string }) => `Nobody waits for the approval ${id} any more.`,
  RecommendationWaits: ({ automation, moves }: { automation: string; moves: string }) =>
    `Automation is set to ${automation}, so a recommendation waits for somebody: ${moves}. The status of the fleet has the call that applies it.`,
  RecommendedMove: ({ cluster, before, after }: Cluster & { before: number; after: number }) =>
    `${cluster} from ${before} % to ${after} % of its share`,
  BackendsDiffer: () => 'points of backends differ',
  RecommendationWaitsOver: () => 'No recommendation waits any more.',
  RolloutStopped: (given: { distribution: string; actor: string; percent: number; detail: string }) =>
    `The rollout of the distribution ${given.distribution} by ${given.actor} has stopped at ${given.percent} %, and waits for somebody to undo it or let it go on: ${given.detail}`,
  RolloutStoppedOver: ({ distribution }: { distribution: string }) =>
    `No rollout of the distribution ${distribution} has stopped any more.`,

  // Voters.
  VoterSilent: ({ voter, since }: Voter & { since: string }) =>
    `${voter} has said nothing since ${since}: what it said before counts no more.`,
  VoterSilentOver: ({ voter }: Voter) => `${voter} is not silent any more.`,
  VoterLost: ({ voter, since }: Voter & { since: string }) =>
    `${voter} has said nothing since ${since}, for twice as long as its word counts. Look for what is wrong with it.`,
  VoterLostOver: ({ voter }: Voter) => `${voter} is not lost any more.`,
  VoterSuspect: ({ voter, seen }: Voter & { seen: string | undefined }) =>
    `What ${voter} sees counts for nothing: it seems to be cut off itself.${seen === undefined ? '' : ` What it saw last: ${seen}.`}`,
  VoterSuspectOver: ({ voter }: Voter) => `${voter} is not suspect any more.`,

  // Gateways.
  GatewayBehind: (given: Gateway & { count: number; since: string; hasTraffic: boolean }) =>
    `Gateway ${given.gateway} is behind: it has yet to follow ${given.count} ${given.count === 1 ? 'change' : 'changes'}, the first since ${given.since}.${given.hasTraffic ? ' Among them is a change of traffic.' : ''}`,
  GatewayBehindOver: ({ gateway }: Gateway) => `Gateway ${gateway} is not behind any more.`,
  PushStalled: (given: Gateway & Record<'since' | 'reason' | 'message', string>) =>
    `A push to gateway ${given.gateway} waits since ${given.since} and fails or makes no progress: ${given.reason}: ${given.message}`,
  PushStalledOver: ({ gateway }: Gateway) => `No push to gateway ${gateway} is stuck any more.`,
  GatewayUnreadable: (given: Gateway & Record<'since' | 'action' | 'code', string>) =>
    `Gateway ${given.gateway} cannot be read since ${given.since}: ${given.action} answers ${given.code}.`,
  GatewayUnreadableOver: ({ gateway }: Gateway) => `Gateway ${gateway} can be read again, or is not declared any more.`,
  GatewayTells: ({ gateway, told }: Gateway & { told: string }) => `Gateway ${gateway}: ${told}`,
  GatewayUnansweredOver: ({ gateway }: Gateway) =>
    `A request through gateway ${gateway} is answered as expected again, or none is declared any more.`,
  GatewayDrifted: ({ gateway, count, kind, key, detail }: First) =>
    `Gateway ${gateway}: somebody changed ${objects(count)}, and the drift policy leaves that so. The first: ${kind} ${key}: ${detail}.`,
  GatewayDriftedOver: ({ gateway }: Gateway) =>
    `Gateway ${gateway}: no object of ours is left as somebody else changed it.`,
  GatewayRefuses: ({ gateway, count, kind, key, detail }: First) =>
    `Gateway ${gateway}: the cloud, or a limit, refuses changes of ${objects(count)}. The first: ${kind} ${key}: ${detail}.`,
  GatewayRefusesOver: ({ gateway }: Gateway) => `Gateway ${gateway}: no change is refused any more.`,
  GatewayShadowed: ({ gateway, count, kind, key, detail }: First) =>
    `Gateway ${gateway}: rules of others take requests of ${objects(count)}. The first: ${kind} ${key}: ${detail}.`,
  GatewayShadowedOver: ({ gateway }: Gateway) =>
    `Gateway ${gateway}: no rule of others takes requests of ours any more.`,

  // Deliveries.
  WithoutAnswer: () => 'HTTP 200 without an answer in it',
  NotInSettings: () => 'is not in the settings',
  TargetNotAnswering: ({ seconds }: { seconds: number }) => `no answer in ${seconds} s`,
  GateWasAsked: ({ target, city, way }: { target: string; city: string; way: 'leave' | 'regain' }) =>
    `target ${target} was asked whether ${city} may be ${way === 'leave' ? 'left' : 'regained'}`,

  // Events of decisions.
  PointsMoved: ({ before, after }: { before: string; after: string }) => ` (${before} → ${after} of its backends)`,
  ShiftIsOver: ({ name, target }: { name: string; target: string }) => `The shift ${name} of ${target} has ended.`,
  ShiftEndedBy: ({ name, by }: { name: string; by: string }) => `The shift ${name} has ended, by ${by}.`,
  DrillEnds: ({ name, state, detail }: Record<'name' | 'state' | 'detail', string>) =>
    `The drill ${name} has ended (${state}): ${detail}.`,
  DrillRunEnded: ({ run, state, detail }: Record<'run' | 'state' | 'detail', string>) =>
    `The drill run ${run} has ended (${state}): ${detail}.`,
};
