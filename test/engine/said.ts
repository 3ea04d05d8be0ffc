import { FLEET } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

/** Reads what the API says of fleet `prod`, for tests of whether it is true. */
export interface Said {
  get(path: string): Promise<Json>;
  /** Returns `status reason` of a condition of the resource at the path. */
  condition(path: string, type: string): Promise<string>;
  /** Returns `status reason` of a condition of a route at gateway `edge`. */
  parent(route: string, type: string): Promise<string>;
  /** Returns `wanted/verified` of each cluster in the first backend of a route at gateway `edge`. */
  points(route: string): Promise<Record<string, string>>;
}

export function saidOf({ api }: Pick<Harness, 'api'>): Said {
  const get = async (path: string): Promise<Json> => (await api('GET', `${FLEET}${path}`)).body;
  const textOf = (conditions: Json, type: string) => {
    const found = conditions.find((condition: Json) => condition.type === type);
    return `${found?.status} ${found?.reason}`;
  };
  const edgeOf = async (route: string) =>
    (await get(`/routes/${route}`)).parents.find(({ gateway }: Json) => gateway === 'edge');
  return {
    get,
    condition: async (path, type) => textOf((await get(path)).conditions, type),
    parent: async (route, type) => textOf((await edgeOf(route)).conditions, type),
    points: async (route) => {
      const [backend] = (await edgeOf(route)).backends;
      return Object.fromEntries(
        backend.clusters.map((one: Json) => [one.cluster, `${one.wantedPercent}/${one.verifiedPercent}`]),
      );
    },
  };
}
