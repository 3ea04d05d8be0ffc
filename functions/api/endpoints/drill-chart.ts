import { html } from 'hono/html';
import type { DrillShares } from '../../../schemas/drill-report.ts';

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 40;
const BOTTOM = 30;
const TOP = 10;

const COLORS = ['#1f5fa8', '#b3541e', '#2e7d32', '#7b3fa0', '#a8842a', '#00707a'];

/** The line of a cluster in the chart: its mean share over the backends of the drill. */
interface Line {
  cluster: string;
  values: { atMs: number; percent: number }[];
}

/** Returns a chart of shares over time, as steps; empty when fewer than two moments are known. `told` formats a time. */
export function drillChart(shares: readonly DrillShares[], endedAt: string | undefined, told: (at: string) => string) {
  const [first] = shares;
  const last = endedAt ?? shares.at(-1)?.at;
  if (first === undefined || last === undefined) return '';
  const [fromMs, toMs] = [Date.parse(first.at), Date.parse(last)];
  if (toMs <= fromMs) return '';
  const x = (atMs: number) => LEFT + ((atMs - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT);
  const y = (percent: number) => TOP + (1 - percent / 100) * (HEIGHT - TOP - BOTTOM);
  const lines = linesOf(shares);
  const labels = lines.map(({ cluster }) => cluster).join(', ');
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Points of ${labels} over time">
${[0, 50, 100].map(
  (percent) =>
    html`<line x1="${LEFT}" x2="${WIDTH}" y1="${y(percent)}" y2="${y(percent)}" stroke="#ddd"/><text x="0" y="${y(percent) + 4}" font-size="11">${percent} %</text>`,
)}
${lines.map(
  ({ values }, index) =>
    html`<polyline fill="none" stroke="${colorOf(index)}" stroke-width="2" points="${pathOf(values, toMs, x, y)}"/>`,
)}
<text x="${LEFT}" y="${HEIGHT - 8}" font-size="11">${told(first.at)}</text>
<text x="${WIDTH}" y="${HEIGHT - 8}" font-size="11" text-anchor="end">${told(last)}</text>
</svg>
<p>${lines.map(({ cluster }, index) => html`<span style="color:${colorOf(index)}">&#9632; ${cluster}</span> `)}</p>`;
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length] ?? '#111';
}

function linesOf(shares: readonly DrillShares[]): Line[] {
  const names = new Set(shares.flatMap(({ backends }) => backends.flatMap(({ clusters }) => clusters)).map(nameOf));
  return [...names].sort().map((cluster) => ({
    cluster,
    values: shares.map(({ at, backends }) => ({ atMs: Date.parse(at), percent: meanOf(backends, cluster) })),
  }));
}

function nameOf({ cluster }: { cluster: string }): string {
  return cluster;
}

function meanOf(backends: DrillShares['backends'], cluster: string): number {
  const own = backends.map(({ clusters }) => clusters.find((item) => item.cluster === cluster)?.percent ?? 0);
  return own.length === 0 ? 0 : own.reduce((sum, percent) => sum + percent, 0) / own.length;
}

/** Returns the points of a polyline. Each value lasts until the next one. */
function pathOf(
  values: Line['values'],
  toMs: number,
  x: (atMs: number) => number,
  y: (percent: number) => number,
): string {
  return values
    .flatMap(({ atMs, percent }, index) => [
      [atMs, percent],
      [values[index + 1]?.atMs ?? toMs, percent],
    ])
    .map(([atMs = 0, percent = 0]) => `${x(atMs).toFixed(1)},${y(percent).toFixed(1)}`)
    .join(' ');
}
