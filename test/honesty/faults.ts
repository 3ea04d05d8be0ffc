import type { Fault as CloudFault } from '../../infra/local/cloud/faults.ts';
import { loadTable } from '../../infra/local/cloud/table.ts';
import type { Prng } from '../sim/prng.ts';
import { CLUSTERS, GATEWAYS, type GatewayName } from './places.ts';
import type { Plane } from './plane.ts';

/** Something that is wrong for a while. */
export interface Trouble {
  name: string;
  untilMs: number;
  /** Faults of the local cloud while the trouble lasts. */
  cloud?: CloudFault[];
  end?: () => void;
}

const ACTIONS = Object.fromEntries(
  GATEWAYS.map((name) => [
    name,
    [...loadTable(name).actions.values()].map(({ name: action, kind }) => ({ action, kind })),
  ]),
);

function actionsOf(product: GatewayName, kind: 'read' | 'write'): string[] {
  return (ACTIONS[product] ?? []).filter((one) => one.kind === kind).map(({ action }) => action);
}

const ALWAYS = 1_000_000_000;

type Draw = (plane: Plane, prng: Prng, product: GatewayName) => Omit<Trouble, 'untilMs'>;

const DRAWS: readonly Draw[] = [
  (_, prng, product) => {
    const kinds = prng.pick([['read'], ['write'], ['read', 'write']] as const);
    const actions = kinds.flatMap((kind) => actionsOf(product, kind));
    return {
      name: `${product} throttles ${kinds.join(' and ')}s`,
      cloud: actions.map((action) => ({ kind: 'throttle', product, action, times: ALWAYS })),
    };
  },
  (_, prng, product) => {
    const times = prng.int(1, 4);
    return {
      name: `the answers of ${times} writes of ${product} are lost`,
      cloud: actionsOf(product, 'write').map((action) => ({ kind: 'lost-response', product, action, times })),
    };
  },
  (_, __, product) => ({ name: `${product} shows old lists`, cloud: [{ kind: 'stale-read', product, times: ALWAYS }] }),
  (_, __, product) => ({ name: `${product} does not answer`, cloud: [{ kind: 'drop', product, times: ALWAYS }] }),
  (_, __, product) => ({
    name: `the keys for ${product} have expired`,
    cloud: [{ kind: 'error', product, code: 'InvalidSecurityToken.Expired', times: ALWAYS }],
  }),
  (_, prng, product) => {
    const action = prng.pick(actionsOf(product, 'write'));
    const code = product === 'alb' ? 'OperationDenied.Injected' : 'NoPermission';
    return { name: `${product} refuses ${action}`, cloud: [{ kind: 'error', product, action, code, times: ALWAYS }] };
  },
  (plane, _, product) => ({ name: `the instance of ${product} does not exist`, end: hide(plane, product) }),
  (plane, prng) => {
    const cluster = prng.pick(CLUSTERS);
    plane.down.add(cluster);
    return { name: `cluster ${cluster} fails`, end: () => void plane.down.delete(cluster) };
  },
];

export function troubleBy(plane: Plane, prng: Prng): Trouble {
  const product = prng.pick(GATEWAYS);
  const seconds = prng.pick([5, 15, 40, 40, 90]);
  return { ...prng.pick(DRAWS)(plane, prng, product), untilMs: plane.clock.now() + seconds * 1000 };
}

/**
 * Hides a listener or a gateway as if it had been deleted; returns how it comes back. Rules of a listener that does not
 * exist take no requests.
 */
function hide({ control, targets }: Plane, product: GatewayName): () => void {
  const { state, mse } = control.cloud;
  if (product === 'mse') return take(mse.gateways, (id) => id === targets.mse.gatewayUniqueId);
  const { loadBalancerId, listenerIds } = targets.alb;
  const parts = [
    take(state.loadBalancers, (id) => id === loadBalancerId),
    take(state.listeners, (id) => listenerIds.includes(id)),
  ];
  return () => {
    for (const back of parts) back();
  };
}

function take<T>(from: Map<string, T>, isTaken: (id: string, item: T) => boolean): () => void {
  const taken = [...from].filter(([id, item]) => isTaken(id, item));
  for (const [id] of taken) from.delete(id);
  return () => {
    for (const [id, item] of taken) from.set(id, item);
  };
}
