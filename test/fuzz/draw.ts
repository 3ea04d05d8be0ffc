/** Draws requests: an operation, who sends it, what it is about, and what is wrong with it. */

import { stringify } from 'yaml';
import type { Prng } from '../sim/prng.ts';
import { type Caller, type Cast, drawCaller, FLEETS } from './callers.ts';
import { type Operation, operations } from './document.ts';
import { type Ground, type Known, namesOf, wordsOf } from './estate.ts';
import { garbled, spoiled, strangeMediaType, strangeQuery, strangeSegment, strangeTag } from './mutations.ts';
import { recipeOf } from './recipes.ts';
import type { Sent } from './target.ts';
import { drawValue, type Words } from './values.ts';

/** Everything that a request is drawn from. */
export interface Source {
  prng: Prng;
  cast: Cast;
  known: Known;
  ground: Ground;
  nowMs: number;
}

export interface Drawn {
  caller: Caller;
  sent: Sent;
  /** The id of the operation for which it was drawn. */
  operation: string;
  /** The fleet that the request is about; `-` for the installation. */
  fleet: string;
}

/** The parts of a request that can be wrong on purpose. */
const FAULTS = ['body', 'text', 'path', 'query', 'header', 'method'] as const;
type Fault = (typeof FAULTS)[number];

/** How often operations are drawn: those that others build upon more often, and what takes everything away less often. */
function weightOf({ id, method }: Operation): number {
  if (['deleteFleet', 'deleteToken', 'deleteGrant'].includes(id)) return 1;
  if (method === 'DELETE') return 4;
  // Lists show what else there is, and the names of hosts are the one thing that fleets dispute.
  if (id === 'putRoute' || /^list(Fleets|Tokens|Grants)$/.test(id)) return 50;
  return /^(put|patch|start)/.test(id) ? 25 : 10;
}

const bag = operations.flatMap((operation) => Array.from({ length: weightOf(operation) }, () => operation));

/** Draws one request. Half of all requests have nothing wrong on purpose. */
export function drawRequest(source: Source): Drawn {
  const { prng } = source;
  const fleet = prng.pick(FLEETS);
  const operation = drawOperation(source, fleet);
  const faults: readonly Fault[] = prng.chance(0.5) ? [] : prng.chance(0.8) ? [prng.pick(FAULTS)] : prng.some(FAULTS);
  const place = { ...source, operation, fleet, faults: new Set(faults) };
  const caller = callerOf(place);
  const body = bodyOf(place);
  const method = place.faults.has('method') ? prng.pick(METHODS) : operation.method;
  const path = pathOf(place);
  return {
    caller,
    operation: operation.id,
    fleet: isOfFleet(operation) ? fleet : '-',
    sent: {
      method,
      path: path + queryOf(place),
      headers: headersOf(place, caller, path, body),
      ...(!['GET', 'HEAD'].includes(method) && body !== undefined && { body }),
    },
  };
}

/** Draws an operation; as a rule one about something that there is. */
function drawOperation({ prng, known }: Source, fleet: string): Operation {
  const canBeAsked = ({ path }: Operation) =>
    [...path.matchAll(/\{(\w+)\}/g)].every(([, name = '']) => namesOf(known, fleet, name).length > 0);
  const drawn = Array.from({ length: 4 }, () => prng.pick(bag));
  return drawn.find(canBeAsked) ?? prng.pick(drawn);
}

function isOfFleet({ path }: Operation): boolean {
  return path.includes('{fleet}');
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];

interface Place extends Source {
  operation: Operation;
  fleet: string;
  faults: ReadonlySet<Fault>;
}

/** Draws who sends it. Evidence is sent by those whose evidence it is, as a rule. */
function callerOf({ prng, cast, known, operation, fleet }: Place): Caller {
  const rightful: Record<string, string> = {
    createObservations: `agent of ${fleet}`,
    getAssignment: `agent of ${fleet}`,
    enrolAgent: `agent of ${fleet}`,
    createAlerts: `alert voter of ${fleet}`,
  };
  const own = cast.callers.find(({ name }) => name === rightful[operation.id]);
  if (own !== undefined && prng.chance(0.7)) return own;
  const issued = known.issued.at(-1);
  if (issued === undefined || prng.chance(0.98))
    return drawCaller(prng, cast, isOfFleet(operation) ? fleet : undefined);
  return { name: 'issued', authorization: `Bearer ${issued}`, fleets: FLEETS, isAdministrator: true };
}

