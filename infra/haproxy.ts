/** HAProxy, beside which `npm run bench -- failover` measures. Run as a program it installs HAProxy where that is missing and may be done. */

import { spawnSync } from 'node:child_process';

const HOW_TO_INSTALL =
  'install it with your package manager (Debian and Ubuntu: `sudo apt-get install haproxy`; macOS: `brew install haproxy`).';

/** The release that is installed, such as 2.6.12; undefined when none is. */
export function haproxyVersion(): string | undefined {
  const { stdout } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
  return /version (\d+(?:\.\d+)*)/.exec(stdout ?? '')?.[1];
}

/** The release that is installed. Throws one sentence that says what to do when none is. */
export function requireHaproxy(): string {
  const version = haproxyVersion();
  if (version === undefined) throw new Error(`HAProxy is not installed: ${HOW_TO_INSTALL}`);
  return version;
}

/** Only a superuser of a system with apt-get can, and nobody is asked for a password. */
function install(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return false;
  console.error('Installing HAProxy from the distribution with apt-get.');
  const apt = (...args: string[]) => {
    // Standard output is for results.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 2, 2] }).status === 0;
  };
  return apt('update') && apt('install', '--yes', '--no-install-recommends', 'haproxy');
}

if (import.meta.main && haproxyVersion() === undefined && !install()) {
  console.error(`HAProxy is not installed, and the tests that compare with it are left out: ${HOW_TO_INSTALL}`);
}
