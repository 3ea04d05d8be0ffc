/** The last chapter: an agent enrols and watches, a monitoring system sends alerts, and auditors look at the records. */

import { tokenDigest } from '../../functions/core/model/token.ts';
import type { ProblemCode } from '../../schemas/problem.ts';
import { publicKeyOf, signerOf } from '../agent/key.ts';
import * as declared from './declarations.ts';
import { SETTING_TOKEN } from './installation.ts';
import { type Call, DRY, type Json, ONE, REPLACE, type Teller } from './recorder.ts';

/** The key and the credential of the agent, which are those of no agent. */
const PRIVATE_KEY = Buffer.alloc(32, 7).toString('base64');
const CREDENTIAL = `fla_prod_lab_${'ExampleCredentialOfNoAgent'.padEnd(43, '0')}`;
const ALERT_TOKEN = 'the-token-of-prometheus';

const voters = [
  { name: 'edge', type: 'edge' },
  { name: 'lab', type: 'agent', clusters: ['shanghai-a'] },
  { name: 'prometheus', type: 'alert', tokenHash: tokenDigest(ALERT_TOKEN) },
];

export async function enrol({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const { fleet, approvals } = declared;
  await recorder.call('putFleet', { token, body: { ...fleet, approvals, voters }, headers: REPLACE });
  const names = { voter: 'lab' };
  await recorder.show('createInvitation', { names, query: DRY });
  const { token: invitation } = await recorder.show('createInvitation', { names });
  installation.pass(60);
  const publicKey = publicKeyOf(PRIVATE_KEY);
  const body = { token: invitation, publicKey, credentialHash: tokenDigest(CREDENTIAL) };
  await recorder.refuse('invalid-signature', 'enrolAgent', { token: null, body });
  await recorder.show('enrolAgent', signed({ token: null, body }));
  const other = { ...body, credentialHash: tokenDigest('another') };
  await recorder.refuse('enrolment-used', 'enrolAgent', signed({ token: null, body: other }));
  await recorder.show('getEnrolment', { token, names });
  await recorder.show('getAssignment', { token: CREDENTIAL, names });
  await observe(recorder, installation.now());
  await recorder.show('deleteEnrolment', { names });
}

async function observe(recorder: Teller['recorder'], now: string): Promise<void> {
  const body = {
    fleet: 'prod',
    voter: 'lab',
    sentAt: now,
    sequence: 1,
    controls: [],
    observations: [{ cluster: 'shanghai-a', observedAt: now, outcome: 'ok', latencyMs: 4, detail: 'http: status 200' }],
  };
  await recorder.show('createObservations', signed({ token: CREDENTIAL, body }));
  const refuse = async (code: ProblemCode, changes: Json, token: string | undefined = CREDENTIAL) =>
    await recorder.refuse(code, 'createObservations', signed({ token, body: { ...body, ...changes } }));
  await refuse('replayed', {});
  await refuse('stale-observations', { sentAt: '2026-11-23T07:00:00.000Z' });
  await refuse('from-the-future', { sentAt: '2026-12-24T07:00:00.000Z' });
  await refuse('unknown-voter', { voter: 'annex' }, SETTING_TOKEN);
  await refuse('wrong-fleet', { fleet: 'staging' }, SETTING_TOKEN);
}

/** Returns the call with its body as text and the signature of that text by the agent. */
function signed(call: Call): Call {
  const signature = signerOf(PRIVATE_KEY)(Buffer.from(JSON.stringify(call.body)));
  return { ...call, headers: { 'fairlead-signature': signature } };
}

export async function alert({ recorder, installation }: Teller): Promise<void> {
  const alerts = [
    {
      status: 'firing',
      labels: { alertname: 'HighErrorRate', cluster: 'hangzhou-a' },
      startsAt: installation.now(),
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: '1a30ba71cca2921f',
    },
  ];
  const call = {
    token: ALERT_TOKEN,
    names: { voter: 'prometheus' },
    body: { version: '4', truncatedAlerts: 0, alerts },
  };
  await recorder.show('createAlerts', call);
  await recorder.refuse('truncated-alerts', 'createAlerts', { ...call, body: { ...call.body, truncatedAlerts: 3 } });
}

/** Auditors page through who did what, and check that nothing is missing. */
export async function audit({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const events: Json = await recorder.show('listAuditEvents', { token, query: { ...ONE, action: 'route.update' } });
  await recorder.show('getAuditEvent', { token, names: { event: events.items[0].id } });
  const own: Json = await recorder.show('listInstallationAuditEvents', { query: { ...ONE, action: 'grant.create' } });
  await recorder.show('getInstallationAuditEvent', { names: { event: own.items[0].id } });
  installation.pass(600);
  await installation.seal();
  await recorder.show('checkFleetAuditSeals', { token, query: ONE });
  await recorder.show('checkInstallationAuditSeals', { query: ONE });
}
