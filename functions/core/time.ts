/** Epoch milliseconds of a timestamp; NaN when it is none. */
export function msOf(timestamp: string): number {
  // biome-ignore lint/style/noRestrictedGlobals: reading a timestamp asks no clock.
  return Date.parse(timestamp);
}
