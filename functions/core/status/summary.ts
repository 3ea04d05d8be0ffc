/** A summary of what is wrong with a fleet, in a few sentences for a person who has just woken up. */

import type { FleetStatus, StatusCluster } from '../../../schemas/status.ts';
import { rangeText } from '../allocation/points.ts';

type StatusWithoutSummary = Omit<FleetStatus, 'summary' | 'calls'>;

/** The most sentences that are shown; the rest are counted. */
const TOLD = 4;

/** The functions that produce the sentences, the gravest first. */
const TELLERS: ((status: StatusWithoutSummary) => string[])[] = [
  deadWithTraffic,
  failingAndTrusted,
  takenOutWithTraffic,
  asked,
  keptIn,
  recommended,
  overloaded,
  rolloutsStopped,
  gatewaysBehind,
  requestsUnanswered,
  votersSilent,
  deadAndLeft,
  onTheirWay,
  ofPeople,
  rolloutsRunning,
  ofMode,
  unknownHealth,
];

export function summaryOf(status: StatusWithoutSummary): string {
  const sentences = TELLERS.flatMap((tell) => tell(status));
  const rest = sentences.length - TOLD;
  const shown = sentences.slice(0, TOLD).join(' ');
  if (sentences.length === 0) return allIsWell(status);
  return rest > 0 ? `${shown} And ${rest} more.` : shown;
}

function allIsWell({ clusters, gateways }: StatusWithoutSummary): string {
  if (clusters.length === 0) return 'The fleet has no cluster.';
  const up = clusters.length === 1 ? 'The cluster is up' : `All ${clusters.length} clusters are up`;
  if (gateways.length === 0) return `${up}. The fleet has no gateway.`;
  const oldest = Math.max(...gateways.map(({ ageSeconds = 0 }) => ageSeconds));
  const had = gateways.length === 1 ? 'the gateway had' : `all ${gateways.length} gateways had`;
  return `${up}, and ${had} ${gateways.length === 1 ? 'what it shall have' : 'what they shall have'} when last read, at most ${oldest} s ago.`;
}

/**
 * Returns a text such as `edge gave it up to 60 % when read 4 s ago` for each gateway that was read to give the cluster
 * anything.
 */
function givenTo({ points }: StatusCluster): string[] {
  return (points?.gateways ?? []).flatMap(({ gateway, verified, ageSeconds }) => {
    if (verified === undefined || verified.maxPercent === 0) return [];
    return [`${gateway} gave it ${rangeText(verified)} when read ${ageSeconds ?? 0} s ago`];
  });
}

function isUntold({ points }: StatusCluster): boolean {
  return points?.gateways.some(({ unknownPools }) => unknownPools > 0) ?? false;
}

function intends({ points }: StatusCluster): boolean {
  return points !== undefined && points.intended.maxPercent > 0;
}

/**
 * Tells whether a cluster has no traffic any more: it is to have none, all gateways were read, and none gave it any.
 */
function isLeft(cluster: StatusCluster, { gateways }: StatusWithoutSummary): boolean {
  const isRead = gateways.every(({ readAt }) => readAt !== undefined);
  return givenTo(cluster).length === 0 && !isUntold(cluster) && !intends(cluster) && isRead;
}

function sinceOf({ since }: StatusCluster): string {
  return since === undefined ? '' : ` since ${since}`;
}

function deadWithTraffic(status: StatusWithoutSummary): string[] {
  const dead = status.clusters.filter((item) => item.standing === 'down' && item.points && !isLeft(item, status));
  return dead.map((item) => {
    const told = givenTo(item);
    const isMeant = intends(item)
      ? ` It is to have ${rangeText(item.points?.intended ?? NONE)} now, since ${whyKept(item, status)}.`
      : '';
    const seen = told.length > 0 ? `and ${told.join(', ')}` : 'and it has not been read that it is left';
    return `${item.cluster} is down${sinceOf(item)}, ${seen}.${isMeant}`;
  });
}

