/** A summary of what is wrong with a fleet, in a few sentences for a person who has just woken up. */

import { say } from '../../../schemas/messages/index.ts';
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
  return rest > 0 ? say('AndMore', { shown, count: rest }).text : shown;
}

function allIsWell({ clusters, gateways }: StatusWithoutSummary): string {
  if (clusters.length === 0) return say('NoCluster').text;
  const seconds = Math.max(0, ...gateways.map(({ ageSeconds = 0 }) => ageSeconds));
  return say('AllIsWell', { clusters: clusters.length, gateways: gateways.length, seconds }).text;
}

/**
 * Returns a text such as `edge gave it up to 60 % when read 4 s ago` for each gateway that was read to give the cluster
 * anything.
 */
function givenTo({ points }: StatusCluster): string[] {
  return (points?.gateways ?? []).flatMap(({ gateway, verified, ageSeconds }) => {
    if (verified === undefined || verified.maxPercent === 0) return [];
    return [say('GaveIt', { gateway, range: rangeText(verified), seconds: ageSeconds ?? 0 }).text];
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

function deadWithTraffic(status: StatusWithoutSummary): string[] {
  const dead = status.clusters.filter((item) => item.standing === 'down' && item.points && !isLeft(item, status));
  return dead.map((item) => {
    const { cluster, since, points } = item;
    const range = rangeText(points?.intended ?? NONE);
    const meant = intends(item) ? say('MeantToHave', { range, why: whyKept(item, status) }).text : '';
    return say('DownAndServed', { cluster, since, given: givenTo(item).join(', '), meant }).text;
  });
}

/** Returns the reason why a cluster that is down is to have traffic. */
function whyKept({ cluster }: StatusCluster, { brakes, mode }: StatusWithoutSummary): string {
  const isGated = brakes.some(({ brake, clusters }) => brake === 'gate' && clusters.includes(cluster));
  if (isGated) return say('KeptByGate').text;
  return say(mode.automation === 'automatic' ? 'KeptForWant' : 'KeptByMode').text;
}

const NONE = { minPercent: 0, maxPercent: 0 };

/** Tells of clusters that voters see fail although people say that they do not. */
function failingAndTrusted({ clusters }: StatusWithoutSummary): string[] {
  const trusted = clusters.filter(({ health, waitsFor }) => {
    return health.state === 'unhealthy' && waitsFor.some(({ reason }) => reason === 'Dismissed' || reason === 'Kept');
  });
  return trusted.map((item) => {
    const given = givenTo(item).map((part) => `, and ${part}`);
    return say('FailsAndTrusted', { cluster: item.cluster, given: given.join('') }).text;
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
    .map((item) => say('TakenOutAndServed', { cluster: item.cluster, given: givenTo(item).join(', ') }).text);
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
    return say('KeptIn', { cluster, brake: own?.brake ?? '', until: own?.until }).text;
  });
}

function recommended({ recommendation, mode }: StatusWithoutSummary): string[] {
  if (recommendation === undefined) return [];
  const moves = recommendation.clusters.map(
    ({ cluster, before, after }) => `${cluster} from ${rangeText(before)} to ${rangeText(after)}`,
  );
  const rest = moves.length > TOLD ? ` and ${moves.length - TOLD} more` : '';
  const shown = moves.slice(0, TOLD).join(', ');
  return [say('Recommended', { automation: mode.automation, moves: shown + rest }).text];
}

function overloaded({ overloads }: StatusWithoutSummary): string[] {
  return overloads.map(({ cluster, load, requestsPerSecond }) => {
    return say('Overloaded', { cluster, load: Math.ceil(load), capacity: requestsPerSecond }).text;
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
    return first ? [say('GatewayTells', { gateway, told: first.message }).text] : [];
  });
}

function requestsUnanswered({ gateways }: StatusWithoutSummary): string[] {
  return gateways.flatMap(({ gateway, observed }) =>
    observed?.status === 'False' ? [say('GatewayTells', { gateway, told: observed.message }).text] : [],
  );
}

function votersSilent({ silentVoters }: StatusWithoutSummary): string[] {
  if (silentVoters.length === 0) return [];
  const names = silentVoters.map(({ voter, since }) => (since === undefined ? voter : `${voter} since ${since}`));
  return [say('NotHeard', { voters: names.join(', ') }).text];
}

function deadAndLeft(status: StatusWithoutSummary): string[] {
  const dead = status.clusters.filter((item) => item.standing === 'down' && (!item.points || isLeft(item, status)));
  return dead.map((item) => {
    const gateways = item.points?.gateways.length ? item.points.gateways : status.gateways;
    const oldest = Math.max(0, ...gateways.map(({ ageSeconds = 0 }) => ageSeconds));
    const seconds = gateways.length === 0 ? undefined : oldest;
    return say('DownAndLeft', { cluster: item.cluster, since: item.since, seconds }).text;
  });
}

/** Tells of clusters that count as up only because nobody can say how they are. */
function unknownHealth({ clusters }: StatusWithoutSummary): string[] {
  const names = clusters
    .filter(({ standing, health }) => standing === 'up' && health.state === 'unknown')
    .map(({ cluster }) => cluster);
  if (names.length === 0) return [];
  return [say('HealthUntold', { clusters: names.join(', ') }).text];
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
    ...shifts.map(({ shift, cluster, service: target = 'it', mode, owner, expiresAt: until }) => {
      return say('ShiftTells', { cluster, shift, owner, mode, target, until });
    }),
    ...serviceReturns.map(({ service, cluster, percent }) => {
      const frozenUntil = brakes.find(({ brake }) => brake === 'freeze')?.until;
      return say('ServiceReturns', { cluster, service, percent, frozenUntil });
    }),
    ...(drill ? [say('DrillTakesOut', { drill: drill.drill, target: drilledText(drill) })] : []),
    ...breakGlasses.map(({ breakGlass, rules }) => say('RulesSetAside', { breakGlass, rules: rules.join(', ') })),
  ].map(({ text }) => text);
}

function drilledText({ clusters, service }: NonNullable<StatusWithoutSummary['drill']>): string {
  return service === undefined ? clusters.join(', ') : `${service} at ${clusters.join(', ')}`;
}

function ofMode({ mode, brakes }: StatusWithoutSummary): string[] {
  const gates = brakes.filter(({ brake }) => brake === 'gate').map(({ message }) => message);
  return mode.automation === 'paused' ? [...gates, say('ModePaused').text] : gates;
}
