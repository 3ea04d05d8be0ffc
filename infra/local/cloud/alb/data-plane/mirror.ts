import type { ClientRequest, IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';

/** What may wait for a mirror; a copy that falls further behind is given up (assumed). */
const LIMIT_BYTES = 8 * 1024 * 1024;

/**
 * The body of a request once more, for a mirror: whoever reads it slowly, or not at all, holds nobody up. Ends in destruction when the
 * request breaks off.
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

/** Throws the answer to a copy away, as well as every failure. */
export function forget(upstream: ClientRequest, body: PassThrough): void {
  upstream.on('response', (answer) => answer.on('error', () => undefined).resume());
  upstream.on('error', () => body.destroy());
  body.once('close', () => {
    if (!body.readableEnded) upstream.destroy();
  });
}
