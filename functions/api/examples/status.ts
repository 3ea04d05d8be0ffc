/** An example of the status of a fleet that only recommends, and one of whose clusters has failed. */

import type { Decision } from '../../../schemas/decision.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { FleetStatus, StatusCluster } from '../../../schemas/status.ts';

const AT = '2026-11-23T07:05:00.000Z';
const SINCE = '2026-11-23T07:02:06.000Z';
const READ_AT = '2026-11-23T07:04:48.000Z';

const points = (percent: number) => ({ minPercent: percent, maxPercent: percent });

function cluster(name: string, site: string, percent: number): StatusCluster {
  const read = { verified: points(percent), unknownPools: 0, readAt: READ_AT, ageSeconds: 12 };
  return {
    cluster: name,
    site,
    standing: 'up',
    reason: 'Up',
    message: sentenceOf('Up', {}),
    waitsFor: [],
    health: { state: 'healthy', since: '2026-11-20T08:00:00.000Z' },
    points: {
      backends: 1,
      declared: points(percent),
      intended: points(percent),
      gateways: [{ gateway: 'edge', ...read }],
    },
  };
}

export function statusExample({ id, version, fleet }: Decision): FleetStatus {
  return {
    fleet,
    at: AT,
    summary:
      `hangzhou-a is down since ${SINCE}, and edge gave it 70 % when read 12 s ago. It is to have 70 % now. Nothing moves by itself, as the mode is ` +
      'recommend; recommended is hangzhou-a from 70 % to 0 %, shanghai-b from 30 % to 100 %.',
    mode: { automation: 'recommend' },
    calls: [
      {
        about: 'recommendation',
        title: 'Apply what is recommended',
        effect:
          'Gateways are given it: hangzhou-a 70 % → 0 %, shanghai-b 30 % → 100 %. It is refused when that is not recommended any more.',
        method: 'POST',
        path: `/v1/fleets/${fleet}/decisions/${id}/apply`,
      },
    ],
    clusters: [
      {
        ...cluster('hangzhou-a', 'hangzhou-1', 70),
        standing: 'down',
        since: SINCE,
        reason: 'Down',
        message: `${sentenceOf('Down', {})} It began so: unhealthy: 1 of 1 voters see it fail.`,
        waitsFor: [
          { reason: 'AwaitsRecovery', message: sentenceOf('AwaitsRecovery', {}) },
          { reason: 'ModeHolds', message: sentenceOf('ModeHolds', {}) },
        ],
        health: { state: 'unhealthy', since: SINCE },
      },
      cluster('shanghai-b', 'shanghai-1', 30),
    ],
    brakes: [
      {
        brake: 'mode',
        clusters: ['hangzhou-a', 'shanghai-b'],
        message: 'Automation only recommends: gateways keep what they have.',
      },
    ],
    recommendation: {
      decision: id,
      clusters: [
        { cluster: 'hangzhou-a', before: points(70), after: points(0) },
        { cluster: 'shanghai-b', before: points(30), after: points(100) },
      ],
    },
    silentVoters: [],
    overloads: [],
    gateways: [{ gateway: 'edge', provider: 'alb', isFollowing: true, readAt: READ_AT, ageSeconds: 12, faults: [] }],
    shifts: [],
    breakGlasses: [],
    rollouts: [],
    trafficVersion: version,
    decision: id,
  };
}
