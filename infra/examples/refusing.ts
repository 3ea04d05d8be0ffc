/** A chapter of mistakes: each problem of the API is met once, for real. */

import type { Store } from '../../functions/deps.ts';
import { CorruptItemError, NewerRecordError } from '../../functions/unreadable.ts';
import { targetOf } from './cloud.ts';
import * as declared from './declarations.ts';
import { type Call, DRY, type Json, REPLACE, type Teller } from './recorder.ts';

export async function refuse(teller: Teller): Promise<void> {
  await requests(teller);
  await repetitions(teller);
  await declarations(teller);
  await contradictions(teller);
  await limits(teller);
  await safety(teller);
  await storage(teller);
  await administrators(teller);
}

const checkout = { names: { route: 'checkout' } };

/** Requests that cannot be read, or do not say what they replace. */
async function requests({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const put = { token, ...checkout, body: declared.route };
  await recorder.refuse('malformed-json', 'putRoute', { ...put, body: '{"gateways": [', headers: json });
  await recorder.refuse('invalid-request', 'putRoute', { ...put, body: { ...declared.route, hostname: 'shop' } });
  await recorder.refuse('unsupported-media-type', 'putRoute', { ...put, headers: { 'content-type': 'text/plain' } });
  await recorder.refuse('body-too-large', 'putRoute', { ...put, body: { displayName: 'x'.repeat(1_100_000) } });
  await recorder.refuse('invalid-page-token', 'listRoutes', { token, query: { pageToken: 'page-2' } });
  await recorder.refuse('not-found', 'getRoute', { token, ...checkout });
  const shop = { token, names: { route: 'shop' }, body: declared.route };
  await recorder.refuse('precondition-required', 'putRoute', shop);
  await recorder.refuse('precondition-failed', 'putRoute', { ...shop, headers: { 'if-match': '"1-5d1f0c3a"' } });
}

/** Requests with the key of another one, of one that is still carried out, and of one whose answer was a secret. */
async function repetitions({ recorder, installation: { deps }, tokens: { ada: token } }: Teller): Promise<void> {
  const headers = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };
  const returned = (city: string): Call => ({ token, headers, body: { city } });
  await recorder.call('createReturn', returned('hangzhou'));
  await recorder.refuse('idempotency-key-reused', 'createReturn', returned('shanghai'));
  const store: Store = { ...deps.store, claimRequest: async ({ fingerprint }) => ({ fingerprint }) };
  await recorder.refuse('idempotency-key-in-progress', 'createReturn', {
    ...returned('hangzhou'),
    overrides: { store },
  });
  const names = { token: 'portal' };
  await recorder.call('putToken', { names, body: {} });
  const rotation = { names, headers, body: {} };
  await recorder.call('rotateToken', rotation);
  await recorder.refuse('answer-not-kept', 'rotateToken', rotation);
}

