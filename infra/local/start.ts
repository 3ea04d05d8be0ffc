/** The program of `npm start`, which runs the whole of Fairlead on this machine, with a demo fleet, until Ctrl-C. */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { usageOf } from '../scripts.ts';
import { startDemoControl } from './demo-control.ts';
import { clustersAt, type Trial } from './estates/estate.ts';
import { DEFAULT_ESTATE, ESTATES, type EstateName, isEstate } from './estates/index.ts';
import { claimStateDirectory, keepEstate, prepareStateDirectory, replaceFile, requireRoom } from './files.ts';
import { isLoopback, readHost, readPorts } from './ports.ts';
import { type Program, runProgram } from './program.ts';
import { FLEET, seed } from './seed.ts';
import { type Stack, startStack } from './stack.ts';
import { startScheduler } from './worker.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOKEN = /^[0-9a-f]{48}$/;

function readEstate(args: string[]): EstateName {
  try {
    const { values } = parseArgs({ args, options: { estate: { type: 'string', default: DEFAULT_ESTATE } } });
    if (isEstate(values.estate)) return values.estate;
  } catch {
    // The usage below covers every wrong argument.
  }
  throw new Error(usageOf('start'));
}

/** Returns the default state folder of an estate; each estate has its own. */
function directoryOf(estate: EstateName): string {
  return estate === DEFAULT_ESTATE ? '.fairlead' : `.fairlead-${estate}`;
}

/** Returns the API token of this installation, which is generated once and kept. */
function localToken(directory: string): string {
  const file = join(directory, 'token');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (TOKEN.test(kept)) return kept;
  const token = randomBytes(24).toString('hex');
  replaceFile(file, token);
  return token;
}

function welcome(stack: Stack, controlUrl: string): string {
  const { estate, api, gateways, logFile } = stack;
  const { alb, mse } = gateways;
  const get = `curl -s -H 'Authorization: Bearer ${api.token}'`;
  const text = (trials: readonly Trial[]) => trials.map((trial) => `${trial.text}\n  ${trial.command}`).join('\n');
  return `
Fairlead is ready. Ctrl-C ends it.

  API        ${api.url}
  Token      ${api.token}
  Document   ${api.url}/openapi.json
  Gateway    ${alb.url}  ${alb.name}, on ALB
  Gateway    ${mse.url}  ${mse.name}, on MSE, with the same routes
  Log        ${relative(process.cwd(), logFile)}

${text(estate.requests(alb.url))}
What is the matter, and the calls that settle it:
  ${get} ${api.url}${FLEET}/status
${text(estate.breaks(controlUrl))}
`;
}

/** Declares the demo fleet, fires the schedule and runs until a part of the stack fails. */
async function serve(program: Program, stack: Stack, host: string, controlPort: number): Promise<never> {
  const control = await startDemoControl((name) => clustersAt(stack.estate, stack.clusters, name), {
    host,
    port: controlPort,
  });
  program.onClose(control.close);
  await Promise.race([seed(stack, console.log), stack.failed]);
  const scheduler = startScheduler(stack.worker);
  program.onClose(scheduler.stop);
  console.log(welcome(stack, control.url));
  if (!isLoopback(host)) {
    console.log(
      `Everyone who reaches ${host} can use the gateways and break the demo clusters: the token protects the API only.`,
    );
  }
  return await stack.failed;
}

await runProgram(async (program) => {
  const estate = readEstate(process.argv.slice(2));
  const { env } = process;
  const host = readHost(env);
  const ports = readPorts(env);
  const directory = resolve(env['FAIRLEAD_DIRECTORY'] || join(ROOT, directoryOf(estate)));
  // Files that this process and its children create are readable by this user only.
  process.umask(0o077);
  prepareStateDirectory(directory);
  requireRoom(directory);
  program.onClose(claimStateDirectory(directory));
  keepEstate(directory, estate);
  try {
    const stack = await startStack({
      estate: ESTATES[estate],
      host,
      ports,
      token: localToken(directory),
      directory,
      persist: true,
      dynamoEndpoint: env['DYNAMODB_ENDPOINT'] || undefined,
      report: console.log,
    });
    program.onClose(stack.close);
    await serve(program, stack, host, ports.control);
  } catch (error) {
    // A full disk makes the database refuse writes without naming the cause, so the disk is checked first.
    requireRoom(directory, 1);
    throw error;
  }
});
