/** Sends drawn requests to the API, and judges every answer. Requests come in episodes, each of which begins with the same fleets. */

import { createHash } from 'node:crypto';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { seedAccess } from '../api/access.ts';
import { StepClock } from '../honesty/clock.ts';
import { createPrng, noise } from '../sim/prng.ts';
import { type Caller, type Cast, castOf } from './callers.ts';
import { operations } from './document.ts';
import { type Drawn, drawRequest } from './draw.ts';
import { declarations, Known, type Step } from './estate.ts';
import { nodeTarget } from './node.ts';
import { Canaries, type Fault, judgeAnswer, leak } from './oracle.ts';
import { type Answer, type Sent, startWorld, type Target, type TargetName, tableText, type World } from './target.ts';
import { workerdTarget } from './workerd.ts';

/** The number of requests of an episode. */
export const EPISODE = 1000;

export interface Options {
  requests: number;
  seed: number;
  target: TargetName;
  /** The first episode, default 0. */
  episode?: number | undefined;
  /** Is told of every fault when it is found. */
  watch?: ((found: Found) => void) | undefined;
}

export interface Found extends Fault {
  target: TargetName;
  episode: number;
  /** The number of the request within its episode. */
  number: number;
  caller: string;
  sent?: Sent | undefined;
}

export interface Result {
  requests: number;
  found: Found[];
  /** The number of answers by operation and status. */
  answers: Map<string, number>;
  /** The events of level error that were logged, and how often. */
  errors: Map<string, number>;
}

/** Sends the requests to one target, which is started for it and ended after it. */
export async function runFuzz({ requests, seed, target: name, episode: first = 0, watch }: Options): Promise<Result> {
  const clock = new StepClock();
  const world = await startWorld(name === 'node' ? clock.now : undefined);
  clock.onMoved = world.cloud.runDue;
  const cast = await castOf(name === 'node' ? clock.now() : Date.now());
  const target = name === 'node' ? nodeTarget(cast, world, clock) : await workerdTarget(cast, world);
  const result: Result = { requests: 0, found: [], answers: new Map(), errors: new Map() };
  try {
    for (let episode = first; result.requests < requests; episode++) {
      const size = Math.min(EPISODE, requests - result.requests);
      await new Episode({ seed, number: episode, target, world, cast, result, watch }).run(size);
    }
    return result;
  } finally {
    await target.close();
    await cast.provider.close();
    await world.close();
  }
}

interface Parts {
  seed: number;
  number: number;
  target: Target;
  world: World;
  cast: Cast;
  result: Result;
  watch: Options['watch'];
}

