import { setTimeout as sleep } from 'node:timers/promises';
import { type Probe, type ProbeFailure, type ProbeResult, runProbe } from './probe.ts';

/** The settings of the active health check of a server. */
export interface Check {
  probe: Probe;
  /** Milliseconds from the end of a check to the next one. */
  intervalMs: number;
  healthyThreshold: number;
  unhealthyThreshold: number;
}

export interface Verdict {
  status: 'Initial' | 'Healthy' | 'Unhealthy';
  reason?: ProbeFailure;
  actualResponse?: string;
}

export interface HealthChecker {
  /** Returns the verdict of a key; its status is Initial for a key that is not under check. */
  verdict(key: string): Verdict;
  /** Starts, changes and stops checks so that they become the wanted ones. */
  sync(): void;
  close(): void;
}

interface Target {
  check: Check;
  verdict: Verdict;
  consecutiveSuccesses: number;
  consecutiveFailures: number;
  stop: AbortController;
}

/**
 * Creates active health checks by key; the first check of each is made at once. `wanted` returns the checks to run and
 * is called at each sync. A key that stays keeps its verdict when its check changes.
 */
export function createHealthChecker(wanted: () => ReadonlyMap<string, Check>): HealthChecker {
  const targets = new Map<string, Target>();

  function sync(): void {
    const checks = wanted();
    for (const [key, target] of targets) {
      if (checks.has(key)) continue;
      target.stop.abort();
      targets.delete(key);
    }
    for (const [key, check] of checks) {
      const target = targets.get(key);
      if (target) target.check = check;
      else targets.set(key, watched(check));
    }
  }

  function close(): void {
    for (const target of targets.values()) target.stop.abort();
    targets.clear();
  }

  return { verdict: (key) => targets.get(key)?.verdict ?? { status: 'Initial' }, sync, close };
}

function watched(check: Check): Target {
  const target: Target = {
    check,
    verdict: { status: 'Initial' },
    consecutiveSuccesses: 0,
    consecutiveFailures: 0,
    stop: new AbortController(),
  };
  void watch(target);
  return target;
}

async function watch(target: Target): Promise<void> {
  const { signal } = target.stop;
  while (!signal.aborted) {
    const result = await runProbe(target.check.probe, signal);
    if (signal.aborted) return;
    record(target, result);
    await sleep(target.check.intervalMs, undefined, { ref: false, signal }).catch(() => undefined);
  }
}

/**
 * Takes a result into the verdict. Assumed for all clouds: a server stays Initial, and gets requests, until one of the
 * thresholds is reached.
 */
function record(target: Target, result: ProbeResult): void {
  target.consecutiveSuccesses = result.ok ? target.consecutiveSuccesses + 1 : 0;
  target.consecutiveFailures = result.ok ? 0 : target.consecutiveFailures + 1;
  if (target.consecutiveSuccesses >= target.check.healthyThreshold) {
    target.verdict = { status: 'Healthy' };
  } else if (!result.ok && target.consecutiveFailures >= target.check.unhealthyThreshold) {
    const { reason, actualResponse } = result;
    target.verdict = { status: 'Unhealthy', reason, ...(actualResponse !== undefined && { actualResponse }) };
  }
}
