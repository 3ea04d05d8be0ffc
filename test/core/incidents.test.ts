import { describe, expect, it } from 'vitest';
import { NO_ALLOCATION } from '../../functions/core/allocation/sealed.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import { type Deviation, noReading, type Reading } from '../../functions/core/gateway/reading.ts';
import type { GatewayFacts, IncidentFacts } from '../../functions/core/incidents/incident.ts';
import { openIncidents } from '../../functions/core/incidents/open.ts';
import { NOTHING_NOTIFIED, nextNotified, QUIET_MS, type NotifiedIncidents } from '../../functions/core/incidents/notified.ts';
import type { Notification } from '../../schemas/notification.ts';
import { health, T0, vote } from './fixtures.ts';
import { fleet, incidentFacts } from './incident-facts.ts';
import { out } from './story.ts';

const ago = (seconds: number) => new Date(T0 - seconds * 1000).toISOString();

function keysOf(overrides: Partial<IncidentFacts>): string[] {
  return openIncidents(incidentFacts(overrides)).map(({ key, severity }) => `${key} ${severity}`);
}

function gateway(overrides: Partial<GatewayFacts>): Partial<IncidentFacts> {
  return { gateways: [{ name: 'edge', waiting: [], ...overrides }] };
}

function reading(overrides: Partial<Reading>): Partial<IncidentFacts> {
  return gateway({ reading: { ...noReading('prod', 'edge'), ...overrides } });
}

function deviation(reason: Deviation['reason']): Deviation {
  const about = { kind: 'rule', key: 'shop/0', detail: 'it differs', changes: [], isPoints: false, routes: ['shop'] };
  return { ...about, reason, since: ago(5) };
}

const route = (seconds: number) => ({ kind: 'route', since: ago(seconds) });
const traffic = (seconds: number) => ({ kind: 'traffic', since: ago(seconds) });
const failed = { state: 'Failed', reason: 'CloudThrottled', message: 'The cloud throttles.', attempts: 1 } as const;
const VOTER = { name: 'lab', type: 'agent', publicKey: `${'A'.repeat(43)}=` };
const watched = fleet({ voters: [VOTER], health: { intervalSeconds: 60, timeoutSeconds: 30 } });

