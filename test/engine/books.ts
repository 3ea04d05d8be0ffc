import type { ControlPlane, Json } from './harness.ts';
import { itemsOf } from './saved.ts';

/** An item of the table, with its body parsed. */
export interface Entry {
  pk: string;
  sk: string;
  body: Json;
}

/** Returns every item of the table except leases, by key. */
export async function entries(plane: ControlPlane): Promise<Entry[]> {
  const client = plane.connect();
  const items = await itemsOf(client);
  client.destroy();
  const found = items
    .filter(({ pk }) => pk?.S !== 'LEASE')
    .map(({ pk, sk, body }) => ({ pk: pk?.S ?? '', sk: sk?.S ?? '', body: JSON.parse(body?.S ?? 'null') }));
  return found.sort((a, b) => (`${a.pk} ${a.sk}` < `${b.pk} ${b.sk}` ? -1 : 1));
}

/**
 * Lists in sentences where the table contradicts itself. Every resource has one snapshot and one audit event for each
 * of its revisions, from the first to the current one; what is verified as programmed is a revision that exists; and
 * every operation has ended or waits at each of its gateways.
 */
export function contradictions(all: readonly Entry[]): string[] {
  const of = (prefix: string) => all.filter(({ pk }) => pk.startsWith(prefix));
  const resources = [...of('FLEETS'), ...of('FLEET#')].map(({ body }) => body);
  const events = of('AUDIT#').filter(({ body }) => /\.(create|update|delete)$/.test(body.action));
  const lives = Map.groupBy(of('REVISION#'), ({ pk, sk }) => `${pk} ${sk.split('#')[0]}`);
  const names = Map.groupBy(of('REVISION#'), ({ pk }) => pk);
  return [
    ...[...lives.values()].flatMap((life) =>
      gaps(
        life.map(({ body }) => body),
        resources,
      ),
    ),
    ...resources
      .filter(({ uid }) => ![...lives.keys()].some((key) => key.endsWith(uid)))
      .map(({ uid }) => `${uid} has no revision`),
    ...[...names.values()].flatMap((revisions) => unaudited(revisions, events)),
    ...of('PROGRAMMED#').flatMap(({ sk, body }) => unknownRevision(sk, body, resources)),
    ...lostOperations(all),
  ];
}

/**
 * Checks that the revisions within one life of a resource are 1, 2, 3 and so on, up to its current one or to its end.
 */
function gaps(life: readonly Json[], resources: readonly Json[]): string[] {
  const { uid } = life[0];
  const last = life.at(-1);
  const now = resources.find((resource) => resource.uid === uid);
  const numbers = life.map(({ revision }) => revision);
  const found = numbers.some((number, index) => number !== index + 1) ? [`${uid} has the revisions ${numbers}`] : [];
  if (last.deleted === true) return now ? [...found, `${uid} is deleted and there`] : found;
  return now?.revision === last.revision ? found : [...found, `${uid} is at ${now?.revision}, not at ${last.revision}`];
}

/**
 * Finds operations that neither have ended at a gateway nor wait for a row there, and those that wait for a row that
 * does not exist.
 */
function lostOperations(all: readonly Entry[]): string[] {
  const at = (prefix: string) => all.filter(({ pk }) => pk.startsWith(prefix)).map(({ body }) => body);
  const rows = new Set(all.filter(({ pk }) => pk === 'OUTBOX').map(({ sk }) => sk));
  const [ended, waiting] = [at('OUTCOME#'), at('WAITING#')];
  const known = new Set([...ended, ...waiting].map(({ operation, gateway }) => `${operation} ${gateway}`));
  const expected = at('OPERATION#').flatMap(({ id, gateways }) => gateways.map((name: string) => `${id} ${name}`));
  return [
    ...expected.filter((place) => !known.has(place)).map((place) => `${place} has no outcome and does not wait`),
    ...waiting
      .filter(({ fleet, gateway, kind, name }) => !rows.has(`${fleet}#${gateway}#${kind}#${name}`))
      .map(({ operation, gateway }) => `${operation} waits at ${gateway} for a row that is not there`),
  ];
}

/** Expects one event for each revision of every resource that had the name, and no others. */
function unaudited(revisions: readonly Entry[], events: readonly Entry[]): string[] {
  const { kind, fleet, name } = revisions[0]?.body ?? {};
  const own = events.filter(
    ({ body: { target } }) => target.kind === kind && target.fleet === fleet && target.name === name,
  );
  const told = own.map(({ body }) => (body.after === 0 ? 'end' : String(body.after))).sort();
  const written = revisions.map(({ body }) => (body.deleted ? 'end' : String(body.revision))).sort();
  return String(told) === String(written) ? [] : [`${kind} ${name} has revisions ${written} and events ${told}`];
}

function unknownRevision(sk: string, { kind, name, revision }: Json, resources: readonly Json[]): string[] {
  const resource = resources.find((item) => item.kind === kind && item.name === name);
  return kind === 'traffic' || (resource && revision <= resource.revision)
    ? []
    : [`${sk} is programmed at ${revision}`];
}
