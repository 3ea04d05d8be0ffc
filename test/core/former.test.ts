import { describe, expect, it } from 'vitest';
import { shownPoints, withEverybody, withFormer, withoutGone } from '../../functions/core/gateway/former.ts';
import type { Member, Pool } from '../../functions/core/model/ir.ts';

const member = (cluster: string, ...hosts: number[]): Member => ({
  cluster,
  weight: 1,
  tier: 0,
  endpoints: hosts.map((host) => ({ address: `10.0.0.${host}`, port: 80, remote: false })),
});

const pool = (key: string, members: Member[], object = 'group'): Pool => ({
  key,
  service: 'shop',
  port: 80,
  protocol: 'HTTP',
  healthCheck: { type: 'tcp', intervalSeconds: 2, timeoutSeconds: 2, healthyThreshold: 2, unhealthyThreshold: 2 },
  pinned: false,
  members,
  objects: [{ key: object }],
});

const names = (members: readonly Member[] = []) =>
  members.map(({ cluster, endpoints }) => `${cluster} ${endpoints.map(({ address }) => address.slice(7)).join(',')}`);

describe('a pool whose members have changed', () => {
  const before = pool('old', [member('a', 1), member('b', 2)]);

  it('knows who had it while the gateway may still send requests there', () => {
    const edited = withFormer(pool('new', [member('b', 2), member('c', 3)]), [before]);
    expect(names(edited.former)).toEqual(['a 1']);
    expect(names(withEverybody(edited).members)).toEqual(['b 2', 'c 3', 'a 1']);
    const again = withFormer(pool('newer', [member('c', 3)]), [edited]);
    expect(names(again.former)).toEqual(['b 2', 'a 1']);
  });

  it('counts the old addresses of a cluster for that cluster', () => {
    const moved = withFormer(pool('old', [member('a', 9), member('b', 2)]), [before]);
    expect(names(withEverybody(moved).members)).toEqual(['a 9,1', 'b 2']);
  });

  it('knows nobody of a pool that other objects serve', () => {
    expect(withFormer(pool('new', [member('c', 3)], 'other'), [before]).former).toBeUndefined();
  });

  it('forgets who had it once the gateway was read to give them nothing, and not while that cannot be told', () => {
    const edited = withFormer(pool('new', [member('b', 2)]), [before]);
    expect(names(withoutGone(edited, [{ cluster: 'a', percent: 1 }]).former)).toEqual(['a 1']);
    expect(names(withoutGone(edited, undefined).former)).toEqual(['a 1']);
    expect(withoutGone(edited, [{ cluster: 'a', percent: 0 }]).former).toBeUndefined();
  });

  it('shows its members, and of the others those who have something', () => {
    const points = [
      { cluster: 'a', percent: 40 },
      { cluster: 'b', percent: 60 },
      { cluster: 'c', percent: 0 },
    ];
    expect(shownPoints(pool('new', [member('b', 2)]), points).map(({ cluster }) => cluster)).toEqual(['a', 'b']);
  });
});
