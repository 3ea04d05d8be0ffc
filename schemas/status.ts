import * as z from 'zod';
import { ClusterStanding, HealthState } from './cluster.ts';
import { Condition, Name, Timestamp } from './common.ts';
import { DataGateQuestion } from './data-gate.ts';
import { PointsRange, Recommended } from './decision.ts';
import { Wait } from './evacuation.ts';
import { Automation } from './fleet.ts';
import { ShiftMode } from './shift.ts';

export const ReadyCall = z
  .object({
    about: z.string().meta({
      description:
        'The subject that the request settles: `recommendation`, `mode`, or the kind and the name of a resource.',
      examples: ['clusters/hangzhou-a'],
    }),
    title: z.string().meta({ examples: ['Take hangzhou-a out'] }),
    effect: z.string(),
    method: z.enum(['POST', 'PUT']),
    path: z.string(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'ReadyCall', description: 'A request to this API that is ready to be sent as it is.' });
export type ReadyCall = z.infer<typeof ReadyCall>;

export const PointsAtGateway = z
  .object({
    gateway: Name,
    verified: PointsRange.optional().meta({
      description: 'The shares that were read; absent when they could not be told.',
    }),
    unknownPools: z
      .int()
      .min(0)
      .meta({ description: 'The number of pools for which the share of the cluster could not be told.' }),
    readAt: Timestamp.optional(),
    ageSeconds: z.int().min(0).optional(),
  })
  .meta({ id: 'PointsAtGateway' });

export const StatusPoints = z
  .object({
    backends: z.int().min(0).meta({ description: 'The number of distinct backends that the cluster is a member of.' }),
    declared: PointsRange,
    intended: PointsRange,
    gateways: z
      .array(PointsAtGateway)
      .meta({ description: 'The gateways that were read to have the cluster as a member.' }),
  })
  .meta({
    id: 'StatusPoints',
    description:
      'The points of traffic of a cluster: those declared by weights and tiers alone, those that gateways are intended to give now, ' +
      'and those that were read back from gateways. A change of declarations counts once the gateways concerned have taken it up.',
  });

export const StatusCluster = z
  .object({
    cluster: Name,
    site: z.string(),
    city: z.string().optional(),
    standing: ClusterStanding.shape.state,
    since: Timestamp.optional(),
    reason: z.string().meta({
      description: 'A code in CamelCase, for machines: the first condition that the cluster waits for, or Up.',
    }),
    message: z.string().meta({ description: 'The reason in a sentence for people, with the observations behind it.' }),
    waitsFor: z.array(Wait),
    health: z.object({ state: HealthState, since: Timestamp.optional() }),
    points: StatusPoints.optional().meta({
      description: 'The points of the cluster; absent when it serves no backend.',
    }),
  })
  .meta({ id: 'StatusCluster' });
export type StatusCluster = z.infer<typeof StatusCluster>;

export const Brake = z
  .object({
    brake: z.enum(['correlation', 'max-removed', 'data-gate', 'gate', 'freeze', 'consent', 'mode']),
    name: Name.optional().meta({ description: 'The name of the gate; present when the brake is a gate.' }),
    clusters: z.array(Name).meta({ description: 'The clusters that the brake holds now.' }),
    message: z.string(),
    until: Timestamp.optional().meta({ description: 'The latest time at which the brake ends by itself.' }),
    dataGate: DataGateQuestion.optional().meta({ description: 'The question of the data gate.' }),
  })
  .meta({ id: 'Brake' });
export type Brake = z.infer<typeof Brake>;

export const StatusGateway = z
  .object({
    gateway: Name,
    provider: z.enum(['alb', 'mse']),
    isFollowing: z
      .boolean()
      .meta({ description: 'True when the gateway was read recently and had everything as intended.' }),
    readAt: Timestamp.optional(),
    ageSeconds: z.int().min(0).optional(),
    faults: z.array(z.object({ reason: z.string(), message: z.string(), since: Timestamp })).meta({
      description:
        'The faults of the gateway: it is behind, cannot be read, refuses changes, has drifted and so on. A gateway that follows has ' +
        'none.',
    }),
    observed: Condition.pick({ status: true, reason: true, message: true, observedAt: true })
      .extend({ since: Timestamp })
      .optional()
      .meta({
        description:
          'The result of a request through the gateway after the last change of its traffic; absent without a `dataPlaneCheck`.',
      }),
  })
  .meta({ id: 'StatusGateway' });
export type StatusGateway = z.infer<typeof StatusGateway>;

export const StatusVoter = z
  .object({
    voter: Name,
    since: Timestamp.optional().meta({
      description: 'The time at which the voter was last heard; absent when it never was.',
    }),
    isLost: z.boolean(),
  })
  .meta({ id: 'StatusVoter' });

export const StatusShift = z
  .object({
    shift: Name,
    cluster: Name,
    service: Name.optional().meta({
      description: 'The only service that is taken out. When absent, every service is.',
    }),
    mode: ShiftMode,
    percent: z.number(),
    owner: z.string(),
    reason: z.string(),
    expiresAt: Timestamp,
  })
  .meta({ id: 'StatusShift' });

export const StatusRollout = z
  .object({
    rollout: z.string(),
    distribution: Name,
    state: z.enum(['running', 'stopped']),
    percent: z.number().meta({ description: 'The part of the whole change that is made.' }),
    actor: z.string(),
    message: z.string(),
  })
  .meta({ id: 'StatusRollout', description: 'A distribution that is being changed step by step.' });
export type StatusRollout = z.infer<typeof StatusRollout>;
export const StatusServiceReturn = z
  .object({
    service: Name,
    cluster: Name,
    percent: z.number().meta({ description: 'The part of its normal share that is now intended for the cluster.' }),
    since: Timestamp,
    shift: Name.optional().meta({ description: 'The shift that has ended; absent after a drill.' }),
  })
  .meta({ id: 'StatusServiceReturn' });

export const FleetStatus = z
  .object({
    fleet: Name,
    at: Timestamp,
    summary: z.string().meta({ description: 'A summary of the problems, the worst first.' }),
    mode: z.object({
      automation: Automation,
      resumesTo: Automation.optional().meta({ description: 'The mode that a paused fleet returns to.' }),
    }),
    calls: z.array(ReadyCall).meta({
      description:
        'The requests, ready to send, that settle matters which wait for a person. Those that concern the worst problem come first.',
    }),
    clusters: z.array(StatusCluster),
    brakes: z.array(Brake).meta({ description: 'The brakes that are in force.' }),
    recommendation: Recommended.pick({ clusters: true }).extend({ decision: z.string() }).optional().meta({
      description: 'The shares that gateways would get if automation acted; absent when they already have them.',
    }),
    silentVoters: z.array(StatusVoter),
    overloads: z.array(z.object({ cluster: Name, load: z.number(), requestsPerSecond: z.number() })),
    gateways: z.array(StatusGateway),
    shifts: z.array(StatusShift),
    serviceReturns: z.array(StatusServiceReturn).optional().meta({
      description: 'The services that had been taken out individually, and get their share back step by step.',
    }),
    breakGlasses: z.array(
      z.object({
        breakGlass: Name,
        rules: z.array(z.string()),
        owner: z.string(),
        reason: z.string(),
        expiresAt: Timestamp,
      }),
    ),
    rollouts: z.array(StatusRollout),
    drill: z
      .object({ run: z.string(), drill: Name, clusters: z.array(Name), service: Name.optional(), phase: z.string() })
      .optional(),
    trafficVersion: z.int().min(0),
    decision: z.string().optional().meta({ description: 'The id of the last decision of the fleet.' }),
  })
  .meta({
    id: 'FleetStatus',
    description:
      'The state of a fleet at a glance, for the person on call. Its statements about gateways are as old as the last read of each, ' +
      'and a gateway that was never read has none.',
  });
export type FleetStatus = z.infer<typeof FleetStatus>;
