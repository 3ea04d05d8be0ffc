/** The fleets that every episode begins with, and the names, ids and entity tags that are known later, of which requests are made. */

import { tokenDigest } from '../../functions/core/model/token.ts';
import type { AlbTarget, MseTarget } from '../../schemas/gateway.ts';
import { type Cast, FLEETS, HIDDEN_TOKENS } from './callers.ts';
import type { Answer, Sent } from './target.ts';
import type { Words } from './values.ts';

/** The instances at the clouds and the address at which probes are answered. */
export interface Ground {
  alb: AlbTarget;
  mse: MseTarget;
  probeUrl: string;
}

export interface Step {
  method: string;
  path: string;
  body?: unknown;
}

export const HOSTS = [...['shop', 'pay', 'www', 'app', 'api'].map((name) => `${name}.example.com`), '*.example.com'];
/** The ends of the names of clusters. Services run in the first three; the agent and the alert voter watch the last one. */
export const CLUSTERS = ['one', 'two', 'six', 'far'];
const NEW = ['n0', 'n1', 'n2'];

/** The requests that declare the fleets. Enrolments follow, because they depend on an answer. */
export function declarations(cast: Cast, ground: Ground): Step[] {
  return [
    ...FLEETS.flatMap((fleet, index) => ofFleet(fleet, index, cast, ground)),
    put('/v1/tokens/extra-a', {}),
    put('/v1/grants/extra-a', { subject: { type: 'token', token: 'extra-a' }, role: 'viewer', fleets: ['alder'] }),
    put('/v1/grants/pipeline', {
      subject: { type: 'oidc-group', issuer: cast.provider.issuer, group: 'operators' },
      ...{ role: 'operator', fleets: ['birch'] },
    }),
  ];
}

const put = (path: string, body: unknown): Step => ({ method: 'PUT', path, body });

function ofFleet(fleet: string, index: number, cast: Cast, { alb, mse, probeUrl }: Ground): Step[] {
  const path = `/v1/fleets/${fleet}`;
  const probe = { type: 'http', url: probeUrl, headers: { Authorization: { secret: 'probe-token' } } };
  // Two fleets have their gateways at one listener, so that their host names are in each other's way.
  const target = index === 1 ? mse : alb;
  const backendRefs = [{ service: `${fleet}-cart`, port: 80 }];
  const route = { gateways: [`${fleet}-edge`], rules: [{ backendRefs }] };
  return [
    put(path, fleetSpecOf(fleet, cast)),
    ...CLUSTERS.map((name, place) =>
      put(`${path}/clusters/${fleet}-${name}`, {
        ...{ kind: 'kubernetes', site: `${fleet}-site`, city: place < 2 ? `${fleet}-town` : `${fleet}-city` },
        ...{ ingress: { endpoints: [{ address: `10.${index}.0.${place + 8}`, port: 80 }] }, probes: [probe] },
      }),
    ),
    put(`${path}/gateways/${fleet}-edge`, { target }),
    put(`${path}/services/${fleet}-cart`, {
      ports: [{ name: 'http', port: 80 }],
      exports: CLUSTERS.slice(0, 3).map((name) => ({ cluster: `${fleet}-${name}` })),
    }),
    put(`${path}/distributions/${fleet}-split`, {
      strategy: 'weighted',
      clusters: [
        { cluster: `${fleet}-one`, weight: 60 },
        { cluster: `${fleet}-two`, weight: 40 },
      ],
    }),
    put(`${path}/routes/${fleet}-web`, { ...route, hostnames: [HOSTS[index]] }),
    put(`${path}/routes/${fleet}-split`, {
      ...{ ...route, hostnames: [HOSTS[index + 3]] },
      distribution: { ref: `${fleet}-split` },
    }),
  ];
}

/**
 * Returns the declaration of a fleet. In one fleet some writes wait for a second person; another one has no voters but the edge, so that its
 * clusters can all be healthy.
 */
export function fleetSpecOf(fleet: string, { keys }: Cast): object {
  const own = keys[fleet];
  // The edge alone decides about clusters with services, since nobody else votes without being drawn.
  const clusters = [`${fleet}-far`];
  const others = [
    { name: `${fleet}-agent`, type: 'agent', clusters },
    { name: `${fleet}-fixed`, type: 'agent', clusters, publicKey: own?.agent.publicKey },
    { name: `${fleet}-alert`, type: 'alert', clusters, tokenHash: tokenDigest(own?.alertToken ?? '') },
  ];
  return {
    automation: 'automatic',
    voters: [{ name: `${fleet}-eye`, type: 'edge' }, ...(fleet === 'cedar' ? [] : others)],
    drills: [{ name: `${fleet}-drill`, cluster: `${fleet}-one` }],
    notifications: [{ target: 'on-call' }],
    failover: { dataGates: [{ city: `${fleet}-town` }] },
    ...(fleet === 'birch' && { approvals: { required: ['break-glass', 'prune'] } }),
  };
}

