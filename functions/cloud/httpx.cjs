// The two functions of the npm package `httpx` that pop-core uses, over fetch: workerd has no sockets for node:http to read timers from.
// CommonJS, because pop-core requires it.
'use strict';

const DEFAULT_TIMEOUT_MS = 3000;

/** Sends a request; resolves once the headers of the answer are there. One timeout covers connecting, waiting and reading. */
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

/** The body of an answer, as text. */
function read(response) {
  return response.text().catch(fail);
}

/** Errors by the names that httpx gives them; texts of fetch may hold the URL and are not passed on. */
function fail(error) {
  const timedOut = error.name === 'TimeoutError' || error.name === 'AbortError';
  const translated = new Error(timedOut ? 'timed out' : 'connection failed');
  translated.name = timedOut ? 'RequestTimeoutError' : 'RequestError';
  throw translated;
}

module.exports = { request, read };
