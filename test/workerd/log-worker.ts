import { createLog } from '../../functions/platform.ts';
import { hostile, KNOWN, TEXTS } from '../platform/hostile.ts';

/** Logs every hostile error, and answers with how many there were. */
// biome-ignore lint/style/noDefaultExport: workerd expects a Worker in this form.
export default {
  async fetch(): Promise<Response> {
    const log = createLog(KNOWN);
    const thrown = TEXTS.flatMap((text) => Object.values(hostile(text)));
    for (const one of thrown) log.error('test.failed', {}, one);
    const failed: unknown = await fetch(`http://127.0.0.1:1/?AccessKeyId=${KNOWN[0]}`).catch((error: unknown) => error);
    log.error('test.failed', {}, failed);
    return Response.json({ logged: thrown.length + 1 });
  },
};
