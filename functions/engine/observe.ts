import type { FailureCause, Observation } from '../../schemas/cluster.ts';
import { say } from '../../schemas/messages/index.ts';
import type { HttpProbe, Probe } from '../../schemas/probe.ts';
import { checkProbeTarget, ForbiddenTargetError } from '../core/egress/target.ts';
import { lacksSecret } from '../core/model/sent-requests.ts';
import type { Clock, Net, Secrets, Settings } from '../deps.ts';

/** The ports that probing needs. Agents have no others. */
export interface ProbePorts {
  net: Net;
  clock: Pick<Clock, 'now'>;
  secrets: Secrets;
  settings: Pick<Settings, 'egress'>;
}

interface ProbeOutcome {
  path: Probe['path'];
  /** `unsent`: the probe was not sent, so it says nothing about its target. */
  outcome: 'ok' | 'fail' | 'unsent';
  /** True when not even a connection was made. */
  isUnreached?: boolean;
  detail: string;
  latencyMs: number;
  /** True when the answer took longer than `maxLatencyMs`. */
  isSlow?: boolean;
  certificateExpiresAtMs?: number | undefined;
}

/** An observation, and the time at which the first of the certificates expires, if that is soon. */
export interface ProbeResult {
  observation: Observation;
  certificateExpiresAtMs?: number | undefined;
}

const BODY_BYTES = 64 * 1024;
const DAY_MS = 24 * 3600 * 1000;

/** Returns the probes that are sent from the given place. */
export function probesFrom(probes: readonly Probe[], from: 'edge' | 'agents'): Probe[] {
  return probes.filter((probe) => probe.from === 'everywhere' || probe.from === from);
}

export interface Prober {
  /** The name of the voter that makes the observation. */
  voter: string;
  timeoutMs: number;
  /**
   * True when the probes lead through a gateway. A gateway that cannot be reached says nothing about the cluster behind
   * it.
   */
  isThroughGateway?: boolean;
}

/** Sends the probes of a cluster (at least one) and judges the outcomes. */
export async function observe(ports: ProbePorts, probes: readonly Probe[], prober: Prober): Promise<ProbeResult> {
  const outcomes = await Promise.all(probes.map((probe) => send(ports, probe, prober.timeoutMs)));
  const expiries = outcomes.flatMap(({ certificateExpiresAtMs }) => certificateExpiresAtMs ?? []);
  const observation: Observation = {
    voter: prober.voter,
    observedAt: new Date(ports.clock.now()).toISOString(),
    ...outcomeOf(outcomes, prober),
    latencyMs: Math.max(...outcomes.map(({ latencyMs }) => latencyMs)),
  };
  return { observation, ...(expiries.length > 0 && { certificateExpiresAtMs: Math.min(...expiries) }) };
}

/** Tells whether a control target answers as expected. A probe that may not be sent counts as an answer. */
export async function answers(ports: ProbePorts, probe: Probe, timeoutMs: number): Promise<boolean> {
  return (await send(ports, probe, timeoutMs)).outcome !== 'fail';
}

/**
 * Judges the outcomes of the probes. A cluster fails when one of its ingress probes fails; the failure of a direct
 * probe is only mentioned in the detail. If all probes are direct, they decide instead.
 */
function outcomeOf(
  outcomes: readonly ProbeOutcome[],
  { isThroughGateway = false }: Prober,
): Pick<Observation, 'outcome' | 'cause' | 'isSlow' | 'detail'> {
  const failed = outcomes.filter(({ outcome }) => outcome === 'fail');
  const direct = outcomes.filter(({ path }) => path === 'direct');
  const decisive = direct.length === outcomes.length ? direct : outcomes.filter(({ path }) => path === 'ingress');
  const told = (some: readonly ProbeOutcome[]) => some.map(({ detail }) => detail).join('; ');
  if (isThroughGateway && failed.length > 0) {
    return { outcome: failed.some(({ isUnreached }) => isUnreached) ? 'inconclusive' : 'fail', detail: told(failed) };
  }
  if (decisive.some(({ outcome }) => outcome === 'fail')) {
    const isAround = direct.length > 0 && direct.every(({ outcome }) => outcome === 'ok');
    const cause: FailureCause = isAround ? 'Ingress' : 'Cluster';
    return { outcome: 'fail', cause, detail: told(failed) };
  }
  if (decisive.some(({ outcome }) => outcome !== 'ok')) return { outcome: 'inconclusive', detail: told(outcomes) };
  const isSlow = decisive.some((one) => one.isSlow);
  return { outcome: 'ok', ...(isSlow && { isSlow }), detail: told(outcomes) };
}

