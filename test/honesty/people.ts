import type { Prng } from '../sim/prng.ts';
import { BASE, CLUSTERS, GATEWAYS, probeUrl, SERVICES, serviceSpec } from './places.ts';
import type { Plane } from './plane.ts';

/** A fleet may have as many routes at once, and has as few. */
const [FEWEST, MOST] = [7, 13];

// biome-ignore lint/suspicious/noExplicitAny: a declaration as it is sent, which may be wrong on purpose.
type Spec = any;

/** Declares resources in the course of a run, and remembers what people know to have declared. */
export class People {
  readonly #plane: Plane;
  readonly #prng: Prng;
  readonly routes = new Map<string, Spec>();
  readonly shifts = new Set<string>();
  #count = 0;

  constructor(plane: Plane, prng: Prng) {
    this.#plane = plane;
    this.#prng = prng;
  }

  /** Declares the same fleet each time, except for drift policies and routes, which the seed draws. */
  async declareFleet(): Promise<void> {
    const health = {
      intervalSeconds: 10,
      timeoutSeconds: 1,
      confirmSeconds: 1,
      failureThreshold: 2,
      successThreshold: 2,
      dwellSeconds: 20,
    };
    const failover = {
      cooldownSeconds: 10,
      correlation: { action: 'ignore' },
      failback: { mode: 'ramp', rampSeconds: 20, stepPercent: 50 },
    };
    await this.#expect('PUT', BASE, { automation: 'automatic', health, failover });
    for (const cluster of CLUSTERS) {
      const probes = [{ type: 'http', url: probeUrl(cluster) }];
      await this.#expect('PUT', `${BASE}/clusters/${cluster}`, { kind: 'kubernetes', joins: 'at-once', probes });
    }
    for (const service of SERVICES) await this.#expect('PUT', `${BASE}/services/${service}`, serviceSpec(service, 2));
    for (const gateway of GATEWAYS) {
      const drift = this.#prng.pick(['alert', 'revert']);
      await this.#expect('PUT', `${BASE}/gateways/${gateway}`, { target: this.#plane.targets[gateway], drift });
    }
    while (this.routes.size < 10) await this.createRoute();
  }

