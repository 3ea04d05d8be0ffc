import type { EgressPolicy } from '../../functions/core/egress/target.ts';
import { freshnessMs } from '../../functions/core/health/votes.ts';
import type { Clock, Log, Net, Secrets } from '../../functions/deps.ts';
import { answers, observe, type ProbeResult, probesFrom } from '../../functions/engine/observe.ts';
import { createLimit } from '../../functions/limit.ts';
import type { Assignment } from '../../schemas/enrolment.ts';
import type { ApiClient } from '../local/client.ts';
import { ControlPlane } from './control-plane.ts';
import type { Signer } from './key.ts';
import type { AgentStatus } from './status.ts';

const REFRESH_MS = 60_000;
const MAX_BACKOFF_MS = 60_000;
const PROBES_AT_A_TIME = 50;

/** The resolution of the Date header of an answer, which is in whole seconds. */
const DATE_RESOLUTION_MS = 1000;

/** The control plane takes a batch that is sent up to five seconds ahead of its clock. */
const MAX_CORRECTION_MS = 3_000;
type Cluster = Assignment['clusters'][number];

export interface AgentOptions {
  client: ApiClient;
  fleet: string;
  voter: string;
  sign: Signer;
  /** The addresses that the agent may probe. */
  egress: EgressPolicy;
}

export interface AgentPorts {
  net: Net;
  clock: Clock;
  log: Log;
  status: AgentStatus;
  /** The secrets of this agent. Those of the control plane never get here. */
  secrets: Secrets;
}

/**
 * Watches the clusters of a fleet for one of its voters until `stop` is aborted. A batch of observations that could not
 * be sent is dropped, because outdated observations would mislead the control plane.
 */
export async function runAgent(ports: AgentPorts, options: AgentOptions, stop: AbortSignal): Promise<void> {
  const agent = new Agent(ports, options);
  let failed = 0;
  while (!stop.aborted) {
    const startedMs = ports.clock.now();
    const isDone = await agent.round(stop);
    ports.status.roundEnded({ isDone, ms: ports.clock.now() - startedMs, clusters: agent.clusters });
    failed = isDone ? 0 : failed + 1;
    const waitMs = Math.min(agent.intervalMs * 2 ** failed, Math.max(agent.intervalMs, MAX_BACKOFF_MS));
    if (!stop.aborted) await ports.clock.sleep(Math.max(0, startedMs + waitMs - ports.clock.now()));
  }
}

class Agent {
  readonly #ports: AgentPorts;
  readonly #options: AgentOptions;
  readonly #api: ControlPlane;
  readonly #limit = createLimit(PROBES_AT_A_TIME);
  readonly #failures = new Map<string, number>();
  #assignment: Assignment | undefined;
  #assignedAtMs = 0;
  #sentAtMs = 0;
  /** Milliseconds that this machine's clock is behind the control plane's; negative when it is ahead. */
  #behindMs = 0;

  constructor(ports: AgentPorts, options: AgentOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#api = new ControlPlane(options.client, options.sign, (ms) => this.#setClock(ms));
  }

  /** The number of clusters that the agent watches, as far as it knows. */
  get clusters(): number {
    return this.#assignment?.clusters.length ?? 0;
  }

  get intervalMs(): number {
    return (this.#assignment?.fleet.health.intervalSeconds ?? 5) * 1000;
  }

  /** Runs one round of probes and sends the observations. Returns false when that failed; the failure is logged. */
  async round(stop: AbortSignal): Promise<boolean> {
    const { clock } = this.#ports;
    try {
      const { fleet, clusters } = await this.#assigned();
      let startedMs = clock.now();
      let doubtful = await this.#watch(clusters);
      // Clusters that have just begun to fail are probed again soon, as the control plane's own prober does.
      while (doubtful.length > 0 && !stop.aborted) {
        await clock.sleep(Math.max(0, startedMs + fleet.health.confirmSeconds * 1000 - clock.now()));
        startedMs = clock.now();
        doubtful = await this.#watch(doubtful);
      }
      return true;
    } catch (error) {
      this.#ports.log.error('agent.failed', {}, error);
      return false;
    }
  }

  async #assigned(): Promise<Assignment> {
    const nowMs = this.#ports.clock.now();
    if (this.#assignment === undefined || nowMs - this.#assignedAtMs >= REFRESH_MS) {
      this.#assignment = await this.#api.assignment(this.#options.fleet, this.#options.voter);
      this.#assignedAtMs = nowMs;
    }
    return this.#assignment;
  }

