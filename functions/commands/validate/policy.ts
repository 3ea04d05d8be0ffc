import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { placementsOf } from '../../core/allocation/placements.ts';
import { clustersAt, emptyPlace } from '../../core/failover/places.ts';
import { type Lint, lintNotifications, lintPolicy, namedPlaces } from '../../core/lint/fleet.ts';
import { equal } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Settings } from '../../deps.ts';
import { factsOf, policyOf } from '../../engine/failover/decision-input.ts';
import type { Change } from '../change-set.ts';
import type { Context } from '../context.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { noSuch, unknownReference } from '../issues.ts';
import { forbiddenTargets } from './addresses.ts';

/**
 * Finds faults of the policy of a fleet. Names of clusters and gateways are only checked when the fleet exists already,
 * because a new fleet names resources that are yet to be created. A change of the automation mode alone is never
 * refused: people who pause automation in an emergency must not be stopped by settings that have become faulty since.
 */
export async function validatePolicy(
  { resource, before }: Change<'fleet'>,
  then: FleetReader,
  { deps: { settings } }: Context,
): Promise<Issue[]> {
  const { spec } = resource;
  if (before && isModeAlone(before.spec, spec)) return [];
  return [
    ...forbiddenTargets(spec, settings),
    ...unknownNotificationTargets(spec, settings),
    ...unknownGateTargets(spec, settings),
    ...(before ? await unknownNames(spec, then) : []),
    ...(await lintFleet(resource, then)).refusals.filter(({ code }) => code !== UNKNOWN).map(contradiction),
  ];
}

/** Tells whether two declarations of a fleet differ in the automation mode at most. */
export function isModeAlone(before: FleetSpec, after: FleetSpec): boolean {
  return equal({ ...before, automation: after.automation }, after);
}

/** Lints the policy of a fleet against its clusters and backends, and checks its notifications. */
export async function lintFleet({ spec }: Pick<Resource<'fleet'>, 'spec'>, reader: FleetReader): Promise<Lint> {
  const [clusters, pools] = await Promise.all([reader.clusters(), reader.pools()]);
  const facts = clusters.map((cluster) => factsOf(cluster, spec));
  const { refusals, warnings } = lintPolicy(policyOf(spec), facts, placementsOf(pools));
  return { refusals, warnings: [...warnings, ...lintNotifications(spec)] };
}

/** The code of lint issues about names that do not exist. */
const UNKNOWN = 'unknown-cluster';

function contradiction(issue: Issue): Issue {
  return { ...issue, code: 'conflicting-declaration' };
}

function unknownNotificationTargets({ notifications }: FleetSpec, { notificationTargets }: Settings): Issue[] {
  return notifications.flatMap(({ target }, index) =>
    notificationTargets.includes(target)
      ? []
      : [unknownReference(`#/notifications/${index}/target`, say('NoTarget', { name: target }))],
  );
}

/** Finds data gates whose target is not a webhook. Chats cannot answer. */
function unknownGateTargets({ failover }: FleetSpec, { webhookTargets }: Settings): Issue[] {
  return (failover.dataGates ?? []).flatMap(({ target }, index) =>
    target === undefined || webhookTargets.includes(target)
      ? []
      : [unknownReference(`#/failover/dataGates/${index}/target`, say('NoWebhook', { name: target }))],
  );
}

interface Named {
  name: string;
  pointer: string;
}

async function unknownNames(spec: FleetSpec, reader: FleetReader): Promise<Issue[]> {
  const { voters, safety } = spec;
  const each = (names: readonly string[] | undefined, pointer: string): Named[] =>
    (names ?? []).map((name, index) => ({ name, pointer: `${pointer}/${index}` }));
  const clusters = [
    ...voters.flatMap((voter, index) => each(voter.clusters, `#/voters/${index}/clusters`)),
    ...safety.gates.flatMap((gate, index) => each(gate.clusters, `#/safety/gates/${index}/clusters`)),
    ...safety.exclusive.flatMap((set, index) => each(set, `#/safety/exclusive/${index}`)),
  ];
  const gateways = voters.flatMap((voter, index) =>
    'gateway' in voter ? [{ name: voter.gateway, pointer: `#/voters/${index}/gateway` }] : [],
  );
  const known = await reader.clusters();
  return [
    ...missing('cluster', clusters, known),
    ...placesOfNobody(spec, known),
    ...missing('gateway', gateways, await reader.gateways()),
  ];
}

/** Finds drills and data gates of places without a cluster. */
function placesOfNobody(spec: FleetSpec, known: readonly Resource<'cluster'>[]): Issue[] {
  const facts = known.map((cluster) => factsOf(cluster, spec));
  return namedPlaces(spec).flatMap(({ pointer, place }) => {
    if (clustersAt(facts, place).length > 0) return [];
    const { field, message } = emptyPlace(place);
    return [unknownReference(`${pointer}/${field}`, message)];
  });
}

function missing(kind: 'cluster' | 'gateway', named: readonly Named[], known: readonly { name: string }[]): Issue[] {
  const names = new Set(known.map(({ name }) => name));
  return named.filter(({ name }) => !names.has(name)).map(({ name, pointer }) => noSuch(pointer, kind, name));
}
