import { denied, illegal, missing } from '../errors.ts';
import type { Rule, RuleCondition } from './model.ts';
import { withinQuota } from './quotas.ts';
import { checkLength, isSourceIp } from './values.ts';

const RESPONSE_ONLY = ['ResponseStatusCode', 'ResponseHeader'];
const BASIC_EDITION = ['Host', 'Path', 'Header'];

/** Checks the conditions of a rule. `matchValues` is the number of values that they may have together. */
export function checkConditions(rule: Rule, isBasic: boolean, matchValues: number, path: string): void {
  let count = 0;
  for (const [index, condition] of rule.RuleConditions.entries()) {
    const at = `${path}RuleConditions.${index + 1}`;
    if (RESPONSE_ONLY.includes(condition.Type) && rule.Direction !== 'Response') {
      throw illegal(`${at}.Type`, `${condition.Type} needs the direction Response`);
    }
    if (isBasic && !BASIC_EDITION.includes(condition.Type)) {
      throw denied('EditionNotSupport', `The Basic edition has no conditions of type ${condition.Type}.`);
    }
    count += checkCondition(condition, at);
  }
  withinQuota('RuleMatchValuesNum', rule.RuleId, count, matchValues);
}

/** Checks a condition and returns the number of its values. */
function checkCondition(condition: RuleCondition, at: string): number {
  const name = `${condition.Type}Config` as const;
  const foreign = Object.keys(condition).find((key) => key !== 'Type' && key !== name);
  if (foreign) throw illegal(`${at}.${foreign}`, `it does not belong to a condition of type ${condition.Type}`);
  const config = condition[name];
  if (!config) throw missing(`${at}.${name}`);
  if (!config.Values?.length) throw missing(`${at}.${name}.Values`);
  if ('Key' in config || name === 'HeaderConfig' || name === 'ResponseHeaderConfig') {
    checkHeaderKey('Key' in config ? config.Key : undefined, `${at}.${name}.Key`);
  }
  for (const [index, value] of config.Values.entries()) {
    const valuePath = `${at}.${name}.Values.${index + 1}`;
    if (typeof value === 'string') checkValue(condition.Type, value, valuePath);
    else checkPair(condition.Type, value, valuePath);
  }
  return config.Values.length;
}

function checkHeaderKey(key: string | undefined, path: string): void {
  checkLength(key, 1, 40, path);
  if (!/^[\w-]+$/.test(key ?? '')) throw illegal(path, 'letters, digits, "-" and "_" are allowed');
  if (/^(cookie|host)$/i.test(key ?? '')) throw illegal(path, 'Cookie and Host have conditions of their own');
}

function checkPair(type: RuleCondition['Type'], { Key, Value }: { Key?: string; Value?: string }, path: string): void {
  checkLength(Key, 1, 100, `${path}.Key`);
  checkLength(Value, 1, type === 'Cookie' ? 100 : 128, `${path}.Value`);
  const forbidden = type === 'Cookie' ? /[A-Z\s;#[\]{}\\|<>&"]/ : /[A-Z\s#[\]{}\\|<>&"]/;
  if (forbidden.test(`${Key}${Value}`))
    throw illegal(path, 'capital letters, spaces and # [ ] { } \\ | < > & " are not allowed');
}

function checkValue(type: RuleCondition['Type'], value: string, path: string): void {
  switch (type) {
    case 'Host':
      checkLength(value, 3, 128, path);
      if (value.startsWith('~')) checkPattern(value, path);
      else if (/[\s/]/.test(value)) throw illegal(path, 'it is no host name');
      return;
    case 'Path':
      checkLength(value, 1, 128, path);
      if (value.startsWith('~')) checkPattern(value, path);
      else if (!value.startsWith('/')) throw illegal(path, 'it must begin with "/", or with "~" for a pattern');
      return;
    case 'SourceIp':
      if (!isSourceIp(value)) throw illegal(path, 'an IP address or CIDR block is expected, other than 0.0.0.0');
      return;
    case 'ResponseStatusCode':
      if (!/^[1-5]\d\d(-[1-5]\d\d)?$/.test(value)) throw illegal(path, '100 to 599 or a range is expected');
      return;
    default:
      checkLength(value, 1, 128, path);
  }
}

/** Checks a value that is a regular expression after `~` or `~*`. */
function checkPattern(value: string, path: string): void {
  try {
    new RegExp(value.replace(/^~\*?/, ''));
  } catch {
    throw illegal(path, 'it is no regular expression');
  }
}
