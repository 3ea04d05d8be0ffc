import { describe, expect, it } from 'vitest';
import { checkProbeTarget } from '../../functions/core/health/probe-target.ts';
import { Probe } from '../../schemas/probe.ts';

const check = (target: Record<string, unknown>, allowLoopback = false) =>
  checkProbeTarget(Probe.parse(target), { allowLoopback });

describe('a probe target', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://100.100.100.200/',
    'http://metadata.google.internal./',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://127.0.0.1/',
    'http://127.1/',
    'http://[::1]/',
    'http://localhost/',
    'http://foo.localhost/',
    'http://user:secret@example.com/',
  ])('%s is refused', (url) => {
    expect(check({ type: 'http', url })?.reason).toBeTypeOf('string');
  });

  it.each(['169.254.169.254', '0251.0376.0251.0376', '::1', 'localhost', 'a b', 'a/b', ''])(
    'tcp host %j is refused',
    (host) => {
      const parsed = Probe.safeParse({ type: 'tcp', host, port: 80 });
      if (parsed.success) expect(checkProbeTarget(parsed.data, { allowLoopback: false })?.reason).toBeTypeOf('string');
      else expect(host).toBe('');
    },
  );

  it.each([
    'http://10.0.0.8/healthz',
    'https://ingress.example.com/',
    'http://172.16.3.4:8080/',
    'http://[2001:4860::8888]/',
  ])('%s is allowed', (url) => {
    expect(check({ type: 'http', url })).toBeUndefined();
  });

  it('may be a loopback address only where that is allowed', () => {
    expect(check({ type: 'http', url: 'http://127.0.0.1:9101/' }, true)).toBeUndefined();
    expect(check({ type: 'http', url: 'http://169.254.169.254/' }, true)?.reason).toBe('ForbiddenRange');
  });
});
