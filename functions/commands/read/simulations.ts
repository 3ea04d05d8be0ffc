import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Place } from '../../../schemas/place.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type {
  CandidatePolicy,
  SimulatedCourse,
  SimulatedPush,
  Simulation,
  SimulationInput,
} from '../../../schemas/simulation.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import { clustersAt, emptyPlace, placeOf } from '../../core/failover/places.ts';
import { lintPolicy } from '../../core/lint/fleet.ts';
import type { ClusterFacts } from '../../core/model/fleet-facts.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import type { Scenario, TimedObservation } from '../../core/simulation/scenario.ts';
import { simulatedCourseOf } from '../../core/simulation/simulated-course.ts';
import { runSimulation, type SimulationRun, type SimulationSetup } from '../../core/simulation/what-if.ts';
import { CloudError, type Deps, pagesOf } from '../../deps.ts';
import { readDecisionInput } from '../../engine/failover/decision-input.ts';
import { CALL_SECONDS, estimatePushes } from '../../engine/failover/estimate-pushes.ts';
import { ReadTimedOut } from '../../engine/reconcile/session.ts';
import { AppError, summarize, throwFaults } from '../app-error.ts';
import { type Context, timestamp } from '../context.ts';
import { noSuch, unknownReference } from '../issues.ts';
import { load, requireService } from '../load.ts';

const PUSH_SECONDS = 5;

/** The most pushes that are foretold for a gateway. A simulation of a flapping cluster may have hundreds. */
const MAX_PUSHES = 20;

/** The most observations of one cluster that are replayed: two hours of a voter that observes every second. */
const MAX_REPLAYED = 7200;
const OBSERVATIONS_PER_PAGE = 200;

const ASSUMPTIONS = [
  say('PushTakes', { seconds: PUSH_SECONDS }),
  say('CallTakes', { seconds: CALL_SECONDS }),
  say('FailsAfterProbe'),
  say('VotersAgree'),
  say('PeaksCount'),
].map(({ text }) => text);

/**
 * Simulates a scenario under the current policy and under a candidate. Writes nothing. Throws `not-found`,
 * `unknown-reference`, and `conflicting-declaration` for a candidate that contradicts itself or the fleet.
 */
export async function simulate(ctx: Context, fleet: string, request: SimulationInput): Promise<Simulation> {
  const { deps } = ctx;
  const { spec } = await load(ctx, { kind: 'fleet', fleet, name: fleet });
  const [{ input }, gateways] = await Promise.all([
    readDecisionInput(deps, fleet, spec, { service: request.service }),
    deps.store.all('gateway', fleet),
  ]);
  throwFaults(unknownNames(request, input.clusters, gateways));
  await requireService(ctx, fleet, request.service);
  const candidate = request.policy && (await inputUnder(deps, fleet, withParts(spec, request.policy), input));
  const warnings = candidate ? lintCandidate(candidate) : [];
  const scenario = await scenarioOf(deps, fleet, request, input.clusters);
  const { service } = request;
  const run = (from: DecisionInput) => courseOf(deps, gateways, { input: from, scenario, service, ...spanOf(request) });
  const today = await run(input);
  return {
    fleet,
    at: timestamp(input.nowMs),
    trafficVersion: input.traffic.version,
    durationSeconds: request.durationSeconds,
    today,
    ...(candidate && { candidate: await run(candidate) }),
    warnings,
    assumptions: ASSUMPTIONS,
  };
}

function spanOf({ durationSeconds }: SimulationInput) {
  return { durationMs: durationSeconds * 1000, pushMs: PUSH_SECONDS * 1000 };
}

function withParts(spec: FleetSpec, policy: CandidatePolicy): FleetSpec {
  const { automation = spec.automation, health = spec.health, voters = spec.voters } = policy;
  const { failover = spec.failover, safety = spec.safety } = policy;
  return { ...spec, automation, health, voters, failover, safety };
}

/**
 * Returns the input of a decision under another policy. Its time and placements are those of the given input, so
 * that both courses begin alike.
 */
async function inputUnder(
  deps: Deps,
  fleet: string,
  spec: FleetSpec,
  { nowMs, placements }: DecisionInput,
): Promise<DecisionInput> {
  const { input } = await readDecisionInput(deps, fleet, spec);
  return { ...input, nowMs, placements };
}

/** Returns the warnings about the candidate. Throws `conflicting-declaration` when it is refused. */
function lintCandidate({ policy, clusters, placements }: DecisionInput): Issue[] {
  const { refusals, warnings } = lintPolicy(policy, clusters, placements);
  const inBody = (issue: Issue) => ({ ...issue, pointer: issue.pointer.replace('#', '#/policy') });
  const faults = refusals.map(inBody);
  if (faults.length > 0) throw new AppError('conflicting-declaration', summarize(faults), faults);
  return warnings.map(inBody);
}

