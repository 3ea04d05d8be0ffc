import { describe, expect, it } from 'vitest';
import { credentialsIn } from '../../functions/core/lint/credentials.ts';
import type { RequestHeaders } from '../../schemas/probe.ts';

const found = (headers: RequestHeaders, url = 'https://shop.example.com/healthz') =>
  credentialsIn({ pointer: '#/probes/0', url, headers, isOfAgents: false });

const VALUE = 'hunter2-hunter2';

describe('a credential in a request', () => {
  it.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'X-Api-Key',
    'x_api_key',
    'apikey',
    'ApiKey',
    'X-Auth-Token',
    'X-Amz-Security-Token',
    'PRIVATE-TOKEN',
    'X-Access-Key-Id',
    'Ocp-Apim-Subscription-Key',
    'X-Functions-Key',
    'X-Webhook-Secret',
    'X-Hub-Signature-256',
    'X-Password',
    'X-Auth',
  ])('is found in the header %s by its name, and is not repeated', (name) => {
    const issues = found({ [name]: VALUE });
    expect(issues).toMatchObject([{ pointer: `#/probes/0/headers/${name}`, code: 'credential-in-clear' }]);
    expect(issues[0]?.detail).toContain('{"secret": "name"}');
    expect(JSON.stringify(issues)).not.toContain(VALUE);
  });

  it.each([
    `Bearer ${VALUE}`,
    'basic cHJvYmU6aHVudGVyMg==',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwcm9iZSJ9.c2ln',
    'AKIAIOSFODNN7EXAMPLE',
    'LTAI5tExampleExample',
  ])('is found in any header by its value %#', (value) => {
    expect(found({ 'X-Probe': value })).toHaveLength(1);
  });

  it.each([
    'token',
    'access_token',
    'accessToken',
    'id_token',
    'key',
    'api_key',
    'apiKey',
    'signature',
    'sig',
    'X-Amz-Signature',
    'X-Amz-Credential',
    'OSSAccessKeyId',
    'password',
    'passwd',
    'pwd',
    'client_secret',
    'auth',
    'jwt',
    'to%6ben',
  ])('is found in the query parameter %s', (name) => {
    const issues = found({}, `https://shop.example.com/healthz?a=b&${name}=${VALUE}`);
    expect(issues).toMatchObject([{ pointer: '#/probes/0/url', code: 'credential-in-clear' }]);
    expect(JSON.stringify(issues)).not.toContain(VALUE);
  });

  it('has a JSON pointer, in which the characters of pointers are escaped', () => {
    expect(found({ 'x~token': VALUE })).toMatchObject([{ pointer: '#/probes/0/headers/x~0token' }]);
  });

  it('is not one when it is the name of a secret, empty, or something else with a similar name', () => {
    const harmless = {
      Authorization: { secret: 'probe-token' },
      Host: 'shop.example.com',
      'User-Agent': 'Fairlead',
      'X-Author': 'ada',
      'X-Fairlead-Cluster': 'a',
      'X-Tokens': '3',
      'Accept-Signatures': 'yes',
      'X-Auth-User': 'probe',
      'X-Compass': 'north',
      'Idempotency-Key': 'one',
      'X-Api-Key': '',
    };
    expect(found(harmless)).toEqual([]);
    expect(found({}, 'https://shop.example.com/token/key?monkey=1&keys=2&cacheKey=3&token=&tokenize=1')).toEqual([]);
  });
});