const PARAM_OF_ID: Readonly<Record<string, string>> = {
  ...{ opn: 'operation', rol: 'rollout', drl: 'run', dec: 'decision', aud: 'event', dlv: 'delivery' },
};
const MOST_KNOWN = 30;

/** Everything that was learned from answers, by fleet and by the name of the path parameter. */
export class Known {
  readonly #names = new Map<string, string[]>();
  readonly #tags = new Map<string, string>();
  readonly issued: string[] = [];

  /** Returns what may stand for a parameter of a path in a fleet; for things of the installation the fleet is `-`. */
  of(fleet: string, parameter: string): readonly string[] {
    return this.#names.get(`${fleet} ${parameter}`) ?? [];
  }

  tagOf(path: string): string | undefined {
    return this.#tags.get(path);
  }

  learn(fleet: string, { path }: Sent, { status, headers, text }: Answer): void {
    const etag = headers.get('etag');
    if (etag) this.#tags.set(path.split('?')[0] ?? '', etag);
    if (status >= 500) return;
    for (const [, id = '', prefix = ''] of text.matchAll(/"((opn|rol|drl|dec|aud|dlv)_[\w-]{4,80})"/g)) {
      this.#add(fleet, PARAM_OF_ID[prefix] ?? '', id);
    }
    for (const [id] of text.matchAll(/apr-[0-9a-f]{24}/g)) this.#add(fleet, 'approval', id);
    for (const [, key = '', value = ''] of text.matchAll(/"(nextPageToken|digest|uid)":"([^"]{1,600})"/g)) {
      this.#add(fleet, key, value);
    }
    for (const [, secret = ''] of text.matchAll(/"token":"(fl_[^"]+)"/g)) this.issued.push(secret);
    for (const [, secret = ''] of text.matchAll(/"token":"(fle_[^"]+)"/g)) this.#add(fleet, 'invitation', secret);
  }

  #add(fleet: string, parameter: string, value: string): void {
    const key = `${fleet} ${parameter}`;
    const before = this.#names.get(key) ?? [];
    if (!before.includes(value)) this.#names.set(key, [...before, value].slice(-MOST_KNOWN));
  }
}

/** Returns the names that can stand for a parameter of a path: what was declared, and what may come. */
export function namesOf(known: Known, fleet: string, parameter: string): readonly string[] {
  // Names of what was declared are drawn more often than names of what may come.
  const own = (...names: string[]) => [...names, ...names, ...names, ...NEW].map((name) => `${fleet}-${name}`);
  switch (parameter) {
    case 'fleet':
      return [fleet];
    case 'cluster':
      return own(...CLUSTERS);
    case 'gateway':
      return own('edge');
    case 'service':
      return own('cart');
    case 'distribution':
      return own('split');
    case 'route':
      return own('web', 'split');
    case 'shift':
    case 'breakGlass':
      return own();
    case 'voter':
      return own('agent', 'fixed', 'alert', 'eye');
    case 'revision':
      return ['1', '1', '1', '2', '3'];
    case 'token':
    case 'grant':
      return ['extra-a', 'extra-b', 'extra-c', 'pipeline', `${HIDDEN_TOKENS}-ci`];
    case 'approval':
      return [...known.of(fleet, parameter), ...known.of('-', parameter), `apr-${'0'.repeat(24)}`];
    default:
      return [...known.of(fleet, parameter), ...known.of('-', parameter)];
  }
}

/** Returns the words that stand in bodies which concern a fleet, by the names of their fields. */
export function wordsOf(known: Known, fleet: string, { alb, mse, probeUrl }: Ground): Words {
  const names = (parameter: string) => namesOf(known, fleet, parameter);
  const [clusters, reasons] = [names('cluster'), ['because', 'a reason that is given']];
  return {
    ...{ fleet: [fleet], fleets: [fleet], cluster: clusters, clusters, exclusive: clusters },
    ...{ gateway: names('gateway'), gateways: names('gateway'), service: names('service') },
    ...{ distribution: names('distribution'), defaultDistribution: names('distribution'), voter: names('voter') },
    ...{ site: [`${fleet}-site`], city: [`${fleet}-town`, `${fleet}-city`], drill: [`${fleet}-drill`] },
    ...{ token: ['extra-a', 'extra-b', ...known.of(fleet, 'invitation')], issuer: ['https://issuer.example.com'] },
    ...{ target: ['on-call', 'nobody'], secret: ['probe-token', 'unknown-secret'], credentials: ['default'] },
    ...{
      hostnames: HOSTS,
      regionId: ['cn-hangzhou'],
      loadBalancerId: [alb.loadBalancerId],
      listenerIds: alb.listenerIds,
    },
    ...{
      gatewayUniqueId: [mse.gatewayUniqueId],
      url: [probeUrl],
      digest: [...names('digest'), ...known.of('-', 'digest')],
      revision: [1, 2, 3],
      port: [80],
    },
    ...{ name: NEW.map((name) => `${fleet}-${name}`), question: known.of(fleet, 'decision'), reason: reasons },
  };
}
