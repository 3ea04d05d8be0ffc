import { say } from '../../../schemas/messages/index.ts';
import type { Probe, RequestHeaders } from '../../../schemas/probe.ts';
import { pointerTo } from './diff.ts';
import type { Kind, Resource, Specs } from './resource.ts';

/** A request that is sent because a declaration says so. */
export interface SentRequest {
  /** The place of the request in the declaration, which has the members `url` and `headers`. */
  pointer: string;
  url: string;
  headers: RequestHeaders;
  /** True when agents alone send it, so that its secrets are theirs. */
  isOfAgents: boolean;
}

const REQUESTS: { [K in Kind]: (spec: Specs[K]) => SentRequest[] } = {
  fleet: ({ controlTargets, voters }) => [
    ...ofProbes(controlTargets, '#/controlTargets'),
    ...voters.flatMap((voter, index) => (voter.type === 'gateway-path' ? [ofEdge(voter, `#/voters/${index}`)] : [])),
  ],
  cluster: ({ probes }) => ofProbes(probes, '#/probes'),
  gateway: ({ dataPlaneCheck }) => (dataPlaneCheck ? [ofEdge(dataPlaneCheck, '#/dataPlaneCheck')] : []),
  service: () => [],
  distribution: () => [],
  route: () => [],
};

/** Returns the HTTP requests that a declaration has Fairlead or its agents send. */
export function sentRequests<K extends Kind>({ kind, spec }: Pick<Resource<K>, 'kind' | 'spec'>): SentRequest[] {
  return REQUESTS[kind](spec);
}

function ofProbes(probes: readonly Probe[], pointer: string): SentRequest[] {
  return probes.flatMap((probe, index) => {
    if (probe.type !== 'http') return [];
    const { url, headers, from } = probe;
    return [{ pointer: `${pointer}/${index}`, url, headers, isOfAgents: from === 'agents' }];
  });
}

interface EdgeRequest {
  url: string;
  headers?: RequestHeaders | undefined;
}

function ofEdge({ url, headers = {} }: EdgeRequest, pointer: string): SentRequest {
  return { pointer, url, headers, isOfAgents: false };
}

/** A secret that a request needs. */
export interface NeededSecret {
  /** The place of the reference. */
  pointer: string;
  name: string;
  /** The host that the secret is to be sent to. */
  host: string;
}

export function neededSecrets({ pointer, url, headers }: SentRequest): NeededSecret[] {
  const host = new URL(url).hostname;
  return Object.entries(headers).flatMap(([header, value]) =>
    typeof value === 'string'
      ? []
      : [{ pointer: `${pointer}${pointerTo(['headers', header, 'secret'])}`, name: value.secret, host }],
  );
}

/** Says that the settings of a sender lack a secret. */
export function lacksSecret({ name, host }: Pick<NeededSecret, 'name' | 'host'>): string {
  return say('SecretLacking', { name, host }).text;
}
