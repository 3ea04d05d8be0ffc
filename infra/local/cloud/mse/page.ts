export interface PageInput {
  PageNumber?: number;
  PageSize?: number;
}

/** 10 when PageSize is absent (MSE OpenAPI 2019-05-31, ListGatewayService; assumed for gateways). */
export function page<T>(items: readonly T[], { PageNumber = 1, PageSize = 10 }: PageInput) {
  const from = (PageNumber - 1) * PageSize;
  return { PageNumber, PageSize, TotalSize: items.length, Result: items.slice(from, from + PageSize) };
}

/** True when nothing is asked for or the value is what is asked for. */
export function equals<T>(value: T, wanted: T | undefined): boolean {
  return wanted === undefined || value === wanted;
}

/** True when nothing is asked for or the text contains it; so callers cannot take a name filter for a look-up. */
export function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.includes(part);
}
