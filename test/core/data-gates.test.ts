import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../functions/core/failover/context.ts';
import { openQuestions } from '../../functions/core/failover/data-gates.ts';
import { decide } from '../../functions/core/failover/decide.ts';
import type { ClusterState } from '../../functions/core/failover/traffic.ts';
import { waitsOf } from '../../functions/core/failover/waits.ts';
import { brakesOf } from '../../functions/core/status/brakes.ts';
import { T0 } from './fixtures.ts';
import { incidentsIn } from './incident-facts.ts';
import { facts, placement, policy, Story, shift } from './story.ts';

/** a and b are in the north, each a site of its own; c is in the south and takes over. */
const CITIES: Record<string, string> = { a: 'north', b: 'north', c: 'south' };

interface Declared {
  gate?: object;
  failover?: object;
  rest?: object;
}

const QUICK = { cooldownSeconds: 0, failback: { mode: 'auto' } };

function declared({ gate = {}, failover = {}, rest = {} }: Declared = {}) {
  const dataGates = [{ city: 'north', ...gate }];
  return policy({ failover: { ...QUICK, dataGates, ...failover }, health: { dwellSeconds: 0 }, ...rest });
}

function north(given: Declared = {}): Story {
  const clusters = Object.entries(CITIES).map(([name, city]) => facts(name, { city }));
  return new Story({ policy: declared(given), clusters, placements: [placement({ a: 50, b: 25, c: 25 })] });
}

const asked = ({ now }: Story) => openQuestions(now);
const standings = (story: Story) => ['a', 'b', 'c'].map((name) => story.standing(name));

function answer(story: Story, said: 'go' | 'stay', city = 'north', actor = 'alice') {
  const question = story.traffic.gateQuestions?.find((item) => item.city === city)?.id ?? '';
  return story.ask({ type: 'answer-gate', city, question, answer: said }, actor);
}

/** The north is out, and its gate has said that it may be left. */
function outOfNorth(given: Declared = {}): Story {
  const story = north(given);
  story.after(5, ['a', 'b']);
  answer(story, 'go');
  story.after(5, ['a', 'b']);
  expect(story.percents).toEqual([[0, 0, 100]]);
  return story;
}

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

/** Cluster a as it is at the end of a shift, before its return begins. */
function held(state: ClusterState): ClusterState {
  if (state.cluster !== 'a') return state;
  const { ramp: _, ...rest } = state;
  return { ...rest, standing: 'held', isApproved: true };
}

