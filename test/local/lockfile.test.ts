import { expect, test } from 'vitest';
import lockfile from '../../package-lock.json' with { type: 'json' };

interface LockedPackage {
  version: string;
  resolved?: string;
  integrity?: string;
}

const packages = Object.entries(lockfile.packages as unknown as Record<string, LockedPackage>).filter(
  ([path]) => path !== '',
);

test('npm verifies each package that it installs, on every platform, because the lockfile has its digest', () => {
  const unverified = packages.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));
  expect(unverified.map(([path]) => path)).toEqual([]);
});

test('the lockfile names no registry, so that each user installs from the registry that npm is configured with', () => {
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});
