/** The kinds of IP addresses, by what may be found there. */

import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A range of addresses: its first address, and the length of the prefix. */
export type AddressRange = readonly [Address, number];

export type AddressKind =
  | 'metadata'
  | 'cloud-service'
  | 'loopback'
  | 'unspecified'
  | 'link-local'
  | 'site-local'
  | 'multicast'
  | 'translated'
  | 'reserved'
  | 'private'
  | 'public';

/**
 * The ranges of each kind. The first range that holds an address decides. IPv4-mapped addresses (`::ffff:0:0/96`) are
 * judged as the IPv4 address that they stand for, so that they have no row.
 */
const TABLE: readonly (readonly [AddressKind, readonly string[]])[] = [
  // AWS, Azure, Google Cloud, Huawei Cloud, Oracle Cloud, DigitalOcean and OpenStack answer at 169.254.169.254. The
  // rest of the /24 has resolvers and clocks of AWS and the metadata of Rancher
  // (docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html).
  ['metadata', ['169.254.169.0/24']],
  // These hand out credentials to ECS tasks and to EKS pods
  // (docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html, …/eks/latest/userguide/pod-id-agent-setup.html).
  ['metadata', ['169.254.170.2/32', '169.254.170.23/32']],
  // These are the services of AWS over IPv6: metadata at ::254, the agent of EKS at ::23, resolver, clock and keys.
  ['metadata', ['fd00:ec2::/32']],
  // Alibaba Cloud has its metadata at 100.100.100.200, and resolvers, mirrors and other services of a VPC in the rest
  // of the range (alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata, …/ecs/user-guide/internal-network-services).
  ['metadata', ['100.100.100.200/32']],
  ['cloud-service', ['100.100.0.0/16']],
  // The host agent and the resolver of Azure (learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
  ['metadata', ['168.63.129.16/32']],
  // The metadata of Tencent Cloud, to which metadata.tencentyun.com resolves (cloud.tencent.com/document/product/213/4934).
  ['metadata', ['169.254.0.23/32', '169.254.10.10/32']],
  // The metadata of Volcano Engine (github.com/volcengine/cello, pkg/provider/volcengine/credential).
  ['metadata', ['100.96.0.96/32']],
  // The metadata of Oracle Cloud: of its classic platform, and over IPv6
  // (docs.oracle.com/en/cloud/cloud-at-customer/occ-get-started/retrieve-predefined-instance-metadata.html,
  // github.com/oracle/oci-python-sdk, instance_principals_security_token_signer.py).
  ['metadata', ['192.0.0.192/32', 'fd00:c1::a9fe:a9fe/128']],
  // The metadata of Google Cloud over IPv6 (cloud.google.com/compute/docs/metadata/querying-metadata).
  ['metadata', ['fd20:ce::254/128']],
  // The metadata of Scaleway (docs.cloud-init.io, datasource Scaleway).
  ['metadata', ['169.254.42.42/32', 'fd00:42::42/128']],
  // The metadata of Akamai and of OpenStack over IPv6
  // (techdocs.akamai.com/cloud-computing/docs/metadata-service-api, docs.openstack.org/nova/latest/user/metadata.html).
  ['metadata', ['fd00:a9fe:a9fe::/48', 'fe80::a9fe:a9fe/128']],

  // RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.3.
  ['loopback', ['127.0.0.0/8', '::1/128']],
  // "This host" (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.2). Systems connect to themselves for it.
  ['unspecified', ['0.0.0.0/8', '::/128']],
  // RFC 3927 and RFC 4291, section 2.5.6.
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  // RFC 3879 deprecates it, and routers may still carry it.
  ['site-local', ['fec0::/10']],
  // RFC 5771 and RFC 4291, section 2.7.
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],

  // These carry an IPv4 address, which a translator or a tunnel would reach: IPv4-compatible (RFC 4291, section 2.5.5.1),
  // IPv4-translated (RFC 2765), NAT64 (RFC 6052 and RFC 8215), Teredo (RFC 4380) and 6to4 (RFC 3056; its relays, RFC 7526).
  ['translated', ['::/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16']],
  ['translated', ['192.88.99.0/24']],

  // Addresses of protocols, of examples and of benchmarks, AS112, AMT, and the former class E with the broadcast
  // address (IANA IPv4 Special-Purpose Address Registry).
  ['reserved', ['192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15', '240.0.0.0/4']],
  ['reserved', ['192.31.196.0/24', '192.52.193.0/24', '192.175.48.0/24']],
  // In the IANA IPv6 Special-Purpose Address Registry, 2001::/23 holds ORCHID, benchmarks, AMT and AS112.
  ['reserved', ['2001::/23', '2001:db8::/32', '3fff::/20', '2620:4f:8000::/48']],

  // RFC 1918, RFC 6598 (shared address space) and RFC 4193. Clusters live there.
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']],

  // IANA assigns global unicast addresses from 2000::/3 alone, so that whatever is left of IPv6 is reserved.
  ['public', ['0.0.0.0/0', '2000::/3']],
  ['reserved', ['::/0']],
];

const RANGES = TABLE.flatMap(([kind, cidrs]) => cidrs.map((cidr) => ({ kind, range: rangeOf(cidr) })));

/** Parses a range in CIDR notation. Throws when the text is none. */
export function rangeOf(cidr: string): AddressRange {
  return ipaddr.parseCIDR(cidr);
}

/**
 * Returns the address that a text stands for, in any spelling that resolvers accept: one number, octal, hexadecimal,
 * with a zone. A mapped address becomes the IPv4 address that it stands for. Returns undefined when the text is none.
 */
export function addressOf(text: string): Address | undefined {
  const plain = text.includes(':') ? canonicalIpv6(text.replace(/%.*$/, '')) : text;
  return ipaddr.isValid(plain) ? ipaddr.process(plain) : undefined;
}

/** ipaddr.js reads `::8.8.8.8` as a mapped address, which it is not, so that the URL parser writes it anew. */
function canonicalIpv6(text: string): string {
  const url = `http://[${text}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : text;
}

export function isIn(address: Address, [first, bits]: AddressRange): boolean {
  return address.kind() === first.kind() && address.match(first, bits);
}

export function kindOf(address: Address): AddressKind {
  const kind = RANGES.find(({ range }) => isIn(address, range))?.kind ?? 'reserved';
  return kind === 'public' && isIsatap(address) ? 'translated' : kind;
}

/** Tells whether an address has the interface identifier of ISATAP (RFC 5214, section 6.1), which ends with an IPv4 address. */
function isIsatap(address: Address): boolean {
  if (!('parts' in address)) return false;
  const [flags, marker] = address.parts.slice(4);
  return marker === 0x5efe && (flags === 0 || flags === 0x0200);
}

/** Returns the IPv4 address that the target of a translated address has; undefined when the address carries none. */
export function carriedBy(address: Address): ipaddr.IPv4 | undefined {
  if (!('parts' in address) || kindOf(address) !== 'translated') return undefined;
  const bytes = address.toByteArray();
  if (address.range() === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6));
  // Teredo writes the address of the client with all bits inverted (RFC 4380, section 4).
  if (address.range() === 'teredo') return new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff));
  return new ipaddr.IPv4(bytes.slice(12));
}
