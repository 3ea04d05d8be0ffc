import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { JSON_BODY, MERGE_PATCH_TYPE } from '../../functions/api/http/body.ts';
import { type Endpoint, NO_BODY } from '../../functions/api/http/endpoint.ts';
import recorded from '../../schemas/examples.json' with { type: 'json' };
import document from '../../schemas/openapi.json' with { type: 'json' };
import { Problem, type ProblemCode, problems } from '../../schemas/problem.ts';
import { create, createShop, fleet, pointers } from './fixtures.ts';
import { type Answer, type Call, type Harness, type Json, startHarness } from './harness.ts';
import { bodyOf, pathOf } from './table.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await createShop(harness, 'shop');
  const voters = [
    { name: 'edge', type: 'edge' },
    { name: 'voter', type: 'alert', tokenHash, clusters: ['one'] },
  ];
  await harness.call('PUT', '/v1/fleets/shop', { body: { ...fleet, voters }, headers: { 'If-Match': '*' } });
  await create(harness, '/v1/fleets/shop/distributions/main', { strategy: 'replicas' });
});

afterAll(async () => await harness.close());

function expectProblem(answer: Answer, code: ProblemCode): void {
  expect(answer.body?.code).toBe(code);
  expect(answer.status).toBe(problems[code].status);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  expect(Problem.parse(answer.body)).toEqual(answer.body);
  expect(answer.body.type).toBe(`https://fairlead.dev/problems/${code}`);
  expect(answer.body.requestId).toBe(answer.headers.get('X-Request-Id'));
}

const VOTER_TOKEN = 'the-token-of-prometheus-alone';
const tokenHash = createHash('sha256').update(VOTER_TOKEN).digest('hex');

/** Calls an operation with a token that may use it, unless the headers say otherwise. */
function call({ method, access }: Endpoint, path: string, { headers, ...rest }: Call = {}): Promise<Answer> {
  const isForVoter = typeof access === 'object' && access.permission === 'alert';
  const right = isForVoter ? { Authorization: `Bearer ${VOTER_TOKEN}` } : {};
  return harness.call(method, path, { ...rest, headers: { ...right, ...headers } });
}

const all = endpoints.map((endpoint) => [endpoint.operationId, endpoint] as const);
const withToken = all.filter(([, { access }]) => access !== 'public');
const withBody = all.filter(([, endpoint]) => endpoint.body !== NO_BODY);
const withParams = all.filter(([, endpoint]) => endpoint.path.includes('{'));
const pages = all.filter(([id]) => id.startsWith('list'));
const writes = all.filter(([, endpoint]) => endpoint.preconditions?.includes('If-Match'));
const deletes = writes.filter(([, endpoint]) => endpoint.method === 'delete');

describe('the table of operations and the OpenAPI document', () => {
  it('hold the same operations, under unique ids', () => {
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
    );
    const registered = endpoints.map(({ operationId, method, path }) => `${operationId} ${method} ${path}`);
    expect(described.sort()).toEqual(registered.sort());
    expect(new Set(endpoints.map((endpoint) => endpoint.operationId)).size).toBe(endpoints.length);
  });

  it.each(all)(
    '%s has recorded examples of its body and of every answer, which its own schemas accept',
    (id, endpoint) => {
      const { request, responses }: Json = (recorded.operations as Json)[id];
      if (endpoint.body !== NO_BODY) endpoint.body.parse(request);
      for (const { schema, status } of endpoint.successes) {
        if (schema) expect(schema.parse(responses[status])).toEqual(responses[status]);
      }
    },
  );
});

