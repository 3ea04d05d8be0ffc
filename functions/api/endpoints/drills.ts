import { TrafficAnswer } from '../../../schemas/decision.ts';
import { DrillRun, DrillRunPage, DrillRunQuery } from '../../../schemas/drill.ts';
import { DrillReport, DrillReportQuery, DrillRunInput } from '../../../schemas/drill-report.ts';
import { drillReport } from '../../commands/read/drill-report.ts';
import { getDrillRun, listDrillRuns } from '../../commands/read/drill-runs.ts';
import { abortDrill, startDrill } from '../../commands/traffic/drills.ts';
import { inFleet } from '../../core/access/access.ts';
import { JSON_TYPE } from '../http/body.ts';
import { defineEndpoint, type Endpoint, type Reply } from '../http/endpoint.ts';
import { InFleet, idOf } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { createdReply, operationHeader, trafficEndpoint, trafficReply } from '../http/writes.ts';
import { drillReportPage } from './drill-report-page.ts';

const InRun = InFleet.extend({ run: idOf('drl', 'drill run') });

const RUNS = '/v1/fleets/{fleet}/drill-runs';
const HTML_TYPE = 'text/html';

const reads = readEndpoints({
  names: ['DrillRun', 'DrillRuns'],
  tag: 'drill-runs',
  path: RUNS,
  member: 'run',
  list: {
    params: InFleet,
    summary: 'List drill runs',
    query: DrillRunQuery,
    page: DrillRunPage,
    read: (ctx, { fleet }, page, asked) => listDrillRuns(ctx, fleet, page, asked),
  },
  get: {
    params: InRun,
    summary: 'Get a drill run and its progress',
    found: 'The run.',
    schema: DrillRun,
    read: (ctx, { fleet, run }) => getDrillRun(ctx, fleet, run),
  },
});

const start = trafficEndpoint({
  operationId: 'startDrillRun',
  path: RUNS,
  tag: 'drill-runs',
  summary: 'Start a declared drill now',
  description:
    'Takes all clusters of the place of the drill out as a failover would, measures the time until all gateways were read to give ' +
    'them nothing, and gives the shares back. A real failure interrupts the run. While a run is live, ' +
    'there is no second one.',
  idempotency: 'repeatable',
  params: InFleet,
  body: DrillRunInput,
  successes: [
    { status: 200, description: 'The decision that would begin the run, in a dry run.', schema: TrafficAnswer },
    { status: 201, description: 'The run has begun.', schema: DrillRun, headers: ['Location', 'Operation-Location'] },
  ],
  problems: ['not-found', 'unknown-reference', 'already-live', 'rule-violated', 'write-conflict'],
  handle: async (ctx, { params, body }): Promise<Reply> => {
    const { run, ...commanded } = await startDrill(ctx, params.fleet, body.drill);
    if (run === undefined) return trafficReply(params.fleet, commanded);
    const Location = `${RUNS.replace('{fleet}', params.fleet)}/${run.id}`;
    return createdReply(Location, run, operationHeader(params.fleet, commanded.operation));
  },
});

const abort = trafficEndpoint({
  operationId: 'abortDrillRun',
  path: `${RUNS}/{run}/abort`,
  tag: 'drill-runs',
  summary: 'End a drill run now',
  description:
    'The clusters of the run get their shares back when it is their turn, step by step. A run that has ended stays unchanged.',
  params: InRun,
  problems: ['not-found', 'already-ended', 'rule-violated', 'write-conflict'],
  handle: async (ctx, { params }) => trafficReply(params.fleet, await abortDrill(ctx, params.fleet, params.run)),
});

const report = defineEndpoint({
  operationId: 'getDrillReport',
  access: inFleet('read'),
  method: 'get',
  path: `${RUNS}/{run}/report`,
  tag: 'drill-runs',
  summary: 'Get the report of a drill run, to keep or to print',
  description: 'Answers with JSON, or with a complete HTML page for Accept: text/html.',
  idempotency: 'safe',
  params: InRun,
  query: DrillReportQuery,
  successes: [{ status: 200, description: 'The report.', schema: DrillReport, mediaType: HTML_TYPE }],
  problems: ['not-found'],
  handle: async (ctx, { params, query, preferred }): Promise<Reply> => {
    const body = await drillReport(ctx, params.fleet, params.run, query.timeZone);
    if (preferred([JSON_TYPE, HTML_TYPE]) === JSON_TYPE) return { status: 200, body };
    return { status: 200, body: drillReportPage(body), headers: PAGE_HEADERS };
  },
});

/** The headers of the page, which has no script and loads nothing. */
const PAGE_HEADERS = {
  'Content-Type': `${HTML_TYPE}; charset=utf-8`,
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
};

/** The endpoints of drills. */
export const drillEndpoints: readonly Endpoint[] = [...reads, start, abort, report];