describe('before a city is regained', () => {
  it('its clusters wait until somebody says so, and one answer lets all of them return', () => {
    const story = outOfNorth();
    story.after(5, ['b']);
    story.during(3600, 60, ['b']);
    expect(asked(story)).toMatchObject([{ way: 'regain', clusters: ['a'] }]);
    expect(asked(story)[0]?.untilMs).toBeUndefined();
    story.after(5);
    expect(asked(story)).toMatchObject([{ clusters: ['a', 'b'] }]);
    expect(story.percents).toEqual([[0, 0, 100]]);
    answer(story, 'go');
    story.during(30, 5);
    expect([standings(story), story.percents]).toEqual([['up', 'up', 'up'], [[50, 25, 25]]]);
    expect(story.traffic.gateQuestions).toBeUndefined();
  });

  it('one that recovers later, in a city that serves again, does not ask again', () => {
    const story = outOfNorth();
    story.after(5, ['b']);
    answer(story, 'go');
    story.during(30, 5, ['b']);
    expect(standings(story)).toEqual(['up', 'down', 'up']);
    story.during(30, 5);
    expect(standings(story)).toEqual(['up', 'up', 'up']);
  });

  it('returns by the clock where that is declared', () => {
    const story = outOfNorth({ gate: { gateSeconds: 30, regain: { withoutAnswer: 'go' } } });
    story.after(5);
    story.during(25, 5);
    expect(story.percents).toEqual([[0, 0, 100]]);
    story.during(15, 5);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('an answer, and its time, hold while the city is out: one that fails again before it serves is not asked about again', () => {
    const story = outOfNorth({ failover: { failback: { mode: 'manual' } } });
    story.after(5, ['b']);
    const id = asked(story)[0]?.id;
    answer(story, 'go');
    story.after(5, ['a', 'b']);
    story.after(5, ['b']);
    expect([asked(story), story.traffic.gateQuestions]).toMatchObject([[], [{ id, answer: { answer: 'go' } }]]);
    expect(story.standing('a')).toBe('held');
  });

  it('a city that was regained and is lost again is asked about anew, in both ways', () => {
    const story = outOfNorth();
    story.after(5);
    answer(story, 'go');
    story.during(120, 5);
    story.after(5, ['a', 'b']);
    expect(asked(story)).toMatchObject([{ way: 'leave' }]);
    answer(story, 'go');
    story.after(5);
    expect(asked(story)).toMatchObject([{ way: 'regain', clusters: ['a', 'b'] }]);
  });

  it('serves all the same while nobody else can, and gives that back to nobody', () => {
    const story = outOfNorth();
    story.after(5);
    story.after(5, ['c']);
    expect(story.standing('a')).toBe('held');
    expect(story.percents).toEqual([[67, 33, 0]]);
  });

  it('a city that served for want of anybody else and fails again is not held, and still has to be regained', () => {
    const story = outOfNorth();
    story.after(5);
    story.after(5, ['c']);
    const [question] = asked(story);
    story.after(5, ['a', 'b', 'c']);
    expect(standings(story)).toEqual(['down', 'down', 'down']);
    expect(story.traffic.gateQuestions).toMatchObject([{ way: 'regain', id: question?.id }]);
  });

  it('is asked by a gate that was declared while the city was out', () => {
    const story = north({ failover: { dataGates: [] } });
    story.after(5, ['a', 'b']);
    story.after(5, ['a', 'b'], { policy: declared() });
    story.after(5);
    expect(asked(story)).toMatchObject([{ way: 'regain', clusters: ['a', 'b'] }]);
  });

  it('a city that had its traffic all along, since all had failed, has nothing to regain', () => {
    const story = north();
    story.after(5, ['a', 'b', 'c']);
    answer(story, 'go');
    story.after(5, ['a', 'b', 'c']);
    story.after(5);
    expect([standings(story), asked(story)]).toEqual([['up', 'up', 'up'], []]);
  });

  it('whoever lets a cluster return says that the city may be regained, and what people have taken out returns unasked', () => {
    const story = outOfNorth();
    story.after(5);
    story.ask({ type: 'restore', cluster: 'a' });
    story.during(20, 5);
    expect(story.percents).toEqual([[50, 25, 25]]);
    const evacuated = north();
    const shifts = ['a', 'b'].map((cluster) => shift({ cluster, name: `of-${cluster}`, id: `shf_${cluster}` }));
    evacuated.ask({ type: 'evacuate', shifts });
    evacuated.during(20, 5);
    evacuated.ask({ type: 'return', clusters: ['a', 'b'] });
    evacuated.during(20, 5);
    expect(evacuated.percents).toEqual([[50, 25, 25]]);
  });

  it('whoever gives back a city that was left and then evacuated says that it may be regained, in the same call', () => {
    const story = outOfNorth();
    const shifts = ['a', 'b'].map((cluster) => shift({ cluster, name: `of-${cluster}`, id: `shf_${cluster}` }));
    story.ask({ type: 'evacuate', shifts });
    const left = story.traffic.gateQuestions;
    story.during(20, 5);
    // They have recovered, and have all that the evacuation leaves to them: nothing was asked yet.
    const { gateQuestions: _, ...traffic } = story.traffic;
    story.now = { ...story.now, traffic: { ...traffic, clusters: [], gateQuestions: left } };
    story.ask({ type: 'return', clusters: ['a', 'b'] });
    story.during(20, 5);
    expect([story.percents, asked(story)]).toEqual([[[50, 25, 25]], []]);
  });

  it('a city that kept its traffic is not asked whether it may be regained, although its cluster was about to return', () => {
    const slow = { mode: 'ramp', rampSeconds: 1000, minimumPercent: 10, stepPercent: 10 };
    const story = north({ failover: { failback: slow } });
    story.after(5, ['b']);
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'a', percent: 50 }) });
    story.during(20, 5, ['b']);
    // No gateway follows, so that the cluster cannot begin its return.
    story.ask({ type: 'end-shift', name: 'upgrade' });
    story.after(5, ['b'], { verifiedAtMs: undefined });
    story.now = { ...story.now, traffic: { ...story.traffic, clusters: story.traffic.clusters.map(held) } };
    story.after(5, ['a', 'b'], { verifiedAtMs: undefined });
    expect(asked(story)).toMatchObject([{ way: 'leave', clusters: ['a'] }]);
    for (const seconds of [5, 100]) {
      story.after(seconds, ['b'], { verifiedAtMs: undefined });
      expect([story.standing('a'), asked(story)]).toEqual(['held', []]);
    }
    expect(story.traffic.gateQuestions).toBeUndefined();
  });

  it('a cluster that is new to a city that was left waits as the others do', () => {
    const story = outOfNorth();
    const clusters = [...story.now.clusters, facts('d', { city: 'north', createdAtMs: T0 })];
    const health = story.now.health.map((record) => ({ ...record, firstHealthyAtMs: T0 - 1000 }));
    story.now = { ...story.now, health };
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'a', mode: 'isolate' }) });
    const members = { a: 50, b: 25, c: 25, d: 25 };
    const joining = { ...story.traffic.clusters[0], cluster: 'd', uid: 'cluster_d', standing: 'joining' } as const;
    const traffic = { ...story.traffic, clusters: [...story.traffic.clusters, joining as never] };
    story.after(5, ['a', 'b'], { clusters, placements: [placement(members)], traffic });
    expect(asked(story)).toMatchObject([{ way: 'regain', clusters: ['d'] }]);
    story.during(30, 5, ['a', 'b']);
    expect(story.percents).toEqual([[0, 0, 100, 0]]);
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

  it('a gate that is removed lets those return that wait for it', () => {
    const story = outOfNorth();
    story.after(5);
    story.after(5, [], { policy: declared({ failover: { dataGates: [] } }) });
    expect(story.traffic.gateQuestions).toBeUndefined();
    story.during(20, 5);
    expect(story.percents).toEqual([[50, 25, 25]]);
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

describe('what people see', () => {
  it('is one incident of the city, which ends with the question', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    const [incident, ...rest] = incidentsIn(story);
    expect(incident).toMatchObject({
      key: 'prod/city/north/leave-asked',
      type: 'data-gate.waiting',
      severity: 'critical',
      clusters: ['a', 'b'],
    });
    expect(rest).toEqual([]);
    answer(story, 'go');
    expect(incidentsIn(story)).toEqual([]);
    story.after(5);
    expect(incidentsIn(story)).toMatchObject([{ key: 'prod/city/north/regain-asked', severity: 'warning' }]);
  });

  it('is a brake with what it holds, until when and what happens then, and what each cluster waits for', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    const context = contextOf(story.now);
    expect(brakesOf(context, undefined)).toMatchObject([
      {
        brake: 'data-gate',
        clusters: ['a', 'b'],
        until: new Date(T0 + 65_000).toISOString(),
        dataGate: { city: 'north', way: 'leave', withoutAnswer: 'go' },
      },
    ]);
    const [a] = story.now.clusters;
    expect(a && waitsOf(context, story.traffic, a)).toMatchObject([{ reason: 'AwaitsLeaveAnswer' }]);
    answer(story, 'go');
    story.after(5);
    const then = contextOf(story.now);
    expect(a && waitsOf(then, story.traffic, a)).toMatchObject([{ reason: 'AwaitsRegainAnswer' }]);
  });
});

