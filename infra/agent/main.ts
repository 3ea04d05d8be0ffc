/**
 * The program of `npm run agent`, which watches clusters that only a private network reaches, as a voter of a fleet.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AddressRange, rangeOf } from '../../functions/core/egress/ranges.ts';
import { SecretSettings } from '../../functions/env.ts';
import { clock, createLog } from '../../functions/platform.ts';
import { createSecrets, partsOf } from '../../functions/secrets.ts';
import { usageOf } from '../scripts.ts';
import { runAgent } from './agent.ts';
import { baseOf } from './control-plane.ts';
import { keepRenewed, openIdentity } from './identity.ts';
import { createAgentKey, signerOf } from './key.ts';
import { createNet } from './net.ts';
import { AgentStatus } from './status.ts';
import { startStatusServer } from './status-server.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      fleet: { type: 'string' },
      voter: { type: 'string' },
      'allow-cidr': { type: 'string', multiple: true, default: [] },
      listen: { type: 'string' },
      state: { type: 'string' },
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
  const secrets = secretsIn(process.env['FAIRLEAD_SECRETS'] ?? '{}');
  const egress = { allowed: values['allow-cidr'].map(allowedRange) };
  const { client, fleet, voter, sign, secrets: own, identity } = await whoAmI(values);
  const log = createLog([...own, ...partsOf(secrets)]);
  const status = new AgentStatus();
  const server = values.listen === undefined ? undefined : await startStatusServer(values.listen, status, clock.now);
  log.info('agent.started', { fleet, voter });
  const ports = { net: createNet(egress), clock: waitingClock, log, status, secrets: createSecrets(secrets) };
  await Promise.all([
    runAgent(ports, { client, fleet, voter, sign, egress }, stop.signal),
    identity && keepRenewed(identity, { clock: waitingClock, log }, stop.signal),
  ]);
  server?.close().closeAllConnections();
  log.info('agent.stopped', { fleet, voter });
}

function allowedRange(text: string): AddressRange {
  try {
    return rangeOf(text);
  } catch {
    throw new Error(`--allow-cidr takes a range such as 127.0.0.0/8, not ${text}.`);
  }
}

/** Reads the secrets of the agent. The error of wrong ones does not repeat them. */
function secretsIn(text: string): SecretSettings {
  const result = SecretSettings.safeParse(text);
  if (result.success) return result.data;
  throw new Error(`FAIRLEAD_SECRETS ${result.error.issues.map(({ message }) => message).join('; ')}.`);
}

type Given = Partial<Record<'url' | 'fleet' | 'voter' | 'state', string>>;

/** Returns who the agent is: as its state file says or, without one, as its arguments and environment say. */
async function whoAmI({ url, fleet, voter, state }: Given) {
  // A token among the arguments could be read by every user of the host.
  const { FAIRLEAD_ENROLMENT_TOKEN: enrolWith } = process.env;
  if (enrolWith !== undefined || state !== undefined) {
    const options = { file: state ?? 'fairlead-agent.json', url, enrolWith };
    const notEnrolled = (error: unknown) => createLog().error('agent.not-enrolled', {}, error);
    const identity = await openIdentity(options, { clock }, notEnrolled);
    const { sign, secrets } = identity;
    return { client: identity, fleet: identity.fleet, voter: identity.voter, sign, secrets, identity };
  }
  const { FAIRLEAD_TOKEN: token, FAIRLEAD_AGENT_KEY: key } = process.env;
  if (!url || !fleet || !voter || !token || !key) throw new Error(usageOf('agent'));
  const client = { url: baseOf(url), token };
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
