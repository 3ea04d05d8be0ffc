/** A small client of the REST API for the local tools. */

export interface ApiClient {
  url: string;
  token: string;
}

/** An answer with an error status; the message repeats the detail that the API gave. */
export class ApiRefusal extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${reasonOf(body)}`);
    this.name = 'ApiRefusal';
    this.status = status;
  }
}

/**
 * Calls the API and resolves with the parsed body, whose type the caller knows from `schemas/`. Rejects with an
 * `ApiRefusal`.
 */
export async function callApi<T>(
  client: ApiClient,
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  request: { body?: object; headers?: Record<string, string> } = {},
): Promise<T> {
  const { body, headers } = request;
  const response = await fetch(`${client.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${client.token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new ApiRefusal(method, path, response.status, text);
  return JSON.parse(text) as T;
}

function reasonOf(body: string): string {
  try {
    const { detail, title } = JSON.parse(body) as { detail?: string; title?: string };
    return detail ?? title ?? body;
  } catch {
    return body.slice(0, 200);
  }
}
