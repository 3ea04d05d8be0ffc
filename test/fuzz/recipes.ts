/** Bodies that a fleet accepts, for operations that random members would hardly ever get right. */

import { createHash } from 'node:crypto';
import type { Prng } from '../sim/prng.ts';
import type { Cast } from './callers.ts';
import { CLUSTERS, fleetSpecOf, HOSTS, type Known } from './estate.ts';

export interface Kitchen {
  prng: Prng;
  cast: Cast;
  known: Known;
  fleet: string;
  nowMs: number;
}

/** Returns the members of a body that matter to the operation; undefined for one that examples and schemas do for. */
export function recipeOf(operation: string, kitchen: Kitchen): object | undefined {
  return RECIPES[operation]?.(kitchen);
}

const later = ({ prng, nowMs }: Kitchen) => new Date(nowMs + prng.int(60_000, 3_600_000)).toISOString();
const now = ({ nowMs }: Kitchen) => new Date(nowMs).toISOString();
const place = ({ prng, fleet }: Kitchen) => prng.pick([{ cluster: `${fleet}-one` }, { city: `${fleet}-town` }]);

/** Two clusters with weights that total 100. */
function members({ prng, fleet }: Kitchen): object[] {
  const weight = prng.int(1, 99);
  return [
    { cluster: `${fleet}-one`, weight },
    { cluster: `${fleet}-two`, weight: 100 - weight },
  ];
}

const RECIPES: Readonly<Record<string, (kitchen: Kitchen) => object>> = {
  putFleet: ({ fleet, cast }) => fleetSpecOf(fleet, cast),
  putService: ({ prng, fleet }) => ({
    ports: [{ name: 'http', port: 80 }],
    exports: prng.some(CLUSTERS.slice(0, 3)).map((name) => ({ cluster: `${fleet}-${name}` })),
  }),
  putDistribution: (kitchen) => ({ strategy: 'weighted', clusters: members(kitchen) }),
  putRoute: ({ prng, fleet }) => ({
    gateways: [`${fleet}-edge`],
    hostnames: [prng.pick(HOSTS)],
    rules: [
      {
        matches: [{ path: { type: 'Prefix', value: prng.pick(['/', '/a', '/b/c']) } }],
        backendRefs: [{ service: `${fleet}-cart`, port: 80 }],
      },
    ],
    distribution: prng.pick([{ ref: `${fleet}-split` }, { strategy: 'replicas' }]),
  }),
  startRollout: (kitchen) => ({ clusters: members(kitchen), steps: [{ percent: 50, waitSeconds: 1 }] }),
  startDrillRun: ({ fleet }) => ({ drill: `${fleet}-drill` }),
  putShift: (kitchen) => ({ cluster: `${kitchen.fleet}-one`, reason: 'a rest', expiresAt: later(kitchen) }),
  putBreakGlass: (kitchen) => ({ rules: ['min-serving'], reason: 'it has to be', expiresAt: later(kitchen) }),
  createEvacuation: (kitchen) => ({ ...place(kitchen), reason: 'the line loses packets' }),
  createReturn: (kitchen) => place(kitchen),
  answerDataGate: ({ prng, fleet }) => ({
    city: `${fleet}-town`,
    answer: prng.pick(['go', 'stay']),
    reason: 'as agreed',
  }),
  createObservations: (kitchen) => ({
    fleet: kitchen.fleet,
    voter: kitchen.prng.pick([`${kitchen.fleet}-agent`, `${kitchen.fleet}-fixed`]),
    sequence: kitchen.prng.int(1, 1e6) + kitchen.nowMs,
    sentAt: now(kitchen),
    observations: [
      { cluster: `${kitchen.fleet}-far`, observedAt: now(kitchen), outcome: 'ok', latencyMs: 3, detail: 'tcp: open' },
    ],
  }),
  createAlerts: (kitchen) => ({
    version: '4',
    alerts: [
      {
        ...{
          status: kitchen.prng.pick(['firing', 'resolved']),
          labels: { alertname: 'Slow', cluster: `${kitchen.fleet}-far` },
        },
        ...{ startsAt: now(kitchen), endsAt: '0001-01-01T00:00:00Z', fingerprint: '1a30ba71cca2921f' },
      },
    ],
  }),
  enrolAgent: ({ cast, known, fleet }) => ({
    token: known.of(fleet, 'invitation').at(-1) ?? `fle_${fleet}_${fleet}-agent_${'A'.repeat(43)}`,
    publicKey: cast.keys[fleet]?.agent.publicKey,
    credentialHash: createHash('sha256')
      .update(cast.keys[fleet]?.credential ?? '')
      .digest('hex'),
  }),
  putGrant: ({ prng, fleet }) => ({
    ...{ subject: { type: 'token', token: prng.pick(['extra-a', 'extra-b']) }, fleets: [fleet] },
    role: prng.pick(['viewer', 'operator', 'approver', 'trigger']),
  }),
};
