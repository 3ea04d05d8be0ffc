import type { Observation } from '../../schemas/cluster.ts';
import type { HealthPolicy } from '../../schemas/fleet.ts';
import type { Probe } from '../../schemas/probe.ts';
import { checkProbeTarget } from '../core/probe-target.ts';
import type { Deps } from '../deps.ts';

interface ProbeOutcome {
  ok: boolean;
  detail: string;
  latencyMs: number;
}

/** Sends all probes of a cluster; the observation succeeds when all of them do. */
export async function observe(deps: Deps, probes: readonly Probe[], policy: HealthPolicy): Promise<Observation> {
  const outcomes = await Promise.all(probes.map((probe) => send(deps, probe, policy.timeoutSeconds * 1000)));
  const failed = outcomes.filter((outcome) => !outcome.ok);
  return {
    observedAt: new Date(deps.clock.now()).toISOString(),
    outcome: failed.length === 0 ? 'ok' : 'fail',
    latencyMs: Math.max(...outcomes.map((outcome) => outcome.latencyMs)),
    detail: (failed.length === 0 ? outcomes : failed).map((outcome) => outcome.detail).join('; '),
  };
}

async function send(deps: Deps, probe: Probe, timeoutMs: number): Promise<ProbeOutcome> {
  const startedMs = deps.clock.now();
  const since = () => Math.max(0, deps.clock.now() - startedMs);
  const forbidden = checkProbeTarget(probe, { allowLoopback: deps.settings.allowLoopbackProbes });
  if (forbidden !== undefined) return { ok: false, detail: `not sent: ${forbidden}`, latencyMs: 0 };
  try {
    const result = await dispatch(deps, probe, timeoutMs);
    return { ...result, latencyMs: since() };
  } catch (error) {
    return { ok: false, detail: `${probe.type}: ${failure(error, timeoutMs)}`, latencyMs: since() };
  }
}

async function dispatch(deps: Deps, probe: Probe, timeoutMs: number): Promise<Omit<ProbeOutcome, 'latencyMs'>> {
  if (probe.type === 'tcp') {
    await deps.net.connect(probe.host, probe.port, timeoutMs);
    return { ok: true, detail: 'tcp: connected' };
  }
  const { status } = await deps.net.fetch(probe.url, { method: probe.method, headers: probe.headers, timeoutMs });
  const { from, to } = probe.expectedStatus;
  return { ok: status >= from && status <= to, detail: `http: status ${status}` };
}

/** The platform's error texts differ and may carry addresses; only the two cases that matter are told apart. */
function failure(error: unknown, timeoutMs: number): string {
  return error instanceof Error && error.name === 'TimeoutError'
    ? `no answer in ${timeoutMs / 1000} s`
    : 'connection failed';
}
