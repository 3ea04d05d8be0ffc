import type { DeprecatedUse } from '../../../schemas/deprecation.ts';
import { compareText } from '../../core/model/text.ts';

/** The URL of the section of docs/api.md about compatibility. */
const DOCUMENTATION = 'https://fairlead.dev/api#compatibility';

/**
 * Returns the headers of an answer to a request that has used what is deprecated: since when (RFC 9745), and until when it is
 * accepted at least (RFC 8594). Of several uses, the earliest dates count. Without a use there are no headers.
 */
export function deprecationHeaders(uses: readonly DeprecatedUse[]): Record<string, string> {
  const [since] = uses.map((use) => use.since).sort(compareText);
  const [sunset] = uses.map((use) => use.sunset).sort(compareText);
  if (since === undefined || sunset === undefined) return {};
  return {
    Deprecation: `@${Date.parse(since) / 1000}`,
    Sunset: new Date(sunset).toUTCString(),
    Link: `<${DOCUMENTATION}>; rel="deprecation"; type="text/html"`,
  };
}
