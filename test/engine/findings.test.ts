import { describe, expect, it } from 'vitest';
import { matrix } from '../matrix.ts';
import { FLEET, startFleet } from './fleet.ts';

describe.each(matrix(['alb', 'mse'] as const, 1))('a write at an %s that has been read', (provider) => {
  it('is refused for what the gateway would find of it, and pushes nothing', async () => {
    const harness = await startFleet({ provider });
    try {
      const { host, port } = harness.edge.clusters.a.address;
      const ingress = { endpoints: [{ address: host, port }] };
      harness.forgetCalls();
      const answer = await harness.api(
        'PUT',
        `${FLEET}/clusters/b`,
        { kind: 'kubernetes', ingress },
        { 'if-match': '*' },
      );
      expect([answer.status, answer.body.code]).toEqual([422, 'conflicting-declaration']);
      for (const issue of answer.body.errors) expect(issue.pointer).toBe('#/ingress/endpoints');
      expect(harness.writes()).toEqual([]);
      expect((await harness.api('DELETE', `${FLEET}/routes/ledger`, undefined, { 'if-match': '*' })).status).toBe(204);
    } finally {
      await harness.close();
    }
  });
});
