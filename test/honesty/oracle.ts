import type { Gateway } from '../../schemas/gateway.ts';
import type { Operation } from '../../schemas/operation.ts';
import type { Route } from '../../schemas/route.ts';
import type { Plane, Read } from './plane.ts';
import { isTrue, type Said } from './say.ts';
import { clusterPercent, hasPoints, isShared, isTaken, isThere, type Served, servedBy, textOf } from './truth.ts';
import { composed, type World, withoutForeign } from './world.ts';

/** A statement of the API that was not true. */
export interface Lie {
  /** The name of the rule that it breaks. */
  rule: string;
  said: string;
  found: string;
}

type Parent = Route['parents'][number];

/**
 * The content of stale lists, with the span in which they were shown: reads of that span see it as the state of the
 * gateway.
 */
export interface StaleSpan {
  gateway: string;
  fromMs: number;
  toMs: number;
  world: World;
}

const ms = (text: string) => Date.parse(text);

/** Compares what the API says with what the clouds had when that was read. */
export class Oracle {
  readonly #plane: Plane;
  readonly #ended = new Set<string>();
  /** Addresses that were declared since the store was restored; nobody can know to whom others belong. */
  readonly #known = new Set<string>();
  readonly stale: StaleSpan[] = [];

  constructor(plane: Plane) {
    this.#plane = plane;
  }

  /** The store knows only what the backup knew. */
  restored(): void {
    this.#known.clear();
  }

