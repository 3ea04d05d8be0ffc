import * as z from 'zod';
import { Name, Percent, Timestamp } from './common.ts';
import { DecisionAction, DecisionFlag, RuleResult } from './decision.ts';
import { FailoverInput, SafetyInput } from './failover.ts';
import { Automation, FleetInput, HealthPolicyInput } from './fleet.ts';
import { isOnePlace, ONE_PLACE, place } from './place.ts';
import { Issue } from './problem.ts';

const MAX_SECONDS = 7200;

const Seconds = z.number().min(0).meta({ description: 'The number of seconds since the beginning of the simulation.' });

const FailScenario = z
  .strictObject({
    type: z.literal('fail'),
    clusters: z.array(Name).min(1).max(100).optional(),
    site: place.site,
    city: place.city,
    atSeconds: z.int().min(0).max(MAX_SECONDS).default(0),
    forSeconds: z
      .int()
      .min(1)
      .max(MAX_SECONDS)
      .optional()
      .meta({ description: 'The duration of the failure. When absent, it lasts until the end.' }),
  })
  .refine(({ clusters, site, city }) => [clusters, site, city].filter((it) => it !== undefined).length === 1, {
    error: 'must name exactly one of clusters, site and city',
  })
  .meta({
    id: 'FailScenario',
    description:
      'Clusters, or all clusters of a site or a city, stop answering everybody who watches them, right after a probe.',
  });

const FlapScenario = z
  .strictObject({
    type: z.literal('flap'),
    ...place,
    periodSeconds: z.int().min(2).max(3600),
    times: z.int().min(1).max(1000),
  })
  .refine(isOnePlace, ONE_PLACE)
  .meta({ id: 'FlapScenario', description: 'A cluster, a site or a city fails for half of each period.' });

const ReplayScenario = z
  .strictObject({ type: z.literal('replay'), from: Timestamp, to: Timestamp })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' })
  .meta({
    id: 'ReplayScenario',
    description: 'The recorded observations of a past time are made again. Observations are kept for seven days.',
  });

export const Scenario = z.discriminatedUnion('type', [FailScenario, FlapScenario, ReplayScenario]);
export type Scenario = z.output<typeof Scenario>;

export const CandidatePolicy = z
  .strictObject({
    automation: Automation.optional(),
    health: HealthPolicyInput.optional(),
    voters: FleetInput.shape.voters.unwrap().optional(),
    failover: FailoverInput.optional(),
    safety: SafetyInput.optional(),
  })
  .meta({
    id: 'CandidatePolicy',
    description: 'Parts of the policy of a fleet that replace those of the present policy.',
  });
export type CandidatePolicy = z.output<typeof CandidatePolicy>;

export const SimulationInput = z
  .strictObject({
    scenario: Scenario,
    service: Name.optional().meta({
      description:
        'The service whose shares and times are reported. Everything else happens all the same, and loads and decisions are those of ' +
        'all services.',
    }),
    durationSeconds: z.int().min(1).max(MAX_SECONDS).default(1800),
    policy: CandidatePolicy.optional().meta({
      description: 'A policy whose outcome is reported beside that of the present policy.',
    }),
  })
  .meta({ id: 'SimulationInput' });
export type SimulationInput = z.output<typeof SimulationInput>;

const SimulatedDecision = z
  .object({
    atSeconds: Seconds,
    outcome: z.enum(['applied', 'withheld', 'blocked', 'refused']),
    changes: z.array(
      z
        .object({
          cluster: Name,
          action: DecisionAction,
          fromPercent: Percent,
          toPercent: Percent,
          reason: z.string(),
        })
        .meta({ id: 'SimulatedChange' }),
    ),
    failedRules: z.array(RuleResult),
    flags: z.array(DecisionFlag),
  })
  .meta({ id: 'SimulatedDecision' });

