import { ApiError, notCarried } from '../errors.ts';
import { type Parameters, validateParameters } from '../parameters.ts';
import type { Call, Execute, Outcome, Product } from '../product.ts';
import type { Schedule } from '../schedule.ts';
import type { Rate } from '../throttle.ts';
import { CARRIED } from './actions/index.ts';
import { Refusal } from './errors.ts';
import type { MseDataPlane, MseState } from './model.ts';
import { TABLE } from './table.ts';

/** The rate limit of all actions of an account in a region together; assumed, since none is documented. */
const RATE: Rate = { limit: 5, perSeconds: 1 };

export interface MseOptions {
  schedule: Schedule;
  /** Milliseconds from a change of a gateway until its Status is 2 (running). */
  gatewayLatencyMs: number;
  /** Milliseconds from publishing a route, or taking it offline, to its effect. */
  publishLatencyMs: number;
  dataPlane: (state: MseState) => MseDataPlane;
  now: () => number;
}

/** Creates the local MSE with its gateways (OpenAPI 2019-05-31). */
export function createMse({ dataPlane: createDataPlane, ...options }: MseOptions): Product & { state: MseState } {
  const state: MseState = { gateways: new Map() };
  const shared = { ...options, state, dataPlane: createDataPlane(state) };

  function data(source: typeof shared, call: Call): unknown {
    const { fault, spec, regionId, regionGiven } = call;
    if (fault?.kind === 'body-error') throw new Refusal(fault.code ?? 'InternalError', 'This error was injected.');
    const input = checked(call);
    const action = CARRIED.get(spec.name);
    if (!action) throw notCarried(`the action ${spec.name}`);
    return action({ ...source, regionId, regionGiven }, input);
  }

  const answering =
    (source: typeof shared): Execute =>
    (call) => {
      try {
        return {
          body: { HttpStatusCode: 200, Code: 200, Success: true, Message: 'success', Data: data(source, call) },
        };
      } catch (thrown) {
        if (thrown instanceof Refusal) return refused(thrown);
        throw thrown;
      }
    };

  return {
    name: 'mse',
    table: TABLE,
    state,
    rateOf: (_, regionId) => ({ scope: regionId, rate: RATE }),
    execute: answering(shared),
    freeze: () => answering({ ...shared, state: structuredClone(state) }),
    resume: async () => {
      for (const gateway of state.gateways.values()) {
        gateway.dataPlaneAddress = await shared.dataPlane.openGateway(gateway);
      }
    },
    close: () => shared.dataPlane.close(),
  };
}

/** Returns the checked parameters. MSE documents one code for everything that is wrong with a parameter. */
function checked({ spec, parameters }: Call): Parameters {
  try {
    return validateParameters(spec, parameters);
  } catch (thrown) {
    throw thrown instanceof ApiError ? new Refusal('InvalidParameter', thrown.message) : thrown;
  }
}

function refused({ code, errorCode, message }: Refusal): Outcome {
  const body = { HttpStatusCode: code, Code: code, Success: false, Message: message, ErrorCode: errorCode };
  return { body, code: errorCode };
}
