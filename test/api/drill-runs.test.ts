import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drillReportPage } from '../../functions/api/endpoints/drill-report-page.ts';
import { examples } from '../../functions/api/examples/resources.ts';
import { DrillReport } from '../../schemas/drill-report.ts';
import { createShop, fleet, pointers } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;
let shop: string;

const window = { type: 'weekly', days: ['monday'], from: '03:00', to: '03:01' };
const drills = [
  { name: 'lose-one', cluster: 'one' },
  { name: 'lose-two', cluster: 'two', windows: [window] },
];

beforeAll(async () => {
  harness = await startHarness();
  shop = await createShop(harness, 'shop');
  await harness.call('PUT', shop, { body: { ...fleet, drills }, headers: { 'If-Match': '*' } });
});

afterAll(async () => await harness.close());

const start = async (query = '') =>
  await harness.call('POST', `${shop}/drill-runs${query}`, { body: { drill: 'lose-one' } });

describe('a drill', () => {
  it('that nobody declared is not started', async () => {
    const answer = await harness.call('POST', `${shop}/drill-runs`, { body: { drill: 'lose-all' } });
    expect([answer.status, pointers(answer.body)]).toEqual([422, ['#/drill']]);
  });

  it('does not begin when something speaks against it: every reason is told, and audited', async () => {
    const answer = await start();
    expect([answer.status, answer.body.code]).toEqual([409, 'rule-violated']);
    expect(answer.body.errors.length).toBeGreaterThan(0);
    const { body } = await harness.call('GET', `${shop}/audit?action=drill.refused`);
    expect(body.items).toMatchObject([{ actor: 'api', reason: expect.stringContaining('rule-violated') }]);
    expect((await harness.call('GET', `${shop}/drill-runs`)).body.items).toEqual([]);
  });

  inProcess.it('outside of its windows says that none is open, and what else is missing', async () => {
    const clock = { ...harness.deps.clock, now: () => Date.parse('2026-11-24T12:00:00.000Z') };
    const answer = await harness.call('POST', `${shop}/drill-runs`, { body: { drill: 'lose-two' } }, { clock });
    expect([answer.status, answer.body.code]).toEqual([409, 'rule-violated']);
    const details = answer.body.errors.map(({ detail }: Json) => detail);
    expect(details).toContain('window (two): none of its windows is open now');
    expect(details).toContain('health (two): clusters are not healthy: one, two');
  });

  it.each(['', '/report'])('run that never was is not found%s', async (suffix) => {
    const answer = await harness.call('GET', `${shop}/drill-runs/drl_01KAR2Z3V4W5X6Y7Z8A9B0C1D2${suffix}`);
    expect(answer.status).toBe(404);
  });
});

describe('a declared drill', () => {
  const put = (declared: object) =>
    harness.call('PUT', shop, { body: { ...fleet, drills: [declared] }, headers: { 'If-Match': '*' } });

  it.each([
    ['no place', { name: 'd' }],
    ['two places', { name: 'd', site: 's', city: 'c' }],
  ])('of %s is refused', async (_, declared) => {
    const answer = await put(declared);
    expect([answer.status, pointers(answer.body)]).toEqual([400, ['#/drills/0']]);
  });

  it.each(['cluster', 'site', 'city'])('of a %s that no cluster has is refused', async (field) => {
    const answer = await put({ name: 'd', [field]: 'nowhere' });
    expect([answer.status, pointers(answer.body)]).toEqual([422, [`#/drills/0/${field}`]]);
  });

  it('is reported in time zones that there are', async () => {
    const path = `${shop}/drill-runs/drl_01KAR2Z3V4W5X6Y7Z8A9B0C1D2/report?timeZone=`;
    expect((await harness.call('GET', `${path}Mars/Olympus`)).status).toBe(400);
    expect((await harness.call('GET', `${path}Asia/Shanghai`)).status).toBe(404);
  });
});

describe('the report of a drill', () => {
  const report = DrillReport.parse(examples['getDrillReport']?.response);

  it('is a page that carries everything with it and runs nothing', () => {
    const page = drillReportPage(report);
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(/);
    expect(page).toContain('@media print');
  });

  it('has what is measured, the votes, the rules and the shares', () => {
    const page = drillReportPage(report);
    for (const text of ['4 s', '60 s', 'met', 'hangzhou-a 0 %', 'quorum', 'edge: unhealthy', report.evidenceHash]) {
      expect(page).toContain(text);
    }
  });

  it('has local times, a chart, and what is not known of requests', () => {
    const clusters = (a: number) => [
      { cluster: 'a', percent: a },
      { cluster: 'b', percent: 100 - a },
    ];
    const shares = [60, 30, 0].map((percent, minute) => ({
      at: `2026-11-23T07:0${minute}:00.000Z`,
      moment: 'moving',
      backends: [{ services: ['checkout'], clusters: clusters(percent) }],
    }));
    const run = { ...report.run, endedAt: '2026-11-23T07:10:00.000Z' };
    const page = drillReportPage({ ...report, run, shares });
    for (const text of ['2026-11-23 15:00:00 GMT+08:00', '2026-11-23 15:01:00 GMT+08:00', '2026-11-23 15:10:00'])
      expect(page).toContain(text);
    const lines = [...page.matchAll(/<polyline[^>]* points="([^"]+)"/g)].map(([, points = '']) => points.split(' '));
    expect(
      lines.map((line) => line.length),
      'a step for each value, of each cluster',
    ).toEqual([6, 6]);
    const heights = (lines[0] ?? []).map((point) => Number(point.split(',')[1]));
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
    expect(page).toContain('No load is declared of checkout');
    expect(drillReportPage({ ...report, shares: [] })).not.toContain('<svg');
  });

  it('escapes what people have written', () => {
    const actor = '<script>alert("x")</script>';
    const page = drillReportPage({ ...report, run: { ...report.run, actor } });
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;');
  });
});
