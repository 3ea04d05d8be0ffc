/**
 * Finds HAProxy, with which `npm run bench -- failover` compares Fairlead. Run as a program, it installs HAProxy where
 * it is missing and this user may install it.
 */

import { spawnSync } from 'node:child_process';

const HOW_TO_INSTALL =
  'install it with your package manager (Debian and Ubuntu: `sudo apt-get install haproxy`; macOS: `brew install haproxy`).';

/** Returns the installed release, such as 2.6.12, or undefined when HAProxy is not installed. */
export function haproxyVersion(): string | undefined {
  const { stdout } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
  return /version (\d+(?:\.\d+)*)/.exec(stdout ?? '')?.[1];
}

/** Returns the installed release. Throws one sentence that tells how to install HAProxy when it is missing. */
export function requireHaproxy(): string {
  const version = haproxyVersion();
  if (version === undefined) throw new Error(`HAProxy is not installed: ${HOW_TO_INSTALL}`);
  return version;
}

/**
 * Tries to install HAProxy with apt-get, which only works for root. Nobody is asked for a password. Returns true on
 * success.
 */
function install(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return false;
  console.error('Installing HAProxy from the distribution with apt-get.');
  const apt = (...args: string[]) => {
    // The output of apt-get goes to standard error, because standard output is for results.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 2, 2] }).status === 0;
  };
  return apt('update') && apt('install', '--yes', '--no-install-recommends', 'haproxy');
}

if (import.meta.main && haproxyVersion() === undefined && !install()) {
  console.error(`HAProxy is not installed, and the tests that compare with it are left out: ${HOW_TO_INSTALL}`);
}
