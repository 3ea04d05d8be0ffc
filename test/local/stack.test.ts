import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANY_PORTS, readHost, readPorts } from '../../infra/local/ports.ts';
import { startStack } from '../../infra/local/stack.ts';

const directory = mkdtempSync(join(tmpdir(), 'fairlead-stack-'));

afterAll(() => rmSync(directory, { recursive: true }));

describe('what is in the way is said before anything starts', () => {
  let server: Server;
  let taken: number;

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server has no address.');
    taken = address.port;
  });

  afterAll(() => server.close());

  test('a port in use is named, with what listens there and the variable that changes it', async () => {
    const stack = startStack({ ports: { ...ANY_PORTS, gateway: taken }, token: 'unused', directory, persist: false });
    const listener = process.platform === 'linux' ? `by .+ \\(pid ${process.pid}\\): stop it` : '.*';
    await expect(stack).rejects.toThrow(
      new RegExp(`^Port ${taken} is in use ${listener}, or set FAIRLEAD_GATEWAY_PORT to another port\\.$`),
    );
  });

  test('an address that this machine does not have is named', async () => {
    // This address is reserved for documentation (RFC 5737).
    const options = {
      host: '192.0.2.1',
      ports: { ...ANY_PORTS, api: taken },
      token: 'unused',
      directory,
      persist: false,
    };
    await expect(startStack(options)).rejects.toThrow(
      'FAIRLEAD_HOST is 192.0.2.1, which is not an address of this machine.',
    );
  });

  test.each(['', 'localhost', '::1', '127.0.0.1:80', '256.0.0.1'])('an address setting %j is refused', (value) => {
    expect(() => readHost({ FAIRLEAD_HOST: value })).toThrow('FAIRLEAD_HOST must be an IPv4 address');
  });

  test('two parts cannot have one port', async () => {
    const ports = { ...ANY_PORTS, api: 65_001, cloud: 65_001 };
    const stack = startStack({ ports, token: 'unused', directory, persist: false });
    await expect(stack).rejects.toThrow('FAIRLEAD_CLOUD_PORT and FAIRLEAD_API_PORT are both 65001');
  });

  test('a DynamoDB that does not answer is named', async () => {
    const dynamoEndpoint = `http://127.0.0.1:${taken}`;
    server.on('connection', (socket) => socket.destroy());
    const stack = startStack({ ports: ANY_PORTS, token: 'unused', directory, persist: false, dynamoEndpoint });
    await expect(stack).rejects.toThrow(`The DynamoDB at DYNAMODB_ENDPOINT (${dynamoEndpoint}) cannot be used`);
  });

  test.each(['', 'abc', '0', '65536', '8787 '])('a port setting %j is refused', (value) => {
    expect(() => readPorts({ FAIRLEAD_API_PORT: value })).toThrow('FAIRLEAD_API_PORT must be a port');
  });
});
