import { expect, test } from 'vitest';
import { createLimit } from '../../functions/limit.ts';

/** Work that begins when it is let in and ends when the test says so, noted by name. */
function pieces(limit: ReturnType<typeof createLimit>) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, isUrgent = false) => {
    const work = () => {
      begun.push(name);
      return new Promise<void>((end) => ends.set(name, end));
    };
    void limit(work, isUrgent);
  };
  const end = (name: string) => ends.get(name)?.();
  return { begun, ask, end };
}

/** Lets everything run that does not wait for the test. */
const rest = () => new Promise((resolve) => setImmediate(resolve));

test('no more work than there are slots runs at a time, and the next piece begins when one ends', async () => {
  const { begun, ask, end } = pieces(createLimit(2));
  for (const name of ['a', 'b', 'c', 'd']) ask(name);
  await rest();
  expect(begun).toEqual(['a', 'b']);
  end('b');
  await rest();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('urgent work goes before all other work that waits, in its own order', async () => {
  const { begun, ask, end } = pieces(createLimit(1));
  ask('a');
  ask('b');
  ask('first', true);
  ask('second', true);
  for (const name of ['a', 'first', 'second']) {
    await rest();
    end(name);
  }
  await rest();
  expect(begun).toEqual(['a', 'first', 'second', 'b']);
});

test('a reserved slot is never taken by work that is not urgent, so that hanging work keeps nothing urgent out', async () => {
  const { begun, ask } = pieces(createLimit(2, 1));
  ask('hangs');
  ask('waits');
  await rest();
  expect(begun).toEqual(['hangs']);
  ask('urgent', true);
  await rest();
  expect(begun).toEqual(['hangs', 'urgent']);
});

test('work that fails fails for its caller alone, and frees its slot', async () => {
  const limit = createLimit(1);
  const failed = limit(async () => {
    throw new RangeError('no');
  });
  const next = limit(async () => 'done');
  await expect(failed).rejects.toThrow(RangeError);
  await expect(next).resolves.toBe('done');
});