describe('in small nights', () => {
  const found = fc.constantFrom('healthy', 'unhealthy');
  const nights = fc.array(fc.record({ seconds: fc.constantFrom(5, 10, 30), a: found, b: found, c: found }), {
    minLength: 1,
    maxLength: 25,
  });
  type Night = typeof nights extends fc.Arbitrary<infer T> ? T : never;

  const GATE_SECONDS = 40;

  /** Plays the night in steps of five seconds; `look` is told who fails. */
  function play(story: Story, night: Night, look: (failing: string[]) => void = () => undefined): void {
    const steps = night.flatMap(({ seconds, ...found }) => Array.from({ length: seconds / 5 }, () => found));
    for (const states of steps) {
      const failing = Object.entries(states).flatMap(([name, state]) => (state === 'unhealthy' ? [name] : []));
      story.after(5, failing);
      look(failing);
    }
  }

  /** For how long, in seconds, a cluster that failed without a break had points at most while another one was well. */
  function longest(story: Story, night: Night): number {
    const sinceMs = new Map<string, number>();
    let mostMs = 0;
    play(story, night, (failing) => {
      const { nowMs } = story.now;
      for (const [index, name] of ['a', 'b', 'c'].entries()) {
        const isOwed = failing.includes(name) && failing.length < 3 && (story.percents[0]?.[index] ?? 0) > 0;
        const fromMs = sinceMs.get(name) ?? nowMs;
        if (isOwed) sinceMs.set(name, fromMs);
        else sinceMs.delete(name);
        if (isOwed) mostMs = Math.max(mostMs, nowMs - fromMs);
      }
    });
    return mostMs / 1000;
  }

  it('a dead cluster is left at the latest gateSeconds after it would have been without a gate', () => {
    fc.assert(
      fc.property(nights, (night) => {
        expect(longest(north({ failover: { dataGates: [] } }), night)).toBe(0);
        expect(longest(north({ gate: { gateSeconds: GATE_SECONDS } }), night)).toBeLessThanOrEqual(GATE_SECONDS);
      }),
      { numRuns: 150 },
    );
  });

  it('a gate of a city that nobody is in changes nothing', () => {
    fc.assert(
      fc.property(nights, (night) => {
        const [plain, gated] = [north({ failover: { dataGates: [] } }), north({ gate: { city: 'west' } })];
        for (const story of [plain, gated]) play(story, night);
        expect(gated.traffic).toEqual(plain.traffic);
      }),
      { numRuns: 50 },
    );
  });

  it('in the end nothing waits but for an answer', () => {
    fc.assert(
      fc.property(nights, (night) => {
        const story = north();
        play(story, night);
        story.during(7200, 60);
        if (asked(story).length > 0) answer(story, 'go');
        story.during(3600, 60);
        expect([standings(story), story.percents]).toEqual([['up', 'up', 'up'], [[50, 25, 25]]]);
        expect(story.traffic.gateQuestions).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('a decision with an answer is taken again as it was', () => {
    const story = north();
    story.after(5, ['a', 'b']);
    const question = story.traffic.gateQuestions?.[0]?.id ?? '';
    const input = { ...story.now, command: { type: 'answer-gate', city: 'north', question, answer: 'go' } as const };
    expect(decide(JSON.parse(JSON.stringify(input)))).toEqual(decide(input));
  });
});
