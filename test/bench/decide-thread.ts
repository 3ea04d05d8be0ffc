import { parentPort, workerData } from 'node:worker_threads';
import { allocate } from '../../functions/core/allocation/allocate.ts';
import { decideFleet } from './decide-fleet.ts';

/** Work of one thread: it makes a fleet, and computes points for it or not. */
export interface Load {
  backends: number;
  supply: number;
  allocates: boolean;
}

const { backends, supply, allocates }: Load = workerData;
const input = decideFleet(backends, supply);
const made = allocates ? allocate(input) : input;
if (made.backends.length !== input.backends.length) throw new Error('Every backend has points.');
parentPort?.postMessage(made.backends.length);
