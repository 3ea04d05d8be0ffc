/**
 * Sentences about why decisions are made: what speaks for and against clusters, brakes, drills, and what voters see.
 * They are parts of sentences, without a full stop, since they stand after what they are the reason of.
 */

type Clusters = { clusters: string };
type City = { city: string };

interface Drilled extends Clusters {
  service: string | undefined;
}

const ofService = (service: string | undefined) => (service === undefined ? '' : ` of ${service}`);

export const DECISIONS = {
  // These are the reasons for the standing of a cluster.
  NobodyWatches: () => 'nobody watches it any more, and nothing else speaks against it',
  ServesAtOnce: () => 'it is declared to serve at once',
  NotFoundHealthyYet: () => 'new to the fleet, and not found healthy yet',
  FoundHealthy: () => 'new to the fleet, and found healthy',
  ProbesFailed: ({ failed, detail }: { failed: number; detail: string }) =>
    `${failed} of its last probes failed, the newest one: ${detail}`,
  VotersSeeFail: ({ down, voters, failures }: { down: number; voters: number; failures: string }) =>
    `${down} of ${voters} voters see it fail; ${failures}`,
  QuorumSeesFail: ({ down, voters, quorum }: Record<'down' | 'voters' | 'quorum', number>) =>
    `${down} of ${voters} voters see it fail; ${quorum} must`,
  GateKeeps: () => 'a closed gate keeps its traffic where it is',
  TooSlow: () => 'it is too slow, or an alert speaks against it',
  WasImpaired: () => 'it was impaired',
  AnswersAgain: () => 'a majority of its voters see it answer again',
  AnswersWithShare: () => 'a majority of its voters see it answer again, and it serves its whole share',
  UnknownTooLong: () => 'no majority of its voters has said anything of it for too long',
  BrakeEnded: ({ reason }: { reason: string }) => `${reason}; the brake has ended`,
  AskedBy: ({ actor }: { actor: string }) => `${actor} has asked for it`,
  ShiftOver: ({ name }: { name: string }) => `the shift ${name} has ended`,
  DrillOver: ({ name }: { name: string }) => `the drill ${name} is over`,
  ReturnsByStep: () => 'it returns step by step',
  NothingHolds: () => 'nothing holds it back any more',
  FollowsOthers: () => 'the points of backends follow what others can serve',

  // These are the reasons of brakes.
  FailedWithOthers: ({ others, seconds }: { others: string; seconds: number }) =>
    `${others} failed within ${seconds} s of it, and voters of one vantage alone say so`,
  LastOfCity: ({ city }: City) => `it is the last of ${city}, and its data gate asks whether the city may be left`,
  TooManyOut: ({ count, seconds, most }: Record<'count' | 'seconds' | 'most', number>) =>
    `${count} ${count === 1 ? 'cluster was' : 'clusters were'} taken out within ${seconds} s, and ${most} may be`,

  // These tell what a drill finds before it begins.
  FleetHas: ({ clusters }: Clusters) => `the fleet has ${clusters}`,
  AllServicesOut: () => 'all services are taken out',
  ServedThere: ({ service }: { service: string }) => `${service} is served there`,
  NoRouteLeads: ({ service }: { service: string | undefined }) => `no route leads to ${service} there`,
  WindowOpen: () => 'one of its windows is open',
  NoWindowOpen: () => 'none of its windows is open now',
  NoOtherDrill: () => 'no other drill is under way',
  OtherDrill: ({ drill }: { drill: string | undefined }) => `the drill ${drill} is under way and has to end first`,
  AllHealthy: () => 'all clusters are healthy',
  NotHealthy: ({ clusters }: Clusters) => `clusters are not healthy: ${clusters}`,
  NothingHeldBack: () => 'nothing holds any cluster back',
  HeldBack: ({ clusters }: Clusters) => `clusters are held back: ${clusters}`,
  NoFreeze: () => 'no freeze window is open',
  FreezeForbidsDrill: () => 'a freeze window is open, in which no drill begins',
  GatewaysFollow: () => 'the gateways follow the traffic',
  GatewaysUnverified: () => 'the gateways have not been verified to follow the traffic yet',

  // These tell how a drill goes on, and why it ends.
  DrillHolds: ({ clusters, service }: Drilled) => `gateways were read to give ${clusters} nothing${ofService(service)}`,
  DrillTold: ({ clusters, service, percent, isOne }: Drilled & { percent: number; isOne: boolean }) =>
    `gateways are told to give ${clusters} ${percent} % of ${isOne ? 'its' : 'their'} share${ofService(service)}`,
  DrillReadAfter: ({ clusters, service, seconds }: Drilled & { seconds: number }) =>
    `gateways were read to give ${clusters} nothing${ofService(service)} after ${seconds} s`,
  DrillTooSlow: ({ read, targetSeconds }: { read: string; targetSeconds: number }) =>
    `${read}, and ${targetSeconds} s were the target`,
  DrillGivenBack: () => 'gateways were read to have given everything back',
  DrillUndeclared: () => 'it is not declared any more',
  DrillWithoutClusters: ({ clusters }: Clusters) => `there is no cluster ${clusters} any more`,
  DrillSeenToFail: ({ clusters }: Clusters) => `a voter sees ${clusters} fail`,
  DrillOverload: ({ clusters }: Clusters) => `${clusters} would have to serve more than its capacity`,
  DrillNotFollowed: ({ seconds, seen }: { seconds: number; seen: string | undefined }) =>
    `the gateways did not follow within ${seconds} s${seen === undefined ? '' : `: ${seen}`}`,
  DrillCutShort: ({ fault }: { fault: string }) => `${fault}, before it was over`,
  DrillUnread: () => 'gateways could not be read',
  DrillFaultAtEnd: ({ fault }: { fault: string }) => `at its end ${fault}`,
  DrillUnseen: ({ clusters }: Clusters) => `nobody could say that ${clusters} served meanwhile`,
  DrillInterrupted: ({ clusters }: Clusters) => `${clusters} failed`,
  DrillEndedByShift: ({ names }: { names: string }) => `by the shift ${names}`,
  DrillGaveTraffic: ({ gateways }: { gateways: string }) => `${gateways} gave them traffic when last read`,
  DrillUnreadSince: ({ gateways }: { gateways: string }) => `${gateways} could not be read since the last step`,
  DrillUnserved: ({ services }: { services: string }) => `nobody else was given the traffic of ${services}`,

  // These tell what voters see.
  NotHeardYet: () => 'has not said anything yet',
  FindSlow: ({ slow, voters, names }: { slow: number; voters: number; names: string }) =>
    `${slow} of ${voters} voters find it slow: ${names}`,
  AssumedToAgree: () => 'assumed to agree',
  NotSent: ({ probe, reason }: { probe: string; reason: string }) => `${probe}: not sent: ${reason}`,
  NoAnswerIn: ({ seconds }: { seconds: number }) => `no answer in ${seconds} s`,
  WithoutText: ({ status }: { status: number }) => `status ${status}, without the expected text`,
  CertificateEnds: ({ status, days }: { status: number; days: number }) =>
    `status ${status}, certificate expires in ${days} days`,
  ControlSilent: () => 'a control target does not answer',
  ManyFleetsFail: () => 'most targets of several fleets fail at once',
  BackendsHealthy: () => 'gateway: has healthy backends',
  NoBackendHealthy: () => 'gateway: has no healthy backend',
  NoGatewayYet: () => 'there is none yet',
  CannotBeAsked: ({ errorClass }: { errorClass: string }) => `cannot be asked (${errorClass})`,
  SecretLacking: ({ name, host }: { name: string; host: string }) => `its settings have no secret ${name} for ${host}`,
};
