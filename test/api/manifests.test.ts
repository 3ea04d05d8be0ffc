import * as fc from 'fast-check';
import { HonoRequest } from 'hono/request';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { MANIFEST_BODY, manifestYaml } from '../../functions/api/http/manifest-body.ts';
import { cluster, create, createShop, gateway, pointers, route, service } from './fixtures.ts';
import { type Answer, type Harness, type Json, startHarness } from './harness.ts';

let harness: Harness;
let serial = 0;
/** Creates a fleet of its own for each test. */
let name: string;
let fleet: string;

beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(async () => {
  name = `shop-${++serial}`;
  fleet = await createShop(harness, name, `${name}.example.com`);
});
afterAll(async () => await harness.close());

const document = (kind: string, as: string, spec: Json): Json => ({
  apiVersion: 'fairlead.dev/v1',
  kind,
  metadata: { name: as },
  spec,
});

function yamlOf(documents: readonly Json[]): string {
  return documents.map((item) => `---\n${stringify(item)}`).join('');
}

async function put(documents: readonly Json[] | string, query = '', as = fleet): Promise<Answer> {
  const body = typeof documents === 'string' ? documents : yamlOf(documents);
  return await harness.call('PUT', `${as}/manifest${query}`, { body, headers: { 'Content-Type': 'application/yaml' } });
}

async function exported(as = fleet): Promise<Json[]> {
  const answer = await harness.call('GET', `${as}/manifest`, { headers: { Accept: 'application/json' } });
  expect(answer.status).toBe(200);
  return answer.body.items;
}

async function operationOf(answer: Answer): Promise<Json> {
  expect(answer.status).toBe(202);
  const { body } = await harness.call('GET', answer.headers.get('Location') ?? '');
  return body;
}

const kindsOf = (changes: Json[]) => changes.map((change) => `${change.verb} ${change.kind}/${change.name}`);

/** The resources of the shop, as documents. */
const shop = (): Json[] => [
  document('Fleet', name, { automation: 'automatic' }),
  document('Cluster', 'one', cluster),
  document('Cluster', 'two', cluster),
  document('Gateway', 'edge', gateway('edge')),
  document('Service', 'checkout', service),
  document('Route', 'checkout', { ...route, hostnames: [`${name}.example.com`] }),
];

describe('an exported manifest', () => {
  it('holds the fleet first and then what refers to what is before it, by name', async () => {
    const items = await exported();
    expect(items.map((item) => `${item.kind} ${item.metadata.name}`)).toEqual([
      `Fleet ${name}`,
      'Cluster one',
      'Cluster two',
      'Gateway edge',
      'Service checkout',
      'Route checkout',
    ]);
  });

  it('is YAML unless JSON is asked for, and says the same', async () => {
    const answer = await harness.call('GET', `${fleet}/manifest`);
    expect(answer.headers.get('Content-Type')).toBe('application/yaml');
    expect(answer.body).toMatch(/^---\napiVersion: fairlead.dev\/v1\nkind: Fleet\n/);
    expect(answer.body).toBe(yamlOf(await exported()));
  });

  it('changes nothing when it is put back, in either form', async () => {
    const { body } = await harness.call('GET', `${fleet}/manifest`);
    const json = await harness.call('GET', `${fleet}/manifest`, { headers: { Accept: 'application/json' } });
    for (const answer of [
      await put(body, '?prune=true'),
      await harness.call('PUT', `${fleet}/manifest?prune=true`, { body: json.body }),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.body.changes).toEqual([]);
    }
  });

  it('is what was put, with defaults filled in', async () => {
    const other = `/v1/fleets/${name}-copy`;
    const copy = [
      document('Fleet', `${name}-copy`, { automation: 'automatic' }),
      ...shop().slice(1, 3),
      document('Gateway', 'edge', gateway('copy')),
    ];
    await operationOf(await put(copy, '', other));
    const [first] = await exported(other);
    expect(first.spec).toMatchObject({ automation: 'automatic', labels: {}, health: { intervalSeconds: 5 } });
    const again = await put(await exported(other), '?prune=true', other);
    expect(again.body.changes).toEqual([]);
  });

  it('of a fleet that is not there is not found', async () => {
    expect((await harness.call('GET', '/v1/fleets/nothing/manifest')).body.code).toBe('not-found');
  });

  it('reads as it was written, whatever texts are in it', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom(
        'no',
        'yes',
        '1e3',
        '0x1',
        'null',
        '~',
        '- a',
        ': b',
        '2026-01-01',
        '# x',
        '---',
        '...',
        ' a ',
        'a\n\nb ',
      ),
    );
    const item = fc.record({
      apiVersion: fc.constant('fairlead.dev/v1' as const),
      kind: fc.constant('Cluster' as const),
      metadata: fc.record({ name: text }),
      spec: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 })), {
        noNullPrototype: true,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 4 }), async (items) => {
        const body = manifestYaml({ apiVersion: 'fairlead.dev/v1', kind: 'List', items });
        const headers = { 'Content-Type': 'application/yaml' };
        const read = await MANIFEST_BODY.read(
          new HonoRequest(new Request('http://api', { method: 'PUT', body, headers })),
        );
        expect(read.faults).toEqual([]);
        expect(read.value).toEqual({ apiVersion: 'fairlead.dev/v1', kind: 'List', items });
      }),
    );
  });
});

