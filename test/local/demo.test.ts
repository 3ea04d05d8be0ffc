import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../infra/local/cloud/log.ts';
import { readOptions } from '../../infra/local/demo/options.ts';
import { type Facts, shortcomings, summarize } from '../../infra/local/demo/summary.ts';

const DEMO = fileURLToPath(new URL('../../infra/local/demo.ts', import.meta.url));

const call = (action: string, kind: LogEntry['kind'], atMs: number): LogEntry => ({
  at: new Date(atMs).toISOString(),
  product: 'alb',
  action,
  kind,
  parameters: {},
  status: 200,
  requestId: action,
});

const facts: Facts = {
  provider: 'alb',
  failure: 'refuse',
  samples: [
    { startedMs: 900, endedMs: 910, cluster: 'hangzhou-a' },
    { startedMs: 1100, endedMs: 4100, failure: 'no answer in 3 s' },
    { startedMs: 3500, endedMs: 3510, cluster: 'hangzhou-b' },
  ],
  calls: [
    call('CreateRules', 'write', 500),
    call('ListRules', 'read', 2000),
    call('UpdateServerGroupServersAttribute', 'write', 2500),
  ],
  failedAtMs: 1000,
  withdrawnAtMs: 2000,
  switchedAtMs: 3000,
  recoveredAtMs: 9000,
  returnedAtMs: 20_000,
  sharesBefore: { 'hangzhou-a': 60, 'hangzhou-b': 40 },
  sharesDuring: { 'hangzhou-b': 100, 'hangzhou-a': 0 },
  sharesAfter: { 'hangzhou-a': 60, 'hangzhou-b': 40 },
  observedBefore: { 'hangzhou-a': 600, 'hangzhou-b': 400 },
  pinned: { hit: 100, of: 100 },
};

test('a request counts by when it began, a write by when it was made', () => {
  expect(summarize(facts)).toMatchObject({
    requests: 3,
    failedBeforeSwitch: 1,
    failedAfterSwitch: 0,
    detectMs: 1000,
    switchMs: 1000,
    recoverMs: 11_000,
    ruleWrites: 0,
    poolWrites: 1,
  });
  expect(shortcomings(summarize(facts))).toEqual([]);
});

test('calls to the other provider do not count, and its own count by its own names', () => {
  const calls = [
    ...facts.calls,
    { ...call('UpdateGatewayService', 'write', 2500), product: 'mse' as const },
    { ...call('ApplyGatewayRoute', 'write', 2600), product: 'mse' as const },
  ];
  expect(summarize({ ...facts, calls })).toMatchObject({ ruleWrites: 0, poolWrites: 1 });
  expect(summarize({ ...facts, calls, provider: 'mse' })).toMatchObject({ ruleWrites: 1, poolWrites: 1 });
});

test.each<[string, Partial<Facts>, string]>([
  [
    'a failure after the switch',
    { samples: [{ startedMs: 3001, endedMs: 3002, failure: 'HTTP 502' }] },
    '1 requests failed',
  ],
  ['a rule that was written', { calls: [call('UpdateRulesAttribute', 'write', 1500)] }, 'wrote rules'],
  ['shares that did not move', { sharesDuring: facts.sharesBefore }, 'hangzhou-a 60'],
  ['shares that did not return', { sharesAfter: facts.sharesDuring }, 'after the recovery'],
  ['a pin that was missed', { pinned: { hit: 99, of: 100 } }, '99 of 100'],
])('%s makes the demo fail', (_name, change, sentence) => {
  const faults = shortcomings(summarize({ ...facts, ...change }));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(sentence);
});

test.each([
  ['--nope'],
  ['--failure=fire'],
  ['--provider=none'],
  ['--failure=city'],
  ['--estate=none'],
  ['--estate=two-cities --failure=hang'],
  ['--estate=two-cities --provider=alb'],
])('%s is answered with the usage', (flags) => {
  expect(() => readOptions(flags.split(' '))).toThrow(/^Usage: npm run demo/);
});

test('what an estate can show is accepted, and without a word it is the loss of one of two clusters', () => {
  expect(readOptions([])).toMatchObject({ estate: 'two-clusters', json: false });
  expect(readOptions(['--failure=hang', '--provider=mse', '--json'])).toMatchObject({
    estate: 'two-clusters',
    json: true,
  });
  for (const failure of ['site', 'city']) {
    expect(readOptions(['--estate=two-cities', `--failure=${failure}`])).toMatchObject({ estate: 'two-cities' });
  }
});

test('the program ends with the usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [DEMO, '--nope'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Usage: npm run demo/);
});
