import type { Estate } from './estate.ts';
import { twoCities } from './two-cities.ts';
import { twoClusters } from './two-clusters.ts';

export const ESTATES = { 'two-clusters': twoClusters, 'two-cities': twoCities } satisfies Record<string, Estate>;
export type EstateName = keyof typeof ESTATES;

export const DEFAULT_ESTATE: EstateName = 'two-clusters';

export function isEstate(name: string): name is EstateName {
  return Object.hasOwn(ESTATES, name);
}
