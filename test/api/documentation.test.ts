import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildDocument } from '../../infra/openapi.ts';
import committed from '../../schemas/openapi.json' with { type: 'json' };
import { problems } from '../../schemas/problem.ts';
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

describe('the OpenAPI document', () => {
  it('is committed as the code has it', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(committed);
  });

  it('has an example for every body, going in and coming out', () => {
    for (const operation of described) {
      const contents = [operation.requestBody, ...Object.values<Json>(operation.responses)].map(
        (part) => part?.content,
      );
      for (const content of contents) {
        const json = content?.['application/json'];
        if (json) expect(json, operation.operationId).toHaveProperty('example');
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
        const { schema } = failure.content['application/problem+json'];
        expect(schema).toEqual({ $ref: '#/components/schemas/Problem' });
      }
    }
  });

  it('closes what is sent and leaves open what is answered', () => {
    const { RouteInput, RouteRule, Route, RouteRuleOutput } = committed.components.schemas;
    expect([RouteInput, RouteRule].map((schema) => schema.additionalProperties)).toEqual([false, false]);
    for (const schema of [Route, RouteRuleOutput]) expect(schema).not.toHaveProperty('additionalProperties');
  });

  it('names the place of the approval in every answer that waits for one, and what tells of limits', () => {
    const answers: Json[] = described.flatMap(({ responses }) => Object.values(responses));
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
