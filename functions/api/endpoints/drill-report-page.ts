import { html } from 'hono/html';
import type { Decision } from '../../../schemas/decision.ts';
import type { DrillReport, DrillShares, LostRequests } from '../../../schemas/drill-report.ts';
import { localTime } from '../../commands/read/local-time.ts';
import { drillChart } from './drill-chart.ts';

const STYLE = html`<style>
body { font: 14px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; margin: 2rem auto; max-width: 60rem; color: #111 }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem } h3 { font-size: 1rem }
table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #bbb; padding: .3rem .5rem; text-align: left; vertical-align: top }
code { font-size: .85em; overflow-wrap: anywhere }
section { break-inside: avoid }
@media print { body { margin: 0; max-width: none; font-size: 11px } @page { margin: 15mm } }
</style>`;

/** Returns the report as an HTML page for screen and paper, which loads no other files. All inserted text is escaped. */
export function drillReportPage(report: DrillReport): string {
  const { run, local, lostRequests, decisions, shares, evidenceHash } = report;
  const told = (at: string) => localTime(at, local.timeZone);
  return String(html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Drill ${run.drill} of fleet ${run.fleet}</title>${STYLE}</head>
<body>
<h1>Drill ${run.drill} of fleet ${run.fleet}</h1>
${summary(report)}
<h2>Timeline</h2>
${table(
  [`Time (${local.timeZone})`, 'Event', 'Detail', 'Decision'],
  run.events.map(({ at, type, detail, decision }) => [told(at), type, detail, decision ?? '']),
)}
<h2>Shares</h2>
${drillChart(shares, run.endedAt, told)}
${shares.map((item) => sharesSection(item, told))}
<h2>Requests</h2>
${requestsSection(lostRequests)}
<h2>Decisions</h2>
${decisions.map((item) => decisionSection(item, told))}
<h2>Evidence</h2>
<p>SHA-256 of this run and of the hashes of its decisions: <code>${evidenceHash}</code></p>
</body>
</html>
`);
}

function summary({ run, local, isTargetMet }: DrillReport) {
  const measured = run.recoverySeconds === undefined ? 'not reached' : `${run.recoverySeconds} s`;
  const verdict = isTargetMet === undefined ? 'not measured' : isTargetMet ? 'met' : 'missed';
  return table(
    ['Run', run.id],
    [
      ['Clusters', run.clusters.join(', ')],
      ['Started by', run.actor],
      ['Outcome', run.state],
      ['Started', local.startedAt],
      ['All gateways read to give them nothing', local.verifiedAt ?? 'never'],
      ['Ended', local.endedAt ?? 'not yet'],
      ['Recovery time, target', `${run.recoveryTargetSeconds} s`],
      ['Recovery time, measured', measured],
      ['Target', verdict],
    ],
  );
}

type TimeText = (at: string) => string;

function requestsSection({ aboveCapacity, notKnown }: LostRequests) {
  const known = aboveCapacity === undefined ? 'not known' : String(aboveCapacity);
  return html`<p>Requests above the declared capacities: ${known}.</p><ul>${notKnown.map((text) => html`<li>${text}</li>`)}</ul>`;
}

function sharesSection({ at, moment, backends }: DrillShares, told: TimeText) {
  const rows = backends.map(({ services, clusters }) => [
    services.join(', '),
    clusters.map(({ cluster, percent }) => `${cluster} ${percent} %`).join(', '),
  ]);
  return html`<section><h3>${moment}, ${told(at)}</h3>${table(['Services', 'Shares'], rows)}</section>`;
}

function decisionSection({ id, decidedAt, actor, outcome, changes, rules, hash }: Decision, told: TimeText) {
  const moves = changes.map(({ cluster, action, fromPercent, toPercent, reason, votes }) => [
    `${action} ${cluster}`,
    `${fromPercent} % to ${toPercent} %`,
    reason,
    votes.map(({ voter, state, detail }) => `${voter}: ${state} (${detail})`).join('; '),
  ]);
  const checks = rules.map(({ rule, cluster, passed, overriddenBy, detail }) => [
    rule,
    cluster ?? '',
    passed ? 'passed' : overriddenBy === undefined ? 'failed' : `set aside by ${overriddenBy}`,
    detail,
  ]);
  return html`<section><h3>${id}, ${told(decidedAt)}</h3>
<p>By ${actor}: ${outcome}. Hash <code>${hash}</code></p>
${table(['Change', 'Of its share', 'Reason', 'Votes'], moves)}
${table(['Rule', 'Cluster', 'Result', 'Detail'], checks)}
</section>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]) {
  return html`<table><thead><tr>${head.map((text) => html`<th>${text}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((text) => html`<td>${text}</td>`)}</tr>`,
  )}</tbody></table>`;
}