  judge(said: Said): Lie[] {
    for (const address of addressesOf(said)) this.#known.add(address);
    const lies: Lie[] = [];
    for (const gateway of said.gateways) lies.push(...this.#gatewayLies(gateway, said));
    for (const route of said.routes) {
      for (const parent of route.parents) lies.push(...this.#parentLies(route, parent, said));
      lies.push(
        ...summaryLies(
          'route',
          route,
          route.parents.map((parent) => [parent.gateway, parent] as const),
        ),
      );
    }
    return [
      ...lies,
      ...summaryLies(
        'fleet',
        said.fleet,
        said.gateways.map((gateway) => [gateway.name, gateway] as const),
      ),
      ...this.#clusterLies(said),
      ...this.#shiftLies(said),
      ...said.operations.flatMap((operation) => this.#operationLies(operation, said)),
      ...explanationLies(said),
    ];
  }

  /**
   * Returns the worlds of the two reads with these times: rules of one and pools of the other, since a read takes a
   * while.
   */
  #worldsAt(gateway: string, { readAt, poolsReadAt = readAt }: Partial<Gateway['reading']>): World[] {
    const readsAt = (at: string | undefined) =>
      this.#plane.reads.filter((read) => read.gateway === gateway && read.fromMs === ms(at ?? ''));
    return composites(this.#worldsOf(readsAt(readAt)), this.#worldsOf(readsAt(poolsReadAt)));
  }

  #worldsOf(reads: readonly Read[]): World[] {
    const found = reads.flatMap(({ fromMs, toMs }) => this.#plane.timeline.between(fromMs, toMs));
    const shown = this.stale.filter((span) =>
      reads.some((read) => read.gateway === span.gateway && read.fromMs <= span.toMs && read.toMs >= span.fromMs),
    );
    const worlds = new Set([...found, ...shown.map(({ world }) => world)]);
    return [...worlds].map((world) => ({ ...world, known: this.#known }));
  }

  #gatewayLies(gateway: Gateway, said: Said): Lie[] {
    const { name, reading, sync } = gateway;
    const lies: Lie[] = [];
    const last = this.#plane.reads.findLast((read) => read.gateway === name);
    const times = [reading.readAt, reading.poolsReadAt, ...gateway.conditions.map(({ observedAt }) => observedAt)];
    for (const at of times) {
      if (at !== undefined && (last === undefined || ms(at) > last.fromMs)) {
        lies.push({ rule: 'newer-than-read', said: `gateway ${name} was read at ${at}`, found: timeOf(last) });
      }
    }
    if (sync.state === 'Verified' && reading.readAt === undefined) {
      lies.push({ rule: 'verified-unread', said: `gateway ${name} is Verified`, found: 'it has not been read' });
    }
    const parts = said.routes.flatMap((route) =>
      route.parents
        .filter((parent) => parent.gateway === name)
        .map((parent) => [`route ${route.name}`, parent] as const),
    );
    return [...lies, ...summaryLies('gateway', gateway, parts)];
  }

  #parentLies(route: Route, parent: Parent, said: Said): Lie[] {
    const { gateway, poolsReadAt } = parent;
    const place = this.#plane.placeOf(gateway);
    const who = `route ${route.name} at ${gateway}`;
    const { readAt } = said.gateways.find(({ name }) => name === gateway)?.reading ?? {};
    const rules = this.#worldsAt(gateway, { readAt });
    const worlds = this.#worldsAt(gateway, { readAt, poolsReadAt });
    const isSame = readAt !== undefined && ms(route.updatedAt) < ms(readAt);
    const lies: Lie[] = [];
    if (isTrue(parent, 'Programmed') && !rules.some((world) => isThere(world, place, route))) {
      lies.push({
        rule: 'programmed',
        said: `${who} is Programmed, read at ${readAt}`,
        found: told(rules, place, route),
      });
    }
    if (isSame) lies.push(...verifiedLies(route, parent, worlds, place));
    if (isTrue(parent, 'Following')) lies.push(...followingLies(route, parent, worlds, place));
    return lies;
  }

  #clusterLies({ clusters, routes, gateways }: Said): Lie[] {
    return clusters.flatMap((cluster) => {
      const { name } = cluster;
      const lagging = routes.flatMap((route) =>
        route.parents
          .filter(({ backends }) =>
            backends.some((backend) =>
              backend.clusters.some((one) => one.cluster === name && one.wantedPercent !== one.verifiedPercent),
            ),
          )
          .map((parent) => `route ${route.name} at ${parent.gateway}`),
      );
      const lies: Lie[] = [];
      if (isTrue(cluster, 'Following') && lagging.length > 0) {
        lies.push({
          rule: 'cluster-following',
          said: `cluster ${name} is Following`,
          found: `it has other points than wanted of ${lagging.join(', ')}`,
        });
      }
      for (const { gateway, maxPercent, readAt } of cluster.gateways) {
        const reading = gateways.find((one) => one.name === gateway)?.reading;
        const most = this.#most(name, gateway, { ...reading, poolsReadAt: readAt }, routes);
        if (maxPercent === 0 && most.percent > 0) {
          lies.push({
            rule: 'cluster-points',
            said: `gateway ${gateway} gives cluster ${name} nothing, read at ${readAt}`,
            found: most.text,
          });
        }
      }
      return lies;
    });
  }

  /** Returns the least, over the worlds of a read, of the most that any route gives to a cluster. */
  #most(cluster: string, gateway: string, reading: Partial<Gateway['reading']>, routes: readonly Route[]) {
    const { readAt } = reading;
    const place = this.#plane.placeOf(gateway);
    const known = routes.filter(
      (route) => route.gateways.includes(gateway) && readAt !== undefined && ms(route.updatedAt) < ms(readAt),
    );
    const found = this.#worldsAt(gateway, reading).map((world) =>
      known
        .map(({ name, ...route }) => ({ name, served: servedBy(world, place, route) }))
        .map(({ name, served }) => ({
          percent: clusterPercent(served, cluster),
          text: `route ${name}: ${textOf(served)}`,
        }))
        .reduce((most, one) => (one.percent > most.percent ? one : most), { percent: 0, text: '' }),
    );
    return found.reduce(
      (least, one) => (one.percent < least.percent ? one : least),
      found[0] ?? { percent: 0, text: '' },
    );
  }

  #shiftLies({ shifts, routes, gateways }: Said): Lie[] {
    return shifts.flatMap((shift) => {
      if (shift.state !== 'applied' || shift.percent > 0) return [];
      return gateways.flatMap(({ name, reading }): Lie[] => {
        const most = this.#most(shift.cluster, name, reading, routes);
        if (most.percent === 0) return [];
        return [
          {
            rule: 'shift-applied',
            said: `shift ${shift.name} of ${shift.cluster} to 0 is applied, ${name} read at ${reading.poolsReadAt}`,
            found: most.text,
          },
        ];
      });
    });
  }

  /** Checks an operation when it is first seen to have succeeded. */
  #operationLies(operation: Operation, { routes, atMs }: Said): Lie[] {
    const { id, state, target, createdAt, endedAt } = operation;
    if (state !== 'Succeeded' || this.#ended.has(id)) return [];
    this.#ended.add(id);
    const route = routes.find(({ name }) => name === target.name);
    if (target.kind !== 'route' || route?.updatedAt !== createdAt) return [];
    return operation.gateways.flatMap(({ gateway }): Lie[] => {
      const read = this.#plane.reads.findLast(
        (one) => one.gateway === gateway && one.isWhole && one.toMs <= ms(endedAt ?? ''),
      );
      const found = read ? this.#worldsOf([read]) : [];
      // A rule of somebody else that takes the requests does not undo what was done.
      const worlds = composites(found, found).map(withoutForeign);
      const place = this.#plane.placeOf(gateway);
      if (worlds.some((world) => isThere(world, place, route))) return [];
      const said = `operation ${id} of route ${route.name} has succeeded at ${endedAt}, seen at ${new Date(atMs).toISOString()}`;
      return [{ rule: 'operation', said, found: `at ${gateway}, ${timeOf(read)}: ${told(worlds, place, route)}` }];
    });
  }
}

