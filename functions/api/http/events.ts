import type { Reply } from './operation.ts';

/** A stream of server-sent events (WHATWG HTML, section 9.2), one for each value. Ends with the values, or when nobody listens any more. */
export function eventStream(event: string, values: AsyncGenerator<object>): Reply {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await values.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`));
    },
    cancel: async () => {
      await values.return(undefined);
    },
  });
  return { status: 200, body, headers: { 'Content-Type': 'text/event-stream' } };
}
