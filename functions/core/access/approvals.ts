/** Four eyes: which requests take a second person, and what that person may decide. All of it is pure. */

import type { Grant, Subject } from '../../../schemas/access.ts';
import type { Approval, ApprovalPolicy, ApprovedAction } from '../../../schemas/approval.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import { changesOf, type Difference } from '../model/declarations.ts';
import { digest, equal } from '../model/digest.ts';
import { EVERY_FLEET, type Principal } from './principal.ts';
import { ROLES } from './roles.ts';

/** A request as an approver has to see it. */
export interface Planned {
  /** The fleet, or the place of the installation. */
  fleet: string;
  actions: readonly ApprovedAction[];
  /** Everything that would be done, and the revisions that it starts from, as JSON. */
  plan: unknown;
  summary: readonly string[];
}

/** Returns the digest of what would be done. It covers the actions, because the same changes may be made by another action. */
export function planDigest({ fleet, actions, plan }: Planned): string {
  return digest([fleet, [...actions].sort(), plan]);
}

/**
 * Returns the id of the approval of a plan. Each requester has their own, so that an approval is used by whom it was given
 * to, and the same request finds it again.
 */
export function approvalId(planned: string, requester: string): string {
  return `apr-${digest([planned, requester]).slice(0, 24)}`;
}

/** Returns the actions among `found` that take an approval under a policy. */
export function protectedBy(policy: ApprovalPolicy | undefined, found: readonly ApprovedAction[]): ApprovedAction[] {
  if (policy === undefined) return [];
  return found.filter((action) => action === 'lower-approvals' || policy.required.includes(action));
}

/** Returns the actions that changes of declarations amount to. `prunes`: they come from a manifest or a rollback. */
export function actionsOf(changes: readonly Difference[], { prunes }: { prunes: boolean }): ApprovedAction[] {
  const fleets = changes.map(fleetChange).filter((change) => change !== undefined);
  return [
    ...(prunes && changes.some(({ verb }) => verb === 'delete') ? (['prune'] as const) : []),
    ...(fleets.some(changesKeys) ? (['voter-key'] as const) : []),
    ...(fleets.some(lowersApprovals) ? (['lower-approvals'] as const) : []),
  ];
}

interface FleetChange {
  before: FleetSpec | undefined;
  after: FleetSpec | undefined;
}

function fleetChange({ kind, before, spec }: Difference): FleetChange | undefined {
  if (kind !== 'fleet') return undefined;
  return { before: before?.spec as FleetSpec | undefined, after: spec as FleetSpec | undefined };
}

/** Tells whether a voter with a key comes or goes, or has another key. */
function changesKeys({ before, after }: FleetChange): boolean {
  return after !== undefined && !equal(keysOf(before), keysOf(after));
}

function changedKeys({ before, after }: FleetChange): string[] {
  const [was, is] = [keysOf(before), keysOf(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => was[name] !== is[name]).sort();
}

/** Returns the keys and the digests of tokens by the names of the voters. */
function keysOf(spec: FleetSpec | undefined): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const voter of spec?.voters ?? []) {
    if (voter.type === 'agent') keys[voter.name] = `agent ${voter.publicKey}`;
    if (voter.type === 'alert') keys[voter.name] = `alert ${voter.tokenHash}`;
  }
  return keys;
}

function lowersApprovals({ before, after }: FleetChange): boolean {
  const was = before?.approvals;
  if (was === undefined) return false;
  const is = after?.approvals;
  return (
    is === undefined ||
    is.validSeconds > was.validSeconds ||
    was.required.some((action) => !is.required.includes(action))
  );
}

