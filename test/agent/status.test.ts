import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentStatus } from '../../infra/agent/status.ts';
import { startStatusServer } from '../../infra/agent/status-server.ts';

const ACCEPTED_MS = Date.parse('2026-11-28T10:00:00Z');
const FRESH_MS = 21_000;

function watching(): AgentStatus {
  const status = new AgentStatus();
  status.accepted({ atMs: ACCEPTED_MS, refused: 2, freshMs: FRESH_MS });
  status.roundEnded({ isDone: true, ms: 1250, clusters: 7 });
  return status;
}

/** The samples of a text in the format of OpenMetrics, by name, checked for what every scraper insists on. */
function samplesOf(text: string): Record<string, number> {
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  const samples = [...text.matchAll(/^([a-z_]+) (\S+)$/gm)].map(
    ([, name = '', value]) => [name, Number(value)] as const,
  );
  for (const [name] of samples) {
    const isCounter = name.endsWith('_total');
    expect([name, types.get(name.replace(/_total$/, ''))]).toEqual([name, isCounter ? 'counter' : 'gauge']);
  }
  for (const [, name = ''] of text.matchAll(/^# UNIT (\S+) seconds$/gm)) expect(name).toMatch(/_seconds$/);
  return Object.fromEntries(samples);
}

describe('an agent', () => {
  it('is healthy exactly as long as the control plane counts its votes', () => {
    const status = watching();
    const lastAcceptedAt = '2026-11-28T10:00:00.000Z';
    expect(status.health(ACCEPTED_MS + FRESH_MS)).toMatchObject({ isHealthy: true, lastAcceptedAt, ageSeconds: 21 });
    expect(status.health(ACCEPTED_MS + FRESH_MS + 1)).toMatchObject({ isHealthy: false, lastAcceptedAt });
  });

  it('that was never heard is not healthy, and has no age', () => {
    const status = new AgentStatus();
    status.roundEnded({ isDone: false, ms: 10, clusters: 0 });
    expect(status.health(ACCEPTED_MS)).toEqual({ isHealthy: false, detail: expect.any(String) });
    expect(samplesOf(status.metrics(ACCEPTED_MS))).toEqual({
      fairlead_agent_batches_total: 0,
      fairlead_agent_failures_total: 1,
      fairlead_agent_refused_observations_total: 0,
      fairlead_agent_clusters: 0,
      fairlead_agent_round_seconds: 0.01,
    });
  });

  it('counts what it has done, in the format of OpenMetrics', () => {
    expect(samplesOf(watching().metrics(ACCEPTED_MS + 4500))).toEqual({
      fairlead_agent_batches_total: 1,
      fairlead_agent_failures_total: 0,
      fairlead_agent_refused_observations_total: 2,
      fairlead_agent_clusters: 7,
      fairlead_agent_round_seconds: 1.25,
      fairlead_agent_batch_age_seconds: 4.5,
    });
  });
});

describe('the address to listen at', () => {
  async function serving(at: string, nowMs: number): Promise<string> {
    const server = await startStatusServer(at, watching(), () => nowMs);
    onTestFinished(() => {
      server.close().closeAllConnections();
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  }

  it('tells the health by the status of the answer, and takes no orders', async () => {
    const [fresh, stale] = [await serving('127.0.0.1:0', ACCEPTED_MS), await serving('localhost:0', ACCEPTED_MS * 2)];
    const answer = await fetch(`${fresh}/healthz?verbose`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'ok', ageSeconds: 0 }),
    ]);
    expect((await fetch(`${stale}/healthz`)).status).toBe(503);
    const metrics = await fetch(`${fresh}/metrics`);
    expect(metrics.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(samplesOf(await metrics.text())).toMatchObject({ fairlead_agent_clusters: 7 });
    expect((await fetch(`${fresh}/other`)).status).toBe(404);
    expect((await fetch(`${fresh}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  it.each(['9464', ':9464', '127.0.0.1', '127.0.0.1:', '::1:9464', 'http://127.0.0.1:9464', ''])(
    'is refused as %j, with an example of what it should be',
    async (at) => {
      await expect(startStatusServer(at, watching(), () => 0)).rejects.toThrow('such as 127.0.0.1:9464');
    },
  );

  it('that somebody else listens at ends the agent, instead of leaving it without a health', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      other.close();
    });
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startStatusServer(`127.0.0.1:${port}`, watching(), () => 0)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
