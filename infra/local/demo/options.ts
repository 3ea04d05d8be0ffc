import { parseArgs } from 'node:util';
import { usageOf } from '../../scripts.ts';
import { DEFAULT_ESTATE, type EstateName, isEstate } from '../estates/index.ts';
import type { Stack } from '../stack.ts';
import { showClusterFailure } from './cluster-failure.ts';
import { showPlaceFailure } from './place-failure.ts';
import type { Report } from './report.ts';

export interface Options {
  estate: EstateName;
  json: boolean;
  show(stack: Stack): Promise<Report>;
}

/** Reads the arguments of the command line. Throws the usage when an argument is unknown or has an unknown value. */
export function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        estate: { type: 'string', default: DEFAULT_ESTATE },
        failure: { type: 'string' },
        provider: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const { estate, json } = values;
    if (!isEstate(estate)) throw new Error(`There is no estate ${estate}.`);
    return { estate, json, show: SHOWS[estate](values) };
  } catch {
    throw new Error(usageOf('demo'));
  }
}

interface Asked {
  failure?: string | undefined;
  provider?: string | undefined;
}

/**
 * The demonstration of each estate. The functions throw when they are asked for a failure or provider that the estate
 * cannot show.
 */
const SHOWS: Record<EstateName, (asked: Asked) => Options['show']> = {
  'two-clusters': ({ failure = 'refuse', provider = 'alb' }) => {
    const options = {
      failure: oneOf(['refuse', 'hang', 'brownout'], failure),
      provider: oneOf(['alb', 'mse'], provider),
    };
    return (stack) => showClusterFailure(stack, options);
  },
  'two-cities': ({ failure = 'site', provider }) => {
    if (provider !== undefined) throw new Error('Traffic goes through both gateways.');
    const lost = oneOf(['site', 'city'], failure);
    return (stack) => showPlaceFailure(stack, lost);
  },
};

function oneOf<const T extends string>(values: readonly T[], text: string): T {
  const value = values.find((one) => one === text);
  if (value === undefined) throw new Error(`${text} is none of ${values.join(', ')}.`);
  return value;
}