describe('a manifest that is applied', () => {
  it('creates a fleet with all that is in it, as one operation', async () => {
    const other = `/v1/fleets/${name}-new`;
    const documents = [
      document('Route', 'cart', { ...route, gateways: ['west'], hostnames: ['cart.example.com'] }),
      document('Service', 'checkout', service),
      document('Gateway', 'west', gateway('west')),
      document('Cluster', 'two', cluster),
      document('Cluster', 'one', cluster),
      document('Fleet', `${name}-new`, {}),
    ];
    const operation = await operationOf(await put(documents, '', other));
    expect(operation).toMatchObject({
      action: 'manifest.apply',
      target: { kind: 'fleet', name: `${name}-new` },
      gateways: [{ gateway: 'west' }],
    });
    expect(await exported(other)).toHaveLength(6);
    expect((await harness.call('GET', `${other}/routes/cart`)).body).toMatchObject({ revision: 1 });
  });

  it('without its fleet finds none', async () => {
    const answer = await put(shop().slice(1), '', '/v1/fleets/nothing');
    expect(answer.body.code).toBe('not-found');
  });

  it('changes what differs, leaves what it does not name, and tells before what it would do', async () => {
    const bare = `/v1/fleets/${name}-bare`;
    await create(harness, bare, {});
    await create(harness, `${bare}/clusters/one`, cluster);
    await create(harness, `${bare}/clusters/two`, cluster);
    const documents = [
      document('Cluster', 'three', cluster),
      document('Cluster', 'one', { ...cluster, region: 'cn-hangzhou' }),
    ];
    const dry = await put(documents, '?dryRun=true', bare);
    expect(dry.status).toBe(200);
    expect(kindsOf(dry.body.changes)).toEqual(['update cluster/one', 'create cluster/three']);
    expect(dry.body.changes[0].fields).toEqual([{ pointer: '/region', after: 'cn-hangzhou' }]);
    expect(await exported(bare)).toHaveLength(3);
    await operationOf(await put(documents, `?digest=${dry.body.digest}`, bare));
    expect((await exported(bare)).map((item) => item.metadata.name)).toEqual([`${name}-bare`, 'one', 'three', 'two']);
  });

  it('prunes what it does not name, behind what takes its place, and never the fleet', async () => {
    const documents = [
      ...shop().slice(1, 4),
      document('Service', 'cart', service),
      document('Route', 'cart', {
        ...route,
        hostnames: [`${name}.example.com`],
        rules: [{ backendRefs: [{ service: 'cart', port: 80 }] }],
      }),
    ];
    const answer = await put(documents, '?prune=true');
    // Two routes with one host name would tie, but the route that is deleted is not held against the one that is
    // created.
    expect(answer.status).toBe(202);
    await operationOf(answer);
    expect((await exported()).map((item) => `${item.kind} ${item.metadata.name}`)).toEqual([
      `Fleet ${name}`,
      'Cluster one',
      'Cluster two',
      'Gateway edge',
      'Service cart',
      'Route cart',
    ]);
  });

  it('is told by audit events: one for the whole, one for each change, with the reason', async () => {
    const answer = await put([document('Cluster', 'three', cluster)], '?reason=more%20room');
    const { requestId } = answer.body;
    const { body } = await harness.call('GET', `${fleet}/audit?requestId=${requestId}`);
    expect(body.items.map((item: Json) => [item.action, item.reason])).toEqual([
      ['cluster.create', 'more room'],
      ['manifest.apply', 'more room'],
    ]);
  });

  it('again and again changes nothing more', async () => {
    await operationOf(await put([document('Cluster', 'three', cluster)]));
    for (let again = 0; again < 2; again++) {
      const answer = await put([document('Cluster', 'three', cluster)]);
      expect(answer.status).toBe(200);
      expect(answer.body.changes).toEqual([]);
    }
    expect((await harness.call('GET', `${fleet}/clusters/three`)).body.revision).toBe(1);
  });
});

