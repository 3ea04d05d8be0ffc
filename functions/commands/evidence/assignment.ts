import type { Assignment } from '../../../schemas/enrolment.ts';
import type { VoterPlace } from '../../core/access/enrolment.ts';
import { votersOf } from '../../core/health/voters.ts';
import { probesFrom } from '../../engine/observe.ts';
import { agentIn } from '../access/agents.ts';
import { noAgent } from '../access/enrolments.ts';
import type { Context } from '../context.ts';

/** Returns what an agent needs for its work: nothing of its fleet but what agents probe, and how often. Throws `not-found`. */
export async function assignmentOf({ deps: { store } }: Context, place: VoterPlace): Promise<Assignment> {
  const [fleet, clusters] = await Promise.all([
    store.get('fleet', place.fleet, place.fleet),
    store.all('cluster', place.fleet),
  ]);
  const voter = agentIn(fleet, place.voter);
  if (fleet === undefined || voter === undefined) throw noAgent(place);
  const { health, controlTargets } = fleet.spec;
  return {
    fleet: { name: fleet.name, health, controlTargets: probesFrom(controlTargets, 'agents') },
    voter: voter.name,
    clusters: clusters
      .filter((cluster) => votersOf(cluster, [voter]).length > 0)
      .map(({ name, spec }) => ({ name, probes: probesFrom(spec.probes, 'agents') })),
  };
}
