/** The second chapter: Ada declares the fleet, sees what would happen before it does, and takes edits back. */

import { CANARY_LISTENER, targetOf } from './cloud.ts';
import * as declared from './declarations.ts';
import { type Call, DRY, type Json, ONE, REPLACE, type Teller } from './recorder.ts';

/** A resource whose history is shown: what it is first, what it becomes, a patch of that, and how it is called. */
interface Life {
  kind: 'Cluster' | 'Gateway' | 'Service' | 'Distribution' | 'Route';
  name: string;
  first: Json;
  second: Json;
  patch: Json;
}

const LIVES: readonly Life[] = [
  {
    kind: 'Cluster',
    name: 'hangzhou-a',
    first: declared.clusters['hangzhou-a'],
    second: { ...declared.clusters['hangzhou-a'], capacity: { requestsPerSecond: 1500 } },
    patch: { labels: { rack: 'b4' } },
  },
  {
    kind: 'Gateway',
    name: 'edge',
    first: declared.gateway,
    second: { ...declared.gateway, displayName: 'Edge' },
    patch: { displayName: null },
  },
  {
    kind: 'Service',
    name: 'shop',
    first: declared.service,
    second: { ...declared.service, labels: { team: 'shop' } },
    patch: { labels: { team: null, owner: 'ada' } },
  },
  {
    kind: 'Distribution',
    name: 'two-cities',
    first: declared.distribution,
    second: { ...declared.distribution, labels: { team: 'shop' } },
    patch: { displayName: 'Both cities' },
  },
  {
    kind: 'Route',
    name: 'shop',
    first: declared.route,
    second: { ...declared.route, labels: { team: 'shop' } },
    patch: { hostnames: ['shop.example.com', 'www.example.com'] },
  },
];