  /**
   * Probes these clusters, sends the observations to the control plane, and returns the clusters that have just begun
   * to fail.
   */
  async #watch(clusters: readonly Cluster[]): Promise<Cluster[]> {
    const { fleet } = await this.#assigned();
    if (clusters.length === 0) return [];
    const [sights, controls] = await Promise.all([
      Promise.all(clusters.map((cluster) => this.#limit(() => this.#look(cluster)))),
      Promise.all(probesFrom(fleet.controlTargets, 'agents').map((probe) => this.#control(probe))),
    ]);
    this.#sentAtMs = nextTurn(this.#sentAtMs, this.#now());
    const { receipts } = await this.#api.post({
      fleet: fleet.name,
      voter: this.#options.voter,
      sentAt: new Date(this.#sentAtMs).toISOString(),
      sequence: this.#sentAtMs,
      controls,
      observations: sights.map(toldOf),
    });
    const refused = receipts.filter(({ result }) => result !== 'accepted');
    this.#ports.status.accepted({
      atMs: this.#ports.clock.now(),
      refused: refused.length,
      freshMs: freshnessMs(fleet.health),
    });
    if (refused.length > 0) this.#ports.log.error('agent.refused', { clusters: refused.map(({ cluster }) => cluster) });
    return sights.filter((sight) => this.#isDoubtful(sight)).map(({ cluster }) => cluster);
  }

  async #look(cluster: Cluster): Promise<ProbeResult & { cluster: Cluster }> {
    const { fleet } = await this.#assigned();
    const prober = { voter: this.#options.voter, timeoutMs: fleet.health.timeoutSeconds * 1000 };
    const sight = await observe(this.#probePorts(), probesFrom(cluster.probes, 'agents'), prober);
    if (sight.certificateExpiresAtMs !== undefined) {
      this.#ports.log.info('certificate.expiring', { cluster: cluster.name, detail: sight.observation.detail });
    }
    return { ...sight, cluster };
  }

  async #control(probe: Cluster['probes'][number]): Promise<{ ok: boolean }> {
    const { fleet } = await this.#assigned();
    return { ok: await answers(this.#probePorts(), probe, fleet.health.timeoutSeconds * 1000) };
  }

  #probePorts() {
    const clock = { now: () => this.#now() };
    const { net, secrets } = this.#ports;
    return { net, clock, secrets, settings: { egress: this.#options.egress } };
  }

  #isDoubtful({ cluster, observation }: ProbeResult & { cluster: Cluster }): boolean {
    const failures = observation.outcome === 'fail' ? (this.#failures.get(cluster.name) ?? 0) + 1 : 0;
    this.#failures.set(cluster.name, failures);
    return failures > 0 && failures < (this.#assignment?.fleet.health.failureThreshold ?? 0);
  }

  #now(): number {
    return this.#ports.clock.now() + this.#behindMs;
  }

  /** Corrects the clock offset only when it changed by more than the resolution of the Date header. */
  #setClock(serverMs: number): void {
    const behindMs = serverMs + DATE_RESOLUTION_MS / 2 - this.#ports.clock.now();
    if (Math.abs(behindMs - this.#behindMs) > DATE_RESOLUTION_MS) this.#behindMs = behindMs;
  }
}

/**
 * Returns the time that a batch says it is sent at. A clock that is set back a little, as by each correction, must not
 * make a batch look older than the one before. One that is set back far was wrong before, and its batches are ordered
 * anew.
 */
function nextTurn(lastMs: number, nowMs: number): number {
  return lastMs - nowMs > MAX_CORRECTION_MS ? nowMs : Math.max(lastMs + 1, nowMs);
}

function toldOf({ cluster, observation, certificateExpiresAtMs }: ProbeResult & { cluster: Cluster }) {
  const { voter: _, ...seen } = observation;
  const expiry = certificateExpiresAtMs === undefined ? undefined : new Date(certificateExpiresAtMs).toISOString();
  return { cluster: cluster.name, ...seen, ...(expiry !== undefined && { certificateExpiresAt: expiry }) };
}
