import * as z from 'zod';
import { City, HeaderName, Name, Percent, Site, Timestamp } from './common.ts';
import { MaxLatencyMs } from './probe.ts';

const PrometheusLabel = z
  .string()
  .max(128)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must be the name of a Prometheus label');

const voterFields = {
  name: Name,
  clusters: z.array(Name).min(1).max(1000).optional().meta({
    description: 'The clusters that it watches. Absent: every one that it can.',
  }),
};

export const EdgeVoter = z.strictObject({ ...voterFields, type: z.literal('edge') }).meta({
  id: 'EdgeVoter',
  description: 'The scheduled probes of the control plane, straight to the probes of each cluster.',
});

export const GatewayPathVoter = z
  .strictObject({
    ...voterFields,
    type: z.literal('gateway-path'),
    gateway: Name,
    url: z
      .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
      .max(2048)
      .meta({ description: 'Leads through the gateway.', examples: ['http://shop.example.com/healthz'] }),
    pinHeader: HeaderName.default('x-fairlead-cluster').meta({
      description:
        'Sent with the name of the cluster: a route of the gateway has to send such requests to that cluster alone.',
    }),
    maxLatencyMs: MaxLatencyMs,
  })
  .meta({
    id: 'GatewayPathVoter',
    description: 'The scheduled probes through a gateway, pinned to each cluster in turn.',
  });

export type GatewayPathVoter = z.output<typeof GatewayPathVoter>;

export const AgentVoter = z
  .strictObject({
    ...voterFields,
    type: z.literal('agent'),
    site: Site.optional().meta({ description: 'The data centre that it runs in, named as that of clusters is.' }),
    publicKey: z
      .string()
      .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be the 32 bytes of an Ed25519 public key in base64')
      .meta({ examples: ['11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='] }),
  })
  .meta({ id: 'AgentVoter', description: 'An agent in a private network that posts signed observations.' });

export type AgentVoter = z.output<typeof AgentVoter>;

export const GatewayViewVoter = z
  .strictObject({ ...voterFields, type: z.literal('gateway-view'), gateway: Name })
  .meta({ id: 'GatewayViewVoter', description: "The gateway's own view of its backends. Never sufficient alone." });
export type GatewayViewVoter = z.output<typeof GatewayViewVoter>;

export const AlertVoter = z
  .strictObject({
    ...voterFields,
    type: z.literal('alert'),
    tokenHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the token in 64 lower-case hexadecimal digits')
      .meta({
        description: 'Of the bearer token that it sends: printf %s "$TOKEN" | sha256sum.',
        examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
      }),
    clusterLabel: PrometheusLabel.default('cluster').meta({
      description: 'The label of alerts that has the name of a cluster, such as an external label of each Prometheus.',
    }),
    heartbeatAlert: z.string().min(1).max(128).default('Watchdog').meta({
      description: 'The alert that always fires. What the voter says counts as long as it arrives.',
    }),
    freshnessSeconds: z.int().min(60).max(86_400).default(660).meta({
      description: 'How long it may stay away; more than twice the repeat_interval of its route.',
    }),
  })
  .meta({
    id: 'AlertVoter',
    description:
      'A monitoring system that posts its alerts as a webhook of Prometheus Alertmanager. While one fires, the cluster is impaired. It is not ' +
      'counted in the majority, and makes no cluster healthy or unhealthy.',
  });
export type AlertVoter = z.output<typeof AlertVoter>;

export const Voter = z.discriminatedUnion('type', [
  EdgeVoter,
  GatewayPathVoter,
  AgentVoter,
  GatewayViewVoter,
  AlertVoter,
]);
export type Voter = z.output<typeof Voter>;

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const Weekday = z.enum(WEEKDAYS);

const TimeOfDay = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day, HH:MM')
  .meta({ examples: ['22:30'] });

/** A part of each week, or one span of time. */
export const TimeWindow = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('weekly'),
        days: z.array(Weekday).min(1).max(7),
        from: TimeOfDay,
        to: TimeOfDay.meta({ description: 'Not after `from`: on the next day.' }),
        utcOffsetMinutes: z.int().min(-720).max(840).default(0),
      })
      .meta({ id: 'WeeklyWindow' }),
    z
      .strictObject({ type: z.literal('once'), from: Timestamp, to: Timestamp })
      .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' })
      .meta({ id: 'OnceWindow' }),
  ])
  .meta({ id: 'TimeWindow' });
export type TimeWindow = z.output<typeof TimeWindow>;

export const FailbackInput = z
  .strictObject({
    mode: z.enum(['manual', 'auto', 'ramp']).default('auto').meta({
      description: 'How a cluster that has recovered returns: when somebody restores it, at once, or step by step.',
    }),
    rampSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(300)
      .meta({ description: 'From the first step to the whole share.' }),
    minimumPercent: z.int().min(1).max(100).default(10).meta({ description: 'The first step.' }),
    stepPercent: z.int().min(1).max(100).default(10).meta({ description: 'No step is larger.' }),
    aggression: z.number().min(0.1).max(10).default(1).meta({
      description:
        '1: linear. More: faster at first. The share after t seconds is (t / rampSeconds) ^ (1 / aggression).',
    }),
  })
  .meta({ id: 'FailbackInput' });

/** What people, or a program of theirs, say when it is asked whether the traffic of a city may leave or return. */
export const GateAnswer = z.enum(['go', 'stay']);
export type GateAnswer = z.infer<typeof GateAnswer>;

