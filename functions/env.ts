import * as z from 'zod';
import { Name } from '../schemas/common.ts';
import { Limits } from './api/http/limits.ts';

const AccessKey = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
  securityToken: z.string().min(1).optional(),
});

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

const Token = z
  .string()
  .min(16, 'must have at least 16 characters')
  .regex(/^[A-Za-z0-9._~+/-]+=*$/, 'must be letters, digits or - . _ ~ + / (RFC 6750)');

/** The names of actors that no setting may use. */
const RESERVED: readonly string[] = ['api', 'automation'];

const ByActor = z.record(
  Name.refine((name) => !RESERVED.includes(name)),
  Token,
);

/** The tokens by actor. Any fault is reported for the whole setting, since a token that was given as a name must not get into the log. */
const Tokens = Json.refine(
  (value) => ByActor.safeParse(value).success,
  `must be {"name": "token"}: names are DNS labels other than ${RESERVED.join(' and ')}, tokens are like API_TOKEN`,
).pipe(ByActor);

const url = z.url({ protocol: /^https?$/ });

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

/** The settings of the control plane: variables and secrets of the Worker. docs/settings.md describes them. */
export const Env = z
  .object({
    API_TOKEN: Token,
    API_TOKENS: Tokens.default({}),
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
    HEARTBEAT_URL: url.optional(),
    RATE_LIMITS: z.string().default('{}').transform(json).pipe(Limits),
    ADDRESS_HEADER: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
      .default('CF-Connecting-IP'),
    ALLOW_LOOPBACK_PROBES: z.enum(['true', 'false']).default('false'),
  })
  .refine(({ API_TOKEN, API_TOKENS }) => areDistinct([API_TOKEN, ...Object.values(API_TOKENS)]), {
    path: ['API_TOKENS'],
    message: 'must not give one token to two actors',
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
  const tokens = [env.API_TOKEN, ...Object.values(env.API_TOKENS)];
  return [...tokens, ...aws, ...cloud, ...targets, env.HEARTBEAT_URL].filter((value) => value !== undefined);
}
