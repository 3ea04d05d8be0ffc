import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdentityUnavailable, type Net } from '../../functions/deps.ts';
import { createIdentityProviders } from '../../functions/identity.ts';
import { net } from '../../functions/platform.ts';
import { createKey, json, type Key, type Provider, sign, startProvider } from './provider.ts';

const AUDIENCE = 'fairlead';
const NOW = Date.UTC(2026, 10, 28);

const first = await createKey('first');
const second = await createKey('second');

let provider: Provider;
let nowMs: number;
/** Waits a fifth of what the product waits, for providers that never answer. */
const impatient: Net = { ...net, fetch: (url, init) => net.fetch(url, { ...init, timeoutMs: init.timeoutMs / 5 }) };

const parts = (used: Net) => ({
  clock: { now: () => nowMs, sleep: async () => undefined },
  net: used,
  log: { info: () => undefined, error: () => undefined },
});
const providers = (more: object = {}, used = net) =>
  createIdentityProviders(
    {
      ci: {
        ...{ issuer: provider.issuer, audience: AUDIENCE, groupsClaim: 'groups', algorithms: ['ES256', 'RS256'] },
        ...more,
      },
    },
    parts(used),
  );
const claims = (more: object = {}) => ({ iss: provider.issuer, aud: AUDIENCE, sub: 'repo:shop', ...more });
const publish = (...keys: Pick<Key, 'publicJwk'>[]) => json({ keys: keys.map(({ publicJwk }) => publicJwk) });
const keysAsked = () => provider.asked.filter((path) => path === '/keys').length;

beforeEach(async () => {
  provider = await startProvider();
  provider.serve = publish(first);
  nowMs = NOW;
});
afterEach(() => provider.close());

describe('a token of an identity provider', () => {
  it('tells who somebody is, and until when', async () => {
    const token = await sign(first, NOW, claims({ groups: ['ops', 7, 'dev'] }));
    expect(await providers().verify(token)).toEqual({
      ...{ provider: 'ci', issuer: provider.issuer, subject: 'repo:shop', groups: ['ops', 'dev'] },
      expiresAt: new Date(NOW + 3_600_000).toISOString(),
    });
  });

  it('is verified with keys that are read once, wherever the provider says that they are', async () => {
    const identities = providers();
    for (const sub of ['a', 'b', 'c']) await identities.verify(await sign(first, NOW, claims({ sub })));
    expect(provider.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    expect(
      await providers({ jwksUri: `${provider.issuer}/keys` }).verify(await sign(first, NOW, claims())),
    ).toBeDefined();
    expect(provider.asked).toHaveLength(3);
  });

  it.each<[string, object, object?]>([
    ['of another issuer', { iss: 'https://elsewhere.example.com' }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'somebody-else' }],
    ['without an audience', { aud: undefined }],
    ['that has expired', { exp: NOW / 1000 - 31 }],
    ['that never expires', { exp: undefined }],
    ['that is not valid yet', { nbf: NOW / 1000 + 60 }],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a subject that would break a line of a log', { sub: 'a\nb' }],
    ['with a subject that is too long', { sub: 'x'.repeat(256) }],
    ['with a header that it says is critical and nobody knows', {}, { crit: ['x'], x: 1 }],
  ])('%s is not accepted', async (_, wrong, header) => {
    const token = await sign(first, NOW, claims(wrong), header).catch(() => '');
    expect(await providers().verify(token)).toBeUndefined();
  });

  it('is not accepted when its signature, its form or its algorithm is wrong, and no key is asked for without a reason', async () => {
    const [head = '', body = '', signature = ''] = (await sign(first, NOW, claims())).split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const other = (await sign(await createKey('first'), NOW, claims())).split('.')[2];
    const unasked = [
      `${part({ alg: 'none' })}.${body}.`,
      `${part({ alg: 'none' })}.${body}.${signature}`,
      `${part({ alg: 'HS256', kid: 'first' })}.${body}.${signature}`,
      `${part({ alg: 'ES384', kid: 'first' })}.${body}.${signature}`,
      `${part([])}.${body}.${signature}`,
      `${head}.${part(null)}.${signature}`,
      `${head}.${part('text')}.${signature}`,
      `${head}..${signature}`,
      '..',
      'a.b.c',
      `${head}.${body}.${signature}`.padEnd(9_000, 'A'),
    ];
    const identities = providers();
    for (const token of unasked) expect(await identities.verify(token), token.slice(0, 60)).toBeUndefined();
    expect(provider.asked).toEqual([]);
    const asked = [
      `${head}.${body}.${other}`,
      `${head}.${body}.AAAA`,
      `${head}.${part(claims({ sub: 'root' }))}.${signature}`,
    ];
    for (const token of asked) expect(await identities.verify(token), token.slice(-60)).toBeUndefined();
  });
});

