/** Installs the dependencies before a script needs them. Plain JavaScript with Node's own modules: it runs before anything is installed. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE_MAJOR = 20;

/** Why the packages installed in `root` are not those of package-lock.json; undefined when they are. */
function staleness(root) {
  const locked = readJson(join(root, 'package-lock.json'));
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (locked === undefined) return undefined;
  if (installed === undefined) return 'nothing is installed yet';
  for (const [path, wanted] of Object.entries(locked.packages)) {
    if (path === '') continue;
    const found = installed.packages[path];
    // npm leaves out what is for other platforms.
    if (found === undefined && wanted.optional) continue;
    if (found === undefined) return `${path} is missing`;
    if (found.version !== wanted.version || found.integrity !== wanted.integrity) return `${path} has changed`;
  }
  return undefined;
}

/** Why this Node cannot run Fairlead; undefined when it can. */
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

/** Without the project's own programs, which `npm ci` removes while it runs. */
function pathWithout(directory) {
  const entries = (process.env.PATH || '').split(delimiter);
  return entries.filter((entry) => entry !== directory).join(delimiter);
}

function fail(message, code) {
  console.error(message);
  process.exit(code);
}

function main() {
  const unsupported = unsupportedNode(process.versions.node);
  if (unsupported !== undefined) fail(unsupported, 1);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const programs = join(root, 'node_modules', '.bin');
  const reason = staleness(root);
  if (reason !== undefined) {
    console.log(`Installing the dependencies with npm ci: ${reason}.`);
    // npm's warnings are about the Node that installs; Fairlead runs on the one that is installed.
    const env = { ...process.env, PATH: pathWithout(programs) };
    const { status } = spawnSync('npm', ['ci', '--loglevel=error'], {
      cwd: root,
      env,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    if (status !== 0) fail('npm ci has failed; what it says above must be put right first.', status || 1);
  }
  // The package `node` fetches its binary in an install script, which npm may be told not to run.
  if (!existsSync(join(programs, 'node'))) {
    fail('The package node has no binary, because npm did not run its install script: run `npm rebuild node`.', 1);
  }
}

main();
