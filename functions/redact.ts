/** Takes everything out of a text that could give access to something. */
export interface Redact {
  /** Takes out the secret values of the settings. */
  secrets(text: string): string;
  /** Also takes out every URL and whatever looks like a credential, for texts that somebody else has written. Bounded in length. */
  foreign(text: string): string;
}

/** A shorter value is a placeholder, such as the access key of an embedded database, and would take innocent words out of every line. */
const SHORTEST_SECRET = 8;

/** Characters that are looked at, and characters that are left at most. */
const MAX_LOOKED_AT = 8_000;
const MAX_SHOWN = 1_000;

export function redactorOf(secrets: readonly string[]): Redact {
  // The longest goes first: one secret may begin as another does.
  const known = [...new Set(secrets.filter(({ length }) => length >= SHORTEST_SECRET).flatMap(formsOf))].sort(
    (a, b) => b.length - a.length,
  );
  const withoutSecrets = (text: string) => known.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  return {
    secrets: withoutSecrets,
    foreign: (text) => {
      const looked = beginningOf(withoutSecrets(text));
      const clean = withoutOpaque(
        CREDENTIALS.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), looked),
      );
      return clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}…` : clean;
    },
  };
}

/** As it is, as a URL has it, and as a form has it. */
function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  return [secret, encoded, encoded.replaceAll('%20', '+'), JSON.stringify(secret).slice(1, -1)];
}

/** Cut between two words: half of a credential would not be recognised as one. */
function beginningOf(text: string): string {
  if (text.length <= MAX_LOOKED_AT) return text;
  const begun = text.slice(0, MAX_LOOKED_AT);
  const end = begun.search(/\s\S*$/);
  return `${begun.slice(0, Math.max(0, end))} […]`;
}

/**
 * Texts of SDKs hold signed requests: pop-core ends its messages with the URL, which has AccessKeyId and Signature in it; the AWS SDK and
 * fetch name hosts and headers; JSON.parse quotes what it could not read. Each pattern takes out more than it has to rather than less, and
 * begins where a word does, so that no text makes it slow.
 */
const CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  [/(?:\.{3})?"[\s\S]*"(?:\.{3})? is not valid JSON/g, '[text] is not valid JSON'],
  // A URL ends at white space or at a quote. Without a scheme it is known by its query.
  [/[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>`]*/gi, '[url]'],
  [/(?<![^\s"'<>`])[^\s"'<>`]*\?[^\s"'<>`=]+=[^\s"'<>`]*/g, '[url]'],
  [/\b(bearer|basic|digest)\s+[^\s"',;]+/gi, '$1 [credential]'],
  [/\b(AWS4-HMAC-SHA256|ACS3-HMAC-SHA256|acs)\s+[^\r\n]*/g, '$1 [credential]'],
  // AccessKeyId=…, Signature: …, "x-amz-security-token":"…"
  [
    /(?<![\w-])[\w-]*(?:access[-_]?key|secret|signature|token|passw(?:or)?d|credential|authorization|x-amz-|x-acs-|api[-_]?key|private[-_]?key|cookie)[\w-]*["']?\s*[=:]\s*(?:"[^"]*"|'[^']*'|[^\s"'&,;]+)/gi,
    '[credential]',
  ],
  // Ids of access keys of AWS and Alibaba Cloud, and secrets of webhooks.
  [/(?:AKIA|ASIA|LTAI|STS\.|whsec_)[\w+/=.-]{8,}/g, '[credential]'],
];

/** Keys, signatures and session tokens; names of resources have no capitals, and request ids have nothing else. */
const LONG_RUN = /[A-Za-z0-9+/=-]{28,}/g;

function withoutOpaque(text: string): string {
  return text.replaceAll(LONG_RUN, (run) => (isOpaque(run) ? '[opaque]' : run));
}

function isOpaque(run: string): boolean {
  const isMixed = /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run);
  return isMixed || (run.length >= 40 && /^[0-9a-f]+$/i.test(run) && /[a-f]/i.test(run));
}
