import { describe, expect, it } from 'vitest';
import { createControlPlane } from '../../functions/composition.ts';
import { parseEnv, secretsOf } from '../../functions/env.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { openApi } from '../document.ts';

const SETTINGS = {
  API_TOKEN: 'a-token-for-tests-only',
  OWNER_ID: 'test',
  TABLE_NAME: 'fairlead',
  AWS_REGION: 'us-west-2',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  ALIBABA_CLOUD_CREDENTIALS: '{}',
};
const CANARY = 'canary-of-the-settings';
const parse = (secrets: unknown) => parseEnv({ ...SETTINGS, SECRETS: JSON.stringify(secrets) });

describe('the setting SECRETS', () => {
  it('may be absent, and holds values with the hosts that they may be sent to', () => {
    expect(parseEnv(SETTINGS).SECRETS).toEqual({});
    const secrets = { 'probe-token': { value: `Bearer ${CANARY}`, hosts: ['*.example.com', '10.0.0.8', '[fd00::8]'] } };
    expect(parse(secrets).SECRETS).toEqual(secrets);
  });

  const hosts = ['shop.example.com'];
  it.each([
    ['no object', [CANARY]],
    ['a value without hosts', { token: CANARY }],
    ['no hosts', { token: { value: CANARY, hosts: [] } }],
    ['every host', { token: { value: CANARY, hosts: ['*'] } }],
    ['a host with a port', { token: { value: CANARY, hosts: ['shop.example.com:80'] } }],
    ['a URL as a host', { token: { value: CANARY, hosts: [`https://${CANARY}.example.com`] } }],
    ['a value as a name', { [`${CANARY}!`]: { value: CANARY, hosts } }],
    ['a value too short to be recognised', { token: { value: 'shorter', hosts } }],
    ['a value with a line break', { token: { value: `${CANARY}\n`, hosts } }],
    ['a value with a space at its end', { token: { value: `${CANARY} `, hosts } }],
    ['a value that no header can have', { token: { value: `${CANARY}中`, hosts } }],
    ['another field', { token: { value: CANARY, hosts, [CANARY]: 1 } }],
  ])('is refused with %s, without telling any of it', (_, secrets) => {
    expect(() => parse(secrets)).toThrow(/SECRETS: must be/);
    try {
      parse(secrets);
    } catch (error) {
      expect(String(error)).not.toContain('canary');
    }
  });

  it('is what the control plane finds secrets in', async () => {
    const { secrets } = createControlPlane(parse({ token: { value: CANARY, hosts } }), { openApi }).createDeps();
    expect(await secrets.find('token', 'shop.example.com')).toBe(CANARY);
    expect(secrets.redactPart(CANARY)).toBe('[secret]');
  });

  it('counts among what no log line shows', () => {
    expect(secretsOf(parse({ token: { value: CANARY, hosts } }))).toContain(CANARY);
  });
});

describe('a secret', () => {
  const secrets = createSecrets({
    token: { value: CANARY, hosts: ['shop.example.com', '*.lab.example.com', '10.0.0.8', '[fd00::8]'] },
  });
  const isFound = async (name: string, url: string) => (await secrets.find(name, new URL(url).hostname)) !== undefined;

  it.each([
    'https://shop.example.com/healthz',
    'https://SHOP.example.com:8443/',
    'http://a.lab.example.com/',
    'http://a.b.lab.example.com/',
    'http://10.0.0.8:80/',
    'http://[fd00::8]/',
  ])('is sent to %s', async (url) => {
    expect(await isFound('token', url)).toBe(true);
  });

  it.each([
    'https://shop.example.com.evil.example.net/',
    'https://evil-shop.example.com/',
    'https://evil.example.net/shop.example.com',
    'https://evillab.example.com/',
    'https://lab.example.com/',
    'https://evil.example.net/?.lab.example.com',
    'http://10.0.0.80/',
  ])('is not sent to %s', async (url) => {
    expect(await isFound('token', url)).toBe(false);
  });

  it.each(['other', 'constructor', '__proto__', 'toString', ''])('is not found by the name "%s"', async (name) => {
    expect(await isFound(name, 'https://shop.example.com/')).toBe(false);
  });
});

describe('a text of a server', () => {
  const hosts = ['shop.example.com'];
  const redact = (value: string, text: string) => createSecrets({ token: { value, hosts } }).redactPart(text);

  it.each([
    ['the value', `Bearer ${CANARY}`, `got "Bearer ${CANARY}"`],
    ['the credentials without their scheme', `Bearer ${CANARY}`, `got ${CANARY}!`],
    ['the value in a URL', `Bearer ${CANARY}==`, `got Bearer%20${CANARY}%3D%3D`],
    ['what Basic encodes', `Basic ${btoa(`probe:${CANARY}`)}`, `hello probe:${CANARY}`],
    ['the password that Basic encodes', `Basic ${btoa(`probe:${CANARY}`)}`, `wrong password: ${CANARY}`],
    ['the value of a cookie', `theme=dark; session=${CANARY}`, `session ${CANARY} has ended`],
  ])('loses %s', (_, value, text) => {
    const shown = redact(value, text);
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain('canary');
  });

  const value = `Bearer ${CANARY}`;
  const forms = [value, CANARY, encodeURIComponent(value)];

  const pieces = Array.from({ length: CANARY.length - 3 }, (_, index) => CANARY.slice(index, index + 4));

  it.each(forms)('that is cut anywhere in %s keeps no more than three characters of it in a row', (form) => {
    for (let length = 4; length < form.length; length++) {
      const shown = [`got ${form.slice(0, length)}`, `${form.slice(-length)} was sent`].map((text) =>
        redact(value, text),
      );
      expect(shown, String(length)).toEqual([expect.stringMatching(/^got/), expect.stringMatching(/was sent$/)]);
      expect(
        pieces.filter((piece) => shown.join(' ').includes(piece)),
        String(length),
      ).toEqual([]);
    }
  });

  it('keeps all else', () => {
    expect(redact(CANARY, 'all is well')).toBe('all is well');
  });
});
