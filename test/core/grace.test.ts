import { describe, expect, it } from 'vitest';
import type { HealthRecord } from '../../functions/core/health/types.ts';
import { health } from './fixtures.ts';
import { facts, fleet, placement, policy, Story, shift } from './story.ts';

/** Of members that all went down together, the first one to be found healthy is not given everything at once. */

const RECOVERY_SECONDS = 8 * 5 + 2;

const TWO = { a: { weight: 60 }, b: { weight: 40 } };

/** What is known of b alone: found failing, and last looked at so many seconds ago. */
function unheardOf(story: Story, name: string, seconds: number): { health: HealthRecord[] } {
  const nowMs = story.now.nowMs + 1000;
  const records = story.now.clusters.map((item) => {
    const isOther = item.name === name;
    const observedAtMs = isOther ? nowMs - seconds * 1000 : nowMs;
    return health(item.name, isOther ? 'unhealthy' : 'healthy', { sinceMs: observedAtMs, observedAtMs });
  });
  return { health: records };
}

/** Both fail together, and a is found healthy; b has not been looked at since. */
function recovered(story = fleet(TWO)): Story {
  story.after(5, ['a', 'b']);
  story.after(1, {}, unheardOf(story, 'b', 1));
  return story;
}

describe('the first recovery after all members of a backend were down', () => {
  it('leaves to those that went down with it what they had', () => {
    const story = recovered();
    expect([story.standing('a'), story.standing('b')]).toEqual(['up', 'down']);
    expect(story.percents).toEqual([[60, 40]]);
  });

  it('until their own verdict: one that is found healthy has its share, and waits for nothing', () => {
    const story = recovered();
    story.after(1);
    expect([story.standing('b'), story.percents]).toEqual(['up', [[60, 40]]]);
  });

  it('counted from the first of them that is found healthy, whichever it is', () => {
    const story = fleet({ a: { weight: 50 }, b: { weight: 30 }, c: { weight: 20 } });
    story.after(5, ['a', 'b', 'c']);
    story.after(1, ['a', 'c']);
    story.after(1, {}, unheardOf(story, 'c', 1));
    expect([story.standing('c'), story.percents]).toEqual(['down', [[50, 30, 20]]]);
  });

  it('until a quorum of later observations of them fails', () => {
    const story = recovered();
    story.after(1, ['b']);
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('or until a round is over, where the clock of its voter is late', () => {
    const story = recovered();
    const late = (name: string) => {
      const observedAtMs = story.now.nowMs + 1000 - 10_000;
      return health(name, name === 'b' ? 'unhealthy' : 'healthy', { sinceMs: observedAtMs, observedAtMs });
    };
    for (let second = 1; second <= 7; second++) story.after(1, {}, { health: ['a', 'b'].map(late) });
    expect(story.percents).toEqual([[60, 40]]);
    story.after(1, {}, { health: ['a', 'b'].map(late) });
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('or until a voter vouches for what it saw of them before', () => {
    const story = recovered();
    const { health: records } = unheardOf(story, 'b', 2);
    const vouched = records.map((record) => ({
      ...record,
      votes: record.votes.map((vote) => ({ ...vote, vouchedAtMs: story.now.nowMs + 1000 })),
    }));
    story.after(1, {}, { health: vouched });
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('and no observation of before counts against them, nor one that is short of a quorum', () => {
    const voters = ['one', 'two', 'three'];
    const story = fleet(TWO, 0, { voters: voters.map((name) => ({ name, type: 'edge' })) });
    story.now.clusters = ['a', 'b'].map((name) => facts(name, { voters }));
    story.after(5, ['a', 'b']);
    const nowMs = story.now.nowMs + 1000;
    const later = (seen: number) => ({
      ...health('b', 'unhealthy', { voters, sinceMs: nowMs }),
      votes: health('b', 'unhealthy', { voters, sinceMs: nowMs, observedAtMs: nowMs - 1000 }).votes.map(
        (vote, index) => (index < seen ? { ...vote, observedAtMs: nowMs + 500 } : vote),
      ),
    });
    const a = health('a', 'healthy', { voters, observedAtMs: nowMs });
    story.after(1, {}, { health: [a, later(0)] });
    story.after(1, {}, { health: [a, later(1)] });
    expect(story.percents).toEqual([[60, 40]]);
    story.after(1, {}, { health: [a, later(2)] });
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('for as long as a recovery takes at most, if nobody looks at them', () => {
    const story = recovered();
    for (let second = 1; second < RECOVERY_SECONDS; second++) story.after(1, {}, unheardOf(story, 'b', second + 1));
    expect(story.percents).toEqual([[60, 40]]);
    story.after(1, {}, unheardOf(story, 'b', RECOVERY_SECONDS + 1));
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('leaves nothing to one that was down long before', () => {
    const story = fleet(TWO);
    story.after(5, ['b']);
    story.after(61, ['a', 'b']);
    story.after(1, {}, unheardOf(story, 'b', 1));
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('leaves nothing to one that was down long before, though gateways still gave it points', () => {
    const paused = policy({ automation: 'paused' });
    const story = fleet(TWO, 0, paused);
    story.after(5, ['b']);
    story.after(61, ['a', 'b']);
    expect(story.percents).toEqual([[60, 40]]);
    story.after(1, {}, { ...unheardOf(story, 'b', 1), policy: policy() });
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('is none where they were not all down at once: one that fails after the first has recovered is left', () => {
    const story = fleet(TWO);
    story.after(5, ['a']);
    story.after(5);
    story.after(1, {}, unheardOf(story, 'b', 4));
    expect([story.standing('a'), story.standing('b'), story.percents]).toEqual(['held', 'down', [[100, 0]]]);
  });

  it('is over after its time, also when a cluster of another backend has just recovered', () => {
    const story = recovered(new Story({ placements: [placement({ a: 60, b: 40 })] }));
    const blip = (second: number) => {
      const { health: all } = unheardOf(story, 'b', second + 1);
      const nowMs = story.now.nowMs + 1000;
      const c = health('c', second < RECOVERY_SECONDS - 5 ? 'unhealthy' : 'healthy', { observedAtMs: nowMs });
      return { health: [...all.filter(({ cluster }) => cluster !== 'c'), c] };
    };
    for (let second = 1; second < RECOVERY_SECONDS; second++) story.after(1, {}, blip(second));
    expect(story.percents).toEqual([[60, 40]]);
    story.after(1, {}, blip(RECOVERY_SECONDS));
    expect(story.percents).toEqual([[100, 0]]);
  });

  it('is none while another member serves', () => {
    const story = fleet({ ...TWO, c: { weight: 1, tier: 1 } });
    story.after(5, ['a', 'b']);
    story.after(1, {}, unheardOf(story, 'b', 1));
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('concerns the backend alone whose members were all down', () => {
    const placements = [
      placement({ a: 60, b: 40 }, { key: 'p' }),
      placement({ b: 50, c: 50 }, { key: 'q', pools: ['pay/80'] }),
    ];
    const story = recovered(new Story({ placements }));
    expect(story.percents).toEqual([
      [60, 40],
      [0, 100],
    ]);
  });

  it('gives a drained cluster no more than people leave to it', () => {
    const story = fleet(TWO);
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'b' }) });
    story.after(5);
    story.after(5);
    expect(story.percents).toEqual([[100, 0]]);
    expect(recovered(story).percents).toEqual([[100, 0]]);
  });

  it('gives an isolated cluster nothing, before and after', () => {
    const story = fleet({ ...TWO, c: { weight: 100 } });
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'c', mode: 'isolate' }) });
    story.after(5, ['a', 'b', 'c']);
    expect(story.percents).toEqual([[60, 40, 0]]);
    story.after(1, ['b', 'c']);
    expect(story.percents).toEqual([[60, 40, 0]]);
  });
});
