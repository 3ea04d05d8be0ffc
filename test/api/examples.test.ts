import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import documentation from '../../schemas/openapi.json' with { type: 'json' };
import { exampleFile, readWorkflow } from '../local/examples.ts';
import { type Answer, type Harness, type Json, startHarness } from './harness.ts';

describe('the manifest of two cities', () => {
  const text = readFileSync(exampleFile('manifest/two-cities.yaml'), 'utf8');
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(async () => await harness.close());

  const put = (query: string): Promise<Answer> =>
    harness.call('PUT', `/v1/fleets/two-cities/manifest${query}`, {
      body: text,
      headers: { 'Content-Type': 'application/yaml' },
    });

  it('is planned as it stands, is applied by the digest of its plan, and then changes nothing', async () => {
    const planned = await put('?prune=true&dryRun=true');
    expect(planned.status, JSON.stringify(planned.body)).toBe(200);
    const documents = parseAllDocuments(text).map((document): Json => document.toJS());
    const named = documents.map(({ kind, metadata }) => `create ${kind.toLowerCase()}/${metadata.name}`);
    const changes = planned.body.changes.map((change: Json) => `${change.verb} ${change.kind}/${change.name}`);
    expect(changes.toSorted()).toEqual(named.toSorted());

    const applied = await put(`?prune=true&digest=${planned.body.digest}`);
    expect(applied.status, JSON.stringify(applied.body)).toBe(202);
    const again = await put('?prune=true&dryRun=true');
    expect(again.body.changes).toEqual([]);
  });
});

describe('the workflow of GitHub', () => {
  const workflow = readWorkflow();
  const runs = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  const calls = runs
    .flatMap((run) => [...run.matchAll(/--request (\w+) "([^"]+)"/g)])
    .map(([, method = '', url = '']) => ({
      method: method.toLowerCase(),
      path: pathOf(url),
      query: [...new URLSearchParams(url.split('?')[1] ?? '').keys()],
    }));

  it('plans pull requests and main, and applies on main alone', () => {
    expect(Object.keys(workflow.on)).toEqual(['pull_request', 'push']);
    expect(workflow.jobs).toMatchObject({
      apply: { if: "github.event_name == 'push'", needs: 'plan', environment: 'production' },
    });
    expect(workflow.on['push']).toMatchObject({ branches: ['main'] });
  });

  it('makes calls that the OpenAPI document describes, with parameters that it knows', () => {
    expect(calls.map(({ method, query }) => [method, ...query])).toEqual([
      ['put', 'prune', 'dryRun'],
      ['put', 'prune', 'digest', 'reason'],
      ['get'],
    ]);
    for (const { method, path, query } of calls) {
      const operation = (documentation.paths as Json)[path]?.[method];
      expect(operation, `${method} ${path}`).toBeDefined();
      expect(operation.parameters.map(({ $ref }: Json) => $ref.split('/').at(-1))).toEqual(
        expect.arrayContaining(query),
      );
    }
  });
});

/** The path of the API that a URL of the workflow stands for. */
function pathOf(url: string): string {
  const [path = ''] = url.split('?');
  return path
    .replace(/^\$\{MANIFEST_URL%[^}]*\}\$operation$/, '/v1/fleets/{fleet}/operations/{operation}')
    .replace('$MANIFEST_URL', '/v1/fleets/{fleet}/manifest');
}
