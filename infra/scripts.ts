import scripts from './scripts.json' with { type: 'json' };

/** Returns the usage of an npm script, for people who called it in a wrong way. */
export function usageOf(name: keyof typeof scripts): string {
  return `Usage: ${scripts[name].usage.join('\n')}`;
}
