import { invalid } from './errors.ts';
import type { RoutePolicies } from './model.ts';
import { checkRegex } from './route-config.ts';

type Policy<Name extends keyof RoutePolicies> = NonNullable<RoutePolicies[Name]>;
/** A policy as requests carry it; the table has checked that Status is there. */
type Input<T extends { Status: string }> = Partial<Omit<T, 'Status'>> & Pick<T, 'Status'>;

/**
 * Converts names of members to upper camel case, because some texts have lower camel case: `{headerOpItems:
 * [{opType}]}` becomes `{HeaderOpItems: [{OpType}]}`.
 */
export function upperCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(upperCamel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toUpperCase() + name.slice(1), upperCamel(member)]),
  );
}

export function toTimeout({ Status, UnitNum, TimeUnit = 's' }: Input<Policy<'Timeout'>>): Policy<'Timeout'> {
  if (Status === 'on' && UnitNum === undefined) throw invalid('Timeout.UnitNum', 'it is missing');
  return { Status, UnitNum: UnitNum ?? 60, TimeUnit };
}

export function toRetry(input: Input<Policy<'Retry'>>): Policy<'Retry'> {
  const { Status, Attempts, RetryOn = [], HttpCodes = [] } = input;
  if (Status === 'on' && Attempts === undefined) throw invalid('Retry.Attempts', 'it is missing');
  const wrong = HttpCodes.find((code) => !/^[1-5]\d\d$/.test(code));
  if (wrong !== undefined) throw invalid('Retry.HttpCodes', `${wrong} is no status code`);
  return { Status, Attempts: Attempts ?? 2, RetryOn, HttpCodes };
}

export function toCors(input: Input<Policy<'Cors'>>): Policy<'Cors'> {
  if (input.Status === 'on' && !input.AllowOrigins) throw invalid('Cors.AllowOrigins', 'it is missing');
  return {
    AllowOrigins: '*',
    AllowMethods: '',
    AllowHeaders: '',
    ExposeHeaders: '',
    AllowCredentials: false,
    UnitNum: 24,
    TimeUnit: 'h',
    ...input,
  };
}

export function toHeaderOp({ Status, HeaderOpItems = [] }: Input<Policy<'HeaderOp'>>): Policy<'HeaderOp'> {
  if (Status === 'on' && HeaderOpItems.length === 0) throw invalid('HeaderOp.headerOpItems', 'it is missing');
  for (const { OpType, Key, Value } of HeaderOpItems) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(Key)) throw invalid('HeaderOp.key', `${Key} is no name of a header`);
    if (OpType !== 'Delete' && Value === undefined) throw invalid('HeaderOp.value', `${OpType} needs it`);
  }
  return { Status, HeaderOpItems };
}

export function toHttpRewrite(input: Input<Policy<'HttpRewrite'>>): Policy<'HttpRewrite'> {
  const { Status, PathType, Path, Host, Pattern, Substitution } = input;
  if (Status === 'off') return input;
  if (PathType === undefined && Host === undefined) throw invalid('HttpRewrite', 'it rewrites neither path nor host');
  if (PathType === 'ERGULAR') {
    if (Pattern === undefined || Substitution === undefined) throw invalid('HttpRewrite.pattern', 'ERGULAR needs it');
    checkRegex(Pattern);
  } else if (PathType !== undefined && !Path?.startsWith('/')) {
    throw invalid('HttpRewrite.path', 'it must begin with "/"');
  }
  return input;
}