const withoutAnswer = (answer: GateAnswer, description: string) =>
  z
    .strictObject({ withoutAnswer: GateAnswer.default(answer) })
    .prefault({})
    .meta({ description });

export const DataGateInput = z
  .strictObject({
    city: City.min(1).meta({ description: 'As clusters name it.', examples: ['hangzhou'] }),
    gateSeconds: z.int().min(1).max(3600).default(60).meta({
      description: 'How long an answer is waited for, from when it is asked first.',
    }),
    leave: withoutAnswer(
      'go',
      'Asked when the last of the clusters of the city fails that serve. Without an answer it is left (`go`), or keeps its traffic until somebody answers (`stay`).',
    ),
    regain: withoutAnswer(
      'stay',
      'Asked when a cluster of the city is found healthy after all had been out. Without an answer its clusters return (`go`), or wait until somebody answers (`stay`).',
    ),
    target: Name.optional().meta({
      description:
        'One of the targets that the settings name, of the format `webhook`: it is asked, too, and may answer. Absent: only people answer.',
    }),
  })
  .meta({
    id: 'DataGateInput',
    description:
      'Before automation leaves or regains the city, somebody says whether the data is ready where the traffic goes.',
  });
export type DataGate = z.output<typeof DataGateInput>;

const hasUniqueCities = (gates: readonly { city: string }[]) =>
  new Set(gates.map(({ city }) => city)).size === gates.length;

export const FailoverInput = z
  .strictObject({
    cooldownSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(300)
      .meta({
        description:
          'How long a cluster that went down waits at least before it returns; doubles with each failure within an hour, up to an hour. It never ' +
          'delays a failover, and no cluster waits while nobody else can serve.',
      }),
    correlation: z
      .strictObject({
        action: z.enum(['proceed', 'ask', 'halt', 'ignore']).default('proceed'),
        windowSeconds: z.int().min(1).max(3600).default(60),
        askSeconds: z.int().min(1).max(3600).default(300),
      })
      .prefault({})
      .meta({
        description:
          'When clusters of different sites fail within the window: `proceed` leaves each of them and pages with the likely common cause; `ask` keeps ' +
          'the later ones in, as suspected, until voters of two vantages agree, somebody answers, or `askSeconds` are over. `halt` and `ignore` are ' +
          'the names of an earlier release for `ask` and `proceed`.',
      }),
    panic: z
      .strictObject({
        thresholdPercent: Percent.default(0),
        mode: z.enum(['hold', 'base', 'reject']).default('hold'),
      })
      .optional()
      .meta({
        deprecated: true,
        description: 'Has no effect any more: points never stay on clusters that are down while others serve.',
      }),
    headroomPercent: z.int().min(0).max(90).default(10).meta({
      description:
        'Of the capacity of each cluster, kept free of traffic that is displaced from others, as long as there is room elsewhere.',
    }),
    drainSeconds: z.int().min(0).max(900).default(0).meta({
      description: 'How long requests in flight may take after a shift has taken the last share of a cluster.',
    }),
    failback: FailbackInput.prefault({}),
    freezeWindows: z
      .array(TimeWindow)
      .max(20)
      .default([])
      .meta({ description: 'No cluster returns and no drill begins meanwhile.' }),
    dataGates: z.array(DataGateInput).max(20).refine(hasUniqueCities, 'must not repeat a city').optional(),
  })
  .meta({ id: 'FailoverInput' });
export type FailoverPolicy = z.output<typeof FailoverInput>;

export const SafetyRuleName = z.enum([
  'min-serving',
  'min-base',
  'max-removed',
  'exclusive',
  'capacity',
  'gate',
  'never-empty',
]);
export type SafetyRuleName = z.infer<typeof SafetyRuleName>;

export const SafetyInput = z
  .strictObject({
    minServingClusters: z.int().min(1).max(100).default(1).meta({
      description: 'Of each backend, at least this many clusters serve (min-serving).',
    }),
    minBasePercent: Percent.default(0).meta({
      description: 'Of each backend, clusters with at least this part of the declared shares serve (min-base).',
    }),
    maxRemoved: z
      .strictObject({
        clusters: z.int().min(1).max(1000).optional(),
        percent: z.int().min(1).max(100).optional().meta({
          deprecated: true,
          description: 'Of the clusters of the fleet, at least one; say `clusters` instead.',
        }),
        windowSeconds: z.int().min(1).max(86_400).default(3600),
      })
      .refine(({ clusters, percent }) => (clusters === undefined) !== (percent === undefined), {
        path: ['clusters'],
        message: 'must be given, and percent must not be given with it',
      })
      .optional()
      .meta({
        description:
          'Automation takes out at most so many clusters of the fleet within the window; the next one that fails is suspected and stays in (max-removed).',
      }),
    exclusive: z
      .array(z.array(Name).min(2).max(10))
      .max(20)
      .default([])
      .meta({ description: 'Sets of clusters that are never all at 0 (exclusive).' }),
    gates: z
      .array(
        z.strictObject({
          name: Name,
          open: z.boolean().default(true),
          clusters: z.array(Name).min(1).max(100).optional().meta({ description: 'Absent: all.' }),
        }),
      )
      .max(20)
      .default([])
      .meta({
        description:
          'While a gate is closed, its clusters are not left, whatever their health; they may still receive (gate).',
      }),
  })
  .meta({
    id: 'SafetyInput',
    description: 'What must hold after every write, shift and drill. It never keeps traffic on clusters that are down.',
  });
export type SafetyRules = z.output<typeof SafetyInput>;
