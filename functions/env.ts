import * as z from 'zod';

const AccessKey = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
  securityToken: z.string().min(1).optional(),
});

const CredentialSets = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), AccessKey));

/** The settings of the control plane: variables and secrets of the Worker. README.md describes them. */
const Env = z.object({
  API_TOKEN: z.string().min(16, 'must have at least 16 characters'),
  OWNER_ID: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 lower-case letters, digits or hyphens'),
  TABLE_NAME: z.string().min(3).max(255),
  AWS_REGION: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
  DYNAMODB_ENDPOINT: z.url().optional(),
  ALIBABA_CLOUD_CREDENTIALS: CredentialSets,
  ALIBABA_CLOUD_ENDPOINT: z.url().optional(),
  ALLOW_LOOPBACK_PROBES: z.enum(['true', 'false']).default('false'),
});
export type Env = z.output<typeof Env>;

/** Names the settings that are wrong, and never their values. */
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
