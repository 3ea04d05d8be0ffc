let first: object | undefined;

/** Tells whether a request was given the very bindings of the first one. */
// biome-ignore lint/style/noDefaultExport: the form of a Worker.
export default {
  fetch(_request: Request, bindings: object): Response {
    first ??= bindings;
    return Response.json({ isSame: bindings === first });
  },
};
