/** The state of an agent, as `/healthz` and `/metrics` tell it. */

export interface Health {
  isHealthy: boolean;
  /** The time of the last batch that the control plane has taken, in RFC 3339; absent before the first. */
  lastAcceptedAt?: string;
  ageSeconds?: number;
  detail: string;
}

interface Accepted {
  atMs: number;
  refused: number;
  /** How long the control plane believes what the batch says, in milliseconds. */
  freshMs: number;
}

/** Counts what an agent has done since it was started. */
export class AgentStatus {
  #batches = 0;
  #failures = 0;
  #refused = 0;
  #clusters = 0;
  #roundMs: number | undefined;
  #last: Accepted | undefined;

  accepted(batch: Accepted): void {
    this.#batches++;
    this.#refused += batch.refused;
    this.#last = batch;
  }

  /** Notes the end of a round: its outcome, how long it took and how many clusters the agent watches. */
  roundEnded({ isDone, ms, clusters }: { isDone: boolean; ms: number; clusters: number }): void {
    if (!isDone) this.#failures++;
    this.#roundMs = ms;
    this.#clusters = clusters;
  }

  /** An agent is healthy as long as its votes count: while its last batch is fresh for the control plane. */
  health(nowMs: number): Health {
    if (this.#last === undefined) return { isHealthy: false, detail: 'The control plane has taken no batch yet.' };
    const { atMs, freshMs } = this.#last;
    const isHealthy = nowMs - atMs <= freshMs;
    return {
      isHealthy,
      lastAcceptedAt: new Date(atMs).toISOString(),
      ageSeconds: secondsOf(nowMs - atMs),
      detail: isHealthy
        ? 'The votes of this agent count.'
        : `The control plane has taken no batch for more than ${secondsOf(freshMs)} s, so that the votes of this agent do not count.`,
    };
  }

  /** Returns the metrics in the text format of OpenMetrics 1.0. */
  metrics(nowMs: number): string {
    const ageMs = this.#last && nowMs - this.#last.atMs;
    return [
      ...family('batches', 'counter', 'Batches that the control plane has taken.', this.#batches),
      ...family('failures', 'counter', 'Rounds whose batch could not be sent, or was refused.', this.#failures),
      ...family('refused_observations', 'counter', 'Observations that were refused of batches taken.', this.#refused),
      ...family('clusters', 'gauge', 'Clusters that the agent watches.', this.#clusters),
      ...family('round_seconds', 'gauge', 'Duration of the last round.', this.#roundMs && secondsOf(this.#roundMs)),
      ...family('batch_age_seconds', 'gauge', 'Time since the last batch taken.', ageMs && secondsOf(ageMs)),
      '# EOF\n',
    ].join('\n');
  }
}

function secondsOf(ms: number): number {
  return ms / 1000;
}

/** Returns the lines of one metric, which has a sample once there is a value. */
function family(name: string, type: 'counter' | 'gauge', help: string, value: number | undefined): string[] {
  const full = `fairlead_agent_${name}`;
  const unit = name.endsWith('_seconds') ? [`# UNIT ${full} seconds`] : [];
  const sample = value === undefined ? [] : [`${full}${type === 'counter' ? '_total' : ''} ${value}`];
  return [`# TYPE ${full} ${type}`, ...unit, `# HELP ${full} ${help}`, ...sample];
}