function pathOf({ prng, known, operation, fleet, faults }: Place): string {
  const { path } = operation;
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const faulty = faults.has('path') && parameters.length > 0 && prng.chance(0.8) ? prng.pick(parameters) : undefined;
  const written = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === faulty) return strangeSegment(prng);
    const names = name === 'voter' ? votersOf(operation, fleet) : namesOf(known, fleet, name);
    return names.length > 0 ? prng.pick(names) : 'unknown';
  });
  if (!faults.has('path') || faulty !== undefined) return written;
  return prng.pick([
    `${written}/`,
    `${written}/more`,
    `/.${written}`,
    written.toUpperCase(),
    `${written}%2F`,
    '/v1',
    '/',
  ]);
}

/** Returns voters of a fleet, most of them of the type that the operation is for. */
function votersOf({ id }: Operation, fleet: string): string[] {
  const right = `${fleet}-${id === 'createAlerts' ? 'alert' : 'agent'}`;
  return [right, right, right, right, `${fleet}-fixed`, `${fleet}-alert`, `${fleet}-eye`, `${fleet}-n0`];
}

function queryOf(place: Place): string {
  const { prng, known, operation, fleet, faults } = place;
  const given = operation.parameters
    .filter((parameter) => parameter.in === 'query' && prng.chance(0.2))
    .map(({ name, schema }) => {
      const learnt = [...known.of(fleet, name === 'pageToken' ? 'nextPageToken' : name), ...known.of('-', name)];
      const value =
        learnt.length > 0 ? prng.pick(learnt) : String(drawValue({ ...place, words: QUERY_WORDS }, schema, name));
      return `${name}=${encodeURIComponent(learnt.length > 0 && prng.chance(0.2) ? edited(prng, value) : value)}`;
    });
  const all = [...given, ...(faults.has('query') ? [strangeQuery(prng)] : [])];
  return all.length === 0 ? '' : `?${all.join('&')}`;
}

const QUERY_WORDS: Words = {
  ...{ pageSize: [1, 2, 50, 200], reason: ['because'], timeZone: ['Asia/Shanghai', 'UTC'], kind: ['route', 'cluster'] },
  ...{ actor: ['api', 'all-editor'], action: ['route.create', 'fleet.update', 'access.refuse'] },
};

/** Returns a text with one place of it changed, such as the token of a page. */
function edited(prng: Prng, text: string): string {
  const at = prng.int(0, text.length);
  return `${text.slice(0, at)}${prng.pick(['A', '=', '.', '%', ''])}${text.slice(at + 1)}`;
}

type Body = NonNullable<Sent['body']>;

function bodyOf(place: Place): Body | undefined {
  const { prng, known, ground, operation, fleet, faults } = place;
  const isPatch = operation.method === 'PATCH';
  const { body, id } =
    operations.find(({ method, path }) => isPatch && method === 'PUT' && path === operation.path) ?? operation;
  if (body === undefined) return faults.has('body') && prng.chance(0.3) ? '{}' : undefined;
  const words = wordsOf(known, fleet, ground);
  const drawn = prng.chance(0.6) ? adapted(place, words, body.example) : drawValue({ ...place, words }, body.schema);
  const recipe = prng.chance(0.8) ? recipeOf(id, place) : undefined;
  // A recipe is sent as it is, or with other members around it.
  const whole = recipe === undefined ? drawn : prng.chance(0.6) ? recipe : { ...(drawn as object), ...recipe };
  const value = isPatch ? patchOf(prng, whole) : whole;
  const sent = faults.has('body') ? spoiled(prng, value) : value;
  const isYaml = body.mediaTypes.length > 1 && prng.chance(0.5);
  const text = isYaml ? yamlOf(sent) : JSON.stringify(sent);
  return faults.has('text') ? garbled(prng, text) : text;
}

/** Returns a merge patch with some members of a declaration, of which it removes a few. */
function patchOf(prng: Prng, declaration: unknown): object {
  const members = Object.entries(declaration as object).filter(() => prng.chance(0.5));
  return Object.fromEntries(members.map(([name, value]) => [name, prng.chance(0.15) ? null : value]));
}

/** Returns a value as YAML; as JSON, which is YAML as well, when it is nested too deeply for the writer. */
function yamlOf(value: unknown): string {
  try {
    return stringify(value, { aliasDuplicateObjects: false });
  } catch {
    return JSON.stringify(value);
  }
}

