import type * as z from 'zod';
import type { Feature } from '../../functions/core/routing/features.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { RouteInput } from '../../schemas/route.ts';

export type Provider = GatewayTarget['provider'];

/**
 * A case says what a route means, for every provider alike. `{host}` stands for a domain that belongs to the case, and
 * `{HOST}` for it in capitals.
 */
export interface Case {
  /** The guarantee, as a sentence. */
  name: string;
  routes: readonly RouteDraft[];
  requests: readonly Exchange[];
  /** Requests and their expected answers while these clusters are withdrawn. */
  withdrawn?: { clusters: readonly string[]; requests: readonly Exchange[] };
  refusedOn?: Partial<Record<Provider, Refusal>>;
}

/**
 * Reason for which a provider refuses a route: a feature that it cannot carry, a `limit` within a feature that it can
 * carry, or an `order` of rules that would be another one there.
 */
export type Refusal = Feature | 'limit' | 'order';

/** A route without its gateway. Its host name is `{host}` unless it gives others. */
export type RouteDraft = Omit<z.input<typeof RouteInput>, 'gateways'>;

/** One request, or the same one several times, with the expected outcome. */
export interface Exchange {
  /** The default is GET. */
  method?: string;
  /** The default is `{host}`. */
  host?: string;
  /** The path includes the query; the default is `/`. */
  path?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The default is 1. */
  times?: number;
  /** All requests come from one client, which returns the cookies that it gets. */
  keepsCookies?: boolean;
  /** The expectation is met within some seconds, because the gateway's own health checks have to find out first. */
  eventually?: boolean;
  expect: Expectation;
}

export interface Expectation {
  /** Status of every answer; the default is 200. */
  status?: number | readonly number[];
  /** Number of answers by status; replaces `status`. */
  statuses?: Record<number, number>;
  /** The server (such as `shop-a`) or the service (such as `shop`) that answers. */
  from?: string;
  /** True when no rule matches, so that no server answers. */
  unmatched?: true;
  /** Percent of the answers by server; each may be off by 3 points. */
  split?: Record<string, number>;
  /** True when one server gives all answers. */
  oneServer?: true;
  /** The complete list of servers that answer. */
  servers?: readonly string[];
  /** Headers that the server receives; null means that there is no such header. */
  received?: {
    method?: string;
    path?: string;
    host?: string;
    body?: string;
    headers?: Record<string, string | null>;
    /** Number of requests that the server receives. */
    attempts?: number;
  };
  /** Headers that the client receives; null means that there is no such header. */
  response?: { headers?: Record<string, string | RegExp | null>; body?: string };
  /** Copies that the servers of this service receive. */
  mirrored?: { service: string; copies: number; body?: string };
}

/** Cases that are declared together at one gateway. */
export interface Group {
  /** The name is a DNS label. */
  name: string;
  cases: readonly Case[];
}

/** Backends of equal weight, or with the given weights. */
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
