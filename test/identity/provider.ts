import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** A key of a provider, which signs tokens. */
export interface Key {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicJwk: object;
}

export async function createKey(kid: string, alg = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

/** An identity provider on a port of this machine. */
export interface Provider {
  issuer: string;
  /** The paths that were asked for. */
  asked: string[];
  /** Answers the request for the keys; replaced by tests of providers that lie, fail or never end. */
  serve(response: ServerResponse): void;
  /** The configuration, as the provider tells it. */
  configuration: object;
  /** Lets the process end while the provider runs. */
  unref(): void;
  close(): Promise<void>;
}

export function json(value: unknown, status = 200): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(value));
  };
}

export async function startProvider(): Promise<Provider> {
  const server = createServer((request, response) => {
    provider.asked.push(request.url ?? '');
    if (request.url === '/keys') provider.serve(response);
    else json(provider.configuration)(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The provider has no address.');
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider: Provider = {
    issuer,
    asked: [],
    serve: json({ keys: [] }),
    configuration: { issuer, jwks_uri: `${issuer}/keys` },
    unref: () => void server.unref(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return provider;
}

/** Signs a token that is valid for an hour from `nowMs`, unless the claims say otherwise. */
export async function sign(
  { privateKey, kid, alg }: Key,
  nowMs: number,
  claims: Record<string, unknown>,
  header: object = {},
): Promise<string> {
  const seconds = Math.floor(nowMs / 1000);
  return await new SignJWT({ iat: seconds, exp: seconds + 3600, ...claims })
    .setProtectedHeader({ alg, kid, ...header })
    .sign(privateKey);
}
