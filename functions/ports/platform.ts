/** The platform: clock, ids, network and log. */

import type { Json } from '../core/gateway/provider-object.ts';

export interface Clock {
  /** Returns the time in milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Ids {
  /** Returns a new ULID, which is unique and sorts by time. */
  ulid(): string;
}

/** The access to the network for probes. A call that times out rejects with an error named `TimeoutError`. */
export interface Net {
  /** Sends one request. A redirect is returned as the answer, and not followed. */
  fetch(url: string, init: NetRequest): Promise<NetAnswer>;
  /** Resolves once a TCP connection is accepted; it is closed at once. */
  connect(host: string, port: number, timeoutMs: number): Promise<void>;
}

export interface NetRequest {
  method: string;
  headers: Record<string, string>;
  /** The time limit of the whole request, including the body. */
  timeoutMs: number;
  /** The number of bytes of the body to read. When absent, no body is read. */
  bodyBytes?: number | undefined;
}

export interface NetAnswer {
  status: number;
  /** The requested part of the body, as text. */
  body?: string | undefined;
  /** The expiry of the certificate of the server. It is absent in a Worker, which does not see the certificate. */
  certificateExpiresAtMs?: number | undefined;
}

/** The log: one JSON event per call, with its time. Fields hold neither secrets nor URLs. */
export interface Log {
  info(event: string, fields?: Record<string, Json | undefined>): void;
  /** Writes an error. `cause` is the thrown value as it is: the log removes everything that must not be shown. */
  error(event: string, fields?: Record<string, Json | undefined>, ...cause: [cause?: unknown]): void;
}
