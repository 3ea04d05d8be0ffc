import { readFile } from 'node:fs/promises';

/** Returns the text of the OpenAPI document, as a deployment has it among its static assets. */
export async function openApi(): Promise<string> {
  return await readFile(new URL('../schemas/openapi.json', import.meta.url), 'utf8');
}