/** Returns the reason why a cluster that is down is to have traffic. */
function whyKept({ cluster }: StatusCluster, { brakes, mode }: StatusWithoutSummary): string {
  const isGated = brakes.some(({ brake, clusters }) => brake === 'gate' && clusters.includes(cluster));
  if (isGated) return 'a closed gate keeps it there';
  return mode.automation === 'automatic'
    ? 'nobody else can serve that: look for what failed, nothing else will end this'
    : 'automation does not act';
}

const NONE = { minPercent: 0, maxPercent: 0 };

/** Tells of clusters that voters see fail although people say that they do not. */
function failingAndTrusted({ clusters }: StatusWithoutSummary): string[] {
  const trusted = clusters.filter(({ health, waitsFor }) => {
    return health.state === 'unhealthy' && waitsFor.some(({ reason }) => reason === 'Dismissed' || reason === 'Kept');
  });
  return trusted.map((item) => {
    const given = givenTo(item).map((part) => `, and ${part}`);
    return `${item.cluster} fails for its voters, and somebody has said that it does not${given.join('')}.`;
  });
}

/**
 * Tells of clusters that people have taken out and that gateways were read to give traffic: the gateways do not follow
 * yet, or no other cluster can serve.
 */
function takenOutWithTraffic({ shifts, clusters }: StatusWithoutSummary): string[] {
  const taken = new Set(
    shifts
      .filter(({ mode, percent, service }) => mode !== 'keep' && percent === 0 && service === undefined)
      .map((item) => item.cluster),
  );
  return clusters
    .filter((item) => taken.has(item.cluster) && item.standing !== 'down' && givenTo(item).length > 0)
    .map((item) => `${item.cluster} is taken out by hand, and ${givenTo(item).join(', ')}.`);
}

/** Tells what data gates ask about cities. */
function asked({ brakes }: StatusWithoutSummary): string[] {
  return brakes.flatMap(({ dataGate, message }) => (dataGate === undefined ? [] : [message]));
}

function keptIn({ brakes, clusters }: StatusWithoutSummary): string[] {
  const told = new Set(brakes.flatMap(({ dataGate, clusters: held }) => (dataGate === undefined ? [] : held)));
  const suspected = clusters.filter(({ cluster, standing }) => standing === 'suspected' && !told.has(cluster));
  return suspected.map(({ cluster }) => {
    const own = brakes.find((item) => item.brake !== 'mode' && item.clusters.includes(cluster));
    const until = own?.until === undefined ? '' : ` until ${own.until}`;
    return `${cluster} fails, and the brake ${own?.brake ?? ''} keeps it in${until}: somebody has to say whether it does fail.`;
  });
}

function recommended({ recommendation, mode }: StatusWithoutSummary): string[] {
  if (recommendation === undefined) return [];
  const moves = recommendation.clusters.map(
    ({ cluster, before, after }) => `${cluster} from ${rangeText(before)} to ${rangeText(after)}`,
  );
  const rest = moves.length > TOLD ? ` and ${moves.length - TOLD} more` : '';
  const shown = moves.slice(0, TOLD).join(', ');
  return [`Nothing moves by itself, as the mode is ${mode.automation}; recommended is ${shown}${rest}.`];
}

function overloaded({ overloads }: StatusWithoutSummary): string[] {
  return overloads.map(({ cluster, load, requestsPerSecond }) => {
    return `${cluster} has to serve ${Math.ceil(load)} requests per second and can serve ${requestsPerSecond}.`;
  });
}

function rolloutsStopped({ rollouts }: StatusWithoutSummary): string[] {
  return rollouts.filter(({ state }) => state === 'stopped').map(({ message }) => message);
}

function rolloutsRunning({ rollouts }: StatusWithoutSummary): string[] {
  return rollouts.filter(({ state }) => state === 'running').map(({ message }) => message);
}

function gatewaysBehind({ gateways }: StatusWithoutSummary): string[] {
  return gateways.flatMap(({ gateway, faults }) => {
    const [first] = faults;
    return first ? [`Gateway ${gateway}: ${first.message}`] : [];
  });
}