describe('what is open', () => {
  it('is nothing in a fleet of which nothing is wrong', () => {
    expect(keysOf({})).toEqual([]);
  });

  it.each<[string, Partial<IncidentFacts>, string[]]>([
    ['a change that has waited for a minute', gateway({ waiting: [route(60)] }), ['gateway/edge/behind warning']],
    ['a failover that has', gateway({ waiting: [route(60), traffic(1)] }), ['gateway/edge/behind critical']],
    ['one that waits for less', gateway({ waiting: [traffic(59)] }), []],
    [
      'an instance that is being created',
      gateway({ waiting: [route(600)], sync: { ...failed, reason: 'Provisioning' } }),
      [],
    ],
    ['a push that failed', gateway({ waiting: [route(30)], sync: failed }), ['gateway/edge/stalled warning']],
    ['one that failed a moment ago', gateway({ waiting: [route(29)], sync: failed }), []],
    [
      'one that is under way for the second time',
      gateway({ waiting: [traffic(30)], sync: { ...failed, state: 'Pending', attempts: 2 } }),
      ['gateway/edge/stalled critical'],
    ],
    [
      'one that is under way for the first time',
      gateway({ waiting: [traffic(30)], sync: { ...failed, state: 'Pending', attempts: 1 } }),
      [],
    ],
    [
      'a gateway that cannot be read for half a minute',
      reading({ failure: { since: ago(30), at: ago(1), action: 'ListRules', code: 'Throttling' } }),
      ['gateway/edge/unreadable critical'],
    ],
    ['drift that is left', reading({ deviations: [deviation('Drifted')] }), ['gateway/edge/drifted warning']],
    ['drift that is accepted', reading({ deviations: [deviation('Adopted')] }), []],
    ['a refusal', reading({ deviations: [deviation('Refused')] }), ['gateway/edge/refused warning']],
    ['a rule of others', reading({ deviations: [deviation('Shadowed')] }), ['gateway/edge/shadowed critical']],
    [
      'a cluster that a brake keeps in',
      { traffic: { ...NO_TRAFFIC, clusters: [out('a', { standing: 'suspected' })] } },
      ['cluster/a/suspected critical'],
    ],
    [
      'a cluster that a gate keeps in',
      { traffic: { ...NO_TRAFFIC, clusters: [out('a', { isGated: true })] } },
      ['cluster/a/gated critical'],
    ],
    ['a cluster that is down', { traffic: { ...NO_TRAFFIC, clusters: [out('a')] } }, []],
    [
      'a cluster that is deleted, and another of its name',
      { traffic: { ...NO_TRAFFIC, clusters: [out('a', { standing: 'suspected', uid: 'former' })] } },
      [],
    ],
    [
      'a recommendation to leave a cluster that is down',
      { fleet: fleet({ automation: 'recommend' }), traffic: recommending('down') },
      ['recommendation/waiting critical'],
    ],
    [
      'a recommendation to bring one back',
      { fleet: fleet({ automation: 'paused' }), traffic: recommending('held') },
      ['recommendation/waiting warning'],
    ],
    ['one that automation is about to follow', { traffic: recommending('down') }, []],
    [
      'a voter that seems to be cut off',
      { health: [{ ...health('a', 'healthy'), votes: [{ ...vote('edge', 'healthy'), suspectUntilMs: T0 + 1 }] }] },
      ['voter/edge/suspect warning'],
    ],
    [
      'a certificate that expires, as an agent sees it',
      { fleet: watched, traces: new Map([['lab', { heardAtMs: T0, certificates: { a: T0 + 1, gone: T0 + 1 } }]]) },
      ['cluster/a/certificate warning'],
    ],
  ])('%s', (_, facts, expected) => {
    expect(keysOf(facts)).toEqual(expected.map((key) => `prod/${key}`));
  });

  function recommending(standing: 'down' | 'held') {
    const limits = [{ cluster: 'a', percent: 0, limits: [] }];
    const [all, none] = [NO_ALLOCATION, { ...NO_ALLOCATION, limits }];
    const [allocation, recommended] = standing === 'down' ? [all, none] : [none, all];
    return { ...NO_TRAFFIC, clusters: [out('a', { standing })], allocation, recommended };
  }

  it('is a voter that was heard and is not any more, and never one that was not heard yet', () => {
    const clusters = incidentFacts().clusters.map((item) => ({
      ...item,
      spec: { ...item.spec, probes: [{ type: 'tcp', host: '10.0.0.1', port: 80 }] },
    })) as unknown as IncidentFacts['clusters'];
    const heard = (seconds: number, more: Partial<IncidentFacts> = {}) =>
      keysOf({
        fleet: watched,
        clusters,
        traces: new Map([['lab', { heardAtMs: T0 }]]),
        nowMs: T0 + seconds * 1000,
        ...more,
      });
    expect(heard(270)).toEqual([]);
    expect(heard(271)).toEqual(['prod/voter/lab/silent warning']);
    expect(heard(541)).toEqual(['prod/voter/lab/lost critical', 'prod/voter/lab/silent warning']);
    expect(heard(541, { traces: new Map() })).toEqual([]);
    const edited = { ...watched, updatedAt: new Date(T0 + 541_000).toISOString() };
    expect(heard(541, { fleet: edited })).toEqual([]);
    const told = new Set(['prod/voter/lab/silent']);
    expect(heard(541, { fleet: edited, told }), 'an edit is no word of the voter').toEqual([
      'prod/voter/lab/silent warning',
    ]);
  });
});

