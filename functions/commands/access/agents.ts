/** The agents of voters: what is stored of them, and the check of their credentials. */

import type { AgentVoter } from '../../../schemas/failover.ts';
import { credentialIn, emptyEnrolment, type VoterPlace, withoutOlder } from '../../core/access/enrolment.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps, StoredDocument } from '../../deps.ts';
import { timestamp } from '../context.ts';

export type EnrolmentDocument = StoredDocument<'enrolment'>;

/** Returns the agent voter of a name; undefined when the fleet has none. */
export function agentIn(fleet: Resource<'fleet'> | undefined, name: string): AgentVoter | undefined {
  return fleet?.spec.voters.find((voter): voter is AgentVoter => voter.type === 'agent' && voter.name === name);
}

/** Returns what is stored of a voter's agent; an empty document of version 0 when nothing is. */
async function readEnrolment({ store }: Deps, { fleet, voter }: VoterPlace): Promise<EnrolmentDocument> {
  const stored = await store.document(fleet, 'enrolment', voter);
  if (stored) return stored;
  const empty = { version: 0, body: emptyEnrolment(voter), isPending: false };
  return { fleet, kind: 'enrolment', id: voter, ...empty };
}

/** An agent voter with its fleet and its enrolment. */
export interface KnownAgent {
  fleet: Resource<'fleet'>;
  voter: AgentVoter;
  enrolment: EnrolmentDocument;
}

/** Returns an agent voter; undefined when there is no such agent. */
export async function readAgent(deps: Deps, place: VoterPlace): Promise<KnownAgent | undefined> {
  const [fleet, enrolment] = await Promise.all([
    deps.store.get('fleet', place.fleet, place.fleet),
    readEnrolment(deps, place),
  ]);
  const voter = agentIn(fleet, place.voter);
  return fleet && voter && { fleet, voter, enrolment };
}

/** Returns an agent voter that does not declare its key; undefined when there is no such agent. */
export async function readEnrolable(deps: Deps, place: VoterPlace): Promise<KnownAgent | undefined> {
  const found = await readAgent(deps, place);
  return found?.voter.publicKey === undefined ? found : undefined;
}

/** Returns the key that batches of a voter are checked with: the declared one, or the one that was enrolled. */
export async function publicKeyOf(deps: Deps, fleet: string, voter: AgentVoter): Promise<string | undefined> {
  return voter.publicKey ?? (await readEnrolment(deps, { fleet, voter: voter.name })).body.publicKey;
}

/**
 * Returns the agent whose credential it is, who may do the work of one voter and nothing else; undefined when it is not accepted.
 * Nothing is remembered from one request to the next, so that taking a credential back has its effect at once.
 */
export async function agentOf(
  deps: Deps,
  token: string,
  place: VoterPlace,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Principal | undefined> {
  const enrolment = (await readEnrolable(deps, place))?.enrolment;
  if (enrolment === undefined) return undefined;
  const used = credentialIn(enrolment.body, token, timestamp(deps.clock.now()));
  if (used === undefined) return undefined;
  const body = withoutOlder(enrolment.body, used);
  if (body) waitUntil(dropOlder(deps, { ...enrolment, version: enrolment.version + 1, body }));
  return {
    actor: actorOf(place),
    kind: 'voter',
    grants: [{ role: 'agent', fleets: [place.fleet], voter: place.voter }],
    expiresAt: used.expiresAt,
  };
}

/** Returns the name of whoever acts for a voter. Voters of two fleets may have one name, and are two actors. */
export function actorOf({ fleet, voter }: VoterPlace): string {
  return `voter ${fleet}/${voter}`;
}

/** Drops the credential before the one that was used. A failure changes nothing for the request: the next use is another chance. */
async function dropOlder({ store, log }: Deps, document: EnrolmentDocument): Promise<void> {
  try {
    await store.putDocument(document);
  } catch (error) {
    log.error('credential.not-dropped', { fleet: document.fleet, voter: document.id }, error);
  }
}
