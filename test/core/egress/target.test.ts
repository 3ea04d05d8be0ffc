import { describe, expect, it } from 'vitest';
import { rangeOf } from '../../../functions/core/egress/ranges.ts';
import {
  checkHost,
  checkProbeTarget,
  checkResolved,
  checkWebhook,
  LOOPBACK,
} from '../../../functions/core/egress/target.ts';
import { Probe } from '../../../schemas/probe.ts';
import { ALLOWED, DISGUISES, FORBIDDEN, LITERALS, NAMES, WITH_CREDENTIALS } from './forms.ts';

const NOTHING = { allowed: [] };
const DEVELOPMENT = { allowed: LOOPBACK };
const allowing = (...cidrs: string[]) => ({ allowed: cidrs.map(rangeOf) });
const http = (host: string) => Probe.parse({ type: 'http', url: `http://${host}/` });
const tcp = (host: string) => Probe.parse({ type: 'tcp', host, port: 80 });
const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1');

describe('a probe over HTTP', () => {
  it.each([...FORBIDDEN, ...WITH_CREDENTIALS])('is not sent to %s', (host) => {
    expect(checkProbeTarget(http(host), NOTHING)).toBeTypeOf('string');
    expect(checkProbeTarget(http(`${host}:8080`), NOTHING)).toBeTypeOf('string');
  });

  it.each(ALLOWED)('is sent to %s', (host) => {
    expect(checkProbeTarget(http(host), NOTHING)).toBeUndefined();
  });
});

describe('a probe over TCP', () => {
  const oddities = [
    'a b',
    'a/b',
    'a:80',
    '127.0.0.1 ',
    ' 127.0.0.1',
    '127.0.0.1\n',
    '127.0.0.1:80',
    'user@10.0.0.8',
    '-a.example',
    'a..b',
  ];
  const numbers = [
    '256.0.0.1',
    '1.2.3.4.5',
    '08.0.0.1',
    '127.0.0.0x',
    '4294967296',
    'a.1',
    'a.0x7f',
    '1.2.3.4..',
    '10.0.0.8%lo',
    '%6c',
  ];
  it.each([...LITERALS, ...LITERALS.map(withoutBrackets), ...NAMES, ...DISGUISES, ...oddities, ...numbers])(
    'is not sent to %j',
    (host) => {
      expect(checkProbeTarget(tcp(host), NOTHING)).toBeTypeOf('string');
    },
  );

  it.each(ALLOWED.map(withoutBrackets))('is sent to %s', (host) => {
    expect(checkProbeTarget(tcp(host), NOTHING)).toBeUndefined();
  });
});

describe('a webhook', () => {
  const inside = ['10.0.0.8', '172.31.0.1', '192.168.1.1', '100.64.0.1', '[fd12::1]', '[::ffff:10.0.0.8]'];
  it.each([...FORBIDDEN, ...WITH_CREDENTIALS, ...inside])('is not sent to %s', (host) => {
    expect(checkWebhook(`https://${host}/x`, NOTHING)).toBeTypeOf('string');
  });

  it('is sent over https to a public address, and without TLS to this machine where that is allowed', () => {
    expect(checkWebhook('https://hooks.example.com/x?token=y', NOTHING)).toBeUndefined();
    expect(checkWebhook('http://hooks.example.com/x', NOTHING)).toBe('is not https');
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]']) {
      expect(checkWebhook(`http://${host}/x`, DEVELOPMENT)).toBeUndefined();
    }
    expect(checkWebhook('http://hooks.example.com/x', DEVELOPMENT)).toBe('is not https');
    expect(checkWebhook('https://10.0.0.8/x', DEVELOPMENT)).toBe('is a private address');
  });

  it('has a URL that no reason shows', () => {
    const reasons = FORBIDDEN.map((host) => checkWebhook(`https://${host}/path-secret`, NOTHING));
    expect(new Set(reasons).size).toBeLessThan(15);
    expect(reasons.filter((reason) => /path-secret|\d/.test(reason ?? ''))).toEqual([]);
  });
});

describe('a name that resolves', () => {
  const spelled = LITERALS.map((host) => new URL(`http://${host}/`).hostname).map(withoutBrackets);
  it.each(spelled)('to %s is not called, whatever else it resolves to', (address) => {
    expect(checkResolved('shop.example.com', [address], NOTHING)).toBeTypeOf('string');
    expect(checkResolved('shop.example.com', ['10.0.0.8', address, '8.8.8.8'], NOTHING)).toBeTypeOf('string');
  });

  it('to addresses of clusters is called', () => {
    expect(checkResolved('shop.example.com', ['10.0.0.8', '2400:3200::1'], NOTHING)).toBeUndefined();
  });

  it('is refused without the address that it resolves to', () => {
    expect(checkResolved('db.internal', ['169.254.1.2'], NOTHING)).toBe('db.internal resolves to a link-local address');
  });
});

describe('a range that is allowed', () => {
  it('admits its own addresses alone', () => {
    const linkLocal = allowing('169.254.20.0/24');
    expect(checkHost('169.254.20.10', linkLocal)).toBeUndefined();
    expect(checkHost('169.254.21.10', linkLocal)).toBeTypeOf('string');
    expect(checkHost('127.0.0.1', linkLocal)).toBeTypeOf('string');
    expect(checkHost('localhost', DEVELOPMENT)).toBeUndefined();
    expect(checkHost('localhost', linkLocal)).toBeTypeOf('string');
  });

  it('restricts nothing', () => {
    expect(checkHost('8.8.8.8', allowing('127.0.0.0/8'))).toBeUndefined();
    expect(checkHost('10.0.0.8', allowing('127.0.0.0/8'))).toBeUndefined();
  });

  it('never admits a metadata service or the API server, in whatever address it is carried', () => {
    const all = allowing('0.0.0.0/0', '::/0');
    const never = [
      '169.254.169.254',
      '100.100.100.200',
      '168.63.129.16',
      '[fd00:ec2::254]',
      '[::ffff:169.254.169.254]',
    ];
    const carried = ['[64:ff9b::a9fe:a9fe]', '[::a9fe:a9fe]', '[2002:a9fe:a9fe::1]', '[2001:0:1:2:3:4:5601:5601]'];
    const isatap = ['[2400:3200::5efe:a9fe:a9fe]'];
    for (const host of [...never, ...carried, ...isatap, 'metadata.google.internal', 'kubernetes.default.svc']) {
      expect([host, checkHost(host, all)]).toEqual([host, expect.any(String)]);
    }
    expect(checkHost('[64:ff9b::8.8.8.8]', all)).toBeUndefined();
  });

  it('of a translator admits what may be called through it', () => {
    const nat64 = allowing('64:ff9b::/96');
    expect(checkHost('[64:ff9b::8.8.8.8]', nat64)).toBeUndefined();
    expect(checkHost('[64:ff9b::127.0.0.1]', nat64)).toBeTypeOf('string');
  });
});

it('the table has at least 120 forms', () => {
  expect(new Set([...FORBIDDEN, ...WITH_CREDENTIALS]).size).toBeGreaterThanOrEqual(120);
});
