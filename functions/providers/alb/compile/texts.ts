import { type Message, say } from '../../../../schemas/messages/index.ts';
/** Checks of texts against the rules of ALB. Each returns the fault, or undefined when there is none. */

/** Checks the host name of a condition, a rewrite or a redirect. */
export function hostnameFault(hostname: string): Message | undefined {
  const isHost = hostname.length >= 3 && /\.[a-z]+$/.test(hostname);
  return isHost ? undefined : say('AlbHostname');
}

/** The most characters in the name of a header (npm @alicloud/alb20200616, InsertHeaderConfig). */
const MAX_HEADER_NAME_LENGTH = 40;

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

export function headerNameFault(name: string): Message | undefined {
  if (name.length > MAX_HEADER_NAME_LENGTH) return say('AlbHeaderNameLength', { most: MAX_HEADER_NAME_LENGTH });
  return RESERVED_HEADERS.has(name.toLowerCase()) ? say('AlbHeaderReserved', { name }) : undefined;
}

export function headerValueFault(value: string): Message | undefined {
  return value.includes('"') || value.endsWith('\\') ? say('AlbHeaderValue') : undefined;
}

/** Checks a CORS origin, which is a scheme, a host name with a top-level domain, and optionally a port. */
export function originFault(origin: string): Message | undefined {
  if (origin === '*') return undefined;
  const [, host, port = '1'] = /^https?:\/\/([A-Za-z0-9.-]+?)(?::(\d{1,5}))?$/.exec(origin) ?? [];
  const isOrigin = host !== undefined && hostnameFault(host.toLowerCase()) === undefined && Number(port) <= 65_535;
  return isOrigin ? undefined : say('AlbOrigin');
}
