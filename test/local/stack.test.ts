import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANY_PORTS, readPorts } from '../../infra/local/ports.ts';
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

  test('a port in use is named, with the variable that changes it', async () => {
    const stack = startStack({ ports: { ...ANY_PORTS, gateway: taken }, token: 'unused', directory, persist: false });
    await expect(stack).rejects.toThrow(
      `Port ${taken} is in use: stop what listens there, or set FAIRLEAD_GATEWAY_PORT to another port.`,
    );
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
