/** The spellings of hosts that nothing may be sent to, by what they lead to. Tests of every place that sends something share them. */

/** Texts that a URL parser or a resolver reads as an address. */
export const ADDRESSES: Record<string, readonly string[]> = {
  'loopback over IPv4': [
    ...['127.0.0.1', '127.0.0.2', '127.255.255.254', '127.1', '127.0.1', '127.000.000.001', '0177.0.0.1', '0x7f.0.0.1'],
    ...['0x7f000001', '0X7F.1', '2130706433', '017700000001', '0177.0x0.0.1', '0x7f.0.1', '127.0.0.1.'],
  ],
  'loopback over IPv6': ['[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[::0.0.0.1]'],
  'this host': ['0.0.0.0', '0', '0x0', '00000000000', '0.1.2.3', '[::]', '[0:0:0:0:0:0:0:0]', '[::0.0.0.0]'],
  'the metadata of most clouds': [
    ...[
      '169.254.169.254',
      '169.254.169.254.',
      '169.254.43518',
      '169.16689662',
      '2852039166',
      '0xA9FEA9FE',
      '0xa9.0xfe.0xa9.0xfe',
    ],
    ...[
      '0251.0376.0251.0376',
      '025177524776',
      '0251.254.169.254',
      '0xa9.254.0251.254',
      '169.254.169.253',
      '169.254.169.250',
    ],
  ],
  'metadata beside that': [
    ...[
      '169.254.170.2',
      '169.254.170.23',
      '169.254.0.23',
      '169.254.10.10',
      '169.254.42.42',
      '192.0.0.192',
      '0xc00000c0',
    ],
    ...['168.63.129.16', '0xA83F8110', '2822734096', '250.077.0201.020', '100.100.100.200', '0x646464c8', '1684301000'],
    ...['100.96.0.96', '[fd00:ec2::254]', '[FD00:EC2:0:0::254]', '[fd00:ec2::23]', '[fd00:ec2::253]', '[fd20:ce::254]'],
    ...['[fd00:c1::a9fe:a9fe]', '[fd00:42::42]', '[fd00:a9fe:a9fe::1]', '[fe80::a9fe:a9fe]'],
  ],
  'services of Alibaba Cloud': ['100.100.0.1', '100.100.2.136', '100.100.2.138', '100.100.61.88', '100.100.255.255'],
  'link-local and site-local': [
    ...['169.254.0.1', '169.254.255.255', '[fe80::1]', '[febf::1]', '[fec0::1]', '[feff:ffff::1]', '[FEC0:0:0:1::1]'],
  ],
  'many at once': [
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '0xffffffff',
    '[ff02::1]',
    '[ff05::2]',
    '[ff0e::1]',
  ],
  nobody: [
    ...[
      '240.0.0.1',
      '192.0.0.8',
      '192.0.2.1',
      '198.51.100.7',
      '203.0.113.9',
      '198.18.0.1',
      '198.19.255.255',
      '192.31.196.1',
    ],
    ...[
      '192.52.193.1',
      '192.175.48.1',
      '192.88.99.1',
      '[100::1]',
      '[2001:db8::1]',
      '[3fff::1]',
      '[2001:2::1]',
      '[2001:20::1]',
    ],
    ...['[2620:4f:8000::1]', '[5f00::1]', '[4000::1]', '[8000::1]'],
  ],
  'IPv4 in IPv6, mapped': [
    ...[
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::FFFF:A9FE:A9FE]',
      '[::ffff:169.254.169.254]',
      '[0:0:0:0:0:ffff:7f00:0001]',
    ],
    ...['[::ffff:168.63.129.16]', '[::ffff:100.100.100.200]', '[::ffff:0.0.0.0]', '[::ffff:224.0.0.1]'],
  ],
  'IPv4 in IPv6, compatible or translated': [
    ...[
      '[::127.0.0.1]',
      '[::7f00:1]',
      '[::a9fe:a9fe]',
      '[::169.254.169.254]',
      '[::8.8.8.8]',
      '[::10.0.0.8]',
      '[::ffff:0:127.0.0.1]',
    ],
    ...[
      '[::ffff:0:a9fe:a9fe]',
      '[64:ff9b::127.0.0.1]',
      '[64:ff9b::a9fe:a9fe]',
      '[64:ff9b::8.8.8.8]',
      '[64:ff9b:1::7f00:1]',
    ],
    ...[
      '[64:ff9b:1:a9fe:a9:fe00::]',
      '[2002:7f00:1::]',
      '[2002:a9fe:a9fe::1]',
      '[2002:808:808::1]',
      '[2001:0:7f00:1::]',
    ],
    ...[
      '[2001::80ff:fffe]',
      '[2001:0:4136:e378:8000:63bf:5601:5601]',
      '[2400:3200::5efe:127.0.0.1]',
      '[2400:3200::5efe:a9fe:a9fe]',
    ],
    ...['[2400:3200::200:5efe:169.254.169.254]'],
  ],
};

