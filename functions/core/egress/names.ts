/** Names that are known to lead to this machine, to a metadata service, or to the API server of Kubernetes. */

export type NameKind = 'metadata' | 'loopback' | 'api-server';

const NAMES: readonly (readonly [NameKind, readonly string[]])[] = [
  // Google Cloud (cloud.google.com/compute/docs/metadata/querying-metadata).
  ['metadata', ['metadata', 'metadata.google.internal', 'metadata.goog']],
  // AWS (docs.cloud-init.io, datasource EC2).
  ['metadata', ['instance-data', 'instance-data.ec2.internal']],
  // Tencent Cloud (cloud.tencent.com/document/product/213/4934).
  ['metadata', ['metadata.tencentyun.com']],
  // Azure (learn.microsoft.com/azure/virtual-machines/instance-metadata-service has the address; images of Azure have the name).
  ['metadata', ['metadata.azure.internal', 'metadata.azure.com']],
  // Oracle Cloud, DigitalOcean, Equinix Metal and its former name, Rancher 1.
  ['metadata', ['metadata.oraclecloud.com', 'metadata.digitalocean.com']],
  [
    'metadata',
    ['metadata.platformequinix.com', 'metadata.packet.net', 'rancher-metadata', 'rancher-metadata.rancher.internal'],
  ],

  // RFC 6761, section 6.3, and the names that Linux distributions write into /etc/hosts.
  ['loopback', ['localhost', 'localhost.localdomain', 'localhost4', 'localhost4.localdomain4']],
  ['loopback', ['localhost6', 'localhost6.localdomain6', 'ip6-localhost', 'ip6-loopback', 'loopback', 'broadcasthost']],
  // Docker and Podman give these names to the machine that the container runs on
  // (docs.docker.com/desktop/features/networking, docs.podman.io, podman-run).
  ['loopback', ['host.docker.internal', 'gateway.docker.internal', 'host.containers.internal']],

  // The API server, by the names that pods use (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
  ['api-server', ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc']],
];

/** Domains of which every name is of the kind (RFC 6761, section 6.3, and the search domains of pods). */
const DOMAINS: readonly (readonly [NameKind, string])[] = [
  ['loopback', '.localhost'],
  ['api-server', '.kubernetes.default.svc'],
];

/** A pod resolves the API server under any domain of its cluster, of which `cluster.local` is the default. */
const API_SERVER = /^kubernetes\.default\.svc\./;

const KINDS = new Map(NAMES.flatMap(([kind, names]) => names.map((name) => [name, kind] as const)));

/** Returns the kind of a name in small letters and without a dot at its end; undefined when nothing is known of it. */
export function kindOfName(name: string): NameKind | undefined {
  if (API_SERVER.test(name)) return 'api-server';
  return KINDS.get(name) ?? DOMAINS.find(([, domain]) => name.endsWith(domain))?.[0];
}
