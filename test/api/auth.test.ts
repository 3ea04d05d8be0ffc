import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnv, secretsOf } from '../../functions/env.ts';
import { create } from './fixtures.ts';
import { type Harness, startHarness, TOKENS } from './harness.ts';

describe('tokens of the API', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness();
    await create(harness, '/v1/fleets/shop', {});
  });
  afterAll(async () => await harness.close());

  it('name the actor of what is done with them', async () => {
    for (const [actor, token] of Object.entries(TOKENS)) {
      const headers = { Authorization: `Bearer ${token}`, 'If-Match': '*' };
      const answer = await harness.call('PUT', '/v1/fleets/shop', { body: { displayName: actor }, headers });
      expect(answer.status).toBe(200);
      const { body } = await harness.call('GET', '/v1/fleets/shop/audit?pageSize=1');
      expect(body.items[0]).toMatchObject({ actor, action: 'fleet.update' });
    }
  });

  it('are taken as a whole: not the name of an actor, not a part, not one after the other', async () => {
    for (const token of ['ada', 'the-token', `${TOKENS.ada}${TOKENS.bob}`, `${TOKENS.ada}x`]) {
      const answer = await harness.call('GET', '/v1/fleets', { headers: { Authorization: `Bearer ${token}` } });
      expect([answer.status, answer.body.code]).toEqual([401, 'invalid-token']);
    }
  });
});

describe('the settings', () => {
  const settings = {
    API_TOKEN: 'a-token-for-tests-only',
    OWNER_ID: 'test',
    TABLE_NAME: 'fairlead',
    AWS_REGION: 'us-west-2',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    ALIBABA_CLOUD_CREDENTIALS: '{}',
  };

  it('may say that there is no token of theirs, and must not forget it', () => {
    expect(parseEnv({ ...settings, API_TOKEN: 'none' }).API_TOKEN).toBeUndefined();
    for (const API_TOKEN of [undefined, '', 'short', 'None', 'a token with spaces']) {
      expect(() => parseEnv({ ...settings, API_TOKEN })).toThrow('API_TOKEN');
    }
  });

  it('may name identity providers, which sign with keys that nobody shares, and are asked over https', () => {
    const ci = { issuer: 'https://ci.example.com', audience: 'fairlead' };
    const parsed = parseEnv({ ...settings, OIDC_ISSUERS: JSON.stringify({ ci }) }).OIDC_ISSUERS;
    expect(parsed).toEqual({ ci: { ...ci, groupsClaim: 'groups', algorithms: ['RS256', 'ES256', 'EdDSA'] } });
    const cases = [
      'none',
      JSON.stringify([ci]),
      JSON.stringify({ ci: { issuer: ci.issuer } }),
      JSON.stringify({ ci: { ...ci, issuer: 'http://ci.example.com' } }),
      JSON.stringify({ ci: { ...ci, jwksUri: 'http://ci.example.com/keys' } }),
      JSON.stringify({ ci: { ...ci, algorithms: ['HS256'] } }),
      JSON.stringify({ ci: { ...ci, algorithms: ['none'] } }),
      JSON.stringify({ ci: { ...ci, algorithms: [] } }),
      JSON.stringify({ ci, other: ci }),
      JSON.stringify({ 'C I': ci }),
    ];
    for (const OIDC_ISSUERS of cases) {
      expect(() => parseEnv({ ...settings, OIDC_ISSUERS }), OIDC_ISSUERS).toThrow('OIDC_ISSUERS: must');
    }
  });

  it('refuse credential sets that are none, without telling the keys in them', () => {
    const cases = [
      'hidden',
      JSON.stringify({ 'HIDDEN-ID': 'hidden-secret' }),
      JSON.stringify({ default: { 'HIDDEN-ID': 'hidden-secret' } }),
      JSON.stringify({ default: { accessKeyId: 'HIDDEN-ID' } }),
    ];
    for (const ALIBABA_CLOUD_CREDENTIALS of cases) {
      const parse = () => parseEnv({ ...settings, ALIBABA_CLOUD_CREDENTIALS });
      expect(parse, ALIBABA_CLOUD_CREDENTIALS).toThrow('ALIBABA_CLOUD_CREDENTIALS: must');
      expect(parse).not.toThrow(/hidden/i);
    }
  });

  it('may name targets of notifications', () => {
    const targets = {
      'on-call': { format: 'webhook', url: 'https://hooks.example.com/x', secret: `whsec_${'A'.repeat(43)}=` },
      chat: { format: 'dingtalk', url: 'https://oapi.dingtalk.com/robot/send?access_token=x' },
      alerts: { format: 'alertmanager', url: 'https://alerts.example.com/api/v2/alerts', token: 'a-token' },
    };
    const parsed = parseEnv({ ...settings, NOTIFICATION_TARGETS: JSON.stringify(targets) });
    expect(parsed.NOTIFICATION_TARGETS).toEqual(targets);
    expect(parseEnv(settings).NOTIFICATION_TARGETS).toEqual({});
  });

  it('have everything that gives access to a target, or to the heartbeat, among the secrets that no log shows', () => {
    const token = 'a-token';
    const url = 'https://alerts.example.com/api/v2/alerts';
    const HEARTBEAT_URL = 'https://hc-ping.com/an-id';
    const NOTIFICATION_TARGETS = JSON.stringify({ alerts: { format: 'alertmanager', url, token } });
    const secrets = secretsOf(parseEnv({ ...settings, NOTIFICATION_TARGETS, HEARTBEAT_URL }));
    expect(secrets).toEqual(expect.arrayContaining([url, token, HEARTBEAT_URL]));
    const parse = () => parseEnv({ ...settings, HEARTBEAT_URL: 'hidden' });
    expect(parse).toThrow('HEARTBEAT_URL');
    expect(parse).not.toThrow(/hidden/);
  });

  it('refuse targets that cannot be told anything, without telling their URLs and secrets', () => {
    const url = 'https://hooks.example.com/hidden';
    const cases = [
      'hidden',
      JSON.stringify({ chat: url }),
      JSON.stringify({ 'Hidden!': { format: 'slack', url } }),
      JSON.stringify({ chat: { format: 'carrier-pigeon', url } }),
      JSON.stringify({ chat: { format: 'slack', url: 'hidden' } }),
      JSON.stringify({ chat: { format: 'slack', url, secret: 'hidden' } }),
      JSON.stringify({ chat: { format: 'webhook', url } }),
      JSON.stringify({ chat: { format: 'webhook', url, secret: 'hidden' } }),
      // No bytes have a base64 of 33 characters, nor one with this padding.
      JSON.stringify({ chat: { format: 'webhook', url, secret: `whsec_${'A'.repeat(33)}` } }),
      JSON.stringify({ chat: { format: 'webhook', url, secret: `whsec_${'A'.repeat(43)}==` } }),
    ];
    for (const NOTIFICATION_TARGETS of cases) {
      const parse = () => parseEnv({ ...settings, NOTIFICATION_TARGETS });
      expect(parse, NOTIFICATION_TARGETS).toThrow('NOTIFICATION_TARGETS: must');
      expect(parse).not.toThrow(/hidden/i);
    }
  });
});
