/** The fifth chapter: a pipeline applies the fleet as one manifest, and gateways are made to follow. */

import { DRY, ONE, type Teller } from './chapters.ts';
import * as declared from './declarations.ts';

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
  installation.cloud.faults.add({ kind: 'error', times: 100_000 });
  await recorder.show('applyGateway', gateway);
  await recorder.refuse('unavailable', 'applyGateway', { ...gateway, query: { digest } });
  installation.cloud.faults.clear();
  await recorder.show('applyGateway', { ...gateway, query: { digest } });
  await recorder.show('listOperations', { token, query: ONE });
  const [{ id }] = (await recorder.call('listOperations', { token })).items;
  await recorder.show('getOperation', { token, names: { operation: id } });
  await recorder.show('watchOperation', { token, names: { operation: id } });
}
