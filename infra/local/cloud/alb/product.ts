import { ApiError, notCarried } from '../errors.ts';
import { validateParameters } from '../parameters.ts';
import type { Answer, Call, Execute, Product } from '../product.ts';
import type { Schedule } from '../schedule.ts';
import type { Rate } from '../throttle.ts';
import { CARRIED } from './actions/index.ts';
import type { Context } from './context.ts';
import { IdempotencyStore } from './idempotency.ts';
import { Jobs } from './jobs.ts';
import type { CloudState, DataPlane } from './model.ts';
import { DEFAULT_QUOTAS, type Quotas } from './quotas.ts';
import { TABLE } from './table.ts';

/**
 * The rate limit of actions without one in the table. The quota page of ALB 2020-06-16 documents it for some actions;
 * for the others it is assumed.
 */
const DEFAULT_RATE: Rate = { limit: 200, perSeconds: 60 };

export interface AlbOptions {
  schedule: Schedule;
  /** Milliseconds from a call to its effect. */
  jobLatencyMs: number;
  quotas: Partial<Quotas> | undefined;
  dataPlane: (state: CloudState) => DataPlane;
  now: () => number;
}

/** Creates the local ALB (OpenAPI 2020-06-16). */
export function createAlb(options: AlbOptions): Product & { state: CloudState } {
  const { schedule, now } = options;
  const state: CloudState = {
    loadBalancers: new Map(),
    listeners: new Map(),
    serverGroups: new Map(),
    rules: new Map(),
  };
  const shared = {
    state,
    pending: { rules: new Map(), servers: new Map() },
    jobs: new Jobs(schedule, options.jobLatencyMs, now),
    dataPlane: options.dataPlane(state),
    quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
    now,
  };
  const idempotency = new IdempotencyStore(now);

  function answer(source: typeof shared, { spec, parameters, regionId, regionGiven, fault }: Call): Answer {
    const input = validateParameters(spec, parameters);
    const action = CARRIED.get(spec.name);
    if (!action) throw notCarried(`the action ${spec.name}`);
    const earlier = spec.clientToken ? idempotency.find(spec.name, parameters) : undefined;
    if (earlier) return earlier;
    const partial = fault?.kind === 'partial-batch';
    const context: Context = { ...source, action: spec.name, regionId, regionGiven, partial };
    const commit = action(context, input);
    if (spec.dryRun && input['DryRun'] === true) {
      throw new ApiError('DryRunOperation', 'Request validation has been passed with DryRun flag set.');
    }
    const body = commit();
    if (spec.clientToken) idempotency.keep(spec.name, parameters, body);
    return body;
  }

  return {
    name: 'alb',
    table: TABLE,
    state,
    rateOf: ({ name, throttle }, regionId) => ({ scope: `${regionId} ${name}`, rate: throttle ?? DEFAULT_RATE }),
    execute: (call) => ({ body: answer(shared, call) }),
    freeze: (): Execute => {
      const then = { ...shared, ...structuredClone({ state, pending: shared.pending }), jobs: shared.jobs.freeze() };
      return (call) => ({ body: answer(then, call) });
    },
    resume: async () => {
      for (const listener of state.listeners.values()) {
        listener.dataPlaneAddress = await shared.dataPlane.openListener(listener);
      }
    },
    close: () => shared.dataPlane.close(),
  };
}
