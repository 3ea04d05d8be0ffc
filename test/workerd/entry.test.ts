import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'hono';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import worker from '../../functions/worker.ts';
import { startWorker } from '../../infra/local/worker.ts';

const settings = {
  OWNER_ID: 'test',
  TABLE_NAME: 'fairlead',
  AWS_REGION: 'us-west-2',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  ALIBABA_CLOUD_CREDENTIALS: '{}',
};

const context: ExecutionContext = {
  waitUntil: () => undefined,
  passThroughOnException: () => undefined,
  props: {},
};

/** Bindings that count how often the token is read, which happens whenever the control plane is composed. */
function countingBindings(token: string): { bindings: object; reads(): number } {
  let reads = 0;
  const bindings = {
    ...settings,
    get API_TOKEN() {
      reads += 1;
      return token;
    },
  };
  return { bindings, reads: () => reads };
}

const request = (path: string, token: string) =>
  new Request(`http://api.test${path}`, { headers: { Authorization: `Bearer ${token}` } });

describe('the control plane', () => {
  // The log of the Worker goes to the console.
  beforeEach(() => {
    const written = vi.spyOn(console, 'log').mockReturnValue(undefined);
    return () => written.mockRestore();
  });

  it('is composed once for all requests that are given the same bindings', async () => {
    const { bindings, reads } = countingBindings('the-only-token-of-all');
    expect((await worker.fetch(request('/livez', ''), bindings, context)).status).toBe(200);
    const once = reads();
    expect(once).toBeGreaterThan(0);
    for (const path of ['/livez', '/openapi.json', '/v1/nothing']) {
      await worker.fetch(request(path, 'the-only-token-of-all'), bindings, context);
    }
    expect(reads()).toBe(once);
  });

  it('is composed anew for other bindings, whose tokens then count', async () => {
    const [first, second] = ['the-first-of-two-tokens', 'the-second-of-two-tokens'];
    for (const [own, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const { bindings } = countingBindings(own);
      expect((await worker.fetch(request('/v1/nothing', own), bindings, context)).status).toBe(404);
      expect((await worker.fetch(request('/v1/nothing', other), bindings, context)).status).toBe(401);
    }
  });

  it('answers as soon as its settings are right', async () => {
    const bindings = { ...settings };
    expect((await worker.fetch(request('/livez', ''), bindings, context)).status).toBe(503);
    const repaired = Object.assign(bindings, { API_TOKEN: 'the-only-token-of-all' });
    expect((await worker.fetch(request('/livez', ''), repaired, context)).status).toBe(200);
  });
});

describe('workerd', () => {
  it('gives all requests of an isolate the same bindings', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fairlead-bindings-'));
    const plain = await startWorker({
      entrypoint: fileURLToPath(new URL('bindings-worker.ts', import.meta.url)),
      settings,
      logFile: join(directory, 'worker.log'),
    });
    try {
      const answers = await Promise.all(Array.from({ length: 10 }, async () => (await fetch(plain.url)).json()));
      expect(answers).toEqual(answers.map(() => ({ isSame: true })));
    } finally {
      await plain.close();
      rmSync(directory, { recursive: true });
    }
  });
});
