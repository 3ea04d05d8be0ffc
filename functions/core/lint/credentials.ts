/** Finds credentials that stand in declarations, where everybody who may read them sees them for ever. */

import { issueAt, type Message, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { pointerTo } from '../model/diff.ts';
import type { NeededSecret, SentRequest } from '../model/sent-requests.ts';

/** Returns the places of a request that seem to hold a credential. Their texts are not repeated. */
export function credentialsIn({ pointer, url, headers }: SentRequest): Issue[] {
  const inHeaders = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && isCredential(name, value)
      ? [inClear(`${pointer}${pointerTo(['headers', name])}`, say('CredentialInHeader', { name }))]
      : [],
  );
  const inQuery = [...new URL(url).searchParams].flatMap(([name, value]) =>
    isCredential(name, value) ? [inClear(`${pointer}/url`, say('CredentialInQuery', { name }))] : [],
  );
  return [...inHeaders, ...inQuery];
}

function inClear(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'credential-in-clear', message);
}

/** Returns the warning that a secret to which a declaration refers is in the settings no more. */
export function lostSecret({ pointer, name, host }: NeededSecret): Issue {
  return issueAt(pointer, 'unknown-reference', say('LostSecret', { name, host }));
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
