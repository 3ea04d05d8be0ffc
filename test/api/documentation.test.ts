import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { ACCESS_KEY } from '../../infra/examples/cloud.ts';
import { SETTING_TOKEN } from '../../infra/examples/installation.ts';
import { buildDocument } from '../../infra/openapi.ts';
import examples from '../../schemas/examples.json' with { type: 'json' };
import committed from '../../schemas/openapi.json' with { type: 'json' };
import { Problem, type ProblemCode, problems } from '../../schemas/problem.ts';
import type { Json } from './harness.ts';

const document = buildDocument();
/**
 * Operations that need no token, since load balancers ask them, and operations that take the token of a voter from a
 * monitoring system.
 */
const SECURITY: Json = {
  getLiveness: [],
  getReadiness: [],
  enrolAgent: [],
  createAlerts: [{ bearer: [] }, { voter: [] }],
};
const described: Json[] = Object.values(committed.paths).flatMap((item) => Object.values(item));

/** Returns what a reference of the document stands for; anything else as it is. */
function resolved(part: Json): Json {
  const steps: string[] | undefined = part?.$ref?.split('/').slice(1);
  return steps === undefined ? part : steps.reduce((place: Json, step) => place[step], committed);
}

describe('the OpenAPI document', () => {
  it('is committed as the code has it', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(committed);
  });

  it('has an example for every body, going in and coming out, and for every problem', () => {
    for (const operation of described) {
      const parts = [operation.requestBody, ...Object.values<Json>(operation.responses)];
      for (const content of parts.map((part) => resolved(part)?.content ?? {})) {
        const shown = ['application/json', 'application/problem+json'].map((type) => content[type]).filter(Boolean);
        for (const { examples = {} } of shown) {
          expect(Object.keys(examples), operation.operationId).not.toEqual([]);
          for (const example of Object.values(examples)) expect(resolved(example)).toHaveProperty('value');
        }
      }
    }
  });

  it('has a real problem for every code that an operation can answer', () => {
    for (const operation of described) {
      for (const response of Object.values<Json>(operation.responses).map(resolved)) {
        for (const [code, example] of Object.entries<Json>(
          response.content?.['application/problem+json']?.examples ?? {},
        )) {
          expect(Problem.parse(resolved(example).value)).toMatchObject({
            code,
            status: problems[code as ProblemCode].status,
          });
        }
      }
    }
  });

  it('has security, an idempotency class and Problem as the shape of every failure', () => {
    for (const operation of described) {
      expect(operation.security).toEqual(SECURITY[operation.operationId] ?? [{ bearer: [] }]);
      expect(['safe', 'idempotent', 'repeatable']).toContain(operation['x-idempotency']);
      const failures = Object.entries<Json>(operation.responses).filter(([status]) => Number(status) >= 400);
      expect(failures.length).toBeGreaterThan(0);
      for (const [status, failure] of failures) {
        // The readiness check answers 503 in a shape of its own, not as a problem.
        if (operation.operationId === 'getReadiness' && status === '503') continue;
        const { schema } = resolved(failure).content['application/problem+json'];
        expect(schema).toEqual({ $ref: '#/components/schemas/Problem' });
      }
    }
  });

  it('names Idempotency-Key where it has an effect: at each POST that writes, except for evidence and enrolments', () => {
    const keyed = described.filter(({ parameters = [] }) =>
      parameters.some((parameter: Json) => resolved(parameter).name === 'Idempotency-Key'),
    );
    const ignoring = ['createObservations', 'createAlerts', 'createProbeRound', 'enrolAgent'];
    const writing = endpoints.filter(({ method, idempotency }) => method === 'post' && idempotency !== 'safe');
    const names = writing.map(({ operationId }) => operationId).filter((name) => !ignoring.includes(name));
    expect(keyed.map(({ operationId }) => operationId).sort()).toEqual(names.sort());
    for (const { responses } of keyed) expect(responses).toHaveProperty('422');
  });

  it('closes what is sent and leaves open what is answered', () => {
    const { RouteInput, RouteRule, Route, RouteRuleOutput } = committed.components.schemas;
    expect([RouteInput, RouteRule].map((schema) => schema.additionalProperties)).toEqual([false, false]);
    for (const schema of [Route, RouteRuleOutput]) expect(schema).not.toHaveProperty('additionalProperties');
  });

  it('names the place of the approval in every answer that waits for one, and what tells of limits', () => {
    const { responses: shared } = committed.components as Json;
    const answers: Json[] = described
      .flatMap(({ responses }) => Object.values<Json>(responses))
      .map((answer) => (answer.$ref ? shared[answer.$ref.split('/').at(-1)] : answer));
    for (const { description, headers = {} } of answers) {
      if (description.includes('(approval-required)')) expect(headers).toHaveProperty('Location');
      if (description.includes('(too-many-requests)')) expect(headers).toHaveProperty('RateLimit');
    }
  });

  it('keeps the discriminators, which clients are generated from', () => {
    expect(committed.components.schemas.ClusterInput.discriminator.mapping).toEqual({
      ack: '#/components/schemas/AckClusterInput',
      kubernetes: '#/components/schemas/KubernetesClusterInput',
    });
  });
});

describe('docs/problems.md', () => {
  it('has one section for every problem, with its status, and none besides', () => {
    const text = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');
    const sections = [...text.matchAll(/^## (\S+)\n\n(\d{3})\./gm)].map(([, code, status]) => [code, Number(status)]);
    expect(Object.fromEntries(sections)).toEqual(
      Object.fromEntries(Object.entries(problems).map(([code, { status }]) => [code, status])),
    );
    expect(text.match(/^## /gm)).toHaveLength(sections.length);
  });
});

describe('the recorded examples', () => {
  const text = JSON.stringify(examples);

  it('hold neither the tokens that the story is played with, nor the credentials of its cloud', () => {
    for (const secret of [SETTING_TOKEN, ACCESS_KEY.accessKeyId, ACCESS_KEY.accessKeySecret]) {
      expect(text).not.toContain(secret);
    }
  });

  it('show new tokens only where a token is issued', () => {
    const issued = new Set(text.match(/fle?_[a-z]+(_[a-z]+)?_[\w-]{43}/g));
    const { putToken, rotateToken, createInvitation } = examples.operations;
    const shown = [putToken, rotateToken, createInvitation].map(({ responses }) => responses['201'].token);
    expect([...issued].sort()).toEqual(shown.sort());
  });
});
