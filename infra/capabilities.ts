/**
 * Writes docs/capabilities.md from the capabilities that providers declare. With --check it fails when the file differs
 * from what it would write.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FEATURES, type Feature } from '../functions/core/routing/features.ts';
import { providerFor } from '../functions/providers/registry.ts';
import { GatewayTarget } from '../schemas/gateway.ts';
import type { Message } from '../schemas/messages/index.ts';

const FILE = fileURLToPath(new URL('../docs/capabilities.md', import.meta.url));

const INTRODUCTION = `# What gateways can carry

Written by \`npm run capabilities\` from the providers. A route that asks for what one of its gateways cannot carry is
refused with \`unsupported-feature\` and a pointer to the place; it is never served without it. \`npm run conformance\`
shows, request by request, that what is carried means the same everywhere.
`;

const providers = GatewayTarget.options.map((option) => providerFor(option.shape.provider.value));

/** Renders the table of features, with a footnote for each reason why a provider does not carry one. */
function render(): string {
  const notes: string[] = [];
  const rows = (Object.keys(FEATURES) as Feature[]).map((feature) => [
    FEATURES[feature],
    `\`${feature}\``,
    ...providers.map(({ capabilities }) => cell(capabilities[feature], notes)),
  ]);
  const header = ['a route may ask for', 'feature', ...providers.map(({ kind }) => kind.toUpperCase())];
  const list = notes.map((note, index) => `[^${index + 1}]: ${note}.`).join('\n');
  return `${INTRODUCTION}\n${table([header, ...rows])}\n\n${list}\n`;
}

/**
 * Returns the text of a cell. Adds the reason to `notes` unless an equal one is there, because equal reasons share a
 * footnote.
 */
function cell(capability: true | Message, notes: string[]): string {
  if (capability === true) return 'yes';
  const { text } = capability;
  if (!notes.includes(text)) notes.push(text);
  return `no[^${notes.indexOf(text) + 1}]`;
}

function table([header = [], ...rows]: string[][]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [header, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

const text = render();
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
  console.error('docs/capabilities.md is not what the providers say: run "npm run capabilities" and commit it.');
  process.exitCode = 1;
}
