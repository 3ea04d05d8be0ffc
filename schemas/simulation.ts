import * as z from 'zod';
import { Name, Percent, Timestamp } from './common.ts';
import { DecisionAction, DecisionFlag, RuleResult } from './decision.ts';
import { FailoverInput, SafetyInput } from './failover.ts';
import { Automation, FleetInput, HealthPolicyInput } from './fleet.ts';
import { isOnePlace, ONE_PLACE, place } from './place.ts';
import { Issue } from './problem.ts';

const MAX_SECONDS = 7200;

const Seconds = z.number().min(0).meta({ description: 'After the begin of the simulation.' });

const FailScenario = z
  .strictObject({
    type: z.literal('fail'),
    clusters: z.array(Name).min(1).max(100).optional(),
    site: place.site,
    city: place.city,
    atSeconds: z.int().min(0).max(MAX_SECONDS).default(0),
    forSeconds: z.int().min(1).max(MAX_SECONDS).optional().meta({ description: 'Absent: until the end.' }),
  })
  .refine(({ clusters, site, city }) => [clusters, site, city].filter((it) => it !== undefined).length === 1, {
    error: 'must name exactly one of clusters, site and city',
  })
  .meta({
    id: 'FailScenario',
    description:
      'Clusters, or all of a site or a city, stop answering, for everybody who watches them, right after a probe.',
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
    description: 'What was observed once is observed again. Observations are kept for seven days.',
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
  .meta({ id: 'CandidatePolicy', description: 'Parts of a policy of a fleet that take the place of those of today.' });
export type CandidatePolicy = z.output<typeof CandidatePolicy>;

export const SimulationInput = z
  .strictObject({
    scenario: Scenario,
    service: Name.optional().meta({
      description:
        'Shares and times are told of this service alone. Everything else happens all the same, and loads and decisions are those of all.',
    }),
    durationSeconds: z.int().min(1).max(MAX_SECONDS).default(1800),
    policy: CandidatePolicy.optional().meta({
      description: 'What would come of it is told beside what comes of that of today.',
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
    services: z.array(z.string()).meta({ description: 'Some of those that are shared like this.' }),
    clusters: z.array(z.object({ cluster: Name, percent: Percent }).meta({ id: 'SimulatedShare' })),
  })
  .meta({ id: 'SimulatedShares', description: 'Of all backends with the same clusters, weights and tiers.' });

const SimulatedPhase = z
  .object({ atSeconds: Seconds, shares: z.array(SimulatedShares) })
  .meta({ id: 'SimulatedPhase', description: 'The shares that are in force from a time on.' });

const SimulatedLoad = z
  .object({
    cluster: Name,
    capacity: z.number().optional().meta({ description: 'In requests per second; absent: not limited.' }),
    most: z.number().meta({ description: 'The most that it would have to serve, in requests per second.' }),
    mostAtSeconds: Seconds,
    atEnd: z.number(),
    isOverloaded: z.boolean().meta({ description: 'The most is above the capacity.' }),
  })
  .meta({ id: 'SimulatedLoad' });

const SimulatedDetection = z
  .object({
    cluster: Name,
    failedAtSeconds: Seconds,
    detectionSeconds: z.number().min(0).optional().meta({
      description: 'From its failure until it is found unhealthy; absent when it is not.',
    }),
    movedSeconds: z.number().min(0).optional().meta({
      description: 'From its failure until it has no share but where it is pinned; absent when it keeps one.',
    }),
  })
  .meta({ id: 'SimulatedDetection' });

const SimulatedPush = z
  .object({
    gateway: Name,
    pushes: z.int().min(0).meta({ description: 'Times that the gateway has something to follow.' }),
    calls: z.int().min(0).meta({ description: 'Writes to the cloud, of all pushes.' }),
    mostCalls: z.int().min(0).meta({ description: 'Of the largest push.' }),
    estimatedSeconds: z.number().min(0).meta({ description: 'That the largest push takes.' }),
    problem: z.string().optional().meta({ description: 'Why nothing could be told of this gateway.' }),
  })
  .meta({ id: 'SimulatedPush' });
export type SimulatedPush = z.infer<typeof SimulatedPush>;

export const SimulatedCourse = z
  .object({
    simulatedSeconds: Seconds.meta({ description: 'Less than the duration where there was too much to look at.' }),
    evaluations: z.int().min(0).meta({ description: 'How often it was decided.' }),
    decisions: z.array(SimulatedDecision).meta({ description: 'In order, the first 200.' }),
    phases: z
      .array(SimulatedPhase)
      .meta({ description: 'In order, the first 200; the first one is how things are now.' }),
    loads: z.array(SimulatedLoad),
    detections: z.array(SimulatedDetection),
    blockingRules: z.array(z.string()).meta({ description: 'Rules that forbid something on the way.' }),
    directionChanges: z.record(Name, z.int().min(0)).meta({
      description: 'By cluster: how often it got less after more, or more after less.',
    }),
    pushes: z.array(SimulatedPush),
  })
  .meta({ id: 'SimulatedCourse', description: 'What would happen by one policy.' });
export type SimulatedCourse = z.infer<typeof SimulatedCourse>;

export const Simulation = z
  .object({
    fleet: Name,
    at: Timestamp,
    trafficVersion: z.int().min(0),
    durationSeconds: z.int(),
    today: SimulatedCourse,
    candidate: SimulatedCourse.optional(),
    warnings: z.array(Issue).meta({ description: 'What speaks against the candidate, and does not forbid it.' }),
    assumptions: z.array(z.string()),
  })
  .meta({ id: 'Simulation', description: 'What would happen. Nothing was changed.' });
export type Simulation = z.infer<typeof Simulation>;
