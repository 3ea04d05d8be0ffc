/** Epoch milliseconds of a timestamp; NaN when it is none. */
export function msOf(timestamp: string): number {
  // biome-ignore lint/style/noRestrictedGlobals: reading a timestamp asks no clock.
  return Date.parse(timestamp);
}

/** RFC 3339, UTC, of epoch milliseconds. */
export function isoOf(ms: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: writing a timestamp asks no clock.
  return new Date(ms).toISOString();
}
