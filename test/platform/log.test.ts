import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../functions/platform.ts';
import { awsError, hostile, KNOWN, popError, SECRETS, TEXTS } from './hostile.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => vi.restoreAllMocks());

interface Logged {
  time: string;
  level: string;
  event: string;
  error?: { name: string; message: string; code?: string; requestId?: string; status?: number; stack?: string[] };
}

function logged(thrown: unknown): { line: string; record: Logged } {
  createLog(KNOWN).error('test.failed', { fleet: 'shop' }, thrown);
  const line = lines.at(-1) ?? '';
  return { line, record: JSON.parse(line) };
}

/** Matches secrets, parts of secrets that are long enough to help an attacker, and URLs. */
function expectClean(line: string): void {
  for (const secret of Object.values(SECRETS)) {
    for (const form of [secret, encodeURIComponent(secret)]) {
      expect(line).not.toContain(form);
      expect(line).not.toContain(form.slice(0, 16));
      expect(line).not.toContain(form.slice(-16));
    }
  }
  expect(line).not.toMatch(/:\/\//);
  expect(line.length).toBeLessThan(20_000);
}

describe('a line of the log', () => {
  test('has its time in milliseconds, its level, its event and its fields', () => {
    createLog().info('test', { fleet: 'shop' });
    const record = JSON.parse(lines[0] ?? '');
    expect(record).toEqual({ time: record.time, level: 'info', event: 'test', fleet: 'shop' });
    expect(new Date(record.time).toISOString()).toBe(record.time);
  });

  test.each(TEXTS)('tells of an error without what gives access, text %#', (text) => {
    for (const thrown of Object.values(hostile(text))) expectClean(logged(thrown).line);
  });

  test('shows no secret of the settings in any field', () => {
    createLog(KNOWN).info('test', {
      reason: `it was ${SECRETS.apiToken}`,
      nested: [{ text: SECRETS.accessKeySecret }],
    });
    expectClean(lines[0] ?? '');
  });

  test('shows no secret, wherever in a text it stands', () => {
    const word = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
    const space = fc.constantFrom(' ', '\n', '"', "'", ' (', ', ');
    fc.assert(
      fc.property(word, space, fc.constantFrom(...KNOWN, ...TEXTS), space, word, (before, open, text, close, after) => {
        const thrown = new Error(`${before}${open}${text}${close}${after}`);
        const { line } = logged(thrown);
        for (const secret of Object.values(SECRETS)) expect(line).not.toContain(secret);
        expect(line).not.toContain('aliyuncs.com/?');
      }),
    );
  });

  test('can be written of anything that can be thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }), (thrown) => {
        const { record } = logged(thrown);
        expect(record.error).toEqual(
          expect.objectContaining({ name: expect.any(String), message: expect.any(String) }),
        );
      }),
    );
  });
});

describe('an error in the log', () => {
  test('has its name, its message and where it was thrown', () => {
    const { error } = logged(new RangeError('The pool orders has no cluster.')).record;
    expect(error).toMatchObject({ name: 'RangeError', message: 'The pool orders has no cluster.' });
    expect(error?.stack?.[0]).toMatch(/test\/platform\/log\.test\.ts:\d+:\d+/);
  });

  test('has no path of the machine in it', () => {
    expect(JSON.stringify(logged(new Error('x')).record.error)).not.toContain(process.cwd());
  });

  test('has the chain of its causes', () => {
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const { error } = logged(new Error('the store does not answer', { cause })).record;
    expect(error).toMatchObject({ cause: { message: 'connection refused', code: 'ECONNREFUSED' } });
  });

  test('of the AWS SDK has the request id and the status', () => {
    const { requestId, httpStatusCode: status } = { requestId: expect.stringMatching(/^QJ5A/), httpStatusCode: 400 };
    expect(logged(awsError('Throughput exceeds the limit.')).record.error).toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: 'Throughput exceeds the limit.',
      requestId,
      status,
    });
  });

  test('of pop-core has its code', () => {
    const { error } = logged(popError('Request was denied due to user flow control.')).record;
    expect(error).toMatchObject({ code: 'Throttling.User' });
    expect(error?.message).toBe('Request was denied due to user flow control., URL: [url]');
  });

  test('keeps the ids and names that lead to what has failed', () => {
    const message =
      'The operation opn_01KAR2Z3V4W5X6Y7Z8A9B0C1D2 of HEALTH#shop / a-cluster-whose-name-is-as-long-as-names-can-be has no record.';
    expect(logged(new Error(message)).record.error?.message).toBe(message);
  });

  test('tells that something was thrown, when that is undefined', () => {
    expect(logged(undefined).record.error).toEqual({ name: 'undefined', message: 'undefined' });
  });
});
