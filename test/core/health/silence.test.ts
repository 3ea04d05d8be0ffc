import { describe, expect, it } from 'vitest';
import { silentVoters } from '../../../functions/core/health/silence.ts';
import { freshnessMs } from '../../../functions/core/health/votes.ts';
import { FleetInput } from '../../../schemas/fleet.ts';
import { HttpProbe } from '../../../schemas/probe.ts';
import { T0 } from '../fixtures.ts';

const spec = FleetInput.parse({
  voters: [
    { name: 'edge', type: 'edge' },
    { name: 'lab', type: 'agent', publicKey: `${'A'.repeat(43)}=` },
    { name: 'prometheus', type: 'alert', tokenHash: '0'.repeat(64) },
  ],
});
const FRESH = freshnessMs(spec.health);
const ALERTS = 660_000;
const clusters = [{ name: 'a', spec: { probes: [HttpProbe.parse({ type: 'http', url: 'http://a/', from: 'edge' })] } }];
const fleet = { spec, updatedAt: new Date(T0 - 10 * ALERTS).toISOString() };
const silent = (heard: Record<string, number>, nowMs: number, more: object = {}) =>
  silentVoters({ ...fleet, ...more }, clusters, new Map(Object.entries(heard)), nowMs);

describe('a voter', () => {
  it('is silent once its word counts no more, and lost after twice the time', () => {
    const at = (ms: number) => silent({ edge: T0, prometheus: T0 + ms }, T0 + ms);
    expect(at(FRESH)).toEqual([]);
    expect(at(FRESH + 1)).toEqual([{ voter: 'edge', sinceMs: T0, isLost: false }]);
    expect(at(2 * FRESH)).toMatchObject([{ isLost: false }]);
    expect(at(2 * FRESH + 1)).toEqual([{ voter: 'edge', sinceMs: T0, isLost: true }]);
  });

  it('of type alert has the time that it was given', () => {
    const at = (ms: number) => silent({ edge: T0 + ms, prometheus: T0 }, T0 + ms);
    expect(at(ALERTS)).toEqual([]);
    expect(at(ALERTS + 1)).toEqual([{ voter: 'prometheus', sinceMs: T0, isLost: false }]);
  });

  it('that watches nothing needs not speak', () => {
    expect(silent({}, T0).map(({ voter }) => voter)).toEqual(['edge', 'prometheus']);
  });

  it('that was declared just now, or declared anew, has its time before it is missed', () => {
    const updatedAt = new Date(T0 - FRESH).toISOString();
    expect(silent({ prometheus: T0 }, T0, { updatedAt })).toEqual([]);
    expect(silent({ prometheus: T0, edge: T0 - 100 * FRESH }, T0, { updatedAt })).toEqual([]);
    expect(silent({ prometheus: T0 }, T0 + 1, { updatedAt })).toEqual([{ voter: 'edge', isLost: false }]);
  });

  it('is not heard in a time that is still to come', () => {
    expect(silent({ prometheus: T0, edge: T0 + 3_600_000 }, T0)).toMatchObject([{ voter: 'edge' }]);
  });
});