/** Sends one probe. It never rejects: a failure is an outcome. */
export async function send(ports: ProbePorts, probe: Probe, timeoutMs: number): Promise<ProbeOutcome> {
  const { path } = probe;
  const label = path === 'direct' ? `direct ${probe.type}` : probe.type;
  const forbidden = checkProbeTarget(probe, ports.settings.egress);
  const { headers, lacking } = await headersOf(probe, ports.secrets);
  const unsent = (reason: string): ProbeOutcome => {
    return { path, outcome: 'unsent', detail: say('NotSent', { probe: label, reason }).text, latencyMs: 0 };
  };
  const fault = forbidden ?? lacking;
  if (fault !== undefined) return unsent(fault);
  const startedMs = ports.clock.now();
  const since = () => Math.max(0, ports.clock.now() - startedMs);
  try {
    const { detail, ...result } = await dispatch(ports, probe, headers, timeoutMs);
    return { path, ...result, ...paced(probe, `${label}: ${detail}`, since()) };
  } catch (error) {
    if (error instanceof ForbiddenTargetError) return unsent(error.message);
    // The error texts of platforms differ and may contain addresses, so only timeouts are told apart from other
    // failures.
    const isUnreached = !(error instanceof Error && error.name === 'TimeoutError');
    const detail = isUnreached ? 'connection failed' : say('NoAnswerIn', { seconds: timeoutMs / 1000 }).text;
    return { path, outcome: 'fail', isUnreached, detail: `${label}: ${detail}`, latencyMs: since() };
  }
}

function paced({ maxLatencyMs }: Probe, detail: string, latencyMs: number) {
  if (maxLatencyMs === undefined || latencyMs <= maxLatencyMs) return { detail, latencyMs };
  return { detail: `${detail}, slow: ${latencyMs} ms`, latencyMs, isSlow: true };
}

type Answer = Pick<ProbeOutcome, 'outcome' | 'detail' | 'certificateExpiresAtMs'>;

type Headers = Record<string, string>;

/** Returns the headers to send, with the values of secrets, and the reason why they cannot be sent when a secret is lacking. */
async function headersOf(probe: Probe, secrets: Secrets): Promise<{ headers: Headers; lacking?: string }> {
  const headers: Headers = {};
  if (probe.type === 'tcp') return { headers };
  const host = new URL(probe.url).hostname;
  for (const [header, declared] of Object.entries(probe.headers)) {
    const value = typeof declared === 'string' ? declared : await secrets.find(declared.secret, host);
    if (value !== undefined) headers[header] = value;
    else if (typeof declared !== 'string') return { headers, lacking: lacksSecret({ name: declared.secret, host }) };
  }
  return { headers };
}

async function dispatch(ports: ProbePorts, probe: Probe, headers: Headers, timeoutMs: number): Promise<Answer> {
  if (probe.type === 'http') return await ask(ports, probe, headers, timeoutMs);
  await ports.net.connect(probe.host, probe.port, timeoutMs);
  return { outcome: 'ok', detail: 'connected' };
}

async function ask(ports: ProbePorts, probe: HttpProbe, headers: Headers, timeoutMs: number): Promise<Answer> {
  const { net, clock, secrets } = ports;
  const { url, method, expectedStatus, expectedBody, certificateWarningDays } = probe;
  const bodyBytes = expectedBody === undefined ? undefined : BODY_BYTES;
  const { status, body, certificateExpiresAtMs } = await net.fetch(url, { method, headers, timeoutMs, bodyBytes });
  if (status < expectedStatus.from || status > expectedStatus.to) {
    return { outcome: 'fail', detail: `status ${status}` };
  }
  // A server may repeat the headers that it got. What is expected must not tell what stands in a secret.
  if (expectedBody !== undefined && !secrets.redactPart(body ?? '').includes(expectedBody)) {
    return { outcome: 'fail', detail: say('WithoutText', { status }).text };
  }
  const expiresInMs = (certificateExpiresAtMs ?? Number.POSITIVE_INFINITY) - clock.now();
  if (expiresInMs > certificateWarningDays * DAY_MS) return { outcome: 'ok', detail: `status ${status}` };
  const days = Math.max(0, Math.floor(expiresInMs / DAY_MS));
  return { outcome: 'ok', detail: say('CertificateEnds', { status, days }).text, certificateExpiresAtMs };
}
