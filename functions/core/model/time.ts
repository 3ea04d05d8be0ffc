/** Returns the epoch milliseconds of a timestamp, or NaN when it is not a valid one. */
export function msOf(timestamp: string): number {
  // biome-ignore lint/style/noRestrictedGlobals: reading a timestamp asks no clock.
  return Date.parse(timestamp);
}

/** Returns epoch milliseconds as an RFC 3339 timestamp in UTC. */
export function isoOf(ms: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: writing a timestamp asks no clock.
  return new Date(ms).toISOString();
}
