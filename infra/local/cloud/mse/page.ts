export interface PageInput {
  PageNumber?: number;
  PageSize?: number;
}

/**
 * Returns a page of the items, 10 when PageSize is absent (MSE OpenAPI 2019-05-31, ListGatewayService; assumed for
 * gateways).
 */
export function page<T>(items: readonly T[], { PageNumber = 1, PageSize = 10 }: PageInput) {
  const from = (PageNumber - 1) * PageSize;
  return { PageNumber, PageSize, TotalSize: items.length, Result: items.slice(from, from + PageSize) };
}

/** Tells whether the value is the wanted one; true when none is wanted. */
export function equals<T>(value: T, wanted: T | undefined): boolean {
  return wanted === undefined || value === wanted;
}

/**
 * Tells whether the text contains the part; true when no part is given. A name filter thus finds more than the exact
 * name.
 */
export function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.includes(part);
}