/** Declarations that refer to what is not there, or hold what must not be in them. */
async function declarations({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const route = (changes: Json) => ({ token, ...checkout, body: { ...declared.route, ...changes } });
  await recorder.refuse('unknown-reference', 'putRoute', route({ gateways: ['edge-2'] }));
  const [rule] = declared.route.rules;
  const timed = [{ ...rule, timeouts: { requestSeconds: 10 } }];
  await recorder.refuse(
    'unsupported-feature',
    'putRoute',
    route({ hostnames: ['checkout.example.com'], rules: timed }),
  );
  const probed = (url: string, headers = {}): Call => {
    const body = { ...declared.clusters['hangzhou-a'], probes: [{ type: 'http', url, headers }] };
    return { token, names: { cluster: 'hangzhou-a' }, body, headers: REPLACE };
  };
  await recorder.refuse('forbidden-address', 'putCluster', probed('http://100.100.100.200/latest/meta-data'));
  const authorization = { authorization: 'Bearer c2VjcmV0LW9mLXRoZS1zaG9w' };
  await recorder.refuse(
    'credential-in-clear',
    'putCluster',
    probed('https://ingress.hangzhou-a.example.com/', authorization),
  );
}

/** Declarations that contradict themselves or others. */
async function contradictions({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  await recorder.refuse('conflicting-declaration', 'putRoute', { token, ...checkout, body: declared.route });
  const filters = [{ type: 'RequestRedirect', hostname: 'shop.example.com' }];
  const looping = { ...declared.route, rules: [{ filters }], distribution: undefined };
  await recorder.refuse('redirect-loop', 'putRoute', {
    token,
    names: { route: 'shop' },
    body: looping,
    headers: REPLACE,
  });
  await recorder.refuse('still-referenced', 'deleteService', { token, names: { service: 'shop' }, headers: REPLACE });
  const nowhere = { ...declared.service, exports: [] };
  await recorder.refuse('backend-without-cluster', 'putService', {
    token,
    names: { service: 'shop' },
    body: nowhere,
    headers: REPLACE,
  });
  const items = [
    declared.document('Fleet', 'prod', declared.fleet),
    declared.document('Gateway', 'edge', declared.gateway),
  ];
  const body = { ...declared.LIST, items };
  await recorder.refuse('would-empty-gateway', 'putManifest', { token, body, query: { prune: 'true' } });
}

/** Declarations for which a gateway, or Fairlead itself, has no room. */
async function limits({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const rules = (route: number) =>
    Array.from({ length: 16 }, (_, index) => ({
      ...declared.route.rules[0],
      matches: [{ path: { type: 'Prefix', value: `/shelf-${16 * route + index}` } }],
    }));
  const items = Array.from({ length: 7 }, (_, route) =>
    declared.document('Route', `shelves-${route}`, { ...declared.route, rules: rules(route) }),
  );
  await recorder.refuse('quota-exceeded', 'putManifest', { token, body: { ...declared.LIST, items }, query: DRY });
  const many = (index: number): Call => ({
    token,
    names: { fleet: 'staging', gateway: `edge-${index}` },
    body: { target: targetOf(`lsn-${index}`) },
  });
  for (let index = 1; index < 40; index++) await recorder.call('putGateway', many(index));
  await recorder.refuse('limit-exceeded', 'putGateway', many(40));
}

/** Both cities cannot be evacuated, and what was recommended once is not for ever. */
async function safety({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const evacuate = (city: string) => ({ token, body: { city, reason: 'the power supply is tested' } });
  await recorder.call('createEvacuation', evacuate('hangzhou'));
  await installation.run(20);
  await recorder.refuse('rule-violated', 'createEvacuation', evacuate('shanghai'));
  await recorder.call('createReturn', { token, body: { city: 'hangzhou' } });
  await installation.run(60);
  const { items } = await recorder.call('listDecisions', { token, query: { pageSize: '100' } });
  const withheld = items.find(({ outcome }: Json) => outcome === 'withheld');
  await recorder.refuse('stale-recommendation', 'applyDecision', { token, names: { decision: withheld.id } });
}

/** Records that cannot be read, and writers that are faster. */
async function storage({ recorder, installation: { deps }, tokens: { ada: token } }: Teller): Promise<void> {
  const failing = (changes: Partial<Store>): Call => ({ token, overrides: { store: { ...deps.store, ...changes } } });
  const reading = (error: Error) => failing({ get: async () => await Promise.reject(error) });
  const key = { pk: 'FLEETS', sk: 'prod' };
  await recorder.refuse('internal', 'getFleet', reading(new TypeError('This text is not shown.')));
  await recorder.refuse('unreadable-record', 'getFleet', reading(new CorruptItemError(key, 'its body is not JSON')));
  const newer = new NewerRecordError(key, { name: 'fleet', version: 3, newest: 2 });
  await recorder.refuse('newer-record', 'getFleet', reading(newer));
  const outrun = failing({ commit: async () => ({ result: 'conflict' }) });
  const body = { ...declared.route, displayName: 'Shop' };
  await recorder.refuse('write-conflict', 'putRoute', { ...outrun, names: { route: 'shop' }, body, headers: REPLACE });
}

/** Without a token in the settings, the last administrator cannot leave. */
async function administrators({ recorder, installation: { deps } }: Teller): Promise<void> {
  const names = { grant: 'ada-administers' };
  const body = { subject: { type: 'token', token: 'ada' }, role: 'admin', fleets: ['*'] };
  await recorder.call('putGrant', { names, body });
  const overrides = { settings: { ...deps.settings, hasToken: false } };
  await recorder.refuse('last-administrator', 'deleteGrant', { names, overrides });
  await recorder.call('deleteGrant', { names });
}
