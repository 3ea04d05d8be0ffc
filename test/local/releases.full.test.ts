import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi } from '../../infra/local/client.ts';
import { startDynamo } from '../../infra/local/dynamo.ts';
import { ANY_PORTS } from '../../infra/local/ports.ts';
import { FLEET, seed } from '../../infra/local/seed.ts';
import { type Stack, startStack } from '../../infra/local/stack.ts';
import documentation from '../../schemas/openapi.json' with { type: 'json' };
import { RELEASES, readState, restoreItems } from '../store/state/read.ts';

/** `npm start` in a directory that an older release has left behind, in workerd, with everything that the API shows. */

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are looked into by assertions.
type Json = any;

describe.each(RELEASES)('the state of the release of %s', { timeout: 240_000 }, (release) => {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-release-'));
  let stack: Stack;

  beforeAll(async () => {
    const state = readState(release);
    mkdirSync(directory, { recursive: true });
    const dynamo = await startDynamo({ dbPath: join(directory, 'dynamodb.sqlite') });
    await restoreItems(dynamo.endpoint, state);
    await dynamo.close();
    writeFileSync(join(directory, 'cloud.json'), JSON.stringify(state.cloud));
    stack = await startStack({ ports: ANY_PORTS, token: 'a-token-for-tests', directory, persist: true });
  });

  afterAll(async () => {
    await stack?.close();
    rmSync(directory, { recursive: true });
  });

  const get = (path: string) => callApi<Json>(stack.api, 'GET', path, { headers: { Accept: 'application/json' } });

  /** Fills every path of a GET with the names of existing items; a path is left out when an item is missing. */
  async function pathsOf(template: string): Promise<string[]> {
    const [, parameter] = /\{(\w+)\}/.exec(template) ?? [];
    if (parameter === undefined) return [template];
    const filled = (name: string) => template.replace(`{${parameter}}`, encodeURIComponent(name));
    if (parameter === 'fleet') return await pathsOf(filled('demo'));
    // The list of the items stands before the name of one. Voters are listed by their fleet, and agents alone have views.
    const items: Json[] =
      parameter === 'voter'
        ? (await get(FLEET)).voters.filter(({ type }: Json) => type === 'agent')
        : (await get(template.slice(0, template.indexOf('/{')))).items;
    const names = new Set<string>(items.map((item: Json) => String(item[parameter] ?? item.name ?? item.id)));
    // The newest and the oldest item of each list are taken.
    const some = [...names].filter((_, index) => index === 0 || index === names.size - 1);
    return (await Promise.all(some.map((name) => pathsOf(filled(name))))).flat();
  }

  it('keeps a cluster that had failed out of service', async () => {
    expect((await get(`${FLEET}/clusters/hangzhou-a`)).withdrawal).toMatchObject({ percent: 0, cause: 'failure' });
    await callApi(stack.api, 'POST', '/v1/probe-rounds', { body: { fleet: 'demo' } });
    expect((await get(`${FLEET}/clusters/hangzhou-a`)).withdrawal).toMatchObject({ percent: 0, cause: 'failure' });
  });

  it('can be simulated, and its gateways follow', async () => {
    const body = { scenario: { type: 'fail', clusters: ['hangzhou-b'] } };
    expect(await callApi(stack.api, 'POST', `${FLEET}/simulations`, { body })).toHaveProperty('today');
    await seed(stack);
    for (const { name } of Object.values(stack.gateways)) {
      expect((await get(`${FLEET}/gateways/${name}`)).sync).toMatchObject({ state: 'Verified' });
    }
  });

  it('is shown by every view of the API', async () => {
    const templates = Object.entries(documentation.paths).flatMap(([path, methods]) =>
      'get' in methods ? [path] : [],
    );
    const paths = (await Promise.all(templates.map(pathsOf))).flat();
    for (const path of paths.filter((one) => one.startsWith('/v1') && !one.endsWith('/events')))
      expect(await get(path), path).toBeDefined();
    expect(paths.length).toBeGreaterThan(40);
    expect((await get(`${FLEET}/ledger`)).isIntact).toBe(true);
  });
});
