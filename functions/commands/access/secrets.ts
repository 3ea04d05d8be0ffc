/** Returns 32 random bytes in Base64url, for a token. */
export function newSecret(): string {
  const base64 = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
