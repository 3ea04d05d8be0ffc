import { expect, test } from 'vitest';
import { FEATURES, type Feature, featuresOf } from '../../functions/core/routing/features.ts';
import { providerFor } from '../../functions/providers/registry.ts';
import { RouteInput } from '../../schemas/route.ts';
import type { Case, Provider } from './case.ts';
import { GROUPS } from './cases/index.ts';
import { PROVIDERS } from './suite.ts';

const CASES = GROUPS.flatMap(({ cases }) => cases);

function uses({ routes }: Case, feature: Feature): boolean {
  return routes.some((draft) => {
    const hostnames = (draft.hostnames ?? ['x.example.com']).map((name) => name.replace('{host}', 'x.example.com'));
    const route = RouteInput.parse({ ...draft, hostnames, gateways: ['edge'] });
    return featuresOf(route).some((use) => use.feature === feature);
  });
}

const rows = PROVIDERS.flatMap((provider) =>
  (Object.keys(FEATURES) as Feature[]).map((feature) => ({ provider, feature })),
);

test.each<{ provider: Provider; feature: Feature }>(rows)(
  'a case shows what $provider makes of $feature',
  ({ provider, feature }) => {
    const isCarried = providerFor(provider).capabilities[feature] === true;
    const shown = CASES.filter((item) =>
      isCarried
        ? uses(item, feature) && item.refusedOn?.[provider] === undefined
        : item.refusedOn?.[provider] === feature,
    );
    expect(shown).not.toEqual([]);
  },
);
