/** Removes everything from a text that could give access to something. */
export interface Redact {
  /** Removes the secret values of the settings. */
  secrets(text: string): string;
  /**
   * Removes the secret values of the settings from a part of a text, with what is left of one at either end: a text can be cut in the
   * middle of a secret.
   */
  secretsOfPart(text: string): string;
  /** Removes secrets, URLs and everything that looks like a credential from a text of foreign origin, and bounds its length. */
  foreign(text: string): string;
}

/**
 * The length of the shortest secret that is removed. A shorter value is a placeholder, such as the access key of an embedded
 * database, and removing it would take ordinary words out of every line.
 */
const SHORTEST_SECRET = 8;

/** The number of characters of a foreign text that are examined. */
const MAX_LOOKED_AT = 8_000;
/** The number of characters of a foreign text that are shown at most. */
const MAX_SHOWN = 1_000;

/** Matches the tokens that Fairlead makes, those that no setting has included: of people and programs, of agents, and for enrolling. */
const OWN_TOKEN = /\bfl[ea]?_[a-z0-9_-]+_[A-Za-z0-9_-]{43}/g;

export function redactorOf(secrets: readonly string[]): Redact {
  // The longest secret goes first, since one secret may be the beginning of another.
  const known = [...new Set(secrets.filter(({ length }) => length >= SHORTEST_SECRET).flatMap(formsOf))].sort(
    (a, b) => b.length - a.length,
  );
  const withoutSecrets = (text: string) =>
    known.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text).replaceAll(OWN_TOKEN, '[secret]');
  return {
    secrets: withoutSecrets,
    secretsOfPart: (text) => withoutCut(withoutSecrets(text), known),
    foreign: (text) => {
      const looked = beginningOf(withoutSecrets(text));
      const clean = withoutOpaque(
        CREDENTIALS.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), looked),
      );
      return clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}…` : clean;
    },
  };
}

/** Returns the forms in which a secret can occur: as it is, and as a URL, a form and a JSON string encode it. */
function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  return [secret, encoded, encoded.replaceAll('%20', '+'), JSON.stringify(secret).slice(1, -1)];
}

/** The length of the shortest piece of a secret that is removed at an end. A shorter one is part of too many words. */
const SHORTEST_PIECE = 4;

/** Returns the text without the longest beginning of a secret at its end, and without the longest end of one at its beginning. */
function withoutCut(text: string, secrets: readonly string[]): string {
  const longest = (isThere: (secret: string, length: number) => boolean) =>
    Math.max(0, ...secrets.map((secret) => lengthOfPiece(secret, (length) => isThere(secret, length))));
  const atEnd = longest((secret, length) => text.endsWith(secret.slice(0, length)));
  const atBeginning = longest((secret, length) => text.startsWith(secret.slice(-length)));
  return text.slice(atBeginning, Math.max(atBeginning, text.length - atEnd));
}

function lengthOfPiece(secret: string, isThere: (length: number) => boolean): number {
  for (let length = secret.length - 1; length >= SHORTEST_PIECE; length--) if (isThere(length)) return length;
  return 0;
}

/** Returns the beginning of a long text, cut between two words: half of a credential would not be recognised as one. */
function beginningOf(text: string): string {
  if (text.length <= MAX_LOOKED_AT) return text;
  const begun = text.slice(0, MAX_LOOKED_AT);
  const end = begun.search(/\s\S*$/);
  return `${begun.slice(0, Math.max(0, end))} […]`;
}

/**
 * The patterns of credentials, each with its replacement. Messages of SDKs hold signed requests: pop-core ends its messages
 * with the URL, which contains AccessKeyId and Signature; the AWS SDK and fetch name hosts and headers; JSON.parse quotes the
 * text that it could not read. Each pattern removes too much rather than too little, and begins at the beginning of a word,
 * so that no text makes it slow.
 */
const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  [/(?:\.{3})?"[\s\S]*"(?:\.{3})? is not valid JSON/g, '[text] is not valid JSON'],
  // A URL ends at white space or at a quote. A URL without a scheme is recognised by its query.
  [/[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>`]*/gi, '[url]'],
  [/(?<![^\s"'<>`])[^\s"'<>`]*\?[^\s"'<>`=]+=[^\s"'<>`]*/g, '[url]'],
  [/\b(bearer|basic|digest)\s+[^\s"',;]+/gi, '$1 [credential]'],
  [/\b(AWS4-HMAC-SHA256|ACS3-HMAC-SHA256|acs)\s+[^\r\n]*/g, '$1 [credential]'],
  // These are assignments such as AccessKeyId=…, Signature: … and "x-amz-security-token":"…".
  [
    /(?<![\w-])[\w-]*(?:access[-_]?key|secret|signature|token|passw(?:or)?d|credential|authorization|x-amz-|x-acs-|api[-_]?key|private[-_]?key|cookie)[\w-]*["']?\s*[=:]\s*(?:"[^"]*"|'[^']*'|[^\s"'&,;]+)/gi,
    '[credential]',
  ],
  // These are the ids of access keys of AWS and Alibaba Cloud, and the secrets of webhooks.
  [/(?:AKIA|ASIA|LTAI|STS\.|whsec_)[\w+/=.-]{8,}/g, '[credential]'],
];

/**
 * A long run of characters as in keys, signatures and session tokens. Names of resources have no capitals, and request ids
 * have no small letters, so that `isOpaque` tells them apart.
 */
const LONG_RUN = /[A-Za-z0-9+/=-]{28,}/g;

function withoutOpaque(text: string): string {
  return text.replaceAll(LONG_RUN, (run) => (isOpaque(run) ? '[opaque]' : run));
}

function isOpaque(run: string): boolean {
  const isMixed = /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run);
  return isMixed || (run.length >= 40 && /^[0-9a-f]+$/i.test(run) && /[a-f]/i.test(run));
}
