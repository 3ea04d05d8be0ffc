let first: object | undefined;

/** Answers whether a request was given the very bindings of the first one. */
// biome-ignore lint/style/noDefaultExport: workerd expects a Worker in this form.
export default {
  fetch(_request: Request, bindings: object): Response {
    first ??= bindings;
    return Response.json({ isSame: bindings === first });
  },
};