class Episode {
  readonly #parts: Parts;
  readonly #prng;
  readonly #known = new Known();
  readonly #canaries: Canaries;
  readonly #setting: Caller;
  #sent = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#prng = createPrng(noise(parts.seed, parts.number) * 2 ** 32);
    this.#canaries = new Canaries(parts.cast);
    this.#setting = callerNamed(parts.cast, 'setting');
  }

  async run(size: number): Promise<void> {
    const { target, world, cast } = this.#parts;
    await target.empty();
    world.setHealthy(true);
    const client = target.connect();
    await seedAccess(createDynamoStore(client, DEFAULT_TABLE_NAME), cast.seeded);
    const ground = await world.ground(target.clock);
    for (const step of declarations(cast, ground)) if (this.#sent < size) await this.#declare(step);
    for (const fleet of ['alder', 'birch']) if (this.#sent + 1 < size) await this.#enrol(fleet);
    await target.work();
    const source = { prng: this.#prng, cast, known: this.#known, ground };
    while (this.#sent < size) {
      await this.#passTime();
      await this.#send(drawRequest({ ...source, nowMs: target.clock.now() }));
    }
    const stored = await tableText(client);
    client.destroy();
    this.#judgeText('the table', stored);
    this.#judgeText('the log', target.takeLog());
  }

  async #declare({ method, path, body }: Step): Promise<Answer | undefined> {
    const answer = await this.#sendAs(this.#setting, method, path, body);
    if (answer && answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Has the agent of a fleet enrol, with a token that an administrator asked for. */
  async #enrol(fleet: string): Promise<void> {
    const { cast } = this.#parts;
    const answer = await this.#declare({ method: 'POST', path: `/v1/fleets/${fleet}/voters/${fleet}-agent/enrolment` });
    const { token } = JSON.parse(answer?.text ?? '{}') as { token?: string };
    const own = cast.keys[fleet];
    const credentialHash = createHash('sha256')
      .update(own?.credential ?? '')
      .digest('hex');
    const body = { token, publicKey: own?.agent.publicKey, credentialHash };
    const agent = callerNamed(cast, `agent of ${fleet}`);
    await this.#sendAs({ ...agent, authorization: undefined }, 'POST', '/v1/enrolments', body);
  }

  async #sendAs(caller: Caller, method: string, path: string, body: unknown): Promise<Answer | undefined> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = [
      ['Authorization', caller.authorization],
      ['Content-Type', text && 'application/json'],
      ['Fairlead-Signature', text && caller.sign?.(text)],
    ].filter((entry): entry is [string, string] => entry[1] !== undefined);
    const fleet = /^\/v1\/fleets\/([^/?]+)/.exec(path)?.[1] ?? '-';
    return await this.#send({ caller, fleet, operation: 'declaration', sent: { method, path, headers, body: text } });
  }

  /** Lets virtual time go on, clusters fail and recover, and the schedule run. */
  async #passTime(): Promise<void> {
    const { target, world } = this.#parts;
    if (this.#prng.chance(0.1)) target.clock.advance?.(this.#prng.pick([100, 1000, 6000]));
    if (this.#prng.chance(0.004)) target.clock.advance?.(this.#prng.pick([60_000, 3_600_000]));
    if (this.#prng.chance(0.01)) world.setHealthy(this.#prng.chance(0.8));
    if (this.#prng.chance(0.01)) await target.work();
  }

  async #send(drawn: Drawn): Promise<Answer | undefined> {
    const { target, result } = this.#parts;
    this.#sent++;
    result.requests++;
    let answer: Answer;
    try {
      answer = await target.send(drawn.sent);
    } catch (error) {
      this.#report(drawn, {
        kind: 'serverErrors',
        told: `no answer: ${error instanceof Error ? error.message : error}`,
      });
      return undefined;
    }
    const kind = `${drawn.operation} ${answer.status}`;
    result.answers.set(kind, (result.answers.get(kind) ?? 0) + 1);
    for (const fault of [...judgeAnswer(drawn.sent, answer), ...this.#canaries.judge(drawn, answer)]) {
      this.#report(drawn, fault);
    }
    if (answer.status < 300 && drawn.sent.method !== 'GET') this.#canaries.noteWritten(drawn);
    if (answer.status === 201) this.#learnSecret(answer.text);
    this.#known.learn(drawn.fleet, drawn.sent, answer);
    return answer;
  }

  /** A token that was issued is a secret from now on. */
  #learnSecret(text: string): void {
    for (const [, token = ''] of text.matchAll(/"token":"(fle?_[^"]{30,})"/g))
      this.#canaries.add('a token that was issued', token);
  }

  #judgeText(place: string, text: string): void {
    for (const line of text.split('\n')) {
      const secret = this.#canaries.secretIn(line);
      if (secret !== undefined) this.#report(undefined, leak(`${secret} is in ${place}: ${line.slice(0, 300)}`));
      const [, event] = /"level":"error","event":"([^"]+)"/.exec(line) ?? [];
      if (place === 'the log' && event !== undefined) {
        const { errors } = this.#parts.result;
        errors.set(event, (errors.get(event) ?? 0) + 1);
      }
    }
  }

  #report(drawn: Drawn | undefined, fault: Fault): void {
    const { target, number: episode, result, watch } = this.#parts;
    const place = { target: target.name, episode, number: this.#sent };
    const found: Found = { ...fault, ...place, caller: drawn?.caller.name ?? '', sent: drawn?.sent };
    result.found.push(found);
    watch?.(found);
  }
}

function callerNamed({ callers }: Cast, name: string): Caller {
  const found = callers.find((caller) => caller.name === name);
  if (found === undefined) throw new Error(`There is no caller ${name}.`);
  return found;
}

/** Returns the operations that have succeeded at least once. */
export function successesIn(answers: Result['answers']): string[] {
  const isReached = (id: string) => [200, 201, 202, 204].some((status) => answers.has(`${id} ${status}`));
  return operations.map(({ id }) => id).filter(isReached);
}

/** Returns a command that sends the request once more, for a person with tokens of their own. */
export function curlOf({ method, path, headers, body }: Sent): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const shown = headers
    .filter(([name]) => name !== 'Authorization')
    .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const data =
    body === undefined
      ? []
      : [`-d ${quoted(typeof body === 'string' ? body : `base64:${Buffer.from(body).toString('base64')}`)}`];
  return ['curl -X', method, ...shown, ...data, quoted(`$API${path}`)].join(' ').slice(0, 2000);
}
