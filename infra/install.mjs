/** Installs the dependencies before a script needs them. Plain JavaScript with Node's own modules: it runs before anything is installed. */

import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const MINIMUM_NODE_MAJOR = 20;

/** Returns why the packages in `root` are not those of package-lock.json, or undefined when they are. */
function staleness(root) {
  const locked = readJson(join(root, 'package-lock.json'));
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (locked === undefined) return undefined;
  if (installed === undefined) return 'nothing is installed yet';
  for (const [path, wanted] of Object.entries(locked.packages)) {
    if (path === '') continue;
    const found = installed.packages[path];
    // npm leaves out packages for other platforms.
    if (found === undefined && wanted.optional) continue;
    if (found === undefined) return `${path} is missing`;
    if (found.version !== wanted.version || found.integrity !== wanted.integrity) return `${path} has changed`;
  }
  return undefined;
}

/** Returns why this Node cannot run Fairlead, or undefined when it can. */
function unsupportedNode(version) {
  const major = Number(version.split('.')[0]);
  if (major >= MINIMUM_NODE_MAJOR) return undefined;
  return `Fairlead needs Node ${MINIMUM_NODE_MAJOR} or newer to install itself; this is Node ${version}.`;
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Returns the search path without the project's own programs, which `npm ci` removes while it runs. */
function pathWithout(directory) {
  const entries = (process.env.PATH || '').split(delimiter);
  return entries.filter((entry) => entry !== directory).join(delimiter);
}

/** Returns why packages cannot be installed in `root`, or undefined when they can. */
function unwritable(root) {
  const modules = join(root, 'node_modules');
  for (const folder of existsSync(modules) ? [root, modules] : [root]) {
    try {
      accessSync(folder, constants.W_OK);
    } catch (error) {
      return `The folder ${folder} cannot be written (${error.code}), and its packages must be installed: make it writable, or copy the project.`;
    }
  }
  return undefined;
}

/**
 * Installs what is missing in `root`, by `run`, which runs a command and resolves with its exit code. Resolves with the message and the
 * exit code of a failure; undefined when everything is installed.
 */
export async function ensureInstalled(root, run) {
  const unsupported = unsupportedNode(process.versions.node);
  if (unsupported !== undefined) return { message: unsupported, code: 1 };
  const programs = join(root, 'node_modules', '.bin');
  const reason = staleness(root);
  if (reason !== undefined) {
    const message = unwritable(root);
    if (message !== undefined) return { message, code: 1 };
    // Standard output may be read by programs.
    console.error(`Installing the dependencies with npm ci, which takes about a minute: ${reason}.`);
    // Warnings of npm concern the Node that runs npm; Fairlead runs on the Node that npm installs.
    const code = await run('npm', ['ci', '--loglevel=error'], {
      cwd: root,
      env: { ...process.env, PATH: pathWithout(programs) },
      stdio: ['inherit', process.stderr, 'inherit'],
    });
    if (code !== 0) return { message: 'npm ci has failed; what it says above must be put right first.', code };
  }
  // The package `node` fetches its binary in an install script, which npm may be told not to run.
  if (!existsSync(join(programs, 'node'))) {
    const message =
      'The package node has no binary, because npm did not run its install script: run `npm rebuild node`.';
    return { message, code: 1 };
  }
  return undefined;
}
