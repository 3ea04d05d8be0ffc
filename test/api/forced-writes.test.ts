import { afterAll, beforeAll, expect, it } from 'vitest';
import { cluster, create } from './fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let harness: Harness;

const PATH = '/v1/fleets/contested';
const FORCED = { 'If-Match': '*' };
/** More than the attempts of a write that does not ask to come through. */
const WRITERS = Array.from({ length: 8 }, (_, index) => `w${index}`);

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, PATH, {});
});
afterAll(() => harness.close());

const read = async (path: string) => (await harness.call('GET', path)).body;

it('all writers with If-Match: * come through at once, by PUT and by PATCH, and each makes a revision', async () => {
  const path = `${PATH}/clusters/forced`;
  await create(harness, path, cluster);
  const write = (name: string, index: number) =>
    index % 2 === 0
      ? harness.call('PUT', path, { body: { ...cluster, labels: { [name]: 'put' } }, headers: FORCED })
      : harness.call('PATCH', path, { body: { labels: { [name]: 'patched' } }, headers: FORCED });
  const answers = await Promise.all(WRITERS.map(write));
  expect(answers.map(({ status }) => status)).toEqual(WRITERS.map(() => 200));
  const revisions = answers.map(({ body }) => body.revision).sort((a, b) => a - b);
  expect(revisions).toEqual(WRITERS.map((_, index) => index + 2));
  expect((await read(path)).revision).toBe(WRITERS.length + 1);
  const { items } = await read(`${path}/revisions`);
  expect(items.map(({ revision }: { revision: number }) => revision)).toEqual([...revisions, 1].sort((a, b) => b - a));
});

it('no patch with If-Match: * is lost: each is merged into what the others have written', async () => {
  const path = `${PATH}/clusters/merged`;
  await create(harness, path, cluster);
  const patch = (name: string) =>
    harness.call('PATCH', path, { body: { labels: { [name]: 'here' } }, headers: FORCED });
  await Promise.all(WRITERS.map(patch));
  expect(Object.keys((await read(path)).labels).sort()).toEqual(WRITERS);
});

it('of patches with the revision that was seen, one is written, and no other overwrites it', async () => {
  const path = `${PATH}/clusters/seen`;
  await create(harness, path, cluster);
  const patch = (name: string) =>
    harness.call('PATCH', path, { body: { labels: { [name]: 'here' } }, headers: { 'If-Match': '"1"' } });
  const answers = await Promise.all(WRITERS.map(patch));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...WRITERS.slice(1).map(() => 412)]);
  const after = await read(path);
  expect(after.revision).toBe(2);
  expect(Object.keys(after.labels)).toHaveLength(1);
});

it('a deletion with If-Match: * comes through whoever else writes, once', async () => {
  const path = `${PATH}/clusters/doomed`;
  await create(harness, path, cluster);
  const patch = (name: string) =>
    harness.call('PATCH', path, { body: { labels: { [name]: 'here' } }, headers: FORCED });
  const remove = () => harness.call('DELETE', path, { headers: FORCED });
  const [first, second, ...patched] = await Promise.all([remove(), remove(), ...WRITERS.map(patch)]);
  expect([first.status, second.status].sort()).toEqual([204, 404]);
  expect(patched.every(({ status }) => status === 200 || status === 404)).toBe(true);
  expect((await harness.call('GET', path)).status).toBe(404);
});
