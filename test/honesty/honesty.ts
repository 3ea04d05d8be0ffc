import { createHash } from 'node:crypto';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { runSchedule } from '../../functions/engine/schedule/schedule.ts';
import { createPrng, type Prng } from '../sim/prng.ts';
import { Adversary } from './adversary.ts';
import { Ages, Rest } from './measures.ts';
import { type Lie, Oracle } from './oracle.ts';
import { People } from './people.ts';
import { type Plane, startPlane } from './plane.ts';
import { listen, type Said } from './say.ts';

export interface HonestyOptions {
  steps: number;
  seed: number;
  /** Keeps the table in memory; the default is true. */
  isInMemory?: boolean;
  /** Is called with a line for every step. */
  watch?: ((line: string) => void) | undefined;
}

export interface Found extends Lie {
  step: number;
}

export interface Honesty {
  steps: number;
  seed: number;
  lies: Found[];
  /** `route at gateway`, with the step at which the fleet should have been at rest. */
  stuck: string[];
  maxAgeSeconds: number;
  verifiedWithin30s: number;
  /** Digest of everything that was done and said; equal seeds give equal digests. */
  trace: string;
}

/** Steps of trouble between two times of rest. */
const [SHORTEST, LONGEST] = [15, 40];

type Act = (run: Run) => Promise<string> | string;

/** Relative frequency of each step. */
const ACTS: readonly [number, Act][] = [
  [60, async () => 'time passes'],
  [16, ({ people }) => people.editDistribution()],
  [8, ({ people }) => people.editRule()],
  [6, ({ people }) => people.editEndpoints()],
  [8, ({ people }) => people.createRoute()],
  [8, ({ people }) => people.deleteRoute()],
  [6, ({ people }) => people.declareBadly()],
  [4, ({ people }) => people.rehearse()],
  [8, ({ people }) => people.beginShift()],
  [8, ({ people }) => people.endShift()],
  [20, ({ adversary }) => adversary.begin()],
  [20, ({ adversary }) => adversary.editByHand()],
  [
    1,
    async ({ adversary, people }) => {
      const told = await adversary.restore();
      await people.look();
      return told;
    },
  ],
];

const DRAWS: readonly Act[] = ACTS.flatMap(([times, chosen]) => Array.from({ length: times }, () => chosen));

interface Run {
  plane: Plane;
  prng: Prng;
  people: People;
  adversary: Adversary;
}

/** A seeded run over both local clouds: after every step, what the API says is held against what the clouds had. */
export async function runHonesty({ steps, seed, watch, isInMemory = true }: HonestyOptions): Promise<Honesty> {
  const plane = await startPlane(isInMemory);
  const prng = createPrng(Math.imul(seed, 0x9e3779b1));
  const oracle = new Oracle(plane);
  const run: Run = { plane, prng, people: new People(plane, prng), adversary: new Adversary(plane, prng, oracle) };
  const ages = new Ages();
  const rest = new Rest(plane);
  const lies: Found[] = [];
  const trace = createHash('sha256');
  let isOver = false;
  const cron = runCron(plane, () => isOver);
  await run.people.declareFleet();
  await plane.clock.sleep(20_000);
  let trouble = prng.int(SHORTEST, LONGEST);
  for (let step = 0; step < steps; step++) {
    const done = trouble > 0 ? await act(run) : await calm(run, rest);
    trouble = trouble > 0 ? trouble - 1 : rest.isOver(plane.clock.now()) ? prng.int(SHORTEST, LONGEST) : 0;
    await plane.clock.sleep(prng.int(1, 5) * 1000 + prng.int(1, 900));
    const said = await listen(plane, explained(run, step));
    const told = oracle.judge(said).map((lie) => ({ ...lie, step }));
    lies.push(...told);
    ages.note(said, run.adversary.edits);
    if (rest.isOn) rest.note(said, step);
    const line = `step ${step}, ${new Date(said.atMs).toISOString()}: ${done}`;
    watch?.([line, ...told.map(({ rule, said: what, found }) => `  LIE ${rule}: ${what}; ${found}`)].join('\n'));
    trace.update(`${line}\n${digestible(said)}\n`);
    if (trouble > 0 && rest.isOn) await endRest(run, rest);
  }
  isOver = true;
  await cron;
  run.adversary.close();
  await plane.close();
  return {
    steps,
    seed,
    lies,
    stuck: rest.stuck,
    maxAgeSeconds: ages.maxSeconds,
    verifiedWithin30s: rest.share(),
    trace: trace.digest('hex'),
  };
}

async function act(run: Run): Promise<string> {
  const { prng, adversary, plane } = run;
  const over = await adversary.endDue(plane.clock.now());
  const done = await prng.pick(DRAWS)(run);
  return [...over, done].join('; ');
}

/** Ends everything that is wrong at once, and then lets time pass without further steps. */
async function calm({ adversary, plane, people }: Run, rest: Rest): Promise<string> {
  if (rest.isOn) return 'rest';
  const over = await adversary.endDue(Number.POSITIVE_INFINITY);
  for (const _ of [...people.shifts]) await people.endShift();
  rest.begin(plane.clock.now());
  return ['rest begins', ...over].join('; ');
}

async function endRest({ adversary }: Run, rest: Rest): Promise<void> {
  rest.end();
  await adversary.backUp();
}

function explained({ people }: Run, step: number): string | undefined {
  const names = [...people.routes.keys()];
  return names[step % names.length];
}

/** Fires the cron every minute as the platform does, whether or not the last run has ended. */
async function runCron({ deps, clock }: Plane, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const startedMs = clock.now();
    await runSchedule(deps(), startedMs + 57_000, stepRollouts).catch(() => undefined);
    await clock.sleep(Math.max(1, startedMs + 60_000 - clock.now()));
  }
}

/** Returns what is said, without the ids that are random in every run. */
function digestible({ routes, gateways, clusters, shifts }: Said): string {
  return JSON.stringify([
    routes.map(({ name, parents }) => [
      name,
      parents.map(({ gateway, conditions, backends, readAt }) => [
        gateway,
        backends,
        readAt,
        conditions.map(({ type, status, reason }) => [type, status, reason]),
      ]),
    ]),
    gateways.map(({ name, conditions }) => [
      name,
      conditions.map(({ type, status, reason }) => [type, status, reason]),
    ]),
    clusters.map(({ name, gateways: at }) => [name, at]),
    shifts.map(({ name, state }) => [name, state]),
  ]);
}