describe('every operation', () => {
  it.each(withToken)('%s refuses who has no token or a wrong one', async (_, endpoint) => {
    for (const Authorization of [undefined, 'Bearer ', `Basic ${btoa('a:b')}`]) {
      const answer = await call(endpoint, pathOf(endpoint), { headers: { Authorization } });
      expectProblem(answer, 'unauthorized');
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="fairlead"');
    }
    const answer = await call(endpoint, pathOf(endpoint), { headers: { Authorization: 'Bearer wrong' } });
    expectProblem(answer, 'invalid-token');
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="fairlead", error="invalid_token"');
  });

  it.each(withParams)('%s refuses names that are no DNS labels', async (_, endpoint) => {
    const body = bodyOf(endpoint);
    for (const name of ['x'.repeat(10_001), 'a%2Fb', '%00', '%C3%A9', 'UPPER', '-a', 'a.b', '%ZZ']) {
      const param = /\{(\w+)\}[^{]*$/.exec(endpoint.path)?.[1] ?? '';
      const answer = await harness.call(endpoint.method, pathOf(endpoint, { [param]: name }), { body });
      if (param === 'decision' && ['UPPER', '-a'].includes(name)) continue;
      expectProblem(answer, 'invalid-request');
      expect(pointers(answer.body)).toEqual(pointers(answer.body).map(() => `path/${param}`));
    }
  });

  it.each(all)('%s refuses query parameters that it does not know', async (_, endpoint) => {
    const answer = await call(endpoint, `${pathOf(endpoint)}?dryrun=1`, { body: bodyOf(endpoint) });
    expectProblem(answer, 'invalid-request');
    expect(pointers(answer.body)).toEqual(['query/dryrun']);
  });
});

describe('every operation with a body', () => {
  // Bodies that other programs send may have fields that Fairlead does not know, so these endpoints are left out.
  const ours = withBody.filter(([id]) => id !== 'createAlerts');

  it.each(ours)('%s points at each unknown field', async (_, endpoint) => {
    const body = { ...bodyOf(endpoint), surprise: 1, 'a/b': 2 };
    // A patch has faults once it is applied, for which it has to name the revision.
    const headers = endpoint.method === 'patch' ? { 'If-Match': '*' } : {};
    const answer = await call(endpoint, pathOf(endpoint), { body, headers });
    expectProblem(answer, 'invalid-request');
    expect(pointers(answer.body)).toEqual(['#/surprise', '#/a~1b']);
  });

  it.each(withBody)('%s refuses other media types', async (_, endpoint) => {
    const body = JSON.stringify(bodyOf(endpoint));
    const [own = ''] = (endpoint.format ?? JSON_BODY).mediaTypes;
    const other = endpoint.method === 'patch' ? 'application/json' : MERGE_PATCH_TYPE;
    for (const type of [undefined, 'text/plain', other, 'application/json-patch+json', `${own}; charset=latin1`]) {
      const answer = await call(endpoint, pathOf(endpoint), {
        body,
        headers: { 'Content-Type': type },
      });
      expectProblem(answer, 'unsupported-media-type');
    }
  });

  it.each(withBody)('%s refuses what is not JSON', async (_, endpoint) => {
    for (const body of ['', '{', '{"a":1,}', '{"a":"\\ud800"}']) {
      const answer = await call(endpoint, pathOf(endpoint), {
        body,
        headers: { 'Content-Type': endpoint.method === 'patch' ? MERGE_PATCH_TYPE : 'application/json' },
      });
      expectProblem(answer, 'malformed-json');
    }
  });

  it.each(withBody)('%s refuses JSON that is not an object', async (_, endpoint) => {
    for (const body of ['null', '[]', '"text"', '1']) {
      expectProblem(await call(endpoint, pathOf(endpoint), { body }), 'invalid-request');
    }
  });

  it.each(withBody)('%s refuses a body above its limit', async (_, endpoint) => {
    const body = { displayName: 'x'.repeat((endpoint.format ?? JSON_BODY).maxBytes) };
    expectProblem(await call(endpoint, pathOf(endpoint), { body }), 'body-too-large');
  });
});

describe('every operation without a body', () => {
  const others = all.filter(([, { body, method }]) => body === NO_BODY && method !== 'get');

  it.each(others)('%s answers as without one, however much is sent', async (_, endpoint) => {
    const send = (body?: string) => call(endpoint, `${pathOf(endpoint)}?dryRun=true`, { body });
    const [without, filled] = [await send(), await send('x'.repeat(JSON_BODY.maxBytes + 1))];
    expect([filled.status, filled.body?.code]).toEqual([without.status, without.body?.code]);
  });
});

describe('every write of what exists', () => {
  it.each(writes)('%s needs If-Match, and the current revision in it', async (_, endpoint) => {
    const write = (tag: string | undefined) =>
      call(endpoint, pathOf(endpoint), { body: bodyOf(endpoint), headers: { 'If-Match': tag } });
    expectProblem(await write(undefined), 'precondition-required');
    expectProblem(await write('"999"'), 'precondition-failed');
    expectProblem(await write('W/"1"'), 'precondition-failed');
    const malformed = await write('1');
    expectProblem(malformed, 'invalid-request');
    expect(pointers(malformed.body)).toEqual(['header/If-Match']);
  });

  it.each(deletes)('%s answers 404 when there is nothing to delete', async (_, endpoint) => {
    const param = /\{(\w+)\}$/.exec(endpoint.path)?.[1] ?? '';
    const path = pathOf(endpoint, { [param]: 'nothing' });
    expectProblem(await harness.call('DELETE', path, { headers: { 'If-Match': '*' } }), 'not-found');
  });
});

describe('the reason', () => {
  const taking = all.filter(([, endpoint]) => endpoint.write);
  const others = all.filter(([, endpoint]) => !endpoint.write);

  it.each(taking)('is taken by %s, when it is text of at most 256 characters', async (_, endpoint) => {
    for (const reason of ['x'.repeat(257), '', 'a\nb', '\u0000']) {
      const path = `${pathOf(endpoint)}?reason=${encodeURIComponent(reason)}`;
      const answer = await call(endpoint, path, { body: bodyOf(endpoint) });
      expectProblem(answer, 'invalid-request');
      expect(pointers(answer.body)).toEqual(['query/reason']);
    }
    const taken = await call(endpoint, `${pathOf(endpoint)}?reason=${encodeURIComponent('换机房')}`, {
      body: bodyOf(endpoint),
    });
    if (endpoint.preconditions) expectProblem(taken, 'precondition-required');
    else expect(taken.body?.code).not.toBe('invalid-request');
  });

  it.each(others)('is nothing that %s knows', async (_, endpoint) => {
    const answer = await call(endpoint, `${pathOf(endpoint)}?reason=why`, { body: bodyOf(endpoint) });
    expectProblem(answer, 'invalid-request');
    expect(pointers(answer.body)).toEqual(['query/reason']);
  });

  it('is taken by everything that changes what is declared or what a gateway has', () => {
    // Nobody decides upon what agents and monitoring systems send.
    const ofPrograms = ['createObservations', 'createAlerts', 'enrolAgent'];
    const harmless = ['planGateway', 'createProbeRound', 'createSimulation', ...ofPrograms];
    const changing = all.filter(([id, { method }]) => method !== 'get' && !harmless.includes(id));
    expect(taking.map(([id]) => id)).toEqual(changing.map(([id]) => id));
  });
});

describe('every page', () => {
  it.each(pages)('%s refuses tokens that are not its own, and sizes that are none', async (_, endpoint) => {
    for (const [query, pointer] of [
      ['pageSize=0', 'query/pageSize'],
      ['pageSize=-1', 'query/pageSize'],
      ['pageSize=ten', 'query/pageSize'],
      ['pageSize=1&pageSize=2', 'query/pageSize'],
    ]) {
      const answer = await harness.call('GET', `${pathOf(endpoint)}?${query}`);
      expectProblem(answer, 'invalid-request');
      expect(pointers(answer.body)).toEqual([pointer]);
    }
    const answer = await harness.call('GET', `${pathOf(endpoint)}?pageToken=nonsense`);
    expectProblem(answer, 'invalid-page-token');
    expect(pointers(answer.body)).toEqual(['query/pageToken']);
  });

  it.each(pages)('%s answers what its schema says', async (_, endpoint) => {
    const answer = await harness.call('GET', pathOf(endpoint));
    expect(answer.status).toBe(200);
    expect(endpoint.successes[0]?.schema?.parse(answer.body)).toEqual(answer.body);
  });
});

describe('every resource', () => {
  const gets = all.filter(([id]) =>
    ['getFleet', 'getCluster', 'getGateway', 'getService', 'getDistribution', 'getRoute'].includes(id),
  );

  it.each(gets)('%s answers what its schema says, with its revision in the ETag', async (_, endpoint) => {
    const answer = await harness.call('GET', pathOf(endpoint));
    expect(answer.status).toBe(200);
    expect(endpoint.successes[0]?.schema?.parse(answer.body)).toEqual(answer.body);
    expect(answer.headers.get('ETag')).toMatch(new RegExp(`^"${answer.body.revision}-[0-9a-f]{8}"$`));
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
  });

  it.each(gets)('%s answers 304 to those who have what it would show, and to nobody else', async (_, endpoint) => {
    const etag = (await harness.call('GET', pathOf(endpoint))).headers.get('ETag') ?? '';
    for (const tag of [etag, `W/${etag}`, `"7", ${etag}`, '*']) {
      const answer = await harness.call('GET', pathOf(endpoint), { headers: { 'If-None-Match': tag } });
      expect([answer.status, answer.headers.get('ETag')]).toEqual([304, etag]);
    }
    for (const tag of ['"1"', '"1-00000000"', '"2"']) {
      const answer = await harness.call('GET', pathOf(endpoint), { headers: { 'If-None-Match': tag } });
      expect(answer.status).toBe(200);
    }
  });

  it.each(gets)('%s answers 404 for a name that nothing has', async (_, endpoint) => {
    const param = /\{(\w+)\}$/.exec(endpoint.path)?.[1] ?? '';
    expectProblem(await harness.call('GET', pathOf(endpoint, { [param]: 'nothing' })), 'not-found');
  });
});

describe('runs', () => {
  it('applyGateway answers an operation that goes on, although the cloud does not answer', async () => {
    const answer = await harness.call('POST', '/v1/fleets/shop/gateways/edge/apply');
    expect(answer.status).toBe(202);
    expect(answer.headers.get('Retry-After')).toBe('1');
    expect(answer.body).toMatchObject({ state: 'Running', gateways: [{ gateway: 'edge', state: 'Failed' }] });
    const again = await harness.call('GET', answer.headers.get('Location') ?? '');
    expect(again.body).toEqual(answer.body);
    expectProblem(await harness.call('POST', '/v1/fleets/shop/gateways/nothing/apply'), 'not-found');
  });

  it('planGateway of a gateway that cannot be read, and never was, says so, and where requests shall go', async () => {
    const { status, body } = await harness.call('POST', '/v1/fleets/shop/gateways/edge/plan');
    expect(status).toBe(200);
    expect(body).toMatchObject({ basis: 'never-read', changes: [], notices: [{ code: 'not-readable' }] });
    expect(body.shares.map(({ cluster, afterPercent }: Json) => [cluster, afterPercent])).toEqual([
      ['one', 50],
      ['two', 50],
    ]);
  });

  it('createProbeRound observes, and the observation can be read', async () => {
    const answer = await harness.call('POST', '/v1/probe-rounds', { body: { fleet: 'shop' } });
    expect(answer.status).toBe(200);
    expect(answer.body.fleets[0]).toMatchObject({ fleet: 'shop', state: 'done' });
    const { body } = await harness.call('GET', '/v1/fleets/shop/clusters/one/observations');
    const { observation } = answer.body.fleets[0].results.find((result: Json) => result.cluster === 'one');
    expect(body.items).toEqual([observation]);
    const dry = await harness.call('POST', '/v1/probe-rounds?dryRun=true', { body: { fleet: 'shop' } });
    expect(dry.body.fleets[0].results.map((result: Json) => result.cluster).sort()).toEqual(['one', 'two']);
    expect((await harness.call('GET', '/v1/fleets/shop/clusters/one/observations')).body.items).toEqual(body.items);
    const unknown = await harness.call('POST', '/v1/probe-rounds', { body: { fleet: 'nothing' } });
    expectProblem(unknown, 'unknown-reference');
    expect(pointers(unknown.body)).toEqual(['#/fleet']);
  });
});