const DAY_MS = 24 * 3600_000;

/** Returns an example with the words of this fleet in place of its own, and with times that are near. */
function adapted(place: Place, words: Words, value: unknown, key = ''): unknown {
  const { prng, nowMs } = place;
  if (Array.isArray(value)) return value.map((item) => adapted(place, words, item, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, adapted(place, words, member, name)]),
    );
  }
  if (typeof value === 'string' && /^20\d\d-\d\d-\d\dT/.test(value)) {
    const isLater = key === 'expiresAt' || key === 'until' || key === 'to';
    return new Date(nowMs + (isLater ? prng.int(60_000, DAY_MS) : -prng.int(0, 60_000))).toISOString();
  }
  const own = words[key]?.filter((word) => typeof word === typeof value) ?? [];
  return own.length > 0 && prng.chance(0.95) ? prng.pick(own) : value;
}

/** The few keys of requests, so that many requests have the key of another one. */
const KEYS = ['again', '"again"', '"once more"'];

function headersOf(place: Place, caller: Caller, path: string, body: Body | undefined): [string, string][] {
  const { prng, known, operation, faults } = place;
  const headers: [string, string | undefined][] = [['Authorization', caller.authorization]];
  const takes = (name: string) => operation.parameters.some((parameter) => parameter.name === name);
  const tag = prng.chance(0.5) ? (known.tagOf(path) ?? '*') : '*';
  if (takes('If-Match') && prng.chance(0.8)) headers.push(['If-Match', tag]);
  if (takes('If-None-Match') && prng.chance(0.2)) headers.push(['If-None-Match', tag]);
  if (takes('Idempotency-Key') && prng.chance(0.4)) headers.push(['Idempotency-Key', prng.pick(KEYS)]);
  if (takes('Fairlead-Signature')) headers.push(['Fairlead-Signature', signatureOf(place, caller, body)]);
  if (body !== undefined) headers.push(['Content-Type', typeOf(operation, body)]);
  if (prng.chance(0.1)) headers.push(['X-Request-Id', prng.pick(['of-the-client', 'x'.repeat(500), '<b>', 'a b'])]);
  if (prng.chance(0.05))
    headers.push(['Accept', prng.pick(['application/json', 'application/yaml', 'text/html', '*/*;q=0', 'x'])]);
  if (faults.has('header')) headers.push(strangeHeader(prng));
  // The last value of a name counts.
  const last = new Map(headers.map(([name, value]) => [name, value]));
  return [...last].filter((entry): entry is [string, string] => entry[1] !== undefined);
}

function typeOf({ body }: Operation, text: Body): string {
  const { mediaTypes = [] } = body ?? {};
  const isJson = mediaTypes.length !== 2 || /^[[{"]/.test(String(text));
  return mediaTypes.find((type) => type.endsWith('json') === isJson) ?? 'application/json';
}

function strangeHeader(prng: Prng): [string, string | undefined] {
  return prng.pick<() => [string, string | undefined]>([
    () => ['If-Match', strangeTag(prng)],
    () => ['If-None-Match', strangeTag(prng)],
    () => ['Content-Type', prng.chance(0.1) ? undefined : strangeMediaType(prng)],
    () => ['Content-Encoding', prng.pick(['gzip', 'identity', 'br'])],
    () => [
      'Fairlead-Signature',
      prng.pick(['', 'x', 'A'.repeat(86), `${'A'.repeat(86)}==`, 'A'.repeat(5000), '\u00e9']),
    ],
    () => ['Idempotency-Key', prng.pick(['', '"', '"a", "b"', 'k'.repeat(1000), '\u00e9'])],
    () => ['Accept', prng.pick(['', ',', 'application/yaml;q=2', '*/*;q=x', 'a'.repeat(3000)])],
    () => ['X-HTTP-Method-Override', 'DELETE'],
    () => ['Accept-Language', '*'],
  ])();
}

function signatureOf({ prng, cast, fleet }: Place, caller: Caller, body: Body | undefined): string | undefined {
  const agent = caller.sign ?? cast.callers.find(({ name }) => name === `agent of ${fleet}`)?.sign;
  if (prng.chance(0.1)) return prng.chance(0.3) ? undefined : agent?.('something else');
  return typeof body === 'string' ? agent?.(body) : undefined;
}
