import { say } from '../../../schemas/messages/index.ts';
import { type Limits, remember, TooManyRequests } from './limits.ts';

/** A request from a network that is turned away for its wrong tokens. */
export class TurnedAway extends TooManyRequests {}

const MINUTE_MS = 60_000;

/** The most networks, and the most right tokens, that are remembered. */
const MAX_REMEMBERED = 10_000;

/**
 * Slows down whoever tries out tokens. A network that has sent too many wrong ones within a minute is turned away until
 * the minute is over, before anything is read. Tokens that were right before are let through all the same, so that
 * nobody is shut out by a neighbour behind the same address. What it knows is that of one process.
 */
export class Door {
  #minute = 0;
  #wrong = new Map<string, number>();
  #inAll = 0;
  readonly #right = new Map<string, true>();
  readonly #limits: Limits['wrongTokens'];
  readonly #alwaysRight: ReadonlySet<string>;

  /** `alwaysRight` are the digests of the tokens of the settings. */
  constructor(limits: Limits['wrongTokens'], alwaysRight: readonly string[]) {
    this.#limits = limits;
    this.#alwaysRight = new Set(alwaysRight);
  }

  /** Throws `TurnedAway` when the network is turned away and the token is not known to be right. A token in a body is not known. */
  check(addressPrefix: string, tokenDigest: string | undefined, nowMs: number): void {
    this.#turn(nowMs);
    const { perNetwork, inAll } = this.#limits;
    const isOver = (this.#wrong.get(addressPrefix) ?? 0) >= perNetwork || this.#inAll >= inAll;
    if (!isOver || (tokenDigest !== undefined && this.#isRight(tokenDigest))) return;
    const leftSeconds = Math.ceil((MINUTE_MS - (nowMs % MINUTE_MS)) / 1000);
    throw new TurnedAway(say('TooManyWrongTokens'), leftSeconds);
  }

  /** Notes a wrong token. It is forgotten if it was right once. */
  wrong(addressPrefix: string, tokenDigest: string | undefined, nowMs: number): void {
    this.#turn(nowMs);
    if (tokenDigest !== undefined) this.#right.delete(tokenDigest);
    this.#inAll += 1;
    remember(this.#wrong, addressPrefix, (this.#wrong.get(addressPrefix) ?? 0) + 1, MAX_REMEMBERED);
  }

  right(tokenDigest: string): void {
    remember(this.#right, tokenDigest, true, MAX_REMEMBERED);
  }

  #isRight(tokenDigest: string): boolean {
    return this.#alwaysRight.has(tokenDigest) || this.#right.has(tokenDigest);
  }

  #turn(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#wrong = new Map();
    this.#inAll = 0;
  }
}
