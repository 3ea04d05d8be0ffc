import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readState as readSnapshot } from '../../infra/local/cloud-snapshot.ts';
import { RELEASES, readState } from '../store/state/read.ts';

const directory = mkdtempSync(join(tmpdir(), 'fairlead-snapshot-'));
const file = join(directory, 'cloud.json');

afterAll(() => rmSync(directory, { recursive: true }));

const restore = (text: string) => {
  writeFileSync(file, text);
  return readSnapshot(file);
};

it.each(RELEASES)('the snapshot of the release of %s is restored', (release) => {
  const { listeners } = restore(JSON.stringify(readState(release).cloud));
  expect(listeners?.size).toBeGreaterThan(0);
});

it('a snapshot of a newer release is refused with what to do', () => {
  const cloud = JSON.stringify({ ...readState(RELEASES[0]).cloud, version: 2 });
  expect(() => restore(cloud)).toThrow(
    `${file} was written by a newer release of Fairlead (version 2; this one reads 1): start that release, or remove the directory to start anew.`,
  );
  expect(readFileSync(file, 'utf8')).toBe(cloud);
});

it.each(['', '{', 'null', '[]x', '{"version":0}', '{"version":"1"}', '{"listeners":{}}'])(
  'what is no snapshot is refused with what to do: %s',
  (text) => {
    expect(() => restore(text)).toThrow(
      `${file} cannot be read as a snapshot of the local cloud: remove its directory`,
    );
  },
);
