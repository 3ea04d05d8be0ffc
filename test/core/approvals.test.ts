import { describe, expect, it } from 'vitest';
import {
  actionsOf,
  approvalId,
  decided,
  hasApprover,
  planDigest,
  protectedBy,
  sentencesOf,
} from '../../functions/core/access/approvals.ts';
import type { Principal } from '../../functions/core/access/principal.ts';
import type { Difference } from '../../functions/core/model/declarations.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import type { Grant } from '../../schemas/access.ts';
import type { Approval, ApprovalPolicy } from '../../schemas/approval.ts';
import { FleetInput } from '../../schemas/fleet.ts';

const AT = '2026-11-28T20:00:00.000Z';
const edge = { name: 'edge', type: 'edge' };
const agent = (name: string, key: string) => ({ name, type: 'agent', publicKey: `${key.repeat(43)}=` });
const alert = (digit: string) => ({ name: 'prom', type: 'alert', tokenHash: digit.repeat(64) });
const approvals: ApprovalPolicy = { required: ['prune', 'voter-key'], validSeconds: 3600 };

function resource(kind: 'fleet' | 'route', name: string, spec: object): Resource {
  const identity = { uid: 'u', revision: 3, createdAt: AT, updatedAt: AT };
  return { kind, fleet: 'shop', name, ...identity, spec } as Resource;
}

const fleet = (spec: object) => FleetInput.parse({ voters: [edge], ...spec });

function update(before: object, after: object): Difference {
  const spec = fleet(after);
  return { verb: 'update', kind: 'fleet', name: 'shop', spec, before: resource('fleet', 'shop', fleet(before)) };
}

const deletion = (name: string): Difference => ({
  ...{ verb: 'delete', kind: 'route', name },
  before: resource('route', name, {}),
});

const one = { prunes: false };

describe('the actions of changes', () => {
  it.each([
    ['another key of an agent', [edge, agent('a', 'A')], [edge, agent('a', 'B')]],
    ['another token of an alert voter', [edge, alert('0')], [edge, alert('1')]],
    ['a voter with a key that comes', [edge], [edge, agent('a', 'A')]],
    ['a voter with a key that goes', [edge, agent('a', 'A')], [edge]],
    ['the key under another name', [edge, agent('a', 'A')], [edge, agent('b', 'A')]],
  ])('%s is a change of keys', (_, before, after) => {
    expect(actionsOf([update({ voters: before }, { voters: after })], one)).toEqual(['voter-key']);
  });

  it('leave out what changes no key: other voters, their order, and the whole rest of the fleet', () => {
    const view = { name: 'view', type: 'gateway-view', gateway: 'edge' };
    const before = { voters: [edge, agent('a', 'A')] };
    const after = { voters: [{ ...agent('a', 'A'), clusters: ['one'] }, edge, view], automation: 'paused' };
    expect(actionsOf([update(before, after)], one)).toEqual([]);
  });

  it('have a pruning where a manifest deletes, and none where somebody deletes one resource', () => {
    expect(actionsOf([deletion('a')], { prunes: true })).toEqual(['prune']);
    expect(actionsOf([deletion('a')], one)).toEqual([]);
  });

  it.each([
    ['without the option', undefined, true],
    ['with an action less', { ...approvals, required: ['prune'] }, true],
    ['with another action in its place', { ...approvals, required: ['prune', 'grant'] }, true],
    ['with more time', { ...approvals, validSeconds: 3601 }, true],
    ['with one action more', { ...approvals, required: ['grant', 'voter-key', 'prune'] }, false],
    ['with less time', { ...approvals, validSeconds: 60 }, false],
  ])('%s lower what a fleet asks for, or do not', (_, after, isLower) => {
    const actions = actionsOf([update({ approvals }, { approvals: after })], one);
    expect(actions).toEqual(isLower ? ['lower-approvals'] : []);
    expect(protectedBy(approvals, actions)).toEqual(actions);
  });

  it('lower what is asked for when the fleet is deleted', () => {
    const before = resource('fleet', 'shop', fleet({ approvals }));
    expect(actionsOf([{ verb: 'delete', kind: 'fleet', name: 'shop', before }], one)).toEqual(['lower-approvals']);
  });

  it('are protected where the policy says so', () => {
    expect(protectedBy(approvals, ['prune', 'break-glass', 'lower-approvals'])).toEqual(['prune', 'lower-approvals']);
    expect(protectedBy(undefined, ['prune', 'lower-approvals'])).toEqual([]);
  });
});

