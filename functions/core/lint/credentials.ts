/** Finds credentials that stand in declarations, where everybody who may read them sees them for ever. */

import type { Issue } from '../../../schemas/problem.ts';
import { pointerTo } from '../model/diff.ts';
import { lacksSecret, type NeededSecret, type SentRequest } from '../model/sent-requests.ts';

/** Returns the places of a request that seem to hold a credential. Their texts are not repeated. */
export function credentialsIn({ pointer, url, headers }: SentRequest): Issue[] {
  const inHeaders = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && isCredential(name, value)
      ? [issue(`${pointer}${pointerTo(['headers', name])}`, `the header ${name} seems to hold a credential`)]
      : [],
  );
  const inQuery = [...new URL(url).searchParams].flatMap(([name, value]) =>
    isCredential(name, value)
      ? [issue(`${pointer}/url`, `the query parameter ${name} seems to hold a credential, and no URL may hold one`)]
      : [],
  );
  return [...inHeaders, ...inQuery];
}

const WHAT_TO_DO = 'put it among SECRETS of the settings, and send it in a header by its name: {"secret": "name"}';

function issue(pointer: string, found: string): Issue {
  return { pointer, code: 'credential-in-clear', detail: `${found}: ${WHAT_TO_DO}` };
}

/** Returns the warning that a secret to which a declaration refers is in the settings no more. */
export function lostSecret(needed: NeededSecret): Issue {
  const detail = `nothing is sent, and nothing is known of what it probes: the control plane is asked for it, and ${lacksSecret(needed)}`;
  return { pointer: needed.pointer, code: 'unknown-reference', detail };
}

/** Tells whether the value of a header or of a query parameter seems to give access to something. */
function isCredential(name: string, value: string): boolean {
  return value !== '' && (NAME.test(wordsOf(name)) || VALUE.test(value));
}

/** Returns a name as lower-case words with a hyphen between each two: `X-Api-Key`, `x_api_key` and `xApiKey` are one. */
function wordsOf(name: string): string {
  return name
    .replaceAll(/[a-z0-9](?=[A-Z])|[A-Z](?=[A-Z][a-z])/g, '$&-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
}

const KEY = '(?:api|access|account|auth|client|function|functions|master|private|secret|service|shared|subscription)';

/** Matches the names of credentials, among their words. `auth` and `key` are too common in the middle of other names. */
const NAME = new RegExp(
  [
    '(?:^|-)[a-z0-9]*(?:authorization|cookie|credentials?|passphrase|passwd|password|secret|signature|token)(?:-|$)',
    '(?:^|-)(?:jwt|pass|pwd|sig)(?:-|$)',
    `(?:^|-)${KEY}-?key(?:-?id)?(?:-|$)`,
    '(?:^|-)auth$',
    '^key$',
  ].join('|'),
);

/** Matches an authentication scheme with its credentials, a JSON web token, and the ids of access keys of clouds. */
const VALUE = /^(?:basic|bearer|digest|negotiate|token)\s+\S|^eyJ[\w-]+\.[\w-]+\.|^(?:AKIA|ASIA|LTAI)[A-Za-z0-9]{8}/i;
