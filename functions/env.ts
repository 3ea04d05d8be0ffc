import * as z from 'zod';
import { Name } from '../schemas/common.ts';
import { Limits } from './api/http/limits.ts';
import { partsOf } from './secrets.ts';

const AccessKey = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
  securityToken: z.string().min(1).optional(),
});

const Token = z
  .string()
  .min(16, 'must have at least 16 characters')
  .regex(/^[A-Za-z0-9._~+/-]+=*$/, 'must be letters, digits or - . _ ~ + / (RFC 6750)');

/** The token of the settings. `none` says that there shall be none, so that one that was forgotten is still told. */
const SettingToken = z
  .string()
  .refine(
    (text) => text === 'none' || Token.safeParse(text).success,
    'must be none, or at least 16 letters, digits or - . _ ~ + / (RFC 6750)',
  )
  .transform((text) => (text === 'none' ? undefined : text));

function json(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
}

const Json = z.string().transform(json);

const ByCredentials = z.record(z.string(), AccessKey);

/** The credential sets. Any fault is reported for the whole setting, since a key that was given as a name must not get into the log. */
const CredentialSets = Json.refine(
  (value) => ByCredentials.safeParse(value).success,
  'must be {"name": {"accessKeyId": "…", "accessKeySecret": "…"}}, with a "securityToken" where there is one',
).pipe(ByCredentials);

const url = z.url({ protocol: /^https?$/ });

/** The algorithms of signatures that providers may use. None of them works with a secret that is shared, or without a key. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

/** Keys are had over https, so that nobody on the way can put others in their place; a local provider is for development. */
const providerUrl = url
  .max(512)
  .refine((text) => text.startsWith('https:') || LOOPBACK.includes(new URL(text).hostname), 'must begin with https://');

const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost'];

const Provider = z.strictObject({
  issuer: providerUrl,
  audience: z.string().min(1).max(512),
  jwksUri: providerUrl.optional(),
  groupsClaim: z.string().min(1).max(256).default('groups'),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'ES256', 'EdDSA']),
});
export type Provider = z.output<typeof Provider>;

const ByProvider = z
  .record(Name, Provider)
  .refine((providers) => areDistinct(Object.values(providers).map(({ issuer }) => issuer)));

const OidcIssuers = Json.refine(
  (value) => ByProvider.safeParse(value).success,
  'must be {"name": {"issuer": "https://…", "audience": "…"}} with each issuer once; "jwksUri", "groupsClaim" and "algorithms" may be ' +
    `given, the algorithms being among ${ALGORITHMS.join(', ')}`,
).pipe(ByProvider);

/** A signing secret of Standard Webhooks, which has 24 to 64 random bytes. */
const SigningSecret = z
  .string()
  .regex(/^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/);

const Target = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('webhook'), url, secret: SigningSecret }),
  z.strictObject({ format: z.enum(['dingtalk', 'feishu']), url, secret: z.string().min(1).optional() }),
  z.strictObject({ format: z.literal('slack'), url }),
  z.strictObject({ format: z.literal('alertmanager'), url, token: z.string().min(1).optional() }),
]);

const ByName = z.record(Name, Target);

/** The notification targets. Any fault is reported for the whole setting, since a secret must not get into the log. */
const NotificationTargets = Json.refine(
  (value) => ByName.safeParse(value).success,
  'must be {"name": {"format": "webhook, dingtalk, feishu, slack or alertmanager", "url": "…", "secret": "…"}}; a webhook needs a secret, ' +
    'whsec_ and the base64 of 24 to 64 bytes; an alertmanager may have a "token" instead',
).pipe(ByName);

/** A value that may stand in a header, and that is long enough to be recognised wherever it might be shown. */
const SecretValue = z
  .string()
  .max(4096)
  .regex(/^[\x21-\x7e][\x20-\x7e]{6,}[\x21-\x7e]$/);

/** A host name, *. and the end of one, or an address, as a URL writes it. */
const SecretHost = z.string().regex(/^(?:\*\.)?[a-z0-9_](?:[-a-z0-9_.]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/);

const SecretsByName = z.record(
  Name,
  z.strictObject({ value: SecretValue, hosts: z.array(SecretHost).min(1).max(200) }),
);

/** The named secrets that declarations refer to. Any fault is reported for the whole setting, since a secret must not get into the log. */
export const SecretSettings = Json.refine(
  (value) => SecretsByName.safeParse(value).success,
  'must be {"name": {"value": "…", "hosts": ["*.example.com"]}}: names are DNS labels, values are 8 to 4096 printable ASCII characters, ' +
    'hosts are host names in lower case, *. and the end of one, or addresses',
).pipe(SecretsByName);
export type SecretSettings = z.output<typeof SecretSettings>;

/**
 * The settings of the control plane: variables and secrets of the Worker. docs/settings.md describes them. When
 * `API_TOKEN` is `none`, only stored tokens and identity providers lead in.
 */
const Origins = z
  .array(z.string().refine((text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text))
  .max(100);

/** The origins whose pages may call the API, which are none of the others. */
const CorsOrigins = Json.refine(
  (value) => Origins.safeParse(value).success,
  'must be a list of origins such as ["https://portal.example.com"], without a path',
).pipe(Origins);

export const Env = z.object({
  API_TOKEN: SettingToken,
  OIDC_ISSUERS: OidcIssuers.default({}),
  CORS_ORIGINS: CorsOrigins.default([]),
  OWNER_ID: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits or hyphens'),
  TABLE_NAME: z.string().min(3).max(255),
  AWS_REGION: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
  DYNAMODB_ENDPOINT: z.url().optional(),
  ALIBABA_CLOUD_CREDENTIALS: CredentialSets,
  ALIBABA_CLOUD_ENDPOINT: z.url().optional(),
  NOTIFICATION_TARGETS: NotificationTargets.default({}),
  SECRETS: SecretSettings.default({}),
  HEARTBEAT_URL: url.optional(),
  RATE_LIMITS: Json.default({}).pipe(Limits),
  ADDRESS_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
    .default('CF-Connecting-IP'),
  ALLOW_LOOPBACK_PROBES: z.enum(['true', 'false']).default('false'),
});
export type Env = z.output<typeof Env>;

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** The error of wrong settings. Its message names the settings, and never their values. */
export class InvalidSettings extends Error {
  constructor(faults: readonly string[]) {
    super(`settings are missing or wrong: ${faults.join('; ')}`);
    this.name = 'InvalidSettings';
  }
}

export function parseEnv(bindings: unknown): Env {
  const result = Env.safeParse(bindings);
  if (result.success) return result.data;
  throw new InvalidSettings(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
}

/** Returns the values of all settings that give access to something. No log line may show them. */
export function secretsOf(env: Env): string[] {
  const cloud = Object.values(env.ALIBABA_CLOUD_CREDENTIALS).flatMap((set) => [
    set.accessKeyId,
    set.accessKeySecret,
    set.securityToken,
  ]);
  const targets = Object.values(env.NOTIFICATION_TARGETS).flatMap((target) => [
    target.url,
    'secret' in target ? target.secret : undefined,
    'token' in target ? target.token : undefined,
  ]);
  const aws = [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN];
  const named = partsOf(env.SECRETS);
  return [env.API_TOKEN, ...aws, ...cloud, ...targets, ...named, env.HEARTBEAT_URL].filter(
    (value) => value !== undefined,
  );
}
