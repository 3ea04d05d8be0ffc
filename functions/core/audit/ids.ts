import { digest } from '../model/digest.ts';

/**
 * The ids of audit events: `aud_` and a ULID, whose first ten characters are the time in milliseconds and whose last
 * sixteen tell events of one time apart. Ids sort by time.
 */

const PREFIX = 'aud_';

/** The digits of ULIDs (Crockford's Base32), in their order. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const TIME_DIGITS = 10;
const TAIL_DIGITS = 16;

/** Returns the time of an id in milliseconds since the epoch. */
export function timeOf(id: string): number {
  const digits = [...id.slice(PREFIX.length, PREFIX.length + TIME_DIGITS)];
  return digits.reduce((sum, digit) => sum * DIGITS.length + DIGITS.indexOf(digit), 0);
}

/** Returns the last id that an event of the time can have. */
export function lastIdAt(ms: number): string {
  return PREFIX + timeDigits(ms) + 'Z'.repeat(TAIL_DIGITS);
}

/** Returns the id of the event that all who have the same time and key agree on. */
export function sharedIdAt(ms: number, key: readonly unknown[]): string {
  const bytes = digest(key).match(/../g) ?? [];
  const tail = bytes.slice(0, TAIL_DIGITS).map((byte) => DIGITS[Number.parseInt(byte, 16) % DIGITS.length]);
  return PREFIX + timeDigits(ms) + tail.join('');
}

function timeDigits(ms: number): string {
  let rest = Math.max(0, Math.floor(ms));
  let digits = '';
  for (let place = 0; place < TIME_DIGITS; place++) {
    digits = DIGITS[rest % DIGITS.length] + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
