import type { Voter } from '../../../schemas/failover.ts';
import { issueAt, type Message, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { isCounted, vantageOf } from '../health/voters.ts';
import { VOTE_RULES } from '../health/votes.ts';
import type { ClusterFacts, Placement, Policy } from '../model/fleet-facts.ts';

/** Warnings about how a fleet is watched. Their pointers lead into the declaration of the fleet. */

type CountedVoter = Extract<Voter, { type: 'edge' | 'gateway-path' | 'agent' | 'gateway-view' }>;

/** A cluster, and the voters whose majority decides about it. */
interface Watched {
  name: string;
  voters: CountedVoter[];
}

type Facts = Pick<ClusterFacts, 'name' | 'voters'>;

/** Warns where the majority that decides about clusters can be misled or lost, and where there is none. */
export function lintEvidence(
  { voters }: Pick<Policy, 'voters'>,
  clusters: readonly Facts[],
  placements: readonly Pick<Placement, 'members'>[],
): Issue[] {
  const watched = clusters.map(
    (facts): Watched => ({
      name: facts.name,
      voters: voters.filter(isCounted).filter(({ name }) => facts.voters.includes(name)),
    }),
  );
  return [...lintUnwatched(watched, placements), ...lintEdge(watched), ...lintVantages(watched), ...lintSites(watched)];
}

/** Warns of clusters that nobody watches, which are never found unhealthy. */
function lintUnwatched(watched: readonly Watched[], placements: readonly Pick<Placement, 'members'>[]): Issue[] {
  const serving = new Set(
    placements.flatMap(({ members }) => members.filter(({ weight }) => weight > 0).map(({ cluster }) => cluster)),
  );
  const names = namesOf(watched, ({ name, voters }) => voters.length === 0 && serving.has(name));
  return issue('unwatched', names, (clusters) => say('Unwatched', { clusters }));
}

function lintEdge(watched: readonly Watched[]): Issue[] {
  const names = namesOf(watched, isEdgeAlone);
  return issue('edge-alone', names, (clusters) => say('EdgeAlone', { clusters }));
}

function isEdgeAlone({ voters }: Watched): boolean {
  return voters.length > 0 && voters.every(({ type }) => type === 'edge');
}

/**
 * Warns of clusters about which the voters of one vantage decide alone: trouble of one network would pass for an
 * outage.
 */
function lintVantages(watched: readonly Watched[]): Issue[] {
  const vantages = new Set(watched.flatMap(({ voters }) => voters.map(vantageOf)));
  return [...vantages].flatMap((vantage) => {
    const decides = (item: Watched) => !isEdgeAlone(item) && isMajority(item, (voter) => vantageOf(voter) === vantage);
    return issue('one-vantage', namesOf(watched, decides), (clusters) => say('OneVantage', { vantage, clusters }));
  });
}

/** Warns of sites whose loss takes away the majority that would have to find their clusters unhealthy. */
function lintSites(watched: readonly Watched[]): Issue[] {
  const sites = new Set(watched.flatMap(({ voters }) => voters.flatMap((voter) => siteOf(voter) ?? [])));
  return [...sites].flatMap((site) => {
    const isLost = (item: Watched) =>
      item.voters.some((voter) => siteOf(voter) === site) && !isMajority(item, (voter) => siteOf(voter) !== site);
    return issue('site-takes-quorum', namesOf(watched, isLost), (clusters) =>
      say('SiteTakesQuorum', { site, clusters }),
    );
  });
}

function siteOf(voter: CountedVoter): string | undefined {
  return voter.type === 'agent' ? (voter.site ?? say('SiteOfVoter', { voter: voter.name }).text) : undefined;
}

function isMajority({ voters }: Watched, isOne: (voter: CountedVoter) => boolean): boolean {
  const some = voters.filter(isOne);
  const isEnough = voters.length > 0 && some.length >= VOTE_RULES.quorumOf(voters.length);
  return isEnough && VOTE_RULES.isSufficient(some.map(({ type }) => type));
}

function namesOf(watched: readonly Watched[], isOne: (item: Watched) => boolean): string[] {
  return watched.filter(isOne).map(({ name }) => name);
}

/** The most clusters that are named in one warning. */
const SHOWN = 5;

function issue(code: string, names: readonly string[], messageOf: (clusters: string) => Message): Issue[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return [issueAt('#/voters', code, messageOf(names.slice(0, SHOWN).join(', ') + more))];
}
