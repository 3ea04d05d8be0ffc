/** Checks of texts against the rules of ALB. Each returns the fault in words, or undefined when there is none. */

/** Checks the host name of a condition, a rewrite or a redirect. */
export function hostnameFault(hostname: string): string | undefined {
  const isHost = hostname.length >= 3 && /\.[a-z]+$/.test(hostname);
  return isHost ? undefined : 'ALB asks for a host name with a dot, whose last label is letters only';
}

/** Header names that ALB reserves (npm @alicloud/alb20200616, InsertHeaderConfig and RemoveHeaderConfig). */
const RESERVED_HEADERS = new Set([
  'slb-id',
  'slb-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-eip',
  'x-forwarded-port',
  'x-forwarded-client-srcport',
  'x-forwarded-host',
  'connection',
  'upgrade',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'host',
  'cookie',
  'remoteip',
  'authority',
]);

export function headerNameFault(name: string): string | undefined {
  if (name.length > 40) return 'ALB allows 40 characters in the name of a header';
  return RESERVED_HEADERS.has(name.toLowerCase()) ? `ALB does not let rules change the header ${name}` : undefined;
}

export function headerValueFault(value: string): string | undefined {
  return value.includes('"') || value.endsWith('\\') ? 'ALB allows no " in a header, and no \\ at its end' : undefined;
}

/** Checks a CORS origin, which is a scheme, a host name with a top-level domain, and optionally a port. */
export function originFault(origin: string): string | undefined {
  if (origin === '*') return undefined;
  const [, host, port = '1'] = /^https?:\/\/([A-Za-z0-9.-]+?)(?::(\d{1,5}))?$/.exec(origin) ?? [];
  const isOrigin = host !== undefined && hostnameFault(host.toLowerCase()) === undefined && Number(port) <= 65_535;
  return isOrigin ? undefined : 'ALB asks for http:// or https:// and a host name with a top-level domain';
}
