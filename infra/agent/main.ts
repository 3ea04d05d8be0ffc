/** `npm run agent`: watches clusters that only a private network reaches, as a voter of a fleet. */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { clock, createLog } from '../../functions/platform.ts';
import { runAgent } from './agent.ts';
import { createAgentKey, signerOf } from './key.ts';
import { net } from './net.ts';

const USAGE = `Usage: npm run agent -- --url URL --fleet FLEET --voter VOTER [--allow-loopback]
       npm run agent -- --generate-key

Probes the targets of the fleet that agents probe, and posts what it sees to the control plane at URL, signed as the voter of type
agent. Its log is one JSON object a line. From the environment:
  FAIRLEAD_TOKEN        a token of the control plane
  FAIRLEAD_AGENT_KEY    the private key of the voter, base64; --generate-key makes a pair, whose public part the voter declares`;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    fleet: { type: 'string' },
    voter: { type: 'string' },
    'allow-loopback': { type: 'boolean', default: false },
    'generate-key': { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values['generate-key']) {
    console.log(JSON.stringify(createAgentKey(), null, 2));
    return;
  }
  const { url, fleet, voter } = values;
  const { FAIRLEAD_TOKEN: token, FAIRLEAD_AGENT_KEY: key } = process.env;
  if (!url || !fleet || !voter || !token || !key) throw new Error(USAGE);
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort()).once('SIGINT', () => stop.abort());
  const waiting = async (ms: number) => {
    await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  };
  const options = {
    client: { url: url.replace(/\/+$/, ''), token },
    fleet,
    voter,
    sign: signerOf(key),
    allowLoopback: values['allow-loopback'],
  };
  const log = createLog([token, key]);
  log.info('agent.started', { fleet, voter });
  await runAgent({ net, clock: { ...clock, sleep: waiting }, log }, options, stop.signal);
  log.info('agent.stopped', { fleet, voter });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
