import { SIGNATURE_HEADER } from '../../functions/api/http/endpoint.ts';
import { isSafeFromReaders } from '../../functions/core/egress/target.ts';
import type { Assignment } from '../../schemas/enrolment.ts';
import type { ObservationBatch, ObservationBatchReceipt } from '../../schemas/observation-batch.ts';
import { type ApiClient, ApiRefusal } from '../local/client.ts';
import type { Signer } from './key.ts';

const TIMEOUT_MS = 10_000;

/** Returns the address of the control plane, to which paths are added. Throws for one to which no credential may be sent. */
export function baseOf(text: string): string {
  if (!URL.canParse(text)) throw new Error(`--url takes the URL of the control plane, not ${text}.`);
  const url = new URL(text);
  if (isSafeFromReaders(url)) return text.replace(/\/+$/, '');
  throw new Error(`--url takes an https URL, because the agent sends its credential there, not ${url.origin}.`);
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

  /** Reads what the voter has to watch. */
  async assignment(fleet: string, voter: string): Promise<Assignment> {
    return await this.#call('GET', `/v1/fleets/${fleet}/voters/${voter}/assignment`);
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
      // A redirect would carry the token and the batch to wherever it leads.
      redirect: 'error',
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