async function courseOf(
  deps: Deps,
  gateways: readonly Resource<'gateway'>[],
  setup: SimulationSetup,
): Promise<SimulatedCourse> {
  const course = runSimulation(setup);
  return {
    ...simulatedCourseOf(setup.input, course, setup.service),
    pushes: await pushesOf(deps, gateways, course),
  };
}

function unknownNames(
  { scenario, policy }: SimulationInput,
  clusters: readonly ClusterFacts[],
  gateways: readonly Resource<'gateway'>[],
): Issue[] {
  const missing = placesOf(scenario).flatMap(({ place, pointer }) => {
    const { field, message } = emptyPlace(place);
    return clustersAt(clusters, place).length > 0 ? [] : [unknownReference(pointer ?? `#/scenario/${field}`, message)];
  });
  const voters = (policy?.voters ?? []).flatMap((voter, index) => {
    if (!('gateway' in voter) || gateways.some(({ name }) => name === voter.gateway)) return [];
    return [noSuch(`#/policy/voters/${index}/gateway`, 'gateway', voter.gateway)];
  });
  return [...missing, ...voters];
}

/** Returns the places that a scenario names, each with a pointer where it does not stand in the field of its name. */
function placesOf(scenario: SimulationInput['scenario']): { place: Place; pointer?: string }[] {
  if (scenario.type === 'replay') return [];
  const { clusters } = scenario.type === 'fail' ? scenario : { clusters: undefined };
  if (clusters === undefined) return [{ place: placeOf(scenario) }];
  return clusters.map((cluster, index) => ({ place: { cluster }, pointer: `#/scenario/clusters/${index}` }));
}

/** Returns the names of the clusters that fail. */
function failingIn(scenario: SimulationInput['scenario'], clusters: readonly ClusterFacts[]): string[] {
  const failing = placesOf(scenario).flatMap(({ place }) => clustersAt(clusters, place).map(({ name }) => name));
  return [...new Set(failing)];
}

async function scenarioOf(
  deps: Deps,
  fleet: string,
  { scenario, durationSeconds }: SimulationInput,
  clusters: readonly ClusterFacts[],
): Promise<Scenario> {
  switch (scenario.type) {
    case 'fail': {
      const { type, atSeconds, forSeconds } = scenario;
      const forMs = forSeconds === undefined ? undefined : forSeconds * 1000;
      return { type, clusters: failingIn(scenario, clusters), atMs: atSeconds * 1000, forMs };
    }
    case 'flap': {
      const { type, periodSeconds, times } = scenario;
      return { type, clusters: failingIn(scenario, clusters), periodMs: periodSeconds * 1000, times };
    }
    case 'replay': {
      const fromMs = msOf(scenario.from);
      const toMs = Math.min(msOf(scenario.to), fromMs + durationSeconds * 1000);
      const seen = await Promise.all(clusters.map(({ name }) => seenOf(deps, fleet, name, { fromMs, toMs })));
      return { type: 'replay', seen: seen.flat() };
    }
  }
}

/** Returns the observations of a cluster in the span. */
async function seenOf(
  { store }: Deps,
  fleet: string,
  cluster: string,
  span: { fromMs: number; toMs: number },
): Promise<TimedObservation[]> {
  const seen: TimedObservation[] = [];
  for await (const page of pagesOf(OBSERVATIONS_PER_PAGE, (request) =>
    store.observations(fleet, cluster, request, { key: null, span }),
  )) {
    for (const observation of page) {
      seen.push({ cluster, atMs: msOf(observation.observedAt) - span.fromMs, observation });
    }
    if (seen.length >= MAX_REPLAYED) break;
  }
  return seen;
}

async function pushesOf(
  deps: Deps,
  gateways: readonly Resource<'gateway'>[],
  { phases }: SimulationRun,
): Promise<SimulatedPush[]> {
  const states = phases.slice(0, MAX_PUSHES + 1).map(({ traffic }) => traffic);
  return await Promise.all(
    gateways.map(async (gateway) => {
      const none = { gateway: gateway.name, pushes: 0, calls: 0, mostCalls: 0, estimatedSeconds: 0 };
      if (states.length < 2) return none;
      try {
        const foretold = await estimatePushes(deps, gateway, states);
        if (foretold === undefined) return { ...none, problem: say('InstanceMissing').text };
        const { pushes } = foretold;
        return {
          gateway: gateway.name,
          pushes: pushes.length,
          calls: pushes.reduce((sum, { calls }) => sum + calls, 0),
          mostCalls: Math.max(0, ...pushes.map(({ calls }) => calls)),
          estimatedSeconds: Math.max(0, ...pushes.map((push) => push.seconds)),
        };
      } catch (error) {
        if (error instanceof ReadTimedOut) return { ...none, problem: say('NotReadInTime').text };
        if (!(error instanceof CloudError)) throw error;
        return { ...none, problem: say('NotLookedAt', error).text };
      }
    }),
  );
}