/** Names that are known, however they are written. */
export const NAMES: readonly string[] = [
  ...[
    'localhost',
    'LOCALHOST',
    'LocalHost.',
    'a.localhost',
    'a.b.LOCALHOST.',
    'localhost.localdomain',
    'ip6-localhost',
    'ip6-loopback',
  ],
  ...['localhost6', 'host.docker.internal', 'gateway.docker.internal', 'host.containers.internal'],
  ...[
    'metadata',
    'METADATA',
    'metadata.google.internal',
    'metadata.google.internal.',
    'Metadata.Google.Internal',
    'metadata.goog',
  ],
  ...[
    'instance-data',
    'instance-data.ec2.internal',
    'metadata.tencentyun.com',
    'METADATA.tencentyun.com.',
    'metadata.azure.internal',
  ],
  ...['metadata.packet.net', 'metadata.platformequinix.com', 'rancher-metadata', 'kubernetes', 'kubernetes.default'],
  ...[
    'kubernetes.default.svc',
    'KUBERNETES.default.svc.',
    'kubernetes.default.svc.cluster.local',
    'kubernetes.default.svc.corp.example.',
  ],
];

/** Texts that a URL parser reads as one of the above, and that do not go into a probe of type `tcp`. */
export const DISGUISES: readonly string[] = [
  ...[
    '%31%32%37.0.0.1',
    '127%2e0%2e0%2e1',
    '%6c%6f%63%61%6c%68%6f%73%74',
    '１２７.０.０.１',
    '127。0。0。1',
    '１６９.２５４.１６９.２５４',
  ],
  ...['①②⑦.⓪.⓪.①', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ', 'ｌｏｃａｌｈｏｓｔ', 'localhoſt', 'loc\u00adalhost', '\u200b127.0.0.1'],
  ...['metadata.google｡internal', 'Kubernetes.default.svc'],
];

/** User information in front of a host makes a URL that is refused whatever the host. */
export const WITH_CREDENTIALS: readonly string[] = [
  ...[
    'user@ingress.example.com',
    'user:secret@ingress.example.com',
    ':secret@10.0.0.8',
    'example.com@127.0.0.1',
    'a%40b@10.0.0.8',
  ],
  ...['10.0.0.8:80@169.254.169.254', 'ingress.example.com%2f@127.1'],
];

/** Addresses that may be probed, so that a rule that refuses everything is noticed. */
export const ALLOWED: readonly string[] = [
  ...[
    'ingress.example.com',
    'INGRESS.example.com.',
    'a_b.example.com',
    'xn--bcher-kva.example',
    'localhost.example.com',
    '1a.example',
  ],
  ...[
    'kubernetes.example.com',
    'metadata.example.com',
    '10.0.0.8',
    '172.16.3.4',
    '192.168.1.1',
    '100.64.0.1',
    '100.101.0.1',
  ],
  ...['8.8.8.8', '[2400:3200::1]', '[fd12::1]', '[::ffff:10.0.0.8]', '169.253.255.255', '168.63.129.17'],
];

export const LITERALS: readonly string[] = Object.values(ADDRESSES).flat();

export const FORBIDDEN: readonly string[] = [...LITERALS, ...NAMES, ...DISGUISES];
