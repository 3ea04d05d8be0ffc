/** The second chapter: Ada declares the fleet, sees what would happen before it does, and takes edits back. */

import { DRY, ONE, REPLACE, type Teller } from './chapters.ts';
import { CANARY_LISTENER, targetOf } from './cloud.ts';
import * as declared from './declarations.ts';
import type { Call, Json } from './recorder.ts';

/** A resource whose history is shown: what it is first, what it becomes, and how it is called. */
interface Life {
  kind: 'Cluster' | 'Gateway' | 'Service' | 'Distribution' | 'Route';
  name: string;
  first: Json;
  second: Json;
}

const LIVES: readonly Life[] = [
  {
    kind: 'Cluster',
    name: 'hangzhou-a',
    first: declared.clusters['hangzhou-a'],
    second: { ...declared.clusters['hangzhou-a'], capacity: { requestsPerSecond: 1500 } },
  },
  { kind: 'Gateway', name: 'edge', first: declared.gateway, second: { ...declared.gateway, displayName: 'Edge' } },
  {
    kind: 'Service',
    name: 'shop',
    first: declared.service,
    second: { ...declared.service, labels: { team: 'shop' } },
  },
  {
    kind: 'Distribution',
    name: 'two-cities',
    first: declared.distribution,
    second: { ...declared.distribution, labels: { team: 'shop' } },
  },
  { kind: 'Route', name: 'shop', first: declared.route, second: { ...declared.route, labels: { team: 'shop' } } },
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
  await recorder.show('rollbackFleet', { token, body: { revision: 1 }, headers: REPLACE });
  for (const life of LIVES) {
    await history(teller, life);
    installation.pass(10);
  }
  await deletions(teller);
}

async function history({ recorder, tokens: { ada: token } }: Teller, { kind, name, second }: Life): Promise<void> {
  const names = named(kind, name);
  await recorder.show(`put${kind}`, { token, names, body: second, headers: REPLACE });
  await recorder.show(`get${kind}`, { token, names });
  await recorder.show(`list${kind}s`, { token, query: ONE });
  await recorder.show(`list${kind}Revisions`, { token, names, query: ONE });
  await recorder.show(`get${kind}Revision`, { token, names: { ...names, revision: '2' } });
  await recorder.show(`rollback${kind}`, { token, names, body: { revision: 1 }, headers: REPLACE });
}

/** What is deleted and comes back: a second city in a fleet of its own, so that the shop goes on. */
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
