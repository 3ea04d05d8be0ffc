/**
 * Sentences about what a fleet declares for itself: policies that contradict themselves, and safety rules that what
 * people ask for would break. Results of rules are parts of sentences, since they stand after the name of their rule.
 */

interface Clusters {
  clusters: string;
}

interface Floor {
  services: string;
  value: number;
  least: number;
}

type Served = Record<'load' | 'capacity', number> & { cluster: string };

export const POLICIES = {
  // These warn of a policy that is not what people may think.
  EventRetired: ({ type }: { type: string }) => `The event ${type} is not sent any more: leave it out.`,
  NobodyTold: () =>
    'The fleet moves traffic by itself, and no notification target is told of incidents, so that nobody hears of a failover that is stuck: name a target of the settings.',
  ReturnsTooFast: () => 'A flapping cluster returns faster than it leaves: make this at least failureThreshold.',
  CooldownTooShort: ({ seconds }: { seconds: number }) =>
    `The cooldown is shorter than one step of the ramp, ${seconds} s: make it at least as long.`,
  KeyOfOther: ({ voter }: { voter: string | undefined }) =>
    `This is the key of ${voter}, too: give each agent a key of its own.`,
  DataGateStays: ({ city, isTargetAsked }: { city: string; isTargetAsked: boolean }) =>
    `When ${city} is lost, its traffic stays there until ${isTargetAsked ? 'somebody answers' : 'a person answers, since no target is asked'}: make it go, or see to it that somebody is there to answer.`,
  DataGateLong: ({ city, seconds }: { city: string; seconds: number }) =>
    `When ${city} is lost and nobody answers, its requests fail for ${seconds} s before it is left: shorten that, or see to it that somebody answers sooner.`,
  PanicRetired: () =>
    'This has no effect any more, since points never stay on clusters that are down while others serve: leave it out.',
  ActionRenamed: ({ before, now }: { before: string; now: string }) => `${before} is called ${now} now: write that.`,
  PercentRetired: () => 'This is read as a part of the clusters of the fleet: give the number of clusters instead.',
  NeverServedByMore: ({ services, most }: { services: string; most: number }) =>
    `No more than ${most} clusters ever serve ${services}: ask for fewer, or let more clusters serve it.`,

  // These warn of too little capacity.
  AboveHeadroom: ({ cluster, load, capacity, headroomPercent }: Served & { headroomPercent: number }) =>
    `${cluster} serves ${load} of its ${capacity} requests per second by the declared split, which is more than ${headroomPercent} % of headroom leave, so that it takes over nothing: lower its weights, or raise its capacity.`,
  LossTooMuch: ({ loss, cluster, load, capacity }: Served & { loss: string }) =>
    `The clusters do not have the capacity to serve without ${loss}, since ${cluster} would have to serve ${load} requests per second, and can serve ${capacity}: add capacity, or spread the traffic over more clusters.`,

  // These warn of majorities that can be misled or lost.
  Unwatched: ({ clusters }: Clusters) =>
    `Nobody watches ${clusters}, so that traffic stays there when it fails: give it a probe, and a voter that sees it.`,
  EdgeAlone: ({ clusters }: Clusters) =>
    `The edge alone decides upon ${clusters}, and its probes come from anywhere, so that two of them may see different networks: add an agent in each of two sites.`,
  OneVantage: ({ vantage, clusters }: Clusters & { vantage: string }) =>
    `What is seen from ${vantage === 'agent' ? 'agents of which no site is declared' : vantage} alone decides upon ${clusters}, so that trouble of that network would pass for an outage: add a voter elsewhere.`,
  SiteTakesQuorum: ({ site, clusters }: Clusters & { site: string }) =>
    `The loss of ${site} leaves no majority that could decide upon ${clusters}, just when it is needed: add a voter elsewhere, such as the edge.`,
  SiteOfVoter: ({ voter }: { voter: string }) => `the site of ${voter}`,

  // These are results of safety rules.
  RuleHolds: () => 'holds',
  TooFewServe: ({ services, value, least }: Floor) =>
    `${services} would be served by ${value} ${value === 1 ? 'cluster' : 'clusters'}, and at least ${least} must serve it`,
  TooLittleServes: ({ services, value, least }: Floor) =>
    `${services} would be served by clusters with ${value} % of the weights, and at least ${least} % must serve it`,
  NoneOfServes: ({ services, clusters }: { services: string; clusters: string }) =>
    `${services} would be served by none of ${clusters}, and one of them must serve it`,
  AboveCeiling: ({ cluster, load, capacity }: Served) =>
    `${cluster} would have to serve ${load} requests per second, and may serve ${capacity}`,
  BehindGate: ({ gate, cluster }: { gate: string; cluster: string }) =>
    `the gate ${gate} is closed, and the share of ${cluster} would move`,
  NobodyLeft: ({ services }: { services: string }) => `no cluster would be left that may serve ${services}`,
};
