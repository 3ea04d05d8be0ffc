import type { ClientRequest, IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

/** The most bytes that may wait for a mirror; a copy that falls further behind is given up (assumed). */
const LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * Returns a copy of the body of a request for a mirror. A mirror that reads it slowly, or not at all, delays nothing.
 * The copy is destroyed when the request breaks off.
 */
export function copyOf(incoming: IncomingMessage): PassThrough {
  const copy = new PassThrough();
  incoming.on('data', (chunk: Buffer) => {
    if (copy.destroyed) return;
    if (copy.writableLength + copy.readableLength > LIMIT_BYTES) copy.destroy();
    else copy.write(chunk);
  });
  incoming.once('end', () => copy.end());
  incoming.once('close', () => {
    if (!incoming.complete) copy.destroy();
  });
  return copy;
}

/** Ignores the answer to a copy, and every failure. */
export function forget(upstream: ClientRequest, body: PassThrough): void {
  upstream.on('response', (answer) => answer.on('error', () => undefined).resume());
  upstream.on('error', () => body.destroy());
  body.once('close', () => {
    if (!body.readableEnded) upstream.destroy();
  });
}