/** Returns what changes of declarations do, in sentences with numbers. */
export function sentencesOf(changes: readonly Difference[]): string[] {
  const groups = Map.groupBy(changes, ({ verb, kind }) => `${verb} ${kind}`);
  const counted = [...groups.values()].map(groupSentence);
  const fleets = changes.map(fleetChange).filter((change) => change !== undefined);
  const keys = fleets.flatMap(changedKeys);
  return [
    ...counted,
    ...(keys.length > 0 ? [say('ChangesVoters', { voters: keys.join(', ') }).text] : []),
    ...fleets.filter(lowersApprovals).map(({ before, after }) => lowering(before?.approvals, after?.approvals)),
  ];
}

/** Tells of changes of one kind and verb. An update of one resource names the fields that change. */
function groupSentence(changes: readonly Difference[]): string {
  const [first] = changes;
  if (first === undefined) throw new Error('A group has a change.');
  const { verb, kind, name } = first;
  const { length: count } = changes;
  if (count > 1) return say('ChangesMany', { verb, kind, count, names: listed(changes.map((item) => item.name)) }).text;
  if (verb !== 'update') return say('ChangesOne', { verb, kind, name }).text;
  const pointers = listed(changesOf(first).changes.map(({ pointer }) => pointer));
  return say('ChangesFields', { kind, name, pointers }).text;
}

/** The most names in a sentence. */
const MAX_NAMES = 10;

function listed(names: readonly string[]): string {
  const rest = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return names.slice(0, MAX_NAMES).join(', ') + rest;
}

function lowering(before: ApprovalPolicy | undefined, after: ApprovalPolicy | undefined): string {
  const dropped = (before?.required ?? []).filter((action) => !after?.required.includes(action));
  if (dropped.length > 0) return say('DropsApproval', { actions: dropped.join(', ') }).text;
  return say('LengthensApproval', { after: after?.validSeconds, before: before?.validSeconds }).text;
}

/**
 * Tells whether a grant lets anybody but the requester approve what a fleet will ask for. Approvals of grants take an approver
 * in every fleet. `canComeIn` tells whether anybody is accepted as the subject of a grant. A group is taken for somebody else,
 * because only the identity provider knows who is in it.
 */
export function hasApprover(
  grants: readonly Grant[],
  { fleet, required, requester }: { fleet: string; required: ApprovalPolicy['required']; requester: Principal },
  canComeIn: (subject: Subject) => boolean,
): boolean {
  const isWide = ({ fleets }: Grant) =>
    fleets.includes(EVERY_FLEET) || (!required.includes('grant') && fleets.includes(fleet));
  const isOther = ({ subject }: Grant) => !equal(subject, requester.subject) && canComeIn(subject);
  return grants.some((grant) => ROLES[grant.role].includes('approve') && isWide(grant) && isOther(grant));
}

/** Tells whether an approval is still there at a time (RFC 3339, in UTC), whatever its state. */
export function isLive({ expiresAt }: Approval, now: string): boolean {
  return now < expiresAt;
}

/** A decision on an approval. */
export type ApprovalDecision = { type: 'approve'; digest: string } | { type: 'reject'; reason: string };

/**
 * The reasons for which a decision is not accepted. own: it is the approver's own request. other-plan: the digest is that of
 * another plan. over: the request was carried out or rejected already.
 */
export type Refusal = 'own' | 'other-plan' | 'over';

/** Returns the approval after a decision, the same one when nothing changes, or why the decision is not accepted. */
export function decided(
  approval: Approval,
  { actor }: Principal,
  decision: ApprovalDecision,
  now: string,
): Approval | Refusal {
  const { state } = approval;
  const stamp = { decidedBy: actor, decidedAt: now };
  if (state === 'used') return 'over';
  if (decision.type === 'reject') {
    return state === 'rejected' ? approval : { ...approval, ...stamp, state: 'rejected', rejection: decision.reason };
  }
  if (approval.requestedBy === actor) return 'own';
  if (approval.digest !== decision.digest) return 'other-plan';
  if (state === 'rejected') return 'over';
  return state === 'approved' ? approval : { ...approval, ...stamp, state: 'approved' };
}