export async function declare({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  await recorder.show('putFleet', { token, body: declared.fleet });
  await recorder.call('putCluster', { token, names: { cluster: 'shanghai-a' }, body: declared.clusters['shanghai-a'] });
  for (const { kind, name, first } of LIVES)
    await recorder.show(`put${kind}`, { token, names: named(kind, name), body: first });
}

/** Shows the histories of all resources. The fleet is healthy and its gateway follows. */
export async function edit(teller: Teller): Promise<void> {
  const {
    recorder,
    installation,
    tokens: { ada: token },
  } = teller;
  const edited = { ...declared.fleet, displayName: 'The shop' };
  await recorder.show('putFleet', { token, body: edited, headers: REPLACE });
  await recorder.show('getFleet', { token });
  await recorder.show('listFleets', { token });
  await recorder.show('listFleetRevisions', { token, query: ONE });
  await recorder.show('getFleetRevision', { token, names: { revision: '2' } });
  await recorder.show('patchFleet', { token, body: { displayName: null, labels: { team: 'shop' } }, headers: REPLACE });
  await recorder.show('rollbackFleet', { token, body: { revision: 1 }, headers: REPLACE });
  for (const life of LIVES) {
    await history(teller, life);
    installation.pass(10);
  }
  await deletions(teller);
}

async function history(
  { recorder, tokens: { ada: token } }: Teller,
  { kind, name, second, patch }: Life,
): Promise<void> {
  const names = named(kind, name);
  await recorder.show(`put${kind}`, { token, names, body: second, headers: REPLACE });
  await recorder.show(`get${kind}`, { token, names });
  await recorder.show(`list${kind}s`, { token, query: ONE });
  await recorder.show(`list${kind}Revisions`, { token, names, query: ONE });
  await recorder.show(`get${kind}Revision`, { token, names: { ...names, revision: '2' } });
  await recorder.show(`patch${kind}`, { token, names, body: patch, headers: REPLACE });
  await recorder.show(`rollback${kind}`, { token, names, body: { revision: 1 }, headers: REPLACE });
}

/** Deletes a fleet of its own and brings it back, so that the shop goes on meanwhile. */
async function deletions({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const call = (more: Call): Call => ({ token, ...more, names: { fleet: 'staging', ...more.names } });
  await recorder.call('putFleet', call({ body: { displayName: 'Staging' } }));
  const lives = [
    { kind: 'Cluster', name: 'hangzhou-b', body: declared.clusters['shanghai-a'] },
    { kind: 'Gateway', name: 'canary', body: { target: targetOf(CANARY_LISTENER) } },
    { kind: 'Service', name: 'shop', body: { ports: declared.service.ports, exports: [{ cluster: 'hangzhou-b' }] } },
    { kind: 'Distribution', name: 'by-replicas', body: { strategy: 'replicas' } },
    { kind: 'Route', name: 'shop', body: stagingRoute },
  ];
  for (const { kind, name, body } of lives) await recorder.call(`put${kind}`, call({ names: named(kind, name), body }));
  for (const { kind, name } of lives.toReversed()) {
    const gone = { names: named(kind, name), headers: REPLACE };
    await recorder.show(`delete${kind}`, call({ ...gone, query: DRY }));
    await recorder.call(`delete${kind}`, call(gone));
    installation.pass(1);
  }
  await recorder.show('deleteFleet', call({ headers: REPLACE, query: DRY }));
  await recorder.call('deleteFleet', call({ headers: REPLACE }));
  await recorder.show('rollbackFleet', call({ body: { revision: 1 } }));
  for (const { kind, name } of lives)
    await recorder.show(`rollback${kind}`, call({ names: named(kind, name), body: { revision: 1 } }));
}

const stagingRoute = {
  gateways: ['canary'],
  hostnames: ['staging.example.com'],
  rules: [{ backendRefs: [{ service: 'shop', port: 80 }] }],
};

function named(kind: string, name: string): Record<string, string> {
  return { [kind.toLowerCase()]: name };
}

/** A pipeline applies the fleet as one manifest, and takes it back. */
export async function applyManifest({ recorder, installation, tokens: { ci: token } }: Teller): Promise<void> {
  const before = installation.now();
  await recorder.show('getManifest', { token });
  const { document, fleet, LIST, route } = declared;
  const wider = { ...route, hostnames: [...route.hostnames, 'www.example.com'] };
  const body = { ...LIST, items: [document('Fleet', 'prod', fleet), document('Route', 'shop', wider)] };
  installation.pass(60);
  const { digest } = await recorder.show('putManifest', { token, body, query: DRY });
  await recorder.show('putManifest', { token, body, query: { digest } });
  await recorder.refuse('stale-plan', 'putManifest', {
    token,
    body: { ...body, items: body.items.slice(0, 1) },
    query: { digest },
  });
  await installation.run(30);
  const then = { token, body: { at: before } };
  await recorder.show('rollbackManifest', { ...then, query: DRY });
  await recorder.show('rollbackManifest', then);
  await installation.run(30);
}

/** Somebody has changed a pool in the console of the cloud, and Ada sets it right; then the cloud does not answer. */
export async function push({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const gateway = { token, names: { gateway: 'edge' } };
  for (const { Servers } of installation.cloud.state.serverGroups.values())
    for (const server of Servers.filter(({ ServerIp }) => ServerIp === '10.2.0.8')) server.Weight = 100;
  const { digest } = await recorder.show('planGateway', gateway);
  installation.cloud.faults.add({ kind: 'drop', times: 100_000 });
  await recorder.show('applyGateway', gateway);
  await recorder.refuse('unavailable', 'applyGateway', { ...gateway, query: { digest } });
  installation.cloud.faults.clear();
  await recorder.show('applyGateway', { ...gateway, query: { digest } });
  await recorder.show('listOperations', { token, query: ONE });
  const [{ id }] = (await recorder.call('listOperations', { token })).items;
  await recorder.show('getOperation', { token, names: { operation: id } });
  await recorder.show('watchOperation', { token, names: { operation: id } });
}
