/** Deprecated parts of the contract, each with its dates, and how they are found in what somebody sends. */

import * as z from 'zod';
import { isJsonObject } from './common.ts';

/** A deprecation, as it stands in the metadata of a schema and thereby in the OpenAPI document. */
const Deprecation = z.looseObject({
  'x-deprecated-since': z.iso.date(),
  'x-sunset': z.iso.date(),
  'x-deprecated-values': z.array(z.string()).optional(),
});

export interface DeprecatedUse {
  /** The days, such as `2026-11-28`, from which it is deprecated, and until which it is accepted at least. */
  since: string;
  sunset: string;
}

/** Returns the metadata of a field that is deprecated as a whole. */
export function deprecated({ since, sunset }: DeprecatedUse) {
  return { deprecated: true, 'x-deprecated-since': since, 'x-sunset': sunset } as const;
}

/** Returns the metadata of a field that is deprecated when it has one of the values. */
export function deprecatedValues(values: string[], { since, sunset }: DeprecatedUse) {
  return { 'x-deprecated-values': values, 'x-deprecated-since': since, 'x-sunset': sunset } as const;
}

/** The names that 0.1.0 had, which the release after this one does not read any more. */
export const RETIRED: DeprecatedUse = { since: '2026-11-28', sunset: '2027-06-01' };

/** Returns every deprecated field, and every deprecated value, that is used in a value of the schema. */
export function deprecatedIn(schema: z.core.$ZodType, value: unknown): DeprecatedUse[] {
  if (value === undefined || value === null || !hasDeprecated(schema)) return [];
  const own = deprecationOf(schema);
  const isUsed = own && (own['x-deprecated-values']?.includes(String(value)) ?? true);
  const used = isUsed ? [{ since: own['x-deprecated-since'], sunset: own['x-sunset'] }] : [];
  const parts = partsOf(schema).flatMap((part) => part.of(value).map((inside) => deprecatedIn(part.schema, inside)));
  return [...used, ...parts.flat()];
}

const known = new WeakMap<z.core.$ZodType, boolean>();

/** Tells whether anything in a schema is deprecated. */
export function hasDeprecated(schema: z.core.$ZodType): boolean {
  const found =
    known.get(schema) ??
    (deprecationOf(schema) !== undefined || partsOf(schema).some((part) => hasDeprecated(part.schema)));
  known.set(schema, found);
  return found;
}

function deprecationOf(schema: z.core.$ZodType): z.infer<typeof Deprecation> | undefined {
  return Deprecation.safeParse(z.globalRegistry.get(schema)).data;
}

/** A schema that another one is made of. */
interface Part {
  schema: z.core.$ZodType;
  /** Returns what it describes of a value of the other one. */
  of(value: unknown): unknown[];
}

const itself = (value: unknown) => [value];

function partsOf(schema: z.core.$ZodType): Part[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).map(([name, part]) => ({
      schema: part,
      of: (value) => (isJsonObject(value) && Object.hasOwn(value, name) ? [value[name]] : []),
    }));
  }
  if (schema instanceof z.ZodArray)
    return [{ schema: schema.element, of: (value) => (Array.isArray(value) ? value : []) }];
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => ({ schema: option, of: itself }));
  if (schema instanceof z.ZodPipe) return [schema.in, schema.out].map((side) => ({ schema: side, of: itself }));
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? [{ schema: schema.unwrap(), of: itself }] : [];
}