function requestsUnanswered({ gateways }: StatusWithoutSummary): string[] {
  return gateways.flatMap(({ gateway, observed }) =>
    observed?.status === 'False' ? [`Gateway ${gateway}: ${observed.message}`] : [],
  );
}

function votersSilent({ silentVoters }: StatusWithoutSummary): string[] {
  if (silentVoters.length === 0) return [];
  const names = silentVoters.map(({ voter, since }) => (since === undefined ? voter : `${voter} since ${since}`));
  return [`Not heard: ${names.join(', ')}.`];
}

function deadAndLeft(status: StatusWithoutSummary): string[] {
  const dead = status.clusters.filter((item) => item.standing === 'down' && (!item.points || isLeft(item, status)));
  return dead.map((item) => {
    const gateways = item.points?.gateways.length ? item.points.gateways : status.gateways;
    const oldest = Math.max(0, ...gateways.map(({ ageSeconds = 0 }) => ageSeconds));
    const read = gateways.length === 0 ? '' : `, and gateways gave it nothing when last read, at most ${oldest} s ago`;
    return `${item.cluster} is down${sinceOf(item)}${read}.`;
  });
}

/** Tells of clusters that count as up only because nobody can say how they are. */
function unknownHealth({ clusters }: StatusWithoutSummary): string[] {
  const names = clusters
    .filter(({ standing, health }) => standing === 'up' && health.state === 'unknown')
    .map(({ cluster }) => cluster);
  if (names.length === 0) return [];
  return [`No majority says whether ${names.join(', ')} can serve: nobody watches, or not for long enough yet.`];
}

/** The reasons that other sentences tell: failing clusters, and what people and modes hold back. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  'Drained',
  'Isolated',
  'Kept',
  'Dismissed',
  'Drilled',
  'ModeHolds',
  'AwaitsRegainAnswer',
]);

function onTheirWay({ clusters }: StatusWithoutSummary): string[] {
  const others = clusters.filter(({ standing }) => standing !== 'down' && standing !== 'suspected');
  return others.flatMap(({ cluster, waitsFor }) => {
    const [first] = waitsFor.filter(({ reason }) => !TOLD_ELSEWHERE.has(reason));
    return first ? [`${cluster}: ${first.message}`] : [];
  });
}

function ofPeople({ shifts, serviceReturns = [], breakGlasses, drill, brakes }: StatusWithoutSummary): string[] {
  return [
    ...shifts.map(({ shift, cluster, service = 'it', mode, owner, expiresAt }) => {
      const does =
        mode === 'keep' ? 'says that it is healthy' : `${mode === 'isolate' ? 'isolates' : 'drains'} ${service}`;
      return `${cluster}: the shift ${shift} of ${owner} ${does} until ${expiresAt}.`;
    }),
    ...serviceReturns.map(({ service, cluster, percent }) => {
      const until = brakes.find(({ brake }) => brake === 'freeze')?.until;
      const waits =
        until === undefined
          ? 'it returns when it has its turn, step by step'
          : `a freeze window holds it until ${until}`;
      return `${cluster}: ${service} is to have ${percent} % of its share there now: ${waits}.`;
    }),
    ...(drill ? [`The drill ${drill.drill} has taken ${drilledText(drill)} out.`] : []),
    ...breakGlasses.map(({ breakGlass, rules }) => `The break-glass ${breakGlass} sets aside ${rules.join(', ')}.`),
  ];
}

function drilledText({ clusters, service }: NonNullable<StatusWithoutSummary['drill']>): string {
  return service === undefined ? clusters.join(', ') : `${service} at ${clusters.join(', ')}`;
}

function ofMode({ mode, brakes }: StatusWithoutSummary): string[] {
  const gates = brakes.filter(({ brake }) => brake === 'gate').map(({ message }) => message);
  return mode.automation === 'paused' ? [...gates, 'Automation is paused.'] : gates;
}
