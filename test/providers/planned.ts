import { expect } from 'vitest';
import type { LogEntry } from '../../infra/local/cloud/log.ts';
import type { PlannedCall } from '../../schemas/plan.ts';

/** The writes among the entries of the log, in the words of a plan; `keyOf` gives the key of an object by its id. */
export function madeCalls(
  entries: readonly LogEntry[],
  objectsOf: (entry: LogEntry) => (string | undefined)[],
): PlannedCall[] {
  return entries
    .filter((entry) => entry.kind === 'write')
    .map((entry) => ({ action: entry.action, objects: objectsOf(entry).map((key) => key ?? 'unknown') }));
}

/** Expects the same calls with the same objects, and for each object the same order of its calls. */
export function expectSameCalls(made: readonly PlannedCall[], planned: readonly PlannedCall[]): void {
  const texts = (calls: readonly PlannedCall[]) => calls.map((call) => JSON.stringify(call)).sort();
  expect(texts(made)).toEqual(texts(planned));
  const histories = (calls: readonly PlannedCall[]) =>
    Map.groupBy(
      calls.flatMap(({ action, objects }) => objects.map((key) => ({ key, action }))),
      ({ key }) => key,
    );
  const plannedHistories = histories(planned);
  for (const [key, history] of histories(made)) expect(history).toEqual(plannedHistories.get(key));
}

/** Returns values of flat parameters whose names match the pattern, in their order. */
export function valuesOf({ parameters }: LogEntry, name: RegExp): string[] {
  const found = Object.entries(parameters).filter(([key]) => name.test(key));
  const place = (key: string) => Number(/\d+/.exec(key)?.[0] ?? 0);
  return found.sort(([a], [b]) => place(a) - place(b)).map(([, value]) => value);
}
