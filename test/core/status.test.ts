import { describe, expect, it } from 'vitest';
import { type Deviation, noReading, type Reading } from '../../functions/core/gateway/reading.ts';
import {
  followingAt,
  NO_PROGRESS_MS,
  programmedAt,
  type ProgrammedInput,
  STALE_MS,
  summaryOf,
  type FollowingInput,
  type ConditionState,
} from '../../functions/core/gateway/status.ts';

const NOW = Date.parse('2026-11-28T03:00:00.000Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const resource = { revision: 3, createdAt: ago(900), updatedAt: ago(600) };

const reading = (more: Partial<Reading> = {}): Reading => ({
  ...noReading('shop', 'edge'),
  readAt: ago(10),
  poolsReadAt: ago(10),
  ...more,
});
const failure = { since: ago(60), at: ago(5), action: 'ListRules', code: 'Throttling' };
const deviation = (reason: Deviation['reason'], more: Partial<Deviation> = {}): Deviation => ({
  kind: 'Rule',
  key: 'r',
  verb: 'update',
  detail: 'differs in Priority',
  reason,
  changes: [],
  isPoints: false,
  routes: ['checkout'],
  since: ago(20),
  ...more,
});

const sight = (more: Partial<ProgrammedInput> = {}): ProgrammedInput => ({
  gateway: 'edge',
  reading: reading(),
  comparedRevision: 3,
  deviations: [],
  ...more,
});
const trafficSight = (more: Partial<FollowingInput> = {}): FollowingInput => ({
  gateway: 'edge',
  reading: reading(),
  lagging: [],
  deviations: [],
  altered: [],
  ...more,
});

const told = ({ status, reason }: ConditionState) => `${status}/${reason}`;
const programmed = (more: Partial<ProgrammedInput> = {}) => told(programmedAt(resource, sight(more), NOW));
const following = (more: Partial<FollowingInput> = {}) => told(followingAt(resource, trafficSight(more), NOW));

describe('whether the objects of a resource are at a gateway', () => {
  it.each<[string, Partial<ProgrammedInput>, string]>([
    ['as it was read', {}, 'True/Programmed'],
    ['nobody has looked', { reading: undefined, comparedRevision: undefined }, 'False/NeverRead'],
    ['an older revision was compared, lately', { comparedRevision: 2, waitingSince: ago(5) }, 'False/Pending'],
    ['an older revision was compared', { comparedRevision: 2, waitingSince: ago(31) }, 'False/NoProgress'],
    ['it cannot be read', { reading: reading({ readAt: ago(60), failure }) }, 'Unknown/NotReadable'],
    ['one read failed', { reading: reading({ failure }) }, 'True/Programmed'],
    [
      'a change waits and it cannot be read',
      {
        reading: reading({ readAt: ago(60), failure }),
        comparedRevision: 2,
        waitingSince: ago(40),
      },
      'False/NoProgress',
    ],
    ['nobody has read it for long', { reading: reading({ readAt: ago(STALE_MS / 1000) }) }, 'Unknown/Stale'],
    ['a rule was deleted by hand', { deviations: [deviation('Drifted')] }, 'False/Drifted'],
    ['an edit is accepted', { deviations: [deviation('Adopted')] }, 'True/Programmed'],
    ['only points differ', { deviations: [deviation('Pending', { isPoints: true })] }, 'True/Programmed'],
    ['several reasons', { deviations: [deviation('Shadowed'), deviation('Refused')] }, 'False/Refused'],
    ['it is being written', { deviations: [deviation('Pending', { since: ago(5) })] }, 'False/Pending'],
  ])('%s: %#', (_, more, expected) => {
    expect(programmed(more)).toBe(expected);
  });

  it('tells what speaks of it: the time of the read, since when, and the cause', () => {
    const state = programmedAt(
      resource,
      sight({
        comparedRevision: 2,
        waitingSince: ago(40),
        attempt: { reason: 'CloudThrottled', message: 'Slow down.', at: ago(3) },
      }),
      NOW,
    );
    expect(state).toMatchObject({
      at: ago(40),
      observedAt: ago(10),
      arguments: { waitingSince: ago(40), cause: 'CloudThrottled: Slow down' },
    });
  });

  it('counts 30 seconds from when the change was asked for', () => {
    const at = (ms: number) => programmed({ comparedRevision: 2, waitingSince: new Date(NOW - ms).toISOString() });
    expect(at(NO_PROGRESS_MS - 1)).toBe('False/Pending');
    expect(at(NO_PROGRESS_MS)).toBe('False/NoProgress');
  });
});

describe('whether clusters have their points at a gateway', () => {
  it.each<[string, Partial<FollowingInput>, string]>([
    ['as they were read', {}, 'True/Following'],
    ['a decision has just been taken', { waitingSince: ago(5), lagging: ['a'] }, 'False/Pending'],
    ['a decision makes no progress', { waitingSince: ago(40), lagging: ['a'] }, 'False/NoProgress'],
    ['points differ and nothing waits', { lagging: ['a'] }, 'False/Pending'],
    ['nobody can tell them', { lagging: undefined }, 'False/Pending'],
    ['weights were edited by hand', { deviations: [deviation('Drifted', { isPoints: true })] }, 'False/Drifted'],
    ['its rule was altered', { altered: [deviation('Drifted')] }, 'False/Drifted'],
    ['its rule was altered, which is accepted', { altered: [deviation('Adopted')] }, 'Unknown/Adopted'],
    ['it cannot be read', { reading: reading({ poolsReadAt: ago(60), failure }) }, 'Unknown/NotReadable'],
    [
      'a decision waits and it cannot be read',
      {
        reading: reading({ poolsReadAt: ago(60), failure }),
        waitingSince: ago(40),
      },
      'False/NoProgress',
    ],
  ])('%s: %#', (_, more, expected) => {
    expect(following(more)).toBe(expected);
  });

  it('is as old as the last read of pools, be it alone', () => {
    const read = reading({ readAt: ago(25), poolsReadAt: ago(2) });
    expect(followingAt(resource, trafficSight({ reading: read }), NOW).observedAt).toBe(ago(2));
  });
});

describe('a summary of several gateways', () => {
  const state = (gateway: string, status: ConditionState['status'], observedAt: string) => ({
    gateway,
    status,
    reason: status === 'True' ? ('Programmed' as const) : ('Drifted' as const),
    arguments: { objects: 1, detail: 'x' },
    at: observedAt,
    observedAt,
  });

  it('is as good as the worst of them, and as old as the oldest', () => {
    const all = [state('a', 'True', ago(5)), state('b', 'Unknown', ago(9)), state('c', 'False', ago(7))];
    const summary = summaryOf('Programmed', resource, all);
    expect(summary).toMatchObject({ status: 'False', observedAt: ago(9) });
    expect(summary.message).toMatch(/^b: .* c: /);
    expect(summaryOf('Programmed', resource, all.slice(0, 2)).status).toBe('Unknown');
    expect(summaryOf('Programmed', resource, all.slice(0, 1)).status).toBe('True');
    expect(summaryOf('Programmed', resource, [])).toMatchObject({ status: 'Unknown', reason: 'NoGateway' });
  });
});