describe('the keys of a provider', () => {
  it('are read again for a token with a key that is not among them, and no more often than every 30 seconds', async () => {
    const identities = providers();
    expect(await identities.verify(await sign(first, NOW, claims()))).toBeDefined();
    provider.serve = publish(second);
    const rotated = await sign(second, NOW, claims());
    expect(await identities.verify(rotated)).toBeUndefined();
    expect(keysAsked()).toBe(1);
    nowMs += 30_000;
    expect(await identities.verify(rotated)).toMatchObject({ subject: 'repo:shop' });
    expect(await identities.verify(await sign(first, NOW, claims()))).toBeUndefined();
    for (let count = 0; count < 20; count++) {
      expect(
        await identities.verify(await sign({ ...second, kid: `made-up-${count}` }, NOW, claims())),
      ).toBeUndefined();
    }
    expect(keysAsked()).toBe(2);
  });

  it('that are retired are not believed any more after ten minutes', async () => {
    const identities = providers();
    const token = await sign(first, NOW, claims());
    expect(await identities.verify(token)).toBeDefined();
    provider.serve = publish(second);
    nowMs += 10 * 60_000;
    expect(await identities.verify(token)).toBeUndefined();
  });

  it('are still believed for an hour while the provider fails, and then nobody can tell', async () => {
    const identities = providers();
    const token = await sign(first, NOW, claims({ exp: NOW / 1000 + 36_000 }));
    expect(await identities.verify(token)).toBeDefined();
    provider.serve = json({}, 500);
    nowMs += 59 * 60_000;
    expect(await identities.verify(token)).toBeDefined();
    await expect(identities.verify(await sign(second, nowMs, claims()))).rejects.toThrow(IdentityUnavailable);
    nowMs += 60_000;
    await expect(identities.verify(token)).rejects.toThrow(IdentityUnavailable);
  });

  const endless = (response: Parameters<Provider['serve']>[0]) => {
    response.writeHead(200);
    const write = () => {
      while (!response.destroyed && response.write('{"keys":['.padEnd(65_536, '1')));
    };
    response.on('drain', write);
    write();
  };

  it.each<[string, Provider['serve']]>([
    ['fails', json({}, 503)],
    ['redirects', (response) => response.writeHead(302, { Location: '/elsewhere' }).end()],
    ['never answers', () => undefined],
    ['never ends', endless],
    ['drips', (response) => response.write('{')],
    ['hangs up', (response) => response.destroy()],
    ['answers with a page', (response) => response.end('<html></html>')],
    ['answers with nothing', json(null)],
    ['has no keys', json({ keys: [] })],
    ['has one thing that is no list', json({ keys: { kty: 'EC' } })],
    ['has shared secrets alone', json({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'first', alg: 'HS256' }] })],
    ['has more keys than anybody needs', json({ keys: Array.from({ length: 101 }, () => first.publicJwk) })],
  ])('that %s cannot be had, and it is not asked again at once', async (_, serve) => {
    provider.serve = serve;
    const identities = providers({ jwksUri: `${provider.issuer}/keys` }, impatient);
    const token = await sign(first, NOW, claims());
    for (let count = 0; count < 3; count++) {
      await expect(identities.verify(token)).rejects.toThrow(
        'The keys of the identity provider ci cannot be had at present.',
      );
    }
    expect(keysAsked()).toBe(1);
  });

  it.each([
    ['of another issuer', { issuer: 'https://elsewhere.example.com' }],
    ['without the place of the keys', { jwks_uri: undefined }],
    ['with a place that is none', { jwks_uri: 7 }],
  ])('cannot be had from a configuration %s', async (_, wrong) => {
    provider.configuration = { ...provider.configuration, ...wrong };
    await expect(providers().verify(await sign(first, NOW, claims()))).rejects.toThrow(IdentityUnavailable);
    expect(keysAsked()).toBe(0);
  });

  it.each([
    ['garbage', { kty: 'EC', crv: 'P-256', x: '!', y: '!', kid: 'first', alg: 'ES256' }],
    ['a point that is not on the curve', { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'first', alg: 'ES256' }],
    ['no curve', { kty: 'EC', kid: 'first', alg: 'ES256' }],
    ['the key of somebody else', { ...second.publicJwk, kid: 'first' }],
  ])('that are %s verify nothing', async (_, key) => {
    provider.serve = json({ keys: [key] });
    expect(await providers().verify(await sign(first, NOW, claims()))).toBeUndefined();
  });
});