function composites(rules: readonly World[], pools: readonly World[]): World[] {
  return rules.flatMap((one) => pools.map((other) => composed(one, other)));
}

type Spoken = { conditions: readonly { type: string; status: string }[] };

function addressesOf({ services }: Said): string[] {
  const backends = services.flatMap(({ exports }) => exports.map(({ backend }) => backend));
  const endpoints = backends.flatMap((backend) => (backend.type === 'endpoints' ? backend.endpoints : []));
  return endpoints.map(({ address, port }) => `${address}:${port}`);
}

/** Points are said of the route as it was when they were read. */
function verifiedLies(
  route: Route,
  { gateway, backends, poolsReadAt }: Parent,
  worlds: readonly World[],
  place: string,
) {
  const served = worlds.map((world) => servedBy(world, place, route));
  return backends.flatMap(({ service, clusters }): Lie[] => {
    const verified = clusters.flatMap(({ cluster, verifiedPercent: percent }) =>
      percent === undefined ? [] : [{ cluster, percent }],
    );
    if (verified.length === 0 || served.some((one) => hasPoints(one, service, verified))) return [];
    const text = verified.map(({ cluster, percent }) => `${cluster} ${percent}`).join(', ');
    const said = `route ${route.name} at ${gateway}: ${service} is verified with ${text}, read at ${poolsReadAt}`;
    return [{ rule: 'verified-points', said, found: served.map(textOf).join(' or ') }];
  });
}

function followingLies(
  route: Route,
  { gateway, backends, poolsReadAt }: Parent,
  worlds: readonly World[],
  place: string,
) {
  const shared = worlds.filter((world) => isShared(world, place, route)).map((world) => servedBy(world, place, route));
  return backends.flatMap(({ service, clusters }): Lie[] => {
    const wanted = clusters.map(({ cluster, wantedPercent: percent }) => ({ cluster, percent }));
    const isEqual = clusters.every((one) => one.wantedPercent === one.verifiedPercent);
    if (isEqual && shared.some((one) => hasPoints(one, service, wanted))) return [];
    const text = clusters.map((one) => `${one.cluster} ${one.verifiedPercent} of ${one.wantedPercent}`).join(', ');
    const said = `route ${route.name} at ${gateway}: ${service} is Following with ${text}, read at ${poolsReadAt}`;
    return [{ rule: 'following', said, found: told(worlds, place, route) }];
  });
}

/** A summary may be no better than the worst of its parts. */
function summaryLies(
  what: string,
  whole: Spoken & { name: string },
  parts: readonly (readonly [string, Spoken])[],
): Lie[] {
  return (['Programmed', 'Following'] as const).flatMap((type): Lie[] => {
    const missing = parts.filter(([, part]) => !isTrue(part, type)).map(([name]) => name);
    if (!isTrue(whole, type) || missing.length === 0) return [];
    return [
      { rule: `${what}-summary`, said: `${what} ${whole.name} is ${type}`, found: `${missing.join(', ')} is not` },
    ];
  });
}

function explanationLies({ explanation, routes }: Said): Lie[] {
  const route = routes.find(({ name }) => name === explanation?.route);
  return (explanation?.gateways ?? []).flatMap(({ gateway, state, readAt }): Lie[] => {
    const parent = route?.parents.find((one) => one.gateway === gateway);
    const isDone = parent !== undefined && isTrue(parent, 'Programmed') && isTrue(parent, 'Following');
    if (state !== 'Verified' || (isDone && readAt !== undefined)) return [];
    return [
      {
        rule: 'explanation',
        said: `explain of ${route?.name}: ${gateway} is Verified, read at ${readAt}`,
        found: 'its conditions are not True',
      },
    ];
  });
}

function told(worlds: readonly World[], place: string, route: Route): string {
  const texts = worlds.map(
    (world) =>
      `${textOf(servedBy(world, place, route) as Served | undefined)}${isTaken(world, place, route) ? '' : ' (no rule)'}`,
  );
  return [...new Set(texts)].join(' or ') || 'no read of that time';
}

function timeOf(read: Read | undefined): string {
  return read === undefined
    ? 'never read'
    : `read from ${new Date(read.fromMs).toISOString()} to ${new Date(read.toMs).toISOString()}`;
}
