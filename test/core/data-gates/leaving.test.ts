import { describe, expect, it } from 'vitest';
import { T0 } from '../fixtures.ts';
import { placement, shift } from '../story.ts';
import { answer, asked, declared, north, standings } from './north.ts';

describe('before a city is left', () => {
  it('only the last cluster that serves is held: the others of the city go down as usual', () => {
    const story = north();
    story.after(5, ['a']);
    expect([standings(story), asked(story)]).toEqual([['down', 'up', 'up'], []]);
    const result = story.after(5, ['a', 'b']);
    expect(result?.outcome).toBe('blocked');
    expect(standings(story)).toEqual(['down', 'suspected', 'up']);
    expect(story.percents).toEqual([[0, 50, 50]]);
    expect(asked(story)).toMatchObject([{ city: 'north', way: 'leave', clusters: ['b'], untilMs: T0 + 70_000 }]);
    expect(story.state('b').brake).toEqual({ name: 'data-gate', untilMs: T0 + 70_000 });
  });

  it('clusters that fail together are held together, and none slips through', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    expect(standings(story)).toEqual(['suspected', 'suspected', 'up']);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('goes by the clock where nobody answers, and not before', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.during(55, 5, ['a', 'b']);
    expect(story.percents).toEqual([[50, 25, 25]]);
    story.after(5, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
    expect(asked(story)).toEqual([]);
  });

  it('goes at once when somebody says so', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    answer(story, 'go');
    expect(story.percents).toEqual([[0, 0, 100]]);
    expect(story.traffic.gateQuestions).toMatchObject([{ answer: { answer: 'go', by: 'alice' } }]);
  });

  it('stays without an answer where that is declared, for as long as it takes, and goes with a late one', () => {
    const story = north({ gate: { leave: { withoutAnswer: 'stay' } } });
    story.after(5, ['a', 'b']);
    expect(story.state('a').brake).toEqual({ name: 'data-gate' });
    story.during(2 * 3600, 600, ['a', 'b']);
    expect(story.after(5, ['a', 'b']), 'and nothing is decided meanwhile').toBeUndefined();
    expect(story.percents).toEqual([[50, 25, 25]]);
    answer(story, 'go');
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('stays when somebody says so although the clock would go, until the same or another one says go', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    answer(story, 'stay');
    story.during(600, 5, ['a', 'b']);
    expect(story.percents).toEqual([[50, 25, 25]]);
    expect(asked(story)).toMatchObject([{ answer: { answer: 'stay', by: 'alice' } }]);
    expect(asked(story)[0]?.untilMs).toBeUndefined();
    answer(story, 'go', 'north', 'bob');
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('an answer that was given already, or to another question, changes nothing', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    answer(story, 'stay');
    expect(answer(story, 'stay', 'north', 'bob')).toBeUndefined();
    expect(story.ask({ type: 'answer-gate', city: 'north', question: 'gat_old', answer: 'go' })).toBeUndefined();
    expect(story.ask({ type: 'answer-gate', city: 'south', question: '', answer: 'go' })).toBeUndefined();
  });

  it('a cluster goes while the question is open as soon as another one of the city is well again', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.after(5, ['a']);
    expect([standings(story), asked(story)]).toEqual([['down', 'up', 'up'], []]);
  });

  it('time counts from the first asking: a cluster that flaps is held for no longer', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.after(20);
    expect(standings(story)).toEqual(['up', 'up', 'up']);
    expect(asked(story)).toEqual([]);
    story.after(20, ['a', 'b']);
    expect(asked(story)).toMatchObject([{ askedAtMs: T0 + 5000 }]);
    story.after(20, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('a city that is well when the time is over is asked about anew at its next loss', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.after(70);
    expect(story.traffic.gateQuestions).toBeUndefined();
    story.after(5, ['a', 'b']);
    expect(asked(story)).toMatchObject([{ askedAtMs: T0 + 80_000 }]);
  });

  it('what nobody knows ends no question: it is not asked again when the voters are back', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.after(100, { a: 'unknown', b: 'unknown' });
    expect(standings(story)).toEqual(['suspected', 'suspected', 'up']);
    expect(asked(story)).toEqual([]);
    story.after(5, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('a city that has another cluster which stands by is not left, and one whose other cluster people have taken out is', () => {
    const members = [
      { cluster: 'a', weight: 1, tier: 0 },
      { cluster: 'b', weight: 1, tier: 1 },
      { cluster: 'c', weight: 1, tier: 2 },
    ];
    const story = north();
    story.after(5, [], { placements: [placement({}, { members })] });
    story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 100, 0]]);
    const drained = north();
    drained.ask({ type: 'put-shift', shift: shift({ cluster: 'b' }) });
    drained.during(20, 5);
    drained.after(5, ['a']);
    expect(drained.standing('a')).toBe('suspected');
  });

  it('a cluster of which one service alone is taken out takes over the others: its city is neither left nor regained', () => {
    const story = north();
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'b', service: 'cart' }) });
    story.during(20, 5);
    story.after(5, ['a']);
    expect([standings(story), asked(story), story.percents]).toEqual([['down', 'up', 'up'], [], [[0, 50, 50]]]);
    story.during(60, 5);
    expect([standings(story), asked(story), story.percents]).toEqual([['up', 'up', 'up'], [], [[50, 25, 25]]]);
  });

  it('what people do is not held: an evacuation of the city, and taking out a cluster that is held', () => {
    const story = north();
    const shifts = ['a', 'b'].map((cluster) => shift({ cluster, name: `of-${cluster}`, id: `shf_${cluster}` }));
    story.ask({ type: 'evacuate', shifts });
    story.during(20, 5);
    expect([story.percents, asked(story)]).toEqual([[[0, 0, 100]], []]);
    const braked = north();
    braked.after(5, ['a', 'b']);
    braked.ask({ type: 'resume', cluster: 'a' });
    expect([braked.standing('a'), braked.standing('b')]).toEqual(['down', 'suspected']);
  });

  it('a city that people have left already is not asked about', () => {
    const story = north();
    const shifts = ['a', 'b'].map((cluster) => shift({ cluster, name: `of-${cluster}`, id: `shf_${cluster}` }));
    story.ask({ type: 'evacuate', shifts });
    story.during(20, 5);
    story.after(5, ['a', 'b']);
    expect([standings(story), asked(story)]).toEqual([['down', 'down', 'up'], []]);
  });

  it('nothing is asked while automation does not act, and what is asked already stays asked', () => {
    for (const automation of ['recommend', 'paused']) {
      const story = north({ rest: { automation } });
      story.after(5, ['a', 'b']);
      expect([standings(story), story.traffic.gateQuestions]).toEqual([['down', 'down', 'up'], undefined]);
    }
    const story = north();
    story.after(5, ['a', 'b']);
    story.after(5, ['a', 'b'], { policy: declared({ rest: { automation: 'paused' } }) });
    expect(asked(story)).toMatchObject([{ askedAtMs: T0 + 5000, clusters: ['a', 'b'] }]);
    story.after(5, ['a', 'b'], { policy: declared() });
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('asks beside another brake, so that the times do not add up', () => {
    const correlation = { action: 'ask', askSeconds: 100, windowSeconds: 60 };
    const story = north({ failover: { correlation } });
    story.after(5, ['a', 'b']);
    // Correlation holds the later one of two, and the question both.
    story.during(55, 5, ['a', 'b']);
    expect(story.percents).toEqual([[50, 25, 25]]);
    story.during(40, 5, ['a', 'b']);
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(5, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('a closed gate that opens lets the city be asked about', () => {
    const gates = [{ name: 'g', open: false }];
    const story = north({ rest: { safety: { gates } } });
    story.after(5, ['a', 'b']);
    expect([standings(story), asked(story)]).toEqual([['down', 'down', 'up'], []]);
    story.after(5, ['a', 'b'], { policy: declared() });
    expect(asked(story)).toMatchObject([{ clusters: ['a', 'b'] }]);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });
});

describe('what changes while a gate waits', () => {
  it.each([
    ['removed', declared({ failover: { dataGates: [] } }), undefined],
    ['made shorter', declared({ gate: { gateSeconds: 10 } }), undefined],
    ['of another city', declared({ gate: { city: 'south' } }), undefined],
  ])('a gate that is %s holds no longer', (_, then) => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.after(10, ['a', 'b'], { policy: then });
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('a gate that is made longer, or to stay, holds for so long', () => {
    for (const gate of [{ gateSeconds: 600 }, { leave: { withoutAnswer: 'stay' } }]) {
      const story = north();
      story.after(5, ['a', 'b']);
      story.after(5, ['a', 'b'], { policy: declared({ gate }) });
      story.during(120, 5, ['a', 'b']);
      expect(story.percents).toEqual([[50, 25, 25]]);
    }
  });

  it('clusters that are moved to another city are not of this one any more', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    const clusters = story.now.clusters.map((item) => (item.name === 'c' ? item : { ...item, city: 'upnorth' }));
    story.after(5, ['a', 'b'], { clusters });
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('a clock that was ahead makes nobody wait for longer than the gate says', () => {
    const story = north();
    story.after(3600, ['a', 'b']);
    story.now = { ...story.now, nowMs: T0 };
    story.after(5, ['a', 'b']);
    story.after(60, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('whoever goes on after a restart goes on from what is stored', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    story.now = JSON.parse(JSON.stringify(story.now));
    story.during(55, 5, ['a', 'b']);
    expect(story.percents).toEqual([[50, 25, 25]]);
    story.after(5, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });
});
