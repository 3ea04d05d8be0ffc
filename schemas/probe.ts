import * as z from 'zod';
import { HeaderName, Name, Port } from './common.ts';

export const MaxLatencyMs = z.int().min(1).max(30_000).optional().meta({
  description:
    'The latency above which a good answer is slow. A cluster that most voters find slow for a while is impaired, never unhealthy.',
});

/** The fields that probes of every type have. */
const common = {
  path: z
    .enum(['ingress', 'direct'])
    .default('ingress')
    .meta({
      description:
        'ingress: the probe goes the way that requests take, and the cluster fails when it fails. direct: the probe goes around the ' +
        'ingress, and tells a failed ingress from a failed cluster.',
    }),
  from: z.enum(['everywhere', 'edge', 'agents']).default('everywhere').meta({
    description: 'The senders of the probe. agents: the target is in a private network that only agents reach.',
  }),
  maxLatencyMs: MaxLatencyMs,
};

export const SecretRef = z.strictObject({ secret: Name.meta({ examples: ['probe-token'] }) }).meta({
  id: 'SecretRef',
  description:
    'The name of a secret, whose value is sent. The control plane and each agent take it from their own settings, and send it only to ' +
    'the hosts that the settings name for it. It is never stored or shown.',
});

export const RequestHeaders = z
  .record(
    HeaderName,
    z.union([z.string().max(1024), SecretRef], {
      error: 'must be a text of at most 1024 characters, or the name of a secret: {"secret": "probe-token"}',
    }),
  )
  .refine((headers) => Object.keys(headers).length <= 16, 'must have at most 16 headers')
  .refine(
    (headers) => Object.entries(headers).every(([name, value]) => !isHost(name) || typeof value === 'string'),
    'must give host as a text, since it decides where a request goes',
  );
export type RequestHeaders = z.output<typeof RequestHeaders>;

function isHost(header: string): boolean {
  return header.toLowerCase() === 'host';
}

/** The headers of a request that the control plane alone sends. */
export const EdgeHeaders = RequestHeaders.refine(
  (headers) => !Object.keys(headers).some(isHost),
  'must not set host: a Worker cannot send another host than that of the URL',
)
  .optional()
  .meta({
    description:
      'The headers of the request. A value that gives access is the name of a secret: {"secret": "probe-token"}.',
  });

export const StatusRange = z
  .strictObject({ from: z.int().min(100).max(599), to: z.int().min(100).max(599) })
  .refine((range) => range.from <= range.to, 'must not have a from above to');

export const HttpProbe = z
  .strictObject({
    ...common,
    type: z.literal('http'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
      .max(2048)
      .meta({ examples: ['https://ingress.hangzhou-a.example.com/healthz'] }),
    method: z.enum(['GET', 'HEAD']).default('GET'),
    headers: RequestHeaders.default({}).meta({
      description:
        'The headers of the request. A value that gives access is the name of a secret: {"secret": "probe-token"}. Host may be set only ' +
        'when `from` is `agents`.',
      examples: [{ Authorization: { secret: 'probe-token' } }],
    }),
    expectedStatus: StatusRange.default({ from: 200, to: 399 }).meta({
      description:
        'The range of statuses that are expected. Any other status is a failure. Redirects are not followed.',
    }),
    expectedBody: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'A text that the first 64 KiB of the body must contain.' }),
    certificateWarningDays: z.int().min(1).max(365).default(14).meta({
      description:
        'The number of days before the expiry of a certificate at which to warn. It applies to https URLs that an agent probes.',
    }),
  })
  .refine(({ method, expectedBody }) => method !== 'HEAD' || expectedBody === undefined, {
    path: ['expectedBody'],
    message: 'must not be asked of a HEAD request: it has no body',
  })
  .refine(({ headers, from }) => from === 'agents' || !Object.keys(headers).some(isHost), {
    path: ['headers'],
    message: 'must not set host unless from is agents: a Worker cannot send another host than that of the URL',
  })
  .meta({ id: 'HttpProbe' });
export type HttpProbe = z.output<typeof HttpProbe>;

export const TcpProbe = z
  .strictObject({ ...common, type: z.literal('tcp'), host: z.string().min(1).max(253), port: Port })
  .meta({ id: 'TcpProbe', description: 'Succeeds when the connection is accepted.' });
export type TcpProbe = z.output<typeof TcpProbe>;

export const Probe = z.discriminatedUnion('type', [HttpProbe, TcpProbe]);
export type Probe = z.output<typeof Probe>;
