import type { Cluster } from '../../schemas/cluster.ts';
import type { Explanation } from '../../schemas/explanation.ts';
import type { Fleet } from '../../schemas/fleet.ts';
import type { Gateway } from '../../schemas/gateway.ts';
import type { Operation } from '../../schemas/operation.ts';
import type { Route } from '../../schemas/route.ts';
import type { Service } from '../../schemas/service.ts';
import type { Shift } from '../../schemas/shift.ts';
import { BASE } from './places.ts';
import type { Plane } from './plane.ts';

/** All answers of the API at one instant. */
export interface Said {
  atMs: number;
  fleet: Fleet;
  clusters: Cluster[];
  gateways: Gateway[];
  services: Service[];
  routes: Route[];
  shifts: Shift[];
  operations: Operation[];
  explanation?: Explanation | undefined;
}

/** `explained` is the route whose explanation is asked for. */
export async function listen({ reader, clock }: Plane, explained: string | undefined): Promise<Said> {
  const api = reader();
  const get = async (path: string) => {
    const { status, body } = await api('GET', `${BASE}${path}`);
    if (status !== 200) throw new Error(`GET ${path} answers ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const items = async (path: string) => (await get(path)).items;
  return {
    atMs: clock.now(),
    fleet: await get(''),
    clusters: await items('/clusters'),
    gateways: await items('/gateways'),
    services: await items('/services'),
    routes: await items('/routes'),
    shifts: await items('/shifts'),
    operations: await items('/operations?pageSize=20'),
    explanation: explained === undefined ? undefined : await get(`/routes/${explained}/explain`),
  };
}

type Spoken = { conditions?: readonly { type: string; status: string }[] | undefined };

export function isTrue({ conditions = [] }: Spoken, type: string): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === 'True');
}
