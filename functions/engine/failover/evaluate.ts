import type { Decision } from '../../../schemas/decision.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { contend } from '../../attempts.ts';
import { decide } from '../../core/failover/decide.ts';
import type { DecisionResult } from '../../core/failover/decision-input.ts';
import { eventsOf } from '../../core/notification/events.ts';
import type { Deps, Lease, OperationRecord, Recording, StoredDocument } from '../../deps.ts';
import { deliveryDocuments } from '../deliveries.ts';
import { checkDataPlane } from '../reconcile/data-plane.ts';
import { reconcileGateway } from '../reconcile/reconcile.ts';
import { type CommandRequest, type ReadInput, readDecisionInput } from './decision-input.ts';
import { type Origin, recordingOf } from './record.ts';

/**
 * The number of attempts to record a decision. Another decision may be recorded first, and then the input is read again. People who ask at the same moment must all be heard, which takes many attempts; a prober that fails repeatedly
 * may have lost its lease.
 */
const MAX_TRIES = { people: 30, prober: 5 };

export interface EvaluateOptions extends CommandRequest, Origin {
  /** The lease of the prober that decides. After the loss of the lease its decisions are not recorded. */
  lease?: Lease | undefined;
  /** Documents to write in the transaction of the decision, each conditional on its `version - 1`. */
  documents?: readonly StoredDocument[] | undefined;
  /** Returns the result without recording anything. */
  isDry?: boolean | undefined;
}

/** The result of an evaluation; it is empty when there is nothing to do. A refused result is not recorded. */
export interface Evaluation {
  result?: DecisionResult | undefined;
  decision?: Decision | undefined;
  operation?: OperationRecord | undefined;
  /** True when other decisions came first at every attempt, or the lease is lost. */
  isLost?: boolean;
}

/** Decides on the evidence of a fleet, and on the command of the question if there is one, and records the decision. */
export async function evaluate(
  deps: Deps,
  fleet: string,
  spec: FleetSpec,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const tries = options.lease ? MAX_TRIES.prober : MAX_TRIES.people;
  const evaluation = await contend(tries, async () => {
    const read = await readDecisionInput(deps, fleet, spec, options);
    const result = decide(read.input);
    if (result === undefined || result.outcome === 'refused') return { result };
    return await record(deps, read, result, spec, options);
  });
  return evaluation ?? { isLost: true };
}

async function record(
  deps: Deps,
  read: ReadInput,
  result: DecisionResult,
  spec: FleetSpec,
  options: EvaluateOptions,
): Promise<Evaluation | undefined> {
  const recording = await recordingOf(deps, read, result, options);
  const { decision, operation } = recording;
  if (options.isDry) return { result, decision };
  const deliveries = deliveryDocuments(eventsOf(decision, result), spec, read.input.nowMs);
  // The documents of the question come first, because only the first documents have room in the transaction.
  const documents = [...(options.documents ?? []), ...recording.documents, ...deliveries];
  const whole = { ...recording, documents, lease: options.lease };
  if (!(await deps.store.decide(whole))) return undefined;
  await complete(deps, whole);
  const { fleet, id, outcome, withdrawnAfter: withdrawn } = decision;
  deps.log.info('decision', { fleet, decision: id, outcome, withdrawn });
  return { result, decision, operation };
}

/**
 * Writes the records that follow from a decision. A failure is only logged, because the decision is valid without them:
 * it contains the digest of its inputs, and a gateway without an outbox row follows when it is next read.
 */
async function complete(deps: Deps, recording: Recording): Promise<void> {
  const { fleet, decision } = recording;
  try {
    await deps.store.complete(recording);
  } catch (error) {
    deps.log.error('decision.incomplete', { fleet, decision: decision.id }, error);
  }
}

export interface Pusher {
  /** Starts to bring every gateway in line with the decisions taken so far, in the background. */
  push(): void;
  /** Resolves once everything that was asked for is done or has failed. */
  idle(): Promise<void>;
}

/**
 * Creates a pusher, which moves pools while probing continues, because a slow cloud must not delay probing. A push that
 * failed stays in the outbox for the next push.
 */
export function createPusher(deps: Deps, fleet: string): Pusher {
  let running: Promise<void> | undefined;
  let asked = false;
  const checks = new Set<Promise<void>>();
  /** Checks the effect of a push on the data plane in parallel with the next push. */
  const check = (gateway: string) => {
    const checked = checkDataPlane(deps, fleet, gateway).finally(() => checks.delete(checked));
    checks.add(checked);
  };
  const run = async () => {
    while (asked) {
      asked = false;
      try {
        for (const gateway of await pushTraffic(deps, fleet)) check(gateway);
      } catch (error) {
        deps.log.error('failover.push-failed', { fleet }, error);
      }
    }
    running = undefined;
  };
  return {
    push: () => {
      asked = true;
      running ??= run();
    },
    idle: async () => {
      await running;
      await Promise.all(checks);
    },
  };
}

/** Reconciles the pools of every gateway that has a waiting traffic change. Returns the names of these gateways. */
async function pushTraffic(deps: Deps, fleet: string): Promise<string[]> {
  const gateways = await deps.store.all('gateway', fleet);
  const waiting = await Promise.all(
    gateways.map(({ name }) => deps.store.waiting(fleet, name, 'traffic', fleet, fleet)),
  );
  const names = waiting.flat().map(({ gateway }) => gateway);
  await Promise.all(names.map((gateway) => reconcileGateway(deps, fleet, gateway, { scope: 'pools' })));
  return names;
}
