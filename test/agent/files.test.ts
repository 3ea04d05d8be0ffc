import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { rangeOf } from '../../functions/core/egress/ranges.ts';
import { checkHost } from '../../functions/core/egress/target.ts';
import scripts from '../../infra/scripts.json' with { type: 'json' };
import type { Json } from '../api/harness.ts';

const read = (file: string) => readFileSync(`infra/agent/${file}`, 'utf8');
const objects: Json[] = parseAllDocuments(read('kubernetes.yaml')).map((document) =>
  document.toJS({ maxAliasCount: 0 }),
);
const ofKind = (kind: string): Json => objects.find((object) => object.kind === kind);

/** The options of a command line of the agent, which the program has to know. */
function optionsIn(text: string): string[] {
  return [...text.matchAll(/(?:^|\s)--([a-z-]+)/g)].map(([, name = '']) => name);
}

/** The settings of the unit, by name, with all of their values. */
function unit(): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const [, name = '', value = ''] of read('fairlead-agent.service').matchAll(/^([A-Za-z]+)=(.*)$/gm)) {
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

describe('the agent in Kubernetes', () => {
  const pod = ofKind('Deployment').spec.template.spec;
  const [container] = pod.containers;

  it('runs as nobody, without a privilege, on a file system that it cannot write to', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.securityContext.runAsUser).toBeGreaterThan(0);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      privileged: false,
      capabilities: { drop: ['ALL'] },
    });
    expect([pod.volumes, pod.hostNetwork, pod.hostPID, container.volumeMounts]).toEqual(Array(4).fill(undefined));
  });

  it('holds no credential of the cluster, and its own in a Secret alone', () => {
    expect([pod.automountServiceAccountToken, ofKind('ServiceAccount').automountServiceAccountToken]).toEqual([
      false,
      false,
    ]);
    expect(container.env.map(({ name, value }: Json) => [name, value])).toEqual([
      ['FAIRLEAD_TOKEN', undefined],
      ['FAIRLEAD_AGENT_KEY', undefined],
    ]);
    expect(ofKind('Secret')).toBeUndefined();
  });

  it('is started with options that the program has, and asked where it listens', () => {
    expect(optionsIn(container.args.join(' ')).filter((name) => !(name in scripts.agent.options))).toEqual([]);
    const port = Number(/--listen=[^:]+:(\d+)/.exec(container.args.join(' '))?.[1]);
    expect(container.ports).toEqual([{ name: 'metrics', containerPort: port }]);
    expect(container.readinessProbe.httpGet).toEqual({ path: '/healthz', port: 'metrics' });
  });

  it('is kept from metadata services by the network as well, and from nothing that may be probed', () => {
    const blocks = ofKind('NetworkPolicy').spec.egress[0].to.map(({ ipBlock }: Json) => ipBlock);
    for (const cidr of blocks.flatMap(({ except }: Json) => except)) {
      const [first] = rangeOf(cidr);
      const all = { allowed: [rangeOf('0.0.0.0/0'), rangeOf('::/0')] };
      expect(checkHost(first.toString(), all), cidr).toContain('metadata');
    }
  });
});

describe('the agent as a service of systemd', () => {
  it('runs as nobody, without a privilege, on a file system where it writes its state alone', () => {
    const on = ['DynamicUser', 'NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'RestrictSUIDSGID'];
    for (const name of on) expect([name, unit().get(name)]).toEqual([name, ['yes']]);
    expect(unit().get('ProtectSystem')).toEqual(['strict']);
    expect(unit().get('CapabilityBoundingSet')).toEqual(['']);
    expect([...unit().keys()].filter((name) => /^(ReadWritePaths|User)$/.test(name))).toEqual([]);
    expect([unit().get('StateDirectory'), unit().get('StateDirectoryMode')]).toEqual([['fairlead-agent'], ['0700']]);
  });

  it('is started with options that the program has, and holds no secret in its command line', () => {
    const [command = ''] = unit().get('ExecStart') ?? [];
    expect(optionsIn(command).filter((name) => !(name in scripts.agent.options))).toEqual([]);
    expect(command).not.toMatch(/TOKEN|KEY|fle_/);
    expect(command).toContain(`--state /var/lib/${unit().get('StateDirectory')?.[0]}/`);
    expect(command).toContain('infra/agent/main.ts');
  });

  it('is given longer to end than a round takes', () => {
    const probeAndSendSeconds = 30 + 10;
    expect(Number(unit().get('TimeoutStopSec')?.[0])).toBeGreaterThan(probeAndSendSeconds);
    const { terminationGracePeriodSeconds } = ofKind('Deployment').spec.template.spec;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(probeAndSendSeconds);
  });
});
