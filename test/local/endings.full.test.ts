import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { freePort, PORT_SETTINGS, type Ports, requireFree } from '../../infra/local/ports.ts';
import { familyOf, type RunningProcess, stillRunning } from './processes.ts';

/** Protects that `npm start` leaves neither processes nor taken ports behind, however it ends. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY = 'Fairlead is ready';
/** This line appears when children already run and others are about to be started. */
const STARTING = 'Building and starting the Worker';
const TIMEOUT_MS = 120_000;

/** The directory is kept over all tests, so that the fleet is declared once. */
const directory = mkdtempSync(join(tmpdir(), 'fairlead-endings-'));
let started: Started | undefined;

afterEach(() => {
  for (const { pid } of stillRunning(started?.family ?? [])) process.kill(pid, 'SIGKILL');
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Started {
  npm: ChildProcess;
  ports: Ports;
  /** npm and all that it has started so far. */
  family: RunningProcess[];
  output(): string;
  /** Finds the process whose command line contains a text. */
  find(text: string): RunningProcess;
}

async function freePorts(): Promise<Ports> {
  const parts = Object.keys(PORT_SETTINGS);
  const ports = new Set<number>();
  while (ports.size < parts.length) ports.add(await freePort());
  return Object.fromEntries([...ports].map((port, index) => [parts[index], port])) as Ports;
}

/** Runs `npm start`, as a terminal would in a process group of its own, and waits for something that it says. */
async function start(until: string, env: Record<string, string> = {}): Promise<Started> {
  const ports = await freePorts();
  const variables = Object.entries(PORT_SETTINGS).map(([part, { variable }]) => [
    variable,
    String(ports[part as keyof Ports]),
  ]);
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { ...process.env, ...Object.fromEntries(variables), FAIRLEAD_DIRECTORY: directory, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const ended = once(npm, 'exit');
  const said = new Promise<void>((resolve) => {
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        if (output.includes(until)) resolve();
      });
    }
  });
  await Promise.race([said, ended.then(() => Promise.reject(new Error(`npm start has ended: ${output}`)))]);
  const family = familyOf(npm.pid ?? 0);
  const find = (text: string) => {
    const found = family.find(({ command }) => command.includes(text) && !command.startsWith('sh '));
    if (found === undefined) throw new Error(`No process runs ${text}.`);
    return found;
  };
  started = { npm, ports, family, output: () => output, find };
  return started;
}

/** A process that was killed is a zombie as soon as its first thread is gone; its others keep its ports for a moment more. */
async function expectNothingLeft({ family, ports }: Started): Promise<void> {
  await expect.poll(() => stillRunning(family).map(({ command }) => command), { timeout: 30_000 }).toEqual([]);
  const takenPort = () => requireFree(ports, '127.0.0.1').catch(({ message }: Error) => message);
  await expect.poll(takenPort, { timeout: 30_000 }).toBeUndefined();
}

const signal = (name: NodeJS.Signals, ...texts: string[]) => {
  return ({ find }: Started) => {
    for (const { pid } of texts.map(find)) process.kill(pid, name);
  };
};
const signalGroup = (name: NodeJS.Signals) => {
  return ({ npm }: Started) => process.kill(-(npm.pid ?? 0), name);
};

const NPM = 'npm start';
const LAUNCHER = 'infra/run.mjs';
const PROGRAM = 'infra/local/start.ts';

test.each<[string, (started: Started) => void]>([
  ['Ctrl-C in its terminal', signalGroup('SIGINT')],
  ['its terminal closed', signalGroup('SIGHUP')],
  ['SIGTERM to npm', signal('SIGTERM', NPM)],
  ['SIGHUP to npm', signal('SIGHUP', NPM)],
  ['kill -9 of npm', signal('SIGKILL', NPM)],
  ['kill -9 of the launcher', signal('SIGKILL', LAUNCHER)],
  ['SIGTERM to the program', signal('SIGTERM', PROGRAM)],
  ['kill -9 of the program', signal('SIGKILL', PROGRAM)],
  ['kill -9 of every Node process at once', signal('SIGKILL', NPM, LAUNCHER, PROGRAM)],
])('%s leaves nothing behind', { timeout: TIMEOUT_MS }, async (_way, end) => {
  const run = await start(READY);
  expect(run.find('dynoxide')).toBeDefined();
  expect(run.find('workerd')).toBeDefined();
  end(run);
  await expectNothingLeft(run);
  expect(run.output()).not.toContain('ended by');
});

test.each([
  ['dynoxide', 'The embedded DynamoDB was ended by SIGKILL.'],
  ['workerd', /The Worker, whose log is \S+worker\.log, was ended by SIGKILL\./],
])('the death of %s is said and ends everything', { timeout: TIMEOUT_MS }, async (child, sentence) => {
  const run = await start(READY);
  const exit = once(run.npm, 'exit');
  signal('SIGKILL', child)(run);
  await expectNothingLeft(run);
  expect(await exit).toEqual([1, null]);
  expect(run.output()).toMatch(sentence);
  expect(run.output()).not.toMatch(/^ {4}at /m);
});

test('Ctrl-C while it starts leaves nothing behind', { timeout: TIMEOUT_MS }, async () => {
  const run = await start(STARTING);
  signalGroup('SIGINT')(run);
  await expectNothingLeft(run);
});

test('it ends when nobody reads what it says, as in npm start | head', { timeout: TIMEOUT_MS }, async () => {
  const run = await start(STARTING);
  run.npm.stdout?.destroy();
  await expectNothingLeft(run);
});

test('what it keeps is for this user only, also what was there before', { timeout: TIMEOUT_MS }, async () => {
  for (const name of ['token', 'dynamodb.sqlite', 'cloud.json']) chmodSync(join(directory, name), 0o644);
  const run = await start(READY, { FAIRLEAD_HOST: '0.0.0.0' });
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const modes = entries.map((entry) => {
    const { mode } = statSync(join(entry.parentPath, entry.name));
    return [entry.name, (mode & 0o777).toString(8), entry.isDirectory() ? '700' : '600'];
  });
  expect(modes.length).toBeGreaterThan(4);
  expect(modes.filter(([, mode, expected]) => mode !== expected)).toEqual([]);
  expect((statSync(directory).mode & 0o777).toString(8)).toBe('700');

  // Everything in 127.0.0.0/8 is this machine, and only 0.0.0.0 includes it.
  const { api, gateway, mseGateway, control } = run.ports;
  for (const port of [api, gateway, mseGateway, control]) await fetch(`http://127.0.0.2:${port}/healthz`);
  expect(run.output()).toContain(`http://127.0.0.1:${api}`);
  expect(run.output()).toContain('the token protects the API only');
  signal('SIGTERM', NPM)(run);
  await expectNothingLeft(run);
});