describe('a manifest that cannot be applied', () => {
  async function expectUntouched(work: () => Promise<Answer>): Promise<Answer> {
    const before = await exported();
    const answer = await work();
    expect(await exported()).toEqual(before);
    return answer;
  }

  it('with one bad document among 500 changes nothing, and lists every fault with document number and pointer', async () => {
    const documents = Array.from({ length: 500 }, (_, index) =>
      document('Route', `r-${index}`, { ...route, hostnames: [`r-${index}.${name}.example.com`] }),
    );
    const rules = [{ matches: [{ path: { type: 'Prefix', value: 'no-slash' } }], backendRefs: [] }];
    documents[17] = { ...document('Route', 'r-17', { gateways: [], rules }), surprise: 1 };
    const answer = await expectUntouched(() => put(documents));
    expect(answer.body.code).toBe('invalid-request');
    expect(pointers(answer.body).sort()).toEqual([
      'documents/17#/spec/gateways',
      'documents/17#/spec/rules/0/backendRefs',
      'documents/17#/spec/rules/0/matches/0/path/value',
      'documents/17#/surprise',
    ]);
  });

  it('names what no document and nothing in the fleet declares, over all documents', async () => {
    const documents = shop().map((item) =>
      item.kind === 'Route'
        ? document('Route', 'checkout', { ...route, gateways: ['edge', 'west'] })
        : item.kind === 'Service'
          ? document('Service', 'checkout', { ...service, exports: [...service.exports, { cluster: 'three' }] })
          : item,
    );
    const answer = await expectUntouched(() => put(documents));
    expect(answer.body.code).toBe('unknown-reference');
    expect(pointers(answer.body)).toEqual(['documents/4#/spec/exports/2/cluster', 'documents/5#/spec/gateways/1']);
  });

  it('is checked against itself: contested routes, forbidden addresses, unsupported features, all at once', async () => {
    const documents = [
      document('Cluster', 'three', { ...cluster, ingress: { endpoints: [{ address: '169.254.169.254', port: 80 }] } }),
      document('Route', 'a', { ...route, hostnames: ['a.example.com'] }),
      document('Route', 'b', { ...route, hostnames: ['a.example.com'] }),
      document('Route', 'c', {
        ...route,
        hostnames: ['c.example.com'],
        rules: [{ backendRefs: route.rules[0]?.backendRefs, retry: { attempts: 2 } }],
      }),
    ];
    const answer = await expectUntouched(() => put(documents));
    expect(pointers(answer.body)).toEqual([
      'documents/0#/spec/ingress/endpoints/0/address',
      'documents/1#/spec/rules/0/matches/0',
      'documents/2#/spec/rules/0/matches/0',
      expect.stringMatching(/^documents\/3#\/spec\/rules\/0\/retry/),
    ]);
  });

  it('declares nothing twice, and no other fleet', async () => {
    const documents = [...shop(), document('Cluster', 'one', cluster), document('Fleet', 'other', {})];
    const answer = await expectUntouched(() => put(documents));
    expect(answer.body.code).toBe('conflicting-declaration');
    expect(pointers(answer.body)).toEqual(['documents/6#/metadata/name', 'documents/7#/metadata/name']);
  });

  it('has no documents of unknown kinds, versions or shapes', async () => {
    const answer = await expectUntouched(() =>
      put(
        'kind: Fleet\n---\napiVersion: fairlead.dev/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {}\n---\n- a list\n---\njust text\n',
      ),
    );
    expect(answer.body.code).toBe('invalid-request');
    expect(pointers(answer.body)).toEqual([
      'documents/0#/apiVersion',
      'documents/0#/metadata',
      'documents/0#/spec',
      'documents/1#/kind',
      'documents/2#',
      'documents/3#',
    ]);
  });

  it('is YAML, or is told on which line it is not, together with the faults of the other documents', async () => {
    const text = `${yamlOf(shop().slice(0, 1))}---\napiVersion: fairlead.dev/v1\nkind: [Cluster\n---\nkind: Route\nkind: Route\n---\nkind: Ingress\n`;
    const answer = await expectUntouched(() => put(text));
    expect(answer.body.code).toBe('invalid-request');
    const faults = answer.body.errors.map((issue: Json) => `${issue.pointer} ${issue.code} ${issue.detail}`);
    expect(faults).toContainEqual(expect.stringMatching(/^documents\/1# malformed-yaml line \d+, column \d+: /));
    expect(faults).toContainEqual(
      expect.stringMatching(
        /^documents\/2# malformed-yaml line \d+, column 1: The key kind is repeated: leave one of them\.$/,
      ),
    );
    expect(faults).toContainEqual(expect.stringMatching(/^documents\/3#\/kind /));
  });

  it('is no bomb of anchors, no abyss, and no half character', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(',')}]`),
    ].join('\n');
    const chain = ['- &a0 x', ...Array.from({ length: 50_000 }, (_, index) => `- &a${index + 1} [*a${index}]`)].join(
      '\n',
    );
    for (const text of [bomb, chain, '['.repeat(100_000), 'a: "\\ud800"\n', 'a: *nothing\n', 'a: !secret x\n']) {
      const answer = await expectUntouched(() => put(text));
      expect(answer.body.code).toBe('invalid-request');
      expect(answer.body.errors[0]).toMatchObject({ pointer: 'documents/0#', code: 'malformed-yaml' });
    }
  });

  it('holds a document, in UTF-8, below 8 MiB, as YAML or JSON', async () => {
    expect((await put('')).body.code).toBe('invalid-request');
    expect((await put('# nothing\n---\n---\n')).body.code).toBe('invalid-request');
    expect((await put(`# ${'x'.repeat(8 * 1024 * 1024)}`)).body.code).toBe('body-too-large');
    const answer = await harness.call('PUT', `${fleet}/manifest`, {
      body: 'a: 1',
      headers: { 'Content-Type': 'text/yaml' },
    });
    expect(answer.body.code).toBe('unsupported-media-type');
  });

  it('takes nothing away that something else needs', async () => {
    const answer = await expectUntouched(() =>
      put(
        shop().filter((item) => item.metadata.name !== 'two'),
        '?prune=true',
      ),
    );
    expect(answer.body.code).toBe('unknown-reference');
    expect(pointers(answer.body)).toEqual(['documents/3#/spec/exports/1/cluster']);
    const edited = shop()
      .filter((item) => item.metadata.name !== 'two')
      .map((item) => (item.kind === 'Service' ? { ...item, spec: { ...service, displayName: 'Checkout' } } : item));
    const told = await expectUntouched(() => put(edited, '?prune=true'));
    expect(pointers(told.body), 'once, be the document changed or not').toEqual([
      'documents/3#/spec/exports/1/cluster',
    ]);
    const narrowed = await expectUntouched(() =>
      put([document('Service', 'checkout', { ...service, ports: [{ name: 'http', port: 81 }] })]),
    );
    expect(narrowed.body.code).toBe('still-referenced');
    expect(pointers(narrowed.body)).toEqual(['routes/checkout#/rules/0/backendRefs/0']);
  });

  it('empties no gateway without an explicit word', async () => {
    const documents = shop().slice(0, 5);
    const answer = await expectUntouched(() => put(documents, '?prune=true'));
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('would-empty-gateway');
    expect(pointers(answer.body)).toEqual(['gateways/edge']);
    await operationOf(await put(documents, '?prune=true&allowEmpty=true'));
    expect(await exported()).toHaveLength(5);
  });

  it('has no gateway follow that goes with it', async () => {
    const documents = [...shop().slice(0, 3), document('Gateway', 'west', gateway('west'))];
    const operation = await operationOf(await put(documents, '?prune=true&allowEmpty=true'));
    expect(operation.gateways.map(({ gateway: item }: Json) => item)).toEqual(['west']);
  });

  it('is refused with the digest of another fleet, or of a plan that is no longer true', async () => {
    const twin = await createShop(harness, `${name}-twin`, `twin.${name}.example.com`);
    const documents = [document('Cluster', 'three', cluster)];
    const digestOf = async (as: string) => {
      const answer = await put(documents, `?digest=${'0'.repeat(64)}`, as);
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('stale-plan');
      return /[0-9a-f]{64}/.exec(answer.body.detail)?.[0];
    };
    const [own, foreign] = [await digestOf(fleet), await digestOf(twin)];
    const refused = await expectUntouched(() => put(documents, `?digest=${foreign}`));
    expect(refused.body.code).toBe('stale-plan');
    await create(harness, `${fleet}/clusters/three`, { ...cluster, region: 'cn-hangzhou' });
    const stale = await expectUntouched(() => put(documents, `?digest=${own}`));
    expect(stale.body.code).toBe('stale-plan');
    await operationOf(await put(documents, `?digest=${await digestOf(fleet)}`));
  });
});