  async createRoute(): Promise<string> {
    if (this.routes.size >= MOST) return 'nothing: there are enough routes';
    const name = `r${this.#count++}`;
    const spec = {
      gateways: this.#prng.chance(0.7) ? [...GATEWAYS] : [this.#prng.pick(GATEWAYS)],
      hostnames: [`${name}.example.com`],
      rules: [{ matches: [{ path: this.#path() }], backendRefs: this.#backends() }],
      distribution: this.#distribution(),
    };
    return await this.#putRoute(name, spec);
  }

  async deleteRoute(): Promise<string> {
    if (this.routes.size <= FEWEST) return 'nothing: there are few routes';
    const name = this.#prng.pick([...this.routes.keys()]);
    const { status } = await this.#plane.api('DELETE', `${BASE}/routes/${name}`, undefined, { 'if-match': '*' });
    if (status < 300) this.routes.delete(name);
    return `delete route ${name}: ${status}`;
  }

  async editDistribution(): Promise<string> {
    return await this.#edit((spec) => ({ ...spec, distribution: this.#distribution() }));
  }

  async editRule(): Promise<string> {
    const isPath = this.#prng.chance(0.5);
    return await this.#edit((spec) => {
      const [rule] = spec.rules;
      const edited = isPath
        ? { ...rule, matches: [{ path: this.#path() }] }
        : { ...rule, backendRefs: this.#backends() };
      return { ...spec, rules: [edited] };
    });
  }

  async editEndpoints(): Promise<string> {
    const service = this.#prng.pick(SERVICES);
    const count = this.#prng.int(1, 4);
    const { status } = await this.#put(`/services/${service}`, serviceSpec(service, count));
    return `service ${service} has ${count} endpoints in each cluster: ${status}`;
  }

  /** Each is wrong in itself, and has to be refused where it is written. */
  async declareBadly(): Promise<string> {
    const [name, spec] = this.#prng.pick([...this.routes]);
    const other = { ...spec, gateways: [...GATEWAYS] };
    const refs = spec.rules[0].backendRefs;
    const [path, body]: [string, Spec] = this.#prng.pick<[string, Spec]>([
      ['/routes/bad', { ...other, rules: [{ backendRefs: [{ service: 'nobody', port: 80 }] }] }],
      ['/routes/bad', { ...other, hostnames: ['Not A Host'] }],
      ['/routes/bad', { ...other, hostnames: spec.hostnames, rules: spec.rules }],
      [
        '/routes/bad',
        { ...other, hostnames: ['bad.example.com'], rules: [{ backendRefs: [{ ...refs[0], port: 81 }] }] },
      ],
      [`/routes/${name}`, { ...other, distribution: { strategy: 'weighted', clusters: [{ cluster: 'nowhere' }] } }],
      [
        '/gateways/alb',
        { target: { provider: 'alb', regionId: 'cn-hangzhou', loadBalancerId: 'none', listenerIds: [] } },
      ],
    ]);
    const { status } = await this.#put(path, body);
    if (status < 400 || status >= 500)
      throw new Error(`A bad declaration of ${path} is answered with ${status}: ${JSON.stringify(body)}`);
    return `bad declaration of ${path}: ${status}`;
  }

  /** Makes a dry run, whose result must never be taken for the state. */
  async rehearse(): Promise<string> {
    const name = `r${this.#count++}`;
    const spec = {
      gateways: [...GATEWAYS],
      hostnames: [`${name}.example.com`],
      rules: [{ backendRefs: this.#backends() }],
      distribution: this.#distribution(),
    };
    const { status, body } = await this.#plane.api('PUT', `${BASE}/routes/${name}?dryRun=true`, spec);
    const told = body?.conditions?.find((condition: { type: string }) => condition.type === 'Programmed');
    if (status >= 300 || told?.status === 'True')
      throw new Error(`A dry run of a new route is answered with ${status}: ${JSON.stringify(told)}`);
    return `dry run of a new route: ${status}`;
  }

  async beginShift(): Promise<string> {
    const name = `s${this.#count++}`;
    const cluster = this.#prng.pick(CLUSTERS);
    const expiresAt = new Date(this.#plane.clock.now() + 3_600_000).toISOString();
    const percent = this.#prng.pick([0, 0, 0, 50]);
    const { status } = await this.#plane.api('PUT', `${BASE}/shifts/${name}`, {
      cluster,
      percent,
      reason: 'honesty',
      expiresAt,
    });
    if (status < 300) this.shifts.add(name);
    return `shift ${name} of ${cluster} to ${percent}: ${status}`;
  }

  async endShift(): Promise<string> {
    const [name] = this.shifts;
    if (name === undefined) return await this.beginShift();
    const { status } = await this.#plane.api('DELETE', `${BASE}/shifts/${name}`);
    this.shifts.delete(name);
    return `end of shift ${name}: ${status}`;
  }

  /** Looks at the fleet after a restored backup: what is declared is what the backup says. */
  async look(): Promise<void> {
    const { body } = await this.#plane.api('GET', `${BASE}/routes`);
    this.routes.clear();
    for (const { name, gateways, hostnames, rules, distribution } of body.items) {
      this.routes.set(name, { gateways, hostnames, rules, distribution });
    }
    const shifts = await this.#plane.api('GET', `${BASE}/shifts`);
    this.shifts.clear();
    for (const { name, state } of shifts.body.items)
      if (state !== 'ended' && state !== 'returning') this.shifts.add(name);
  }

  async #edit(change: (spec: Spec) => Spec): Promise<string> {
    const [name, spec] = this.#prng.pick([...this.routes]);
    return await this.#putRoute(name, change(spec));
  }

  async #putRoute(name: string, spec: Spec): Promise<string> {
    const { status, body } = await this.#put(`/routes/${name}`, spec);
    if (status < 300) this.routes.set(name, spec);
    else if (status >= 500) throw new Error(`PUT route ${name} is answered with ${status}: ${JSON.stringify(body)}`);
    const { strategy: _, clusters } = spec.distribution;
    const path = spec.rules[0].matches[0].path;
    const refs = spec.rules[0].backendRefs.map((ref: Spec) => `${ref.service} ${ref.weight}`).join(' ');
    return `route ${name} at ${spec.gateways} ${path.type} ${path.value} to ${refs} by ${clusters.map((one: Spec) => `${one.cluster}=${one.weight}/${one.tier}`)}: ${status}`;
  }

  async #put(path: string, body: Spec) {
    const exists = (await this.#plane.api('GET', BASE + path)).status === 200;
    return await this.#plane.api('PUT', BASE + path, body, exists ? { 'if-match': '*' } : {});
  }

  async #expect(method: string, path: string, body: Spec): Promise<void> {
    const { status, body: answer } = await this.#plane.api(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} is answered with ${status}: ${JSON.stringify(answer)}`);
  }

  #path() {
    return this.#prng.pick([
      { type: 'Prefix', value: '/' },
      { type: 'Prefix', value: '/v1' },
      { type: 'Exact', value: '/only' },
    ]);
  }

  #backends() {
    const [first, second] = [this.#prng.pick(SERVICES), this.#prng.pick(SERVICES)];
    if (first === second || this.#prng.chance(0.7)) return [{ service: first, port: 80, weight: 1 }];
    return [
      { service: first, port: 80, weight: 3 },
      { service: second, port: 80, weight: 1 },
    ];
  }

  #distribution() {
    const members = this.#prng.some(CLUSTERS);
    return {
      strategy: 'weighted',
      clusters: members.map((cluster, index) => ({
        cluster,
        weight: this.#prng.pick([10, 20, 50, 50, 100]),
        tier: index > 0 && this.#prng.chance(0.3) ? 1 : 0,
      })),
    };
  }
}
