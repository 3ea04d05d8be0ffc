import type { LocalCloud } from '../cloud/server.ts';
import type { Traffic } from './traffic.ts';

export interface Timeline {
  event(text: string): void;
  stop(): void;
}

/**
 * Writes a line each second to standard error: how the answers were shared, how many requests failed, and how many
 * calls the cloud got.
 */
export function startTimeline(traffic: Traffic, cloud: LocalCloud, clusters: readonly string[]): Timeline {
  const startedMs = Date.now();
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s`;
  let seen = traffic.samples.length;
  let calls = callCount(cloud);
  const timer = setInterval(() => {
    const recent = traffic.samples.slice(seen);
    seen += recent.length;
    const shares = clusters.map((name) => {
      const count = recent.filter((sample) => sample.cluster === name).length;
      const percent = recent.length === 0 ? 0 : Math.round((count / recent.length) * 100);
      return `${name} ${String(percent).padStart(3)} %`;
    });
    const failed = recent.filter((sample) => sample.failure !== undefined).length;
    const callsNow = callCount(cloud);
    console.error(
      `${seconds()}  ${shares.join('  ')}  failed ${String(failed).padStart(3)}  cloud calls ${callsNow - calls}`,
    );
    calls = callsNow;
  }, 1000);
  return {
    event: (text) => console.error(`${seconds()}  * ${text}`),
    stop: () => clearInterval(timer),
  };
}

function callCount(cloud: LocalCloud): number {
  const { reads, writes } = cloud.counts();
  return reads + writes;
}
