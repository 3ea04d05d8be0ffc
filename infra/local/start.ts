/** `npm start`: the whole of Fairlead on this machine, with a demo fleet, until Ctrl-C. */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDemoControl } from './demo-control.ts';
import { PORT_SETTINGS, readPorts } from './ports.ts';
import { runProgram } from './program.ts';
import { FLEET, seed } from './seed.ts';
import { type Stack, startStack } from './stack.ts';
import { startScheduler } from './worker.ts';

const DIRECTORY = fileURLToPath(new URL('../../.fairlead', import.meta.url));

const USAGE = `Usage: npm start

Runs the control plane, an embedded DynamoDB, a local Alibaba Cloud and two demo clusters. Data is kept in .fairlead;
remove it to start anew. Variables that change something:
${Object.values(PORT_SETTINGS)
  .map(({ variable, port }) => `  ${variable.padEnd(24)} port, default ${port}`)
  .join('\n')}
  DYNAMODB_ENDPOINT        URL of a DynamoDB to use instead of the embedded one`;

/** The token of this installation: made once and kept. */
function localToken(): string {
  const file = join(DIRECTORY, 'token');
  if (!existsSync(file)) {
    mkdirSync(DIRECTORY, { recursive: true });
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}

function welcome(stack: Stack, controlUrl: string): string {
  const { api, gateways, logFile } = stack;
  const { alb, mse } = gateways;
  const get = `curl -s -H 'Authorization: Bearer ${api.token}'`;
  return `
Fairlead is ready. Ctrl-C ends it.

  API        ${api.url}
  Token      ${api.token}
  Document   ${api.url}/openapi.json
  Gateway    ${alb.url}  ${alb.name}, on ALB
  Gateway    ${mse.url}  ${mse.name}, on MSE, with the same routes
  Log        ${relative(process.cwd(), logFile)}

60 of 100 requests go to hangzhou-a, 40 to hangzhou-b:
  curl -s -H 'Host: shop.example.com' ${alb.url}/
A header pins a request to hangzhou-b:
  curl -s -H 'Host: shop.example.com' -H 'x-cluster: hangzhou-b' ${alb.url}/
How the clusters are:
  ${get} ${api.url}${FLEET}/clusters
Break hangzhou-a (or hang, or brownout) and see its share move away within seconds; /recover brings it back:
  curl -X POST '${controlUrl}/hangzhou-a/fail?mode=refuse'
`;
}

await runProgram(async (program) => {
  if (process.argv.length > 2) throw new Error(USAGE);
  const ports = readPorts(process.env);
  console.log('Starting the Worker, DynamoDB, the local cloud and two demo clusters.');
  const stack = await startStack({
    ports,
    token: localToken(),
    directory: DIRECTORY,
    persist: true,
    dynamoEndpoint: process.env['DYNAMODB_ENDPOINT'] || undefined,
  });
  program.onClose(stack.close);
  const control = await startDemoControl(stack.clusters, ports.control);
  program.onClose(control.close);
  await seed(stack.api, Object.values(stack.gateways), stack.clusters);
  const scheduler = startScheduler(stack.worker);
  program.onClose(scheduler.stop);
  console.log(welcome(stack, control.url));
  await new Promise(() => undefined);
});
