import * as z from 'zod';
import { City, HeaderName, Name, Percent, Site, Timestamp } from './common.ts';
import { deprecated, deprecatedValues, RETIRED } from './deprecation.ts';
import { EdgeHeaders, MaxLatencyMs } from './probe.ts';

const PrometheusLabel = z
  .string()
  .max(128)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must be the name of a Prometheus label');

const voterFields = {
  name: Name,
  clusters: z.array(Name).min(1).max(1000).optional().meta({
    description: 'The clusters that the voter watches. When absent, it watches every cluster that it can.',
  }),
};

export const EdgeVoter = z.strictObject({ ...voterFields, type: z.literal('edge') }).meta({
  id: 'EdgeVoter',
  description: 'The scheduled probes of the control plane, sent directly to the targets that each cluster declares.',
});

const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

export const GatewayPathVoter = z
  .strictObject({
    ...voterFields,
    type: z.literal('gateway-path'),
    gateway: Name,
    url: z
      .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
      .max(2048)
      .meta({ description: 'A URL that leads through the gateway.', examples: ['http://shop.example.com/healthz'] }),
    pinHeader: HeaderName.default('x-fairlead-cluster').meta({
      description:
        'The header that is sent with the name of the cluster. A route of the gateway has to send such requests to that cluster alone.',
    }),
    headers: EdgeHeaders,
    maxLatencyMs: MaxLatencyMs,
  })
  .refine(({ headers = {}, pinHeader }) => !Object.keys(headers).some((name) => isSame(name, pinHeader)), {
    path: ['headers'],
    message: 'must not set the header that names the cluster',
  })
  .meta({
    id: 'GatewayPathVoter',
    description: 'The scheduled probes of the control plane through a gateway, pinned to each cluster in turn.',
  });

export type GatewayPathVoter = z.output<typeof GatewayPathVoter>;

export const PublicKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be the 32 bytes of an Ed25519 public key in base64')
  .meta({ examples: ['11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='] });

export const AgentVoter = z
  .strictObject({
    ...voterFields,
    type: z.literal('agent'),
    site: Site.optional().meta({
      description: 'The data centre that the agent runs in, by the name that clusters give it.',
    }),
    publicKey: PublicKey.optional().meta({
      description:
        'The public key of the agent. When it is absent, the agent brings its key when it enrols; a voter that declares its key has no ' +
        'enrolment.',
    }),
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
        description: 'The hash of the bearer token that the voter sends: printf %s "$TOKEN" | sha256sum.',
        examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
      }),
    clusterLabel: PrometheusLabel.default('cluster').meta({
      description:
        'The label of alerts that carries the name of the cluster, such as an external label of each Prometheus.',
    }),
    heartbeatAlert: z.string().min(1).max(128).default('Watchdog').meta({
      description: 'The alert that always fires. The other alerts of the voter count as long as this one arrives.',
    }),
    freshnessSeconds: z.int().min(60).max(86_400).default(660).meta({
      description:
        'The longest time that the heartbeat may be missing. It should be more than twice the repeat_interval of its route.',
    }),
  })
  .meta({
    id: 'AlertVoter',
    description:
      'A monitoring system that posts its alerts as a webhook of Prometheus Alertmanager. While an alert of a cluster fires, the ' +
      'cluster is impaired. The voter is not counted in the majority, and makes no cluster healthy or unhealthy.',
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

/** A window of time: a part of each week, or one span of time. */
export const TimeWindow = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('weekly'),
        days: z.array(Weekday).min(1).max(7),
        from: TimeOfDay,
        to: TimeOfDay.meta({
          description: 'The end of the window. When it is not after `from`, it is on the next day.',
        }),
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
      description:
        'The way in which a cluster that has recovered returns. manual: when somebody restores it. auto: at once. ramp: step by step.',
    }),
    rampSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(300)
      .meta({ description: 'The time from the first step to the whole share.' }),
    minimumPercent: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .meta({ description: 'The size of the first step, in percent of the share.' }),
    stepPercent: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .meta({ description: 'The size of the largest step, in percent of the share.' }),
    aggression: z
      .number()
      .min(0.1)
      .max(10)
      .default(1)
      .meta({
        description:
          'The shape of the ramp. The share after t seconds is (t / rampSeconds) ^ (1 / aggression): 1 is linear, and more is faster at ' +
          'first.',
      }),
  })
  .meta({ id: 'FailbackInput' });

/** The answer of people, or of a program of theirs, to the question whether the traffic of a city may leave or return. */
export const GateAnswer = z.enum(['go', 'stay']);
export type GateAnswer = z.infer<typeof GateAnswer>;

const withoutAnswer = (answer: GateAnswer, description: string) =>
  z
    .strictObject({ withoutAnswer: GateAnswer.default(answer) })
    .prefault({})
    .meta({ description });

