/**
 * Runs the npm scripts, which scripts.json describes: `node infra/run.mjs NAME [ARGUMENT...]`. It answers --help, refuses unknown options,
 * installs what is missing, and ends what it has started when it ends itself. Plain JavaScript with Node's own modules: it runs before
 * anything is installed, on the Node of the user.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './install.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAMS = join(ROOT, 'node_modules', '.bin');
const SCRIPTS = JSON.parse(readFileSync(new URL('scripts.json', import.meta.url), 'utf8'));

const WINDOWS = process.platform === 'win32';
const NPM_CHECK_INTERVAL_MS = 500;
const SHELL = /^-?(.*\/)?(sh|ash|bash|dash|ksh|zsh|busybox)$/;
/** The terminal and npm both pass on Ctrl-C, so that one may arrive twice within this time; a later one is another one. */
const SAME_SIGNAL_WITHIN_MS = 500;

/** Returns the text and the exit code of an answer that needs no run, or undefined when the script has to be run. */
function answer({ usage, options = {}, positionals = false }, args) {
  const text = `Usage: ${usage.join('\n')}`;
  if (args.includes('--help') || args.includes('-h')) return { text, code: 0 };
  if (options === 'any') return undefined;
  const types = Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type, multiple: true }]));
  try {
    parseArgs({ args, options: types, allowPositionals: positionals });
    return undefined;
  } catch (error) {
    return { text: `${error.message}\n\n${text}`, code: 2 };
  }
}

/**
 * Runs the lines of a script, one after the other until one fails, or all at once where the script is `parallel`. Resolves with the exit
 * code of the first line that has failed, or 0. The output is printed, or collected in `output` where it is given.
 */
async function runScript(name, args, output) {
  const { run: lines, parallel = false } = SCRIPTS[name];
  if (parallel) return await runAtOnce(lines, output);
  for (const line of lines) {
    const code = await runLine(line, args, output);
    if (code !== 0) return code;
  }
  return 0;
}

/** Runs a line of a script, which names another script or a program. */
async function runLine(line, args, output) {
  const [first, ...rest] = line.split(' ');
  return await (first in SCRIPTS ? runScript(first, rest, output) : runProgram([first, ...rest, ...args], output));
}

/** Runs lines at once. Each is shown with all of its output when it ends, and those that have failed are named last. */
async function runAtOnce(lines, output) {
  const print = (text) => (output === undefined ? process.stdout.write(text) : output.push(text));
  const codes = await Promise.all(
    lines.map(async (line) => {
      const own = [];
      const beganMs = Date.now();
      const code = await runLine(line, [], own);
      const seconds = ((Date.now() - beganMs) / 1000).toFixed(1);
      print(`== ${line}: ${code === 0 ? 'passed' : 'FAILED'} after ${seconds} s\n${own.join('')}`);
      return code;
    }),
  );
  const failed = lines.filter((_, index) => codes[index] !== 0);
  if (failed.length > 0) print(`Failed: ${failed.join(', ')}\n`);
  return codes.find((code) => code !== 0) ?? 0;
}

/** Runs a program of the project on the Node that is installed, or a tool that is installed; resolves with its exit code. */
function runProgram([program, ...args], output) {
  const env = { ...process.env, PATH: `${PROGRAMS}${delimiter}${process.env.PATH}` };
  const sink = output === undefined ? 'inherit' : 'pipe';
  const stdio = ['inherit', sink, sink];
  if (!program.endsWith('.ts')) return run(join(PROGRAMS, program), args, { env, stdio }, output);
  // The channel (ipc) lets a program of the project notice that this process is gone.
  return run(join(PROGRAMS, 'node'), [join(ROOT, program), ...args], { env, stdio: [...stdio, 'ipc'] }, output);
}

/** Resolves with the exit code of a command, which does not outlive this process unless that is killed. */
function run(command, args, options, output) {
  // The child has a process group of its own, so that it gets Ctrl-C from here alone, like every other signal.
  const child = spawn(command, args, { ...options, detached: !WINDOWS, shell: WINDOWS });
  const release = endWith(child);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => output.push(text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // Collected output is complete only when its streams are closed.
    child.once(output === undefined ? 'exit' : 'close', (code, signal) => {
      release();
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Passes signals on to a child process, and ends it when npm is gone. Returns how to stop that. */
function endWith(child) {
  const lastMs = {};
  const listeners = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const pass = () => {
      const now = Date.now();
      if (now - (lastMs[signal] ?? 0) > SAME_SIGNAL_WITHIN_MS) child.kill(signal);
      lastMs[signal] = now;
    };
    process.on(signal, pass);
    return [signal, pass];
  });
  const npm = npmPid();
  const timer = setInterval(() => {
    if (npm !== undefined && !isRunning(npm)) child.kill('SIGTERM');
  }, NPM_CHECK_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    for (const [signal, pass] of listeners) process.off(signal, pass);
  };
}

/**
 * The process id of the npm that runs this script. npm runs it in a shell, and not every shell makes way for the last command. Undefined
 * without npm: other parents, such as a terminal from which this runs in the background, may go away.
 */
function npmPid() {
  if (process.env.npm_lifecycle_event !== process.argv[2]) return undefined;
  const parent = processOf(process.ppid);
  return parent !== undefined && SHELL.test(parent.command) ? parent.ppid : process.ppid;
}

/** Returns the command and the parent of a process, or undefined when the system does not show them. */
function processOf(pid) {
  if (existsSync('/proc/self/stat')) {
    // The name is in parentheses and may hold any character (proc(5)).
    const [, command, ppid] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return command && { command, ppid: Number(ppid) };
  }
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' });
  const [, ppid, command] = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? '') ?? [];
  return command && { command, ppid: Number(ppid) };
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

async function main([name, ...args]) {
  const script = Object.hasOwn(SCRIPTS, name) ? SCRIPTS[name] : undefined;
  if (script === undefined) {
    console.error(
      `Usage: node infra/run.mjs NAME [ARGUMENT...], where NAME is one of: ${Object.keys(SCRIPTS).join(', ')}`,
    );
    return 2;
  }
  const answered = answer(script, args);
  if (answered) {
    (answered.code === 0 ? console.log : console.error)(answered.text);
    return answered.code;
  }
  const failure = await ensureInstalled(ROOT, run);
  if (failure) {
    console.error(failure.message);
    return failure.code;
  }
  return await runScript(name, args);
}

process.exitCode = await main(process.argv.slice(2));
