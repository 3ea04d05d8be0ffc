/** Names that were meant in place of wrong ones. */

import { distance } from 'fastest-levenshtein';

/** Returns the known name that is nearest to a wrong one; undefined when none is near enough to be meant. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  const [best] = known
    // The distance of two names is at least the difference of their lengths, and takes the longer to find the longer they are.
    .filter((name) => Math.abs(name.length - wrong.length) <= mostFar(name))
    .map((name) => ({ name, far: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, far }) => far <= mostFar(name))
    .sort((a, b) => a.far - b.far);
  return best?.name;
}

/** Returns the number of letters that may be wrong in a name. */
function mostFar({ length }: string): number {
  return Math.max(1, Math.floor(length / 3));
}

/**
 * Returns the path that is nearest to a wrong one, with the names that the wrong one has. `templates` are paths such as
 * `/v1/fleets/{fleet}`.
 */
export function nearestPath(wrong: string, templates: readonly string[]): string | undefined {
  const given = wrong.split('/');
  const [best] = templates
    .map((template) => ({ template, segments: template.split('/') }))
    .filter(({ segments }) => segments.length === given.length)
    .map(({ segments }) => ({
      segments,
      wrongs: segments.filter((segment, index) => isWord(segment) && segment !== given[index]),
    }))
    .filter(({ segments }) =>
      segments.every((segment, index) => !isWord(segment) || isNear(given[index] ?? '', segment)),
    )
    .sort((a, b) => a.wrongs.length - b.wrongs.length);
  return best?.segments.map((segment, index) => (isWord(segment) ? segment : (given[index] ?? ''))).join('/');
}

/** Tells whether a segment of a template stands for itself. */
function isWord(segment: string): boolean {
  return !segment.startsWith('{');
}

function isNear(given: string, word: string): boolean {
  return given === word || nearest(given, [word]) !== undefined;
}
