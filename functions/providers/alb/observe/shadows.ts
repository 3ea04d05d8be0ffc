import type { ForeignObject } from '../../../../schemas/plan.ts';
import type { Shadow } from '../../provider.ts';
import { type Condition, isRule, RULE, type RuleObject } from '../compile/canonical.ts';
import { inWords } from '../compile/conditions.ts';
import type { AlbObserved, OtherRule } from './facts.ts';

/**
 * Returns our rules that a rule of somebody else keeps all requests from, each with the first such rule. Only certain
 * cases are returned.
 */
export function shadows({ objects, facts }: AlbObserved): Shadow[] {
  const foreign = facts.otherRules.filter((rule) => rule.isForeign).sort((a, b) => a.priority - b.priority);
  return objects.filter(isRule).flatMap((own) => {
    const first = foreign.find((rule) => takesAllOf(own, rule));
    return first ? [{ foreign: foreignObject(first), key: own.key }] : [];
  });
}

export function foreignObject({ id, name, priority, conditions }: OtherRule): ForeignObject {
  return { kind: RULE, name, remoteId: id, priority, conditions: conditions.map(inWords) };
}

function takesAllOf({ spec }: RuleObject, foreign: OtherRule): boolean {
  return (
    foreign.listenerId === spec.ListenerId &&
    foreign.priority < spec.Priority &&
    foreign.conditions.every(
      (condition) => holdsAlways(condition) || spec.RuleConditions.some((own) => implies(own, condition)),
    )
  );
}

function holdsAlways({ HostConfig, PathConfig }: Condition): boolean {
  return (
    HostConfig?.Values.includes('*') || PathConfig?.Values.some((value) => value === '*' || value === '/*') || false
  );
}

/** Tells whether each request that meets the condition `own` meets `other` too. */
function implies(own: Condition, other: Condition): boolean {
  if (own.Type !== other.Type) return false;
  const covered = <T>(mine: readonly T[] = [], theirs: readonly T[] = [], covers: (their: T, my: T) => boolean) =>
    mine.length > 0 && mine.every((my) => theirs.some((their) => covers(their, my)));
  switch (own.Type) {
    case 'Host':
      return covered(own.HostConfig?.Values, other.HostConfig?.Values, coversHost);
    case 'Path':
      return covered(own.PathConfig?.Values, other.PathConfig?.Values, coversPath);
    case 'Method':
      return covered(own.MethodConfig?.Values, other.MethodConfig?.Values, isSame);
    case 'Header': {
      const isSameHeader = own.HeaderConfig?.Key.toLowerCase() === other.HeaderConfig?.Key.toLowerCase();
      return isSameHeader && covered(own.HeaderConfig?.Values, other.HeaderConfig?.Values, isSame);
    }
    case 'QueryString':
      return covered(own.QueryStringConfig?.Values, other.QueryStringConfig?.Values, isSamePair);
    case 'Cookie':
      return covered(own.CookieConfig?.Values, other.CookieConfig?.Values, isSamePair);
    default:
      return false;
  }
}

function isSame(their: string, my: string): boolean {
  return their === my;
}

interface Pair {
  Key: string;
  Value: string;
}

function isSamePair(their: Pair, my: Pair): boolean {
  return their.Key === my.Key && their.Value === my.Value;
}

/**
 * Tells whether the host `their` covers `my`. A wildcard is assumed to cover one label, which is certain even if it
 * covers more.
 */
function coversHost(their: string, my: string): boolean {
  const [theirs, mine] = [their.toLowerCase(), my.toLowerCase()];
  if (theirs === mine) return true;
  const suffix = /^\*(\.[a-z0-9.-]+)$/.exec(theirs)?.[1];
  return suffix !== undefined && mine.endsWith(suffix) && /^[a-z0-9-]+$/.test(mine.slice(0, -suffix.length));
}

/**
 * Tells whether the path `their` covers `my`. A path that begins with a text, even if a wildcard follows, is covered by
 * that text followed by a wildcard.
 */
function coversPath(their: string, my: string): boolean {
  if (their === my) return true;
  const prefix = /^(\/[^*?]*)\*$/.exec(their)?.[1];
  return prefix !== undefined && !my.startsWith('~') && my.startsWith(prefix);
}
