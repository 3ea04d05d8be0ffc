import type * as z from 'zod';
import { SIGNATURE_HEADER } from '../../functions/api/http/endpoint.ts';
import { votersOf } from '../../functions/core/health/voters.ts';
import type { Cluster, ClusterPage } from '../../schemas/cluster.ts';
import type { Fleet } from '../../schemas/fleet.ts';
import type { ObservationBatch, ObservationBatchReceipt } from '../../schemas/observation-batch.ts';
import { type ApiClient, ApiRefusal } from '../local/client.ts';
import type { Signer } from './key.ts';

const TIMEOUT_MS = 10_000;

/** The work of an agent: its fleet and the clusters that it watches. */
export interface Assignment {
  fleet: Fleet;
  clusters: Cluster[];
}

/** Thrown when the fleet has no voter of type `agent` with this name; the agent itself may be in order. */
export class NotAVoter extends Error {
  constructor(fleet: string, voter: string) {
    super(`Fleet ${fleet} has no agent ${voter} among its voters.`);
    this.name = 'NotAVoter';
  }
}

/**
 * Client for the API calls of an agent. `onDate` is called with the time of each answer, in milliseconds since the
 * epoch.
 */
export class ControlPlane {
  readonly #client: ApiClient;
  readonly #sign: Signer;
  readonly #onDate: (ms: number) => void;

  constructor(client: ApiClient, sign: Signer, onDate: (ms: number) => void) {
    this.#client = client;
    this.#sign = sign;
    this.#onDate = onDate;
  }

  /** Reads the fleet and the clusters that the voter watches. Throws `NotAVoter`. */
  async assignment(fleetName: string, voterName: string): Promise<Assignment> {
    const path = `/v1/fleets/${fleetName}`;
    const fleet = await this.#call<Fleet>('GET', path);
    const voter = fleet.voters.find(({ name, type }) => type === 'agent' && name === voterName);
    if (voter === undefined) throw new NotAVoter(fleetName, voterName);
    const clusters: Cluster[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ pageSize: '200', ...(token !== undefined && { pageToken: token }) });
      const page = await this.#call<z.output<typeof ClusterPage>>('GET', `${path}/clusters?${query}`);
      clusters.push(...page.items);
      token = page.nextPageToken;
    } while (token !== undefined);
    return {
      fleet,
      clusters: clusters.filter((cluster) => votersOf({ ...cluster, spec: cluster }, [voter]).length > 0),
    };
  }

  async post(batch: ObservationBatch): Promise<ObservationBatchReceipt> {
    const body = Buffer.from(JSON.stringify(batch));
    return await this.#call('POST', `/v1/fleets/${batch.fleet}/observations`, body);
  }

  async #call<T>(method: 'GET' | 'POST', path: string, body?: Buffer<ArrayBuffer>): Promise<T> {
    const response = await fetch(`${this.#client.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#client.token}`,
        ...(body && { 'content-type': 'application/json', [SIGNATURE_HEADER]: this.#sign(body) }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body && { body }),
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) this.#onDate(date);
    const text = await response.text();
    if (!response.ok) throw new ApiRefusal(method, path, response.status, text);
    return JSON.parse(text) as T;
  }
}
