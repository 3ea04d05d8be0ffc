import type { FleetSpec } from '../../../schemas/fleet.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { BackendRef } from '../../../schemas/route.ts';
import type { ServiceExport } from '../../../schemas/service.ts';
import { equal } from '../../core/model/digest.ts';
import type { Pool } from '../../core/model/ir.ts';
import type { Resource } from '../../core/model/resource.ts';
import { poolKeyOf, usesDistribution } from '../../core/routing/resolve.ts';
import { backendsOf } from '../../core/routing/terms.ts';
import type { Finding } from '../../providers/provider.ts';
import { type Change, type ChangeSet, isOf, withWholePointer } from '../change-set.ts';
import { matchPointer } from '../validate/conflicts.ts';

/** A pointer into a changed declaration. */
interface PointedResource {
  resource: Resource;
  pointer: string;
}

/**
 * Returns an issue for every part of the changes that a finding of a gateway comes from. These are the first of the
 * following that exist: the matches or host names of routes, their backends, the named distributions, the exports or
 * ports of services, the addresses of clusters, the reference to the gateway in the only changed route, the gateway
 * itself.
 */
export function issuesOf(
  set: ChangeSet,
  gateway: string,
  finding: Finding,
  resolved: readonly Pool[],
  fleet: Pick<FleetSpec, 'defaultDistribution'>,
): Issue[] {
  const { code } = finding;
  const message = say('AtGateway', { gateway, detail: finding.detail });
  const routes = declared(set.changes.filter(isOf('route'))).filter(({ resource }) =>
    resource.spec.gateways.includes(gateway),
  );
  const pools = resolved.filter(({ key }) => finding.pools.includes(key));
  const found = [
    () => routes.flatMap(({ resource }) => rulePointers(resource, finding.rules)),
    () => routes.flatMap(({ resource }) => backendPointers(resource, pools, fleet)),
    () =>
      declared(set.changes.filter(isOf('distribution'))).flatMap(({ resource }) =>
        distributionPointers(resource, pools),
      ),
    () => declared(set.changes.filter(isOf('service'))).flatMap((change) => servicePointers(change, pools)),
    () => declared(set.changes.filter(isOf('cluster'))).flatMap((change) => ingressPointers(change, pools)),
    () => (routes.length === 1 ? routes.flatMap(({ resource }) => gatewayPointers(resource, gateway)) : []),
  ];
  for (const look of found) {
    const pointers = look();
    if (pointers.length > 0) {
      return pointers.map(({ resource, pointer }) => withWholePointer(set, resource, issueAt(pointer, code, message)));
    }
  }
  return [issueAt(`gateways/${gateway}`, code, message)];
}

function declared<C extends Change>(changes: readonly C[]): C[] {
  return changes.filter(({ verb }) => verb !== 'delete');
}

/** Returns the host names of a route when all their matches are affected; otherwise its matches. */
function rulePointers(resource: Resource<'route'>, keys: readonly string[]): PointedResource[] {
  const own = keys.filter((key) => key.startsWith(`${resource.name}/`));
  const { hostnames, rules } = resource.spec;
  const hosts = new Set(own.map((key) => key.slice(key.lastIndexOf('/') + 1)));
  const matches = rules.reduce((sum, rule) => sum + rule.matches.length, 0);
  const isOfHosts = hosts.size < hostnames.length && own.length === hosts.size * matches;
  const pointers = isOfHosts
    ? [...hosts].map((host) => `#/hostnames/${hostnames.indexOf(host)}`)
    : [...new Set(own.map(matchPointer))];
  return pointers.map((pointer) => ({ resource, pointer }));
}

function backendPointers(
  resource: Resource<'route'>,
  pools: readonly Pool[],
  fleet: Pick<FleetSpec, 'defaultDistribution'>,
): PointedResource[] {
  const { spec } = resource;
  const serves = (ref: BackendRef, { service, port, key }: Pool) =>
    service === ref.service && port === ref.port && key === poolKeyOf(spec, ref, fleet);
  return backendsOf(spec)
    .filter(({ ref }) => pools.some((pool) => serves(ref, pool)))
    .map(({ pointer }) => ({ resource, pointer }));
}

function distributionPointers(resource: Resource<'distribution'>, pools: readonly Pool[]): PointedResource[] {
  const isUsed = pools.some(({ key }) => usesDistribution(key, resource.name));
  return isUsed ? [{ resource, pointer: '#/clusters' }] : [];
}

/** Returns the new or changed exports that serve the pools, or, if there are none, the ports of the pools. */
function servicePointers({ resource, before }: Change<'service'>, pools: readonly Pool[]): PointedResource[] {
  const own = pools.filter(({ service }) => service === resource.name);
  const serving = new Set(own.flatMap(({ members }) => members.map(({ cluster }) => cluster)));
  const isKnown = (item: ServiceExport) =>
    before?.spec.exports.some((other) => other.cluster === item.cluster && equal(other.backend, item.backend));
  const exports = resource.spec.exports.flatMap((item, index) =>
    serving.has(item.cluster) && !isKnown(item) ? [`#/exports/${index}/backend`] : [],
  );
  const ports = resource.spec.ports.flatMap(({ port }, index) =>
    own.some((pool) => pool.port === port) ? [`#/ports/${index}`] : [],
  );
  return (exports.length > 0 ? exports : ports).map((pointer) => ({ resource, pointer }));
}

function ingressPointers({ resource }: Change<'cluster'>, pools: readonly Pool[]): PointedResource[] {
  const serves = pools.some(({ members }) => members.some(({ cluster }) => cluster === resource.name));
  return serves ? [{ resource, pointer: '#/ingress/endpoints' }] : [];
}

function gatewayPointers(resource: Resource<'route'>, gateway: string): PointedResource[] {
  return [{ resource, pointer: `#/gateways/${resource.spec.gateways.indexOf(gateway)}` }];
}
