import type * as z from 'zod';
import type { Feature } from '../../functions/core/routing/features.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { RouteInput } from '../../schemas/route.ts';

export type Provider = GatewayTarget['provider'];

/** What routes mean, for every provider alike. `{host}` stands for a domain that is the case's own, `{HOST}` for it in capitals. */
export interface Case {
  /** The guarantee, as a sentence. */
  name: string;
  routes: readonly RouteDraft[];
  requests: readonly Exchange[];
  /** What holds while these clusters are withdrawn. */
  withdrawn?: { clusters: readonly string[]; requests: readonly Exchange[] };
  refusedOn?: Partial<Record<Provider, Refusal>>;
}

/**
 * Why a provider refuses a route: a feature that it cannot carry; a `limit` within one that it can; an `order` of rules that would be
 * another one there.
 */
export type Refusal = Feature | 'limit' | 'order';

/** A route but for its gateway. Host names: default `{host}` alone. */
export type RouteDraft = Omit<z.input<typeof RouteInput>, 'gateways'>;

/** One request, or the same one several times, and what has to come of it. */
export interface Exchange {
  /** Default GET. */
  method?: string;
  /** Default `{host}`. */
  host?: string;
  /** With the query; default `/`. */
  path?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Default 1. */
  times?: number;
  /** One client, who returns the cookies that he gets. */
  keepsCookies?: boolean;
  /** Holds within some seconds: the gateway's own health checks have to find out first. */
  eventually?: boolean;
  expect: Expectation;
}

export interface Expectation {
  /** Of every answer; default 200. */
  status?: number | readonly number[];
  /** How many answers have each status, in place of `status`. */
  statuses?: Record<number, number>;
  /** The server (`shop-a`) or the service (`shop`) that answers. */
  from?: string;
  /** No server answers: no rule matches. */
  unmatched?: true;
  /** Percent of the answers by server, within 3 points. */
  split?: Record<string, number>;
  /** All answers are of one server. */
  oneServer?: true;
  /** The servers that answer, all of them. */
  servers?: readonly string[];
  /** What the server gets; null: no such header. */
  received?: {
    method?: string;
    path?: string;
    host?: string;
    body?: string;
    headers?: Record<string, string | null>;
    /** How often it gets it. */
    attempts?: number;
  };
  /** What the client gets; null: no such header. */
  response?: { headers?: Record<string, string | RegExp | null>; body?: string };
  /** Copies that the servers of this service get. */
  mirrored?: { service: string; copies: number; body?: string };
}

/** Cases that are declared at one gateway together. */
export interface Group {
  /** A DNS label. */
  name: string;
  cases: readonly Case[];
}

/** Backends of equal weight, or by weight. */
export function to(...backends: (string | [service: string, weight: number])[]) {
  return backends.map((backend) =>
    typeof backend === 'string'
      ? { service: backend, port: 80 }
      : { service: backend[0], port: 80, weight: backend[1] },
  );
}

export const prefix = (value: string) => ({ type: 'Prefix' as const, value });
export const exact = (value: string) => ({ type: 'Exact' as const, value });
export const regex = (value: string) => ({ type: 'RegularExpression' as const, value });