export const DataGateInput = z
  .strictObject({
    city: City.min(1).meta({ description: 'The city, by the name that clusters give it.', examples: ['hangzhou'] }),
    gateSeconds: z.int().min(1).max(3600).default(60).meta({
      description: 'The longest time to wait for an answer, from the time at which the question is first asked.',
    }),
    leave: withoutAnswer(
      'go',
      'The settings of the question that is asked when the last serving cluster of the city fails. Without an answer, the city is ' +
        'left (`go`), or keeps its traffic until somebody answers (`stay`).',
    ),
    regain: withoutAnswer(
      'stay',
      'The settings of the question that is asked when a cluster of the city is found healthy after all of them had been out. ' +
        'Without an answer, the clusters of the city return (`go`), or wait until somebody answers (`stay`).',
    ),
    target: Name.optional().meta({
      description:
        'One of the targets that the settings name, of the format `webhook`. It is asked as well, and may answer. When absent, only ' +
        'people answer.',
    }),
  })
  .meta({
    id: 'DataGateInput',
    description:
      'A question that automation asks before it leaves or regains the city: whether the data is ready in the place that the traffic ' +
      'goes to.',
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
          'The shortest time that a cluster which went down waits before it returns. It doubles with each failure within an hour, up to ' +
          'an hour. It never delays a failover, and no cluster waits while no other can serve.',
      }),
    correlation: z
      .strictObject({
        action: z
          .enum(['proceed', 'ask', 'halt', 'ignore'])
          .default('proceed')
          .meta({ ...deprecatedValues(['halt', 'ignore'], RETIRED) }),
        windowSeconds: z.int().min(1).max(3600).default(60),
        askSeconds: z.int().min(1).max(3600).default(300),
      })
      .prefault({})
      .meta({
        description:
          'The reaction when clusters of different sites fail within the window. `proceed` leaves each of them and pages with the likely ' +
          'common cause. `ask` keeps the later ones in, as suspected, until voters of two vantages agree, somebody answers, or ' +
          '`askSeconds` have passed. `halt` and `ignore` are the names of an earlier release for `ask` and `proceed`.',
      }),
    panic: z
      .strictObject({
        thresholdPercent: Percent.default(0),
        mode: z.enum(['hold', 'base', 'reject']).default('hold'),
      })
      .optional()
      .meta({
        ...deprecated(RETIRED),
        description:
          'This field has no effect any more: points never stay on clusters that are down while others serve.',
      }),
    headroomPercent: z
      .int()
      .min(0)
      .max(90)
      .default(10)
      .meta({
        description:
          'The part of the capacity of each cluster that is kept free of traffic displaced from others, as long as there is room ' +
          'elsewhere.',
      }),
    drainSeconds: z.int().min(0).max(900).default(0).meta({
      description: 'The time that requests in flight may take after a shift has taken the last share of a cluster.',
    }),
    failback: FailbackInput.prefault({}),
    freezeWindows: z
      .array(TimeWindow)
      .max(20)
      .default([])
      .meta({ description: 'The windows during which no cluster returns and no drill begins.' }),
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
      description: 'The rule `min-serving`: at least this many clusters of each backend serve.',
    }),
    minBasePercent: Percent.default(0).meta({
      description:
        'The rule `min-base`: the clusters of each backend that serve have at least this part of its declared shares.',
    }),
    maxRemoved: z
      .strictObject({
        clusters: z.int().min(1).max(1000).optional(),
        percent: z
          .int()
          .min(1)
          .max(100)
          .optional()
          .meta({
            ...deprecated(RETIRED),
            description:
              'A part of the clusters of the fleet, which counts as at least one cluster. Use `clusters` instead.',
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
          'The rule `max-removed`: automation takes out at most this many clusters of the fleet within the window. The next cluster that ' +
          'fails is suspected and stays in.',
      }),
    exclusive: z
      .array(z.array(Name).min(2).max(10))
      .max(20)
      .default([])
      .meta({ description: 'The rule `exclusive`: sets of clusters of which at least one is never at 0.' }),
    gates: z
      .array(
        z.strictObject({
          name: Name,
          open: z.boolean().default(true),
          clusters: z
            .array(Name)
            .min(1)
            .max(100)
            .optional()
            .meta({ description: 'The clusters of the gate. When absent, all clusters are.' }),
        }),
      )
      .max(20)
      .default([])
      .meta({
        description:
          'The rule `gate`: while a gate is closed, its clusters are not left, whatever their health. They may still receive traffic.',
      }),
  })
  .meta({
    id: 'SafetyInput',
    description:
      'The rules that must hold after every write, shift and drill. They never keep traffic on clusters that are down.',
  });
export type SafetyRules = z.output<typeof SafetyInput>;
