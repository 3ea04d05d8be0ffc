import type { ExecutionContext } from 'hono';
import worker from '../../functions/worker.ts';

/**
 * The Worker, except that an answer waits for the work that its request leaves behind, so that tests find that work
 * done.
 */
// biome-ignore lint/style/noDefaultExport: workerd expects a Worker in this form.
export default {
  async fetch(request: Request, bindings: object, context: ExecutionContext): Promise<Response> {
    const left: Promise<unknown>[] = [];
    const waitUntil = (work: Promise<unknown>) => {
      left.push(work);
      context.waitUntil(work);
    };
    const passThroughOnException = () => context.passThroughOnException();
    const response = await worker.fetch(request, bindings, { waitUntil, passThroughOnException, props: {} });
    await Promise.allSettled(left);
    return response;
  },
};
