import ipaddr from 'ipaddr.js';

/** The lengths of the prefixes that stand for one network: who has one address of it usually can have others. */
const BITS = { ipv4: 24, ipv6: 64 } as const;

/** The prefix when the platform does not tell the address. */
export const UNKNOWN_ADDRESS = 'unknown';

/**
 * Returns the network that a request comes from, such as `192.0.2.0/24`. `address` is the value of the header in which
 * the platform writes the address of the client.
 */
export function addressPrefix(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return UNKNOWN_ADDRESS;
  const ip = ipaddr.process(address);
  const bits = BITS[ip.kind()];
  const bytes = ip.toByteArray().map((byte, index) => (index * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
