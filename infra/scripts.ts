import scripts from './scripts.json' with { type: 'json' };

/** How an npm script is called, for people who called it in another way. */
export function usageOf(name: keyof typeof scripts): string {
  return `Usage: ${scripts[name].usage.join('\n')}`;
}
