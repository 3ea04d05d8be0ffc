import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PRODUCTS = ['alb', 'mse'] as const;

/** Names of API actions that a file of a provider mentions. */
function actionsIn(product: (typeof PRODUCTS)[number], isMeant: (file: string) => boolean): string[] {
  const table = JSON.parse(readFileSync(`infra/local/cloud/parameters/${product}.json`, 'utf8'));
  const folder = join('functions/providers', product);
  const text = readdirSync(folder)
    .filter(isMeant)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const named = [...text.matchAll(/'([A-Z][A-Za-z]+)'/g)].map((match) => match[1] ?? '');
  return [...new Set(named)].filter((name) => name in table.actions).map((name) => `${product}:${name}`);
}

function allowedBy(policy: string): string[] {
  const { Statement } = JSON.parse(readFileSync(`infra/ram/${policy}`, 'utf8'));
  return Statement.flatMap((statement: { Action: string[] }) => statement.Action).sort();
}

describe('the RAM policies', () => {
  const isProvisioning = (file: string) => file === 'provision.ts';
  const routing = PRODUCTS.flatMap((product) => actionsIn(product, (file) => !isProvisioning(file)));
  const provisioning = PRODUCTS.flatMap((product) => actionsIn(product, isProvisioning));

  it('allow the actions that carrying routes takes, and no others', () => {
    expect(allowedBy('alibaba-policy.json')).toEqual([...routing].sort());
  });

  it('allow the further actions that creating gateways takes, and no others', () => {
    const further = provisioning.filter((action) => !routing.includes(action));
    expect(allowedBy('alibaba-provision-policy.json')).toEqual(further.sort());
  });
});
