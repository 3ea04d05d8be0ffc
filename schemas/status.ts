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
      description: 'What it settles: `recommendation`, `mode`, or the kind and name of it.',
      examples: ['clusters/hangzhou-a'],
    }),
    title: z.string().meta({ examples: ['Take hangzhou-a out'] }),
    effect: z.string(),
    method: z.enum(['POST', 'PUT']),
    path: z.string(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'ReadyCall', description: 'A request to this API, to be sent as it is.' });
export type ReadyCall = z.infer<typeof ReadyCall>;

export const PointsAtGateway = z
  .object({
    gateway: Name,
    verified: PointsRange.optional().meta({ description: 'As it was read; absent where that could not be told.' }),
    unknownPools: z.int().min(0).meta({ description: 'Pools of which it could not be told what the cluster had.' }),
    readAt: Timestamp.optional(),
    ageSeconds: z.int().min(0).optional(),
  })
  .meta({ id: 'PointsAtGateway' });

export const StatusPoints = z
  .object({
    backends: z.int().min(0).meta({ description: 'Distinct ones of which it is a member.' }),
    declared: PointsRange,
    intended: PointsRange,
    gateways: z.array(PointsAtGateway).meta({ description: 'Those that were read to have it as a member.' }),
  })
  .meta({
    id: 'StatusPoints',
    description:
      'Points of traffic of a cluster: declared by weights and tiers alone, intended to be given by gateways now, and what was read back of these. A change of declarations counts once the gateways concerned have taken it up.',
  });

export const StatusCluster = z
  .object({
    cluster: Name,
    site: z.string(),
    city: z.string().optional(),
    standing: ClusterStanding.shape.state,
    since: Timestamp.optional(),
    reason: z.string().meta({ description: 'CamelCase, for machines: the first thing that it waits for, or Up.' }),
    message: z.string().meta({ description: 'The same for people, with what was seen.' }),
    waitsFor: z.array(Wait),
    health: z.object({ state: HealthState, since: Timestamp.optional() }),
    points: StatusPoints.optional().meta({ description: 'Absent where it serves no backend.' }),
  })
  .meta({ id: 'StatusCluster' });
export type StatusCluster = z.infer<typeof StatusCluster>;

export const Brake = z
  .object({
    brake: z.enum(['correlation', 'max-removed', 'data-gate', 'gate', 'freeze', 'consent', 'mode']),
    name: Name.optional().meta({ description: 'Of a gate.' }),
    clusters: z.array(Name).meta({ description: 'Those that it holds now.' }),
    message: z.string(),
    until: Timestamp.optional().meta({ description: 'When it ends by the clock at the latest.' }),
    dataGate: DataGateQuestion.optional().meta({ description: 'What a data gate asks.' }),
  })
  .meta({ id: 'Brake' });
export type Brake = z.infer<typeof Brake>;

export const StatusGateway = z
  .object({
    gateway: Name,
    provider: z.enum(['alb', 'mse']),
    isFollowing: z.boolean().meta({ description: 'It was read to have everything as it shall be, not long ago.' }),
    readAt: Timestamp.optional(),
    ageSeconds: z.int().min(0).optional(),
    faults: z.array(z.object({ reason: z.string(), message: z.string(), since: Timestamp })).meta({
      description: 'That it is behind, unreadable, refuses, has drifted and so on; none of one that follows.',
    }),
    observed: Condition.pick({ status: true, reason: true, message: true, observedAt: true })
      .extend({ since: Timestamp })
      .optional()
      .meta({
        description:
          'What a request through it has shown after its traffic changed last; absent without a dataPlaneCheck.',
      }),
  })
  .meta({ id: 'StatusGateway' });
export type StatusGateway = z.infer<typeof StatusGateway>;

export const StatusVoter = z
  .object({
    voter: Name,
    since: Timestamp.optional().meta({ description: 'When it was heard last; absent where it never was.' }),
    isLost: z.boolean(),
  })
  .meta({ id: 'StatusVoter' });

export const StatusShift = z
  .object({
    shift: Name,
    cluster: Name,
    service: Name.optional().meta({ description: 'Nothing else is taken out. Absent: everything.' }),
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
    percent: z.number().meta({ description: 'How much of what is to move has moved.' }),
    actor: z.string(),
    message: z.string(),
  })
  .meta({ id: 'StatusRollout', description: 'A distribution that is changed step by step.' });
export type StatusRollout = z.infer<typeof StatusRollout>;
export const StatusServiceReturn = z
  .object({
    service: Name,
    cluster: Name,
    percent: z.number().meta({ description: 'Of its share, what is intended for the cluster now.' }),
    since: Timestamp,
    shift: Name.optional().meta({ description: 'The shift that has ended; absent after a drill.' }),
  })
  .meta({ id: 'StatusServiceReturn' });

export const FleetStatus = z
  .object({
    fleet: Name,
    at: Timestamp,
    summary: z.string().meta({ description: 'What is the matter, the worst first.' }),
    mode: z.object({
      automation: Automation,
      resumesTo: Automation.optional().meta({ description: 'Of a fleet that is paused.' }),
    }),
    calls: z.array(ReadyCall).meta({
      description: 'What settles what waits for a person, ready to send; what concerns the worst comes first.',
    }),
    clusters: z.array(StatusCluster),
    brakes: z.array(Brake).meta({ description: 'Those in force.' }),
    recommendation: Recommended.pick({ clusters: true })
      .extend({ decision: z.string() })
      .optional()
      .meta({ description: 'What gateways would be given if automation acted; absent where they have it.' }),
    silentVoters: z.array(StatusVoter),
    overloads: z.array(z.object({ cluster: Name, load: z.number(), requestsPerSecond: z.number() })),
    gateways: z.array(StatusGateway),
    shifts: z.array(StatusShift),
    serviceReturns: z.array(StatusServiceReturn).optional().meta({
      description: 'Services that were taken out by themselves, and get their share back step by step.',
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
    decision: z.string().optional().meta({ description: 'The last one.' }),
  })
  .meta({
    id: 'FleetStatus',
    description:
      'Everything that matters at night. What it says of gateways is as old as their last read, and no read no word.',
  });
export type FleetStatus = z.infer<typeof FleetStatus>;
