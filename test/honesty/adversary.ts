import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { itemsOf, replaceItems, type Saved } from '../engine/saved.ts';
import type { Prng } from '../sim/prng.ts';
import { type Trouble, troubleBy } from './faults.ts';
import { edit } from './hands.ts';
import type { Oracle, StaleSpan } from './oracle.ts';
import { BASE, GATEWAYS, type GatewayName } from './places.ts';
import type { Plane } from './plane.ts';

/** An edit that somebody made at a gateway by hand, and that has not been undone for certain. */
export interface HandEdit {
  gateway: GatewayName;
  name: string;
  atMs: number;
  untilMs: number;
  undo: (() => void) | undefined;
  /** True once the API has been seen to show the edit. */
  isShown: boolean;
}

/** Makes things go wrong in a run, and ends them. */
export class Adversary {
  readonly #plane: Plane;
  readonly #prng: Prng;
  readonly #oracle: Oracle;
  readonly #client: DynamoDBClient;
  #troubles: Trouble[] = [];
  #stale: { span: StaleSpan; trouble: Trouble }[] = [];
  #edits: HandEdit[] = [];
  #backup: Saved['items'] | undefined;

  constructor(plane: Plane, prng: Prng, oracle: Oracle) {
    this.#plane = plane;
    this.#prng = prng;
    this.#oracle = oracle;
    this.#client = plane.control.connect();
  }

  get edits(): readonly HandEdit[] {
    return this.#edits;
  }

  begin(): string {
    const trouble = troubleBy(this.#plane, this.#prng);
    this.#troubles.push(trouble);
    for (const fault of trouble.cloud ?? []) this.#plane.control.cloud.faults.add({ ...fault });
    const [fault] = trouble.cloud ?? [];
    if (fault?.kind === 'stale-read' && fault.product !== undefined) {
      const fromMs = this.#plane.clock.now();
      const span = {
        gateway: fault.product,
        fromMs,
        toMs: Number.POSITIVE_INFINITY,
        world: this.#plane.timeline.now(),
      };
      this.#oracle.stale.push(span);
      this.#stale.push({ span, trouble });
    }
    return `${trouble.name} for ${Math.round((trouble.untilMs - this.#plane.clock.now()) / 1000)} s`;
  }

  editByHand(): string {
    const gateway = this.#prng.pick(GATEWAYS);
    const made = edit(this.#plane, gateway, this.#prng);
    if (made === undefined) return `nothing to do by hand at ${gateway}`;
    const atMs = this.#plane.clock.now();
    const untilMs = atMs + this.#prng.pick([5, 30, 80]) * 1000;
    this.#edits.push({ ...made, gateway, atMs, untilMs, isShown: false });
    return made.name;
  }

  async backUp(): Promise<void> {
    this.#backup = await itemsOf(this.#client);
  }

  async restore(): Promise<string> {
    if (this.#backup === undefined) return 'nothing to restore';
    await replaceItems(this.#client, this.#backup);
    this.#oracle.restored();
    return 'the store is restored from a backup';
  }

  /** Ends the troubles and edits that are over at this time; returns their names. */
  async endDue(nowMs: number): Promise<string[]> {
    const isOver = ({ untilMs }: { untilMs: number }) => untilMs <= nowMs;
    const ended = this.#troubles.filter(isOver);
    if (ended.length > 0) this.#endTroubles(ended);
    const undone = this.#edits.filter(isOver);
    this.#edits = this.#edits.filter((one) => !isOver(one));
    for (const { undo } of undone) undo?.();
    const gateways = new Set(undone.map(({ gateway }) => gateway));
    for (const gateway of gateways) await this.#plane.api('POST', `${BASE}/gateways/${gateway}/apply`);
    return [...ended.map(({ name }) => `over: ${name}`), ...undone.map(({ name }) => `undone: ${name}`)];
  }

  close(): void {
    this.#client.destroy();
  }

  /** Ends troubles, and fills the queue of faults of the local cloud anew with the remaining ones. */
  #endTroubles(ended: readonly Trouble[]): void {
    const { faults } = this.#plane.control.cloud;
    this.#troubles = this.#troubles.filter((trouble) => !ended.includes(trouble));
    for (const { end } of ended) end?.();
    if (!ended.some(({ cloud }) => cloud !== undefined)) return;
    faults.clear();
    const nowMs = this.#plane.clock.now();
    // Stale lists become true, since nobody can put back what they showed.
    for (const { span } of this.#stale) span.toMs = nowMs;
    this.#troubles = this.#troubles.filter((trouble) => !this.#stale.some((one) => one.trouble === trouble));
    this.#stale = [];
    for (const { cloud = [] } of this.#troubles) for (const fault of cloud) faults.add({ ...fault });
  }
}
