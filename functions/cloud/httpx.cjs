// Replaces the two functions of the npm package `httpx` that pop-core uses. They use fetch, because node:http in
// workerd has no sockets, from which httpx reads timers. The file is CommonJS, because pop-core requires it.
'use strict';

const DEFAULT_TIMEOUT_MS = 3000;

/**
 * Sends a request, and resolves once the headers of the answer have arrived. One timeout covers connecting, waiting and
 * reading.
 */
async function request(url, opts = {}) {
  const headers = { ...opts.headers };
  const timeoutMs = Number(opts.readTimeout ?? opts.timeout ?? DEFAULT_TIMEOUT_MS);
  const signal = AbortSignal.timeout(timeoutMs);
  const init = { method: (opts.method ?? 'GET').toUpperCase(), headers, redirect: 'manual', signal };
  const body = opts.data ?? opts.body;
  if (body !== undefined) init.body = body;
  const response = await fetch(url, init).catch(fail);
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    req: { getHeaders: () => headers },
    text: () => response.text(),
  };
}

/** Returns the body of an answer as text. */
function read(response) {
  return response.text().catch(fail);
}

/**
 * Throws an error with the name that httpx gives it. The text of a fetch error may contain the URL and is not passed
 * on.
 */
function fail(error) {
  const timedOut = error.name === 'TimeoutError' || error.name === 'AbortError';
  const translated = new Error(timedOut ? 'timed out' : 'connection failed');
  translated.name = timedOut ? 'RequestTimeoutError' : 'RequestError';
  throw translated;
}

module.exports = { request, read };
