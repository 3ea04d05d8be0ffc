import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../functions/core/failover/context.ts';
import { decide } from '../../../functions/core/failover/decide.ts';
import type { ClusterState } from '../../../functions/core/failover/traffic.ts';
import { waitsOf } from '../../../functions/core/failover/waits.ts';
import { brakesOf } from '../../../functions/core/status/brakes.ts';
import { T0 } from '../fixtures.ts';
import { incidentsIn } from '../incident-facts.ts';
import { facts, placement, type Story, shift } from '../story.ts';
import { answer, asked, declared, north, outOfNorth, standings } from './north.ts';

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

  it('a gate that is removed lets those return that wait for it', () => {
    const story = outOfNorth();
    story.after(5);
    story.after(5, [], { policy: declared({ failover: { dataGates: [] } }) });
    expect(story.traffic.gateQuestions).toBeUndefined();
    story.during(20, 5);
    expect(story.percents).toEqual([[50, 25, 25]]);
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

describe('in small nights, in which the city is left and regained', () => {
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

  /** Returns the longest time, in seconds, for which a cluster that failed without a break had points while another one was well. */
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
