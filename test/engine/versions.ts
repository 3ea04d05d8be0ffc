import { FLEET, ROUTES } from './fleet.ts';
import type { Api } from './harness.ts';

const weighted = (...clusters: object[]) => ({ strategy: 'weighted', clusters });

/**
 * Declares version n of fleet `prod`, after version n - 1. Versions take turns between two states, so that each step creates, changes and
 * deletes objects of the same kinds: pools, weights, health checks and rules, and every time another host name. Hosts `shop` and `ledger`
 * are served throughout.
 */
export async function declareVersion(api: Api, n: number): Promise<void> {
  const odd = n % 2 !== 0;
  const [comes, goes] = odd ? ['left', 'right'] : ['right', 'left'];
  const shop = weighted({ cluster: 'a', weight: odd ? 40 : 60 }, { cluster: 'b', weight: 50 });
  const pinned = weighted({ cluster: odd ? 'a' : 'b' });
  const pay = {
    ports: [{ name: 'http', port: 80 }],
    exports: [{ cluster: 'a', replicas: odd ? 1 : 3 }, { cluster: 'b' }],
    healthCheck: { type: 'tcp', intervalSeconds: odd ? 4 : 5 },
  };
  const put = (path: string, body: unknown) => declare(api, 'PUT', path, body);
  await put('/routes/shop', { ...ROUTES.shop, distribution: shop });
  await put('/routes/ledger', { ...ROUTES.ledger, distribution: { strategy: 'replicas' } });
  await declare(api, 'DELETE', `/routes/${goes}`);
  await put(`/routes/${comes}`, { ...ROUTES.pinned, hostnames: [`${comes}-${n}.example.com`], distribution: pinned });
  await put('/services/pay', pay);
}

/** A route that a version adds does not exist yet, and the route that version 1 deletes never existed. */
async function declare(api: Api, method: string, path: string, body?: unknown): Promise<void> {
  const first = await api(method, FLEET + path, body, { 'if-match': '*' });
  const isNew = method === 'PUT' && first.status === 412;
  const { status, body: answer } = isNew ? await api(method, FLEET + path, body) : first;
  if (status >= 300 && status !== 404) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
}
