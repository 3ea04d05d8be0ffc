import { createLimit } from '../../functions/limit.ts';
import { net } from '../../functions/platform.ts';

/** A Worker that makes the fetches of a round of probes and does nothing else: POST {urls, timeoutMs, connections}. */
interface Work {
  urls: string[];
  timeoutMs: number;
  connections: number;
}

// biome-ignore lint/style/noDefaultExport: workerd expects a Worker in this form.
export default {
  async fetch(request: Request): Promise<Response> {
    const { urls, timeoutMs, connections } = (await request.json()) as Work;
    const limit = createLimit(connections);
    const answers = urls.map((url) =>
      limit(() =>
        net.fetch(url, { method: 'GET', headers: {}, timeoutMs }).then(
          () => true,
          () => false,
        ),
      ),
    );
    const answered = (await Promise.all(answers)).filter(Boolean).length;
    return Response.json({ answered });
  },
};
