/**
 * The program of `npm run agent`, which watches clusters that only a private network reaches, as a voter of a fleet.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { clock, createLog } from '../../functions/platform.ts';
import { usageOf } from '../scripts.ts';
import { runAgent } from './agent.ts';
import { keepRenewed, openIdentity } from './identity.ts';
import { createAgentKey, signerOf } from './key.ts';
import { net } from './net.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      fleet: { type: 'string' },
      voter: { type: 'string' },
      enrol: { type: 'string' },
      state: { type: 'string' },
      'allow-loopback': { type: 'boolean', default: false },
      'generate-key': { type: 'boolean', default: false },
    },
  });
  if (values['generate-key']) {
    console.log(JSON.stringify(createAgentKey(), null, 2));
    return;
  }
  const stop = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect']) process.once(event, () => stop.abort());
  const waiting = async (ms: number) => {
    await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  };
  const waitingClock = { ...clock, sleep: waiting };
  const { client, fleet, voter, sign, secrets, identity } = await whoAmI(values);
  const log = createLog(secrets);
  const options = { client, fleet, voter, sign, allowLoopback: values['allow-loopback'] };
  log.info('agent.started', { fleet, voter });
  await Promise.all([
    runAgent({ net, clock: waitingClock, log }, options, stop.signal),
    identity && keepRenewed(identity, { clock: waitingClock, log }, stop.signal),
  ]);
  log.info('agent.stopped', { fleet, voter });
}

type Given = Partial<Record<'url' | 'fleet' | 'voter' | 'enrol' | 'state', string>>;

/** Returns who the agent is: as its state file says or, without one, as its arguments and environment say. */
async function whoAmI({ url, fleet, voter, enrol, state }: Given) {
  if (enrol !== undefined || state !== undefined) {
    const identity = await openIdentity({ file: state ?? 'fairlead-agent.json', url, enrolWith: enrol }, { clock });
    const { sign, secrets } = identity;
    return { client: identity, fleet: identity.fleet, voter: identity.voter, sign, secrets, identity };
  }
  const { FAIRLEAD_TOKEN: token, FAIRLEAD_AGENT_KEY: key } = process.env;
  if (!url || !fleet || !voter || !token || !key) throw new Error(usageOf('agent'));
  const client = { url: url.replace(/\/+$/, ''), token };
  return { client, fleet, voter, sign: signerOf(key), secrets: [token, key] };
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// The agent ends when the channel to its launcher closes. An open channel would keep this process running, so the agent
// closes it when it is done.
if (process.connected) process.disconnect();
