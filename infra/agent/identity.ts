/** The identity of an agent that has enrolled: its voter, its key and its credential, which it renews by itself. */

import { SIGNATURE_HEADER } from '../../functions/api/http/endpoint.ts';
import { newSecret } from '../../functions/commands/access/crypto.ts';
import { placeIn, presentedText } from '../../functions/core/access/enrolment.ts';
import { tokenDigest } from '../../functions/core/model/token.ts';
import type { Clock, Log } from '../../functions/deps.ts';
import type { Enrolled, EnrolmentInput } from '../../schemas/enrolment.ts';
import { type ApiClient, ApiRefusal } from '../local/client.ts';
import { baseOf } from './control-plane.ts';
import { createAgentKey, publicKeyOf, type Signer, signerOf } from './key.ts';
import { readState, type State, StateFault, writeState } from './state.ts';

const TIMEOUT_MS = 10_000;
const ENROLMENTS = '/v1/enrolments';

/** The time between two looks at whether the credential is to be renewed. */
const LOOK_MS = 60 * 60_000;

export interface IdentityOptions {
  /** The state file. */
  file: string;
  /** The control plane; that of the state file when absent. */
  url?: string | undefined;
  /** The enrolment token. An agent that has used it already goes on with what it has. */
  enrolWith?: string | undefined;
}

type Ports = { clock: Pick<Clock, 'now'> };

/**
 * Returns the identity of the agent, which enrols first if it has to. What is asked for stands in the state file before it is asked
 * for, so that an agent that ends at any time asks for the same when it starts again. An agent that has a credential goes on with
 * it when its new enrolment token is refused, which `notEnrolled` is told.
 */
export async function openIdentity(
  options: IdentityOptions,
  ports: Ports,
  notEnrolled: (error: unknown) => void = () => undefined,
): Promise<Identity> {
  const { file, url, enrolWith } = options;
  const stored = await readState(file);
  const known = stored && { ...stored, ...(url !== undefined && { url }) };
  const identity = new Identity(file, enrolWith === undefined ? known : invited(known, url, enrolWith), ports);
  if (!identity.isEnrolled) await identity.complete();
  else if (identity.isEnrolling) await identity.complete().catch((error) => notEnrolled(error));
  return identity;
}

/** Returns the state of an agent that is about to enrol, or that has enrolled with this token already. */
function invited(known: State | undefined, url: string | undefined, token: string): State {
  if (known && (known.enrolledWith === tokenDigest(token) || known.pending?.token === token)) return known;
  const place = placeIn(token);
  if (place?.what !== 'invitation') throw new Error('This is not an enrolment token: it begins with fle_.');
  const { fleet, voter } = place;
  const control = url ?? known?.url;
  if (control === undefined) throw new Error('The agent needs the --url of the control plane to enrol.');
  const pending = { token, credential: presentedText('credential', place, newSecret()) };
  // The credential that the agent has is kept until it has another one, unless it was that of another voter.
  if (known?.fleet === fleet && known.voter === voter) return { ...known, pending };
  const privateKey = known?.privateKey ?? createAgentKey().privateKey;
  return { url: control, fleet, voter, privateKey, pending };
}

/** Renews the credential of the agent in time, until `stop` is aborted. */
export async function keepRenewed(
  identity: Identity,
  { clock, log }: { clock: Clock; log: Log },
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      if (await identity.renewIfDue()) log.info('credential.renewed', { voter: identity.voter });
    } catch (error) {
      log.error('credential.not-renewed', { voter: identity.voter }, error);
    }
    await clock.sleep(LOOK_MS);
  }
}

export class Identity implements ApiClient {
  readonly #file: string;
  readonly #ports: Ports;
  readonly sign: Signer;
  #state: State;

  constructor(file: string, state: State | undefined, ports: Ports) {
    if (state === undefined)
      throw new StateFault(file, 'does not exist: start the agent with FAIRLEAD_ENROLMENT_TOKEN.');
    this.#file = file;
    this.#state = state;
    this.#ports = ports;
    this.sign = signerOf(state.privateKey);
  }

  get url(): string {
    return baseOf(this.#state.url);
  }

  get fleet(): string {
    return this.#state.fleet;
  }

  get voter(): string {
    return this.#state.voter;
  }

  /** The credential, which changes when it is renewed. */
  get token(): string {
    if (this.#state.credential === undefined) throw new StateFault(this.#file, 'has no credential: enrol again.');
    return this.#state.credential;
  }

  get isEnrolled(): boolean {
    return this.#state.credential !== undefined;
  }

  /** True while an enrolment token has not been accepted or refused. */
  get isEnrolling(): boolean {
    const { pending } = this.#state;
    return pending !== undefined && placeIn(pending.token)?.what === 'invitation';
  }

  /** Everything that must not stand in a log. */
  get secrets(): string[] {
    const { privateKey, credential, pending } = this.#state;
    return [privateKey, credential, pending?.token, pending?.credential].filter((text) => text !== undefined);
  }

  async renewIfDue(): Promise<boolean> {
    const { renewAtMs = 0, credential, pending } = this.#state;
    if (credential === undefined || (pending === undefined && this.#ports.clock.now() < renewAtMs)) return false;
    const next = presentedText('credential', this.#state, newSecret());
    this.#state = { ...this.#state, pending: pending ?? { token: credential, credential: next } };
    await this.complete();
    return true;
  }

  /** Asks for what is pending, and does nothing when that is nothing. An enrolment token that is refused is not pending any more. */
  async complete(): Promise<void> {
    const { pending, privateKey } = this.#state;
    if (pending === undefined) return;
    await writeState(this.#file, this.#state);
    const { token, credential } = pending;
    const given = { token, publicKey: publicKeyOf(privateKey), credentialHash: tokenDigest(credential) };
    const { expiresAt, serverMs } = await this.#present(given).catch(async (error: unknown) => {
      if (this.isEnrolled && this.isEnrolling && isFinal(error)) await this.#forget();
      throw error;
    });
    // Both times are those of the control plane, so that a wrong clock of this host does not matter.
    const lifeMs = Date.parse(expiresAt) - serverMs;
    const { pending: _, ...state } = this.#state;
    const enrolledWith = placeIn(token)?.what === 'invitation' ? tokenDigest(token) : state.enrolledWith;
    this.#state = { ...state, credential, enrolledWith, renewAtMs: this.#ports.clock.now() + lifeMs / 2 };
    await writeState(this.#file, this.#state);
  }

  async #forget(): Promise<void> {
    const { pending: _, ...state } = this.#state;
    this.#state = state;
    await writeState(this.#file, this.#state);
  }

  async #present(given: EnrolmentInput): Promise<Enrolled & { serverMs: number }> {
    const body = Buffer.from(JSON.stringify(given));
    const response = await fetch(`${this.url}${ENROLMENTS}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: this.sign(body) },
      body,
      // A redirect would carry the token to wherever it leads.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiRefusal('POST', ENROLMENTS, response.status, text);
    const date = Date.parse(response.headers.get('date') ?? '');
    return { ...(JSON.parse(text) as Enrolled), serverMs: Number.isNaN(date) ? this.#ports.clock.now() : date };
  }
}

/** Tells whether the same token would be refused again. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiRefusal && [400, 401, 403, 409].includes(error.status);
}