const SimulatedShares = z
  .object({
    services: z.array(z.string()).meta({ description: 'Some of the services that have these shares.' }),
    clusters: z.array(z.object({ cluster: Name, percent: Percent }).meta({ id: 'SimulatedShare' })),
  })
  .meta({
    id: 'SimulatedShares',
    description: 'The shares of all backends with the same clusters, weights and tiers.',
  });

const SimulatedPhase = z
  .object({ atSeconds: Seconds, shares: z.array(SimulatedShares) })
  .meta({ id: 'SimulatedPhase', description: 'The shares that are in force from a time on.' });

const SimulatedLoad = z
  .object({
    cluster: Name,
    capacity: z
      .number()
      .optional()
      .meta({ description: 'The capacity in requests per second. When absent, it is not limited.' }),
    most: z.number().meta({ description: 'The highest load of the cluster, in requests per second.' }),
    mostAtSeconds: Seconds,
    atEnd: z.number(),
    isOverloaded: z.boolean().meta({ description: 'True when the highest load is above the capacity.' }),
  })
  .meta({ id: 'SimulatedLoad' });

const SimulatedDetection = z
  .object({
    cluster: Name,
    failedAtSeconds: Seconds,
    detectionSeconds: z.number().min(0).optional().meta({
      description: 'The time from the failure of the cluster until it is found unhealthy; absent when it is not.',
    }),
    movedSeconds: z.number().min(0).optional().meta({
      description:
        'The time from the failure of the cluster until it has no share other than pinned ones; absent when it keeps one.',
    }),
  })
  .meta({ id: 'SimulatedDetection' });

const SimulatedPush = z
  .object({
    gateway: Name,
    pushes: z.int().min(0).meta({ description: 'The number of times that the gateway has a change to follow.' }),
    calls: z.int().min(0).meta({ description: 'The number of writes to the cloud, over all pushes.' }),
    mostCalls: z.int().min(0).meta({ description: 'The number of writes to the cloud of the largest push.' }),
    estimatedSeconds: z.number().min(0).meta({ description: 'The estimated time that the longest push takes.' }),
    problem: z
      .string()
      .optional()
      .meta({ description: 'The reason why nothing could be worked out for this gateway.' }),
  })
  .meta({ id: 'SimulatedPush' });
export type SimulatedPush = z.infer<typeof SimulatedPush>;

export const SimulatedCourse = z
  .object({
    simulatedSeconds: Seconds.meta({
      description: 'The simulated time. It is less than the duration when there was too much to evaluate.',
    }),
    evaluations: z.int().min(0).meta({ description: 'The number of evaluations that could have led to a decision.' }),
    decisions: z.array(SimulatedDecision).meta({ description: 'The first 200 decisions, in order.' }),
    phases: z
      .array(SimulatedPhase)
      .meta({ description: 'The first 200 phases, in order. The first one is the present.' }),
    loads: z.array(SimulatedLoad),
    detections: z.array(SimulatedDetection),
    blockingRules: z.array(z.string()).meta({ description: 'The rules that forbid a change on the way.' }),
    directionChanges: z.record(Name, z.int().min(0)).meta({
      description:
        'The number of times that the share of each cluster fell after it had risen, or rose after it had fallen.',
    }),
    pushes: z.array(SimulatedPush),
  })
  .meta({ id: 'SimulatedCourse', description: 'The events that one policy would lead to.' });
export type SimulatedCourse = z.infer<typeof SimulatedCourse>;

export const Simulation = z
  .object({
    fleet: Name,
    at: Timestamp,
    trafficVersion: z.int().min(0),
    durationSeconds: z.int(),
    today: SimulatedCourse,
    candidate: SimulatedCourse.optional(),
    warnings: z.array(Issue).meta({ description: 'Objections to the candidate that do not forbid it.' }),
    assumptions: z.array(z.string()),
  })
  .meta({ id: 'Simulation', description: 'The result of a simulation. Nothing was changed.' });
export type Simulation = z.infer<typeof Simulation>;
