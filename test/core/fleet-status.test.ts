import { describe, expect, it } from 'vitest';
import type { DecisionInput } from '../../functions/core/failover/decision-input.ts';
import { noReading, type Reading } from '../../functions/core/gateway/reading.ts';
import type { GatewayStatusInput } from '../../functions/core/status/gateways.ts';
import { statusOf } from '../../functions/core/status/status.ts';
import { FleetStatus } from '../../schemas/status.ts';
import { placement, policy, Story, shift } from './story.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** A gateway that follows, and that was read this many seconds ago to give these points to clusters. */
function read(
  now: DecisionInput,
  had: Record<string, number>,
  { ago = 5, unknownPools = 0, ...rest }: Partial<Reading> & { ago?: number; unknownPools?: number } = {},
): GatewayStatusInput {
  const readAt = iso(now.nowMs - ago * 1000);
  const clusters = Object.entries(had).map(([cluster, percent]) => {
    return { cluster, pools: 1, unknownPools, minPercent: percent, maxPercent: percent };
  });
  const reading = { ...noReading('prod', 'edge'), readAt, poolsReadAt: readAt, clusters, ...rest };
  const state = { status: 'True', reason: 'Following', arguments: {}, at: readAt } as const;
  return { gateway: 'edge', provider: 'alb', reading, states: [state], observed: undefined };
}

function unread(): GatewayStatusInput {
  const state = { status: 'False', reason: 'NeverRead', arguments: {}, at: iso(0) } as const;
  return { gateway: 'edge', provider: 'alb', reading: undefined, states: [state], observed: undefined };
}

function statusAt({ now }: Story, gateways: GatewayStatusInput[]): FleetStatus {
  const head = { decision: 'dec_1', hash: '' };
  const input = { ...now, traffic: { ...now.traffic, head } };
  const status = statusOf({
    input,
    declared: { spec: { labels: {}, notifications: [], ...now.policy }, revision: 7 },
    resumesTo: 'automatic',
    gateways,
    silent: [],
    rollouts: [],
  });
  expect(FleetStatus.parse(status)).toEqual(status);
  return status;
}

const recommending = policy({ automation: 'recommend' });

describe('the summary of a fleet', () => {
  it('tells the worst first: traffic on the dead, then what is recommended, then gateways, and counts the rest', () => {
    const story = new Story({ policy: recommending });
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'b' }) });
    story.after(5, ['a']);
    const edge = read(story.now, { a: 67, b: 0, c: 33 });
    const refused = { status: 'False', reason: 'Refused', arguments: { objects: 1, code: 'X', detail: 'no' } } as const;
    const { summary } = statusAt(story, [{ ...edge, states: [{ ...refused, at: iso(0) }] }]);
    const order = [
      'a is down since',
      'edge gave it 67 % when read 5 s ago',
      'Nothing moves by itself',
      'Gateway edge: The cloud, or a limit, refuses changes of 1 object. The first: X: no.',
    ];
    expect(order.map((text) => summary.indexOf(text))).toEqual(
      order.map((text) => summary.indexOf(text)).sort((x, y) => x - y),
    );
    expect(order.every((text) => summary.includes(text))).toBe(true);
  });

  it('counts what it does not tell', () => {
    const story = new Story();
    for (const cluster of ['a', 'b']) {
      story.ask({ type: 'put-shift', shift: shift({ cluster, name: cluster, id: cluster, percent: 50 }) });
    }
    for (const n of [1, 2, 3]) {
      const glass = { name: `g${n}`, id: `g${n}`, rules: ['gate' as const], owner: 'ada', reason: 'r' };
      story.ask({ type: 'put-break-glass', breakGlass: { ...glass, createdAtMs: 0, expiresAtMs: 9e12 } });
    }
    expect(statusAt(story, []).summary).toMatch(/ And 1 more\.$/);
  });

  it('of a calm fleet says how old that is, and of one without gateways says nothing of any', () => {
    const story = new Story();
    expect(statusAt(story, [read(story.now, { a: 50 }, { ago: 40 })]).summary).toBe(
      'All 3 clusters are up, and the gateway had what it shall have when last read, at most 40 s ago.',
    );
    expect(statusAt(story, []).summary).toBe('All 3 clusters are up. The fleet has no gateway.');
  });
});

