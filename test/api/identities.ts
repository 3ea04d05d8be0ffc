import type { Deps } from '../../functions/deps.ts';
import { createIdentityProviders } from '../../functions/identity.ts';
import { net } from '../../functions/platform.ts';
import { createKey, json, sign, startProvider } from '../identity/provider.ts';

const AUDIENCE = 'fairlead';

/** The identity provider of the tests of one process, which the API trusts in Node and in workerd. */
export interface TestProvider {
  issuer: string;
  /** The providers of the settings, as the setting `OIDC_ISSUERS` has them. */
  settings: Record<string, { issuer: string; audience: string; groupsClaim: string; algorithms: string[] }>;
  /** Returns a token of these groups, with other claims if given. `isForged`: it is signed by a key that is not published. */
  tokenOf(groups: readonly string[], claims?: object, isForged?: boolean): Promise<string>;
}

let running: Promise<TestProvider> | undefined;

/** Starts the provider when it is first asked for. It ends with the process. */
export async function testProvider(): Promise<TestProvider> {
  running ??= start();
  return await running;
}

async function start(): Promise<TestProvider> {
  const [provider, key, forged] = await Promise.all([startProvider(), createKey('k'), createKey('k')]);
  provider.serve = json({ keys: [key.publicJwk] });
  provider.unref();
  const { issuer } = provider;
  return {
    issuer,
    settings: { corp: { issuer, audience: AUDIENCE, groupsClaim: 'groups', algorithms: ['ES256'] } },
    tokenOf: async (groups, claims = {}, isForged = false) =>
      await sign(isForged ? forged : key, Date.now(), { iss: issuer, aud: AUDIENCE, sub: 'ida', groups, ...claims }),
  };
}

/** Returns the check of the tokens of the provider. */
export async function testIdentities({ clock, log }: Pick<Deps, 'clock' | 'log'>): Promise<Deps['identities']> {
  return createIdentityProviders((await testProvider()).settings, { clock, net, log });
}