it('the digest differs with the action, so that an approved pruning deletes no instance', () => {
  const plan = { fleet: 'shop', plan: 'same', summary: [] };
  const [prune, instance] = (['prune', 'delete-instance'] as const).map((action) =>
    planDigest({ ...plan, actions: [action] }),
  );
  expect(prune).not.toBe(instance);
  expect(approvalId(prune ?? '', 'ada')).not.toBe(approvalId(prune ?? '', 'bob'));
});

it('sentences count what changes, and name the fields of a single change', () => {
  const routes = Array.from({ length: 12 }, (_, index) => deletion(`r${index}`));
  expect(sentencesOf([update({}, { automation: 'paused' }), ...routes])).toEqual([
    'Changes the fleet shop at /automation.',
    'Deletes 12 routes: r0, r1, r2, r3, r4, r5, r6, r7, r8, r9 and 2 more.',
  ]);
});

describe('who could approve', () => {
  const grant = (fields: Partial<Grant>): Grant => ({
    ...{ name: 'g', createdAt: AT, updatedAt: AT, role: 'approver', fleets: ['shop'] },
    subject: { type: 'token', token: 'bob' },
    ...fields,
  });
  const ada: Principal = { actor: 'ada', kind: 'token', grants: [], subject: { type: 'token', token: 'ada' } };
  const asked = { fleet: 'shop', required: approvals.required, requester: ada };
  const issuer = 'https://id.example.com';
  const everybody = () => true;

  it.each<[string, Partial<Grant>, boolean]>([
    ['an approver', {}, true],
    ['an administrator', { role: 'admin', fleets: ['*'] }, true],
    ['a group', { subject: { type: 'oidc-group', issuer, group: 'ops' } }, true],
    ['the requester', { subject: { type: 'token', token: 'ada' } }, false],
    ['an editor', { role: 'editor' }, false],
    ['an approver of another fleet', { fleets: ['other'] }, false],
  ])('%s', (_, fields, can) => {
    expect(hasApprover([grant(fields)], asked, everybody)).toBe(can);
    expect(hasApprover([grant(fields)], asked, () => false)).toBe(false);
  });

  it('for grants, only an approver in every fleet', () => {
    const wide = { ...asked, required: ['grant' as const] };
    expect(hasApprover([grant({})], wide, everybody)).toBe(false);
    expect(hasApprover([grant({ fleets: ['*'] })], wide, everybody)).toBe(true);
  });

  it('never the requester, by whatever they are known', () => {
    const subject = { type: 'oidc-subject' as const, issuer, subject: 'ada' };
    const requester: Principal = { actor: 'oidc:corp:ada', kind: 'oidc', grants: [], subject };
    expect(hasApprover([grant({ subject })], { ...asked, requester }, everybody)).toBe(false);
    const other = { ...subject, issuer: 'https://elsewhere.example.com' };
    expect(hasApprover([grant({ subject: other })], { ...asked, requester }, everybody)).toBe(true);
  });
});

describe('a decision', () => {
  const pending: Approval = {
    ...{ id: `apr-${'0'.repeat(24)}`, fleet: 'shop', state: 'pending', actions: ['prune'], digest: 'd' },
    ...{ summary: [], requestedBy: 'ada', requestedAt: AT, expiresAt: AT },
  };
  const bob = { actor: 'bob', kind: 'token', grants: [] } as const;
  const approve = { type: 'approve', digest: 'd' } as const;
  const reject = { type: 'reject', reason: 'no' } as const;

  it('is made once, and changes nothing when it is made again', () => {
    const approved = decided(pending, bob, approve, AT);
    expect(approved).toMatchObject({ state: 'approved', decidedBy: 'bob' });
    expect(decided(approved as Approval, { ...bob, actor: 'eve' }, approve, 'later')).toBe(approved);
    const rejected = decided(approved as Approval, bob, reject, AT);
    expect(rejected).toMatchObject({ state: 'rejected', rejection: 'no' });
    expect(decided(rejected as Approval, bob, reject, 'later')).toBe(rejected);
    expect(decided(rejected as Approval, bob, approve, AT)).toBe('over');
  });

  it('is not made by the requester, on another plan, or too late; a requester may reject', () => {
    const ada = { ...bob, actor: 'ada' };
    expect(decided(pending, ada, approve, AT)).toBe('own');
    expect(decided(pending, ada, reject, AT)).toMatchObject({ state: 'rejected' });
    expect(decided(pending, bob, { ...approve, digest: 'e' }, AT)).toBe('other-plan');
    expect(decided({ ...pending, state: 'used' }, bob, reject, AT)).toBe('over');
  });
});