describe('what is said of a dead cluster', () => {
  const dead = () => {
    const story = new Story();
    story.after(5, ['a']);
    return story;
  };

  it('is that gateways give it nothing where all of them were read to do so', () => {
    const story = dead();
    const { summary } = statusAt(story, [read(story.now, { a: 0, b: 50, c: 50 })]);
    expect(summary).toMatch(/^a is down since .*, and gateways gave it nothing when last read, at most 5 s ago\.$/);
  });

  it.each<[string, (story: Story) => GatewayStatusInput]>([
    ['was never read', () => unread()],
    ['could not be told', ({ now }) => read(now, { a: 0 }, { unknownPools: 1 })],
  ])('is not that it is left, where a gateway %s', (_, sight) => {
    const story = dead();
    const { summary, clusters } = statusAt(story, [sight(story)]);
    expect(summary).toMatch(/^a is down since .*, and it has not been read that it is left\./);
    expect(summary).not.toContain('nothing when last read');
    expect(clusters[0]?.points?.gateways.flatMap(({ verified }) => verified ?? [])).toEqual([]);
  });

  it('is what a gateway was read to give it, whatever is intended', () => {
    const story = dead();
    const { summary, clusters } = statusAt(story, [read(story.now, { a: 50, b: 25, c: 25 })]);
    expect(summary).toMatch(/^a is down since .*, and edge gave it 50 % when read 5 s ago\.$/);
    expect(clusters[0]).toMatchObject({
      standing: 'down',
      reason: 'Down',
      waitsFor: [{ reason: 'AwaitsRecovery' }],
      points: {
        declared: { maxPercent: 50 },
        intended: { maxPercent: 0 },
        gateways: [{ verified: { minPercent: 50, maxPercent: 50 }, ageSeconds: 5 }],
      },
    });
  });
});

describe('what a cluster waits for', () => {
  const waits = (story: Story, name = 'a') =>
    statusAt(story, []).clusters.find(({ cluster }) => cluster === name)?.waitsFor ?? [];

  it('is its dwell until a time, then its turn', () => {
    const story = new Story({ policy: policy({ failover: { cooldownSeconds: 60 } }) });
    story.after(5, ['a']);
    const failedMs = story.now.nowMs;
    story.after(5);
    expect(waits(story)).toMatchObject([{ reason: 'Dwelling', until: iso(failedMs + 125_000) }]);
    story.after(120, [], { verifiedAtMs: undefined });
    expect(waits(story)).toMatchObject([{ reason: 'AwaitsTurn' }]);
  });

  it('has no end that the clock knows while nobody can say that it is healthy', () => {
    const story = new Story();
    story.after(5, ['a']);
    story.after(5);
    story.after(5, { a: 'unknown' });
    expect(waits(story)).toMatchObject([{ reason: 'Dwelling' }]);
    expect(waits(story)[0]).not.toHaveProperty('until');
  });

  it('is somebody, where the mode holds it: only clusters that would be given something else', () => {
    const story = new Story({ policy: recommending, placements: [placement({ a: 50, b: 50 })] });
    story.after(5, ['a']);
    expect(waits(story)).toMatchObject([{ reason: 'AwaitsRecovery' }, { reason: 'ModeHolds' }]);
    expect(waits(story, 'b')).toMatchObject([{ reason: 'ModeHolds' }]);
    expect(waits(story, 'c')).toEqual([]);
  });
});

describe('a status that is ready to be acted upon', () => {
  it('offers nothing where nothing waits for a person', () => {
    const story = new Story();
    story.after(5, ['a']);
    expect(statusAt(story, [read(story.now, { a: 0 })]).calls).toEqual([]);
  });

  it('offers to open a gate only while it holds something, with the revision that it was made of', () => {
    const gates = [{ name: 'night', open: false }];
    const story = new Story({ policy: policy({ safety: { gates } }) });
    expect(statusAt(story, []).brakes).toMatchObject([{ brake: 'gate', name: 'night', clusters: [] }]);
    expect(statusAt(story, []).calls).toEqual([]);
    story.after(5, ['a']);
    expect(statusAt(story, []).calls).toMatchObject([
      {
        about: 'gates/night',
        method: 'PUT',
        headers: { 'If-Match': '"7"' },
        body: { safety: { gates: [{ open: true }] } },
      },
    ]);
  });

  it('is the same for the same values', () => {
    const story = new Story({ policy: recommending });
    story.after(5, ['a']);
    expect(statusAt(story, [])).toEqual(statusAt(story, []));
  });
});