describe('what is told', () => {
  const behind = openIncidents(incidentFacts(gateway({ waiting: [route(60)] })));
  const pager: Notification = { target: 'pager', events: [] };
  const step = (told: NotifiedIncidents, incidents: typeof behind, { seconds = 0, notifications = [pager], room = 40 } = {}) =>
    nextNotified(told, incidents, { notifications, nowMs: T0 + seconds * 1000, room });
  const follow = (...args: Parameters<typeof step>) => step(...args)?.notified ?? args[0];

  it('is the opening once, the end once it has lasted, and nothing in between', () => {
    const first = step(NOTHING_NOTIFIED, behind);
    expect(first?.notices).toMatchObject([
      {
        targets: ['pager'],
        event: { type: 'gateway.behind', incident: { key: 'prod/gateway/edge/behind', state: 'opened' } },
      },
    ]);
    const opened = first?.notified ?? NOTHING_NOTIFIED;
    expect(step(opened, behind, { seconds: 600 })).toBeUndefined();
    const gone = step(opened, [], { seconds: 700 });
    expect(gone?.notices).toEqual([]);
    const quiet = QUIET_MS / 1000;
    expect(step(gone?.notified ?? opened, [], { seconds: 699 + quiet })).toBeUndefined();
    const ended = step(gone?.notified ?? opened, [], { seconds: 700 + quiet });
    const times = { openedAt: ago(0), resolvedAt: ago(-700) };
    expect(ended?.notices).toMatchObject([
      { targets: ['pager'], event: { incident: { key: 'prod/gateway/edge/behind', state: 'resolved', ...times } } },
    ]);
    expect(ended?.notified.open).toEqual({});
  });

  it('is nothing of an incident that is gone for a moment', () => {
    const gone = follow(follow(NOTHING_NOTIFIED, behind), [], { seconds: 10 });
    const back = step(gone, behind, { seconds: 20 });
    expect(back?.notices).toEqual([]);
    expect(step(back?.notified ?? gone, [], { seconds: 45 })?.notices, 'the time begins anew').toEqual([]);
  });

  it('reaches a target that is named later, and the end reaches every target that was told', () => {
    const chat: Notification = { target: 'chat', events: ['gateway.behind'] };
    const other: Notification = { target: 'other', events: ['overload'] };
    const opened = follow(NOTHING_NOTIFIED, behind);
    const more = step(opened, behind, { seconds: 5, notifications: [pager, chat, other, chat] });
    expect(more?.notices.map(({ targets }) => targets)).toEqual([['chat']]);
    const gone = follow(more?.notified ?? opened, [], { seconds: 10, notifications: [] });
    expect(step(gone, [], { seconds: 60, notifications: [] })?.notices.map(({ targets }) => targets)).toEqual([
      ['pager', 'chat'],
    ]);
  });

  it('comes in steps where there is much of it, the gravest first, until all is told', () => {
    const many = openIncidents(
      incidentFacts({
        gateways: ['a', 'b', 'c'].map((name) => ({
          name,
          waiting: [route(60), ...(name === 'b' ? [traffic(60)] : [])],
        })),
      }),
    );
    const first = step(NOTHING_NOTIFIED, many, { room: 2 });
    expect(first?.notices.map(({ event }) => event.incident?.key.split('/')[2])).toEqual(['b', 'a']);
    expect(first?.isPartial).toBe(true);
    const second = step(first?.notified ?? NOTHING_NOTIFIED, many, { room: 2 });
    expect(second?.notices.map(({ event }) => event.incident?.key.split('/')[2])).toEqual(['c']);
    expect(second?.isPartial).toBe(false);
    expect(step(second?.notified ?? NOTHING_NOTIFIED, many)).toBeUndefined();
  });

  it('does not wait for a time that a clock that was ahead has left', () => {
    const ahead = follow(follow(NOTHING_NOTIFIED, behind), [], { seconds: 86_400 });
    const corrected = follow(ahead, [], { seconds: 10 });
    expect(step(corrected, [], { seconds: 40 })?.notified.open).toEqual({});
    expect(corrected.lastMs).toBe(T0 + 86_400_000);
  });
});
