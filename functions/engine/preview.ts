import type { GatewayPlan, Notice, QuotaUse, ShareChange } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';
import { digest } from '../core/digest.ts';
import { providerOf, type Resource } from '../core/model.ts';
import type { Change } from '../core/provider-object.ts';
import { shareChanges } from '../core/share-changes.ts';
import type { Deps } from '../deps.ts';
import { desiredObjects, type Proposal, propose, readWish, type Wish } from './propose.ts';
import { readSession } from './session.ts';

/** From this part of a quota on, people are told. */
const NEAR_QUOTA = 0.8;

export function isNearQuota({ used, allowed }: QuotaUse): boolean {
  return used >= allowed * NEAR_QUOTA;
}

/**
 * What it takes to make a gateway follow what `deps.store` declares; nothing is written. `rehearse`: the cloud is asked as well, where it
 * offers a dry run. Throws CloudErrors.
 */
export async function previewGateway(
  deps: Deps,
  resource: Resource<'gateway'>,
  { revertsDrift, rehearses }: { revertsDrift: boolean; rehearses: boolean },
): Promise<GatewayPlan> {
  const { fleet, name } = resource;
  const record = await deps.store.sync(fleet, name);
  const target = resource.spec.target ?? record?.provisioned;
  if (target === undefined) return unprovisioned(resource);
  const session = { ...(await readSession(deps, resource)), target };
  const wish = await readWish(deps.store, resource, session, { scope: 'full', revertsDrift });
  const proposal = propose(wish, await wish.provider.observe(session, 'full'));
  const refusals = rehearses ? await wish.provider.rehearse(proposal.plan.changes, proposal.observed, session) : [];
  const stored = await deps.store.pools(fleet, name);
  const before = desiredObjects(wish, { rules: [], pools: stored }, proposal.observed);
  const shares = shareChanges(
    { pools: stored, objects: before },
    { pools: wish.config.pools, objects: proposal.desired },
  );
  return planShown(wish, proposal, shares, refusals);
}

/** What stands for a plan: the fleet, the gateway and the changes. */
export function planDigest({ fleet, name }: Resource<'gateway'>, { plan }: Pick<Proposal, 'plan'>): string {
  return digest([fleet, name, plan.digest]);
}

function planShown(wish: Wish, proposal: Proposal, shares: ShareChange[], refusals: readonly Issue[]): GatewayPlan {
  const { resource, provider, session } = wish;
  const { plan, drifted, observed, findings } = proposal;
  return {
    fleet: resource.fleet,
    gateway: resource.name,
    digest: planDigest(resource, proposal),
    changes: plan.changes.map(inFull),
    drift: drifted.map(inFull),
    calls: provider.calls(plan.changes, observed, session),
    shares,
    quotas: proposal.quotas.map(({ quota, used, allowed }) => ({ quota, used, allowed })),
    findings: [...findings, ...refusals],
    notices: noticesOf(wish, proposal),
    foreign: observed.foreign,
  };
}

function inFull({ verb, kind, key, reason, before, after }: Change) {
  return { verb, kind, key, reason, ...(before && { before: before.spec }), ...(after && { after: after.spec }) };
}

function noticesOf({ resource, revertsDrift }: Wish, { plan, overwriting, drifted, quotas }: Proposal): Notice[] {
  const { policy, drift } = resource.spec;
  const near = quotas.filter(isNearQuota);
  return [
    ...notice(
      policy === 'observe-only',
      'observe-only',
      'The policy of the gateway is observe-only: nothing of this is written.',
    ),
    ...notice(
      policy === 'upsert-only',
      'upsert-only',
      'The policy of the gateway is upsert-only: what is no longer declared stays.',
    ),
    ...notice(
      overwriting.length > 0,
      'overwrites-edits',
      `Overwrites what somebody changed at the gateway: ${overwriting.length} objects.`,
    ),
    ...notice(
      revertsDrift && plan.changes.length > 0,
      'reverts-drift',
      'What somebody changed at the gateway is undone.',
    ),
    ...notice(
      drifted.length > 0,
      'leaves-drift',
      `Left as somebody made them at the gateway (drift policy ${drift}): ${drifted.length} objects.`,
    ),
    ...near.flatMap(({ quota, used, allowed }) =>
      notice(true, 'near-quota', `${quota}: ${used} of ${allowed} would be in use.`),
    ),
  ];
}

function notice(holds: boolean, code: string, message: string): Notice[] {
  return holds ? [{ code, message }] : [];
}

function unprovisioned(resource: Resource<'gateway'>): GatewayPlan {
  const message = `The ${providerOf(resource.spec)} instance is created first; what it takes besides can be told once it is there.`;
  const plan = { digest: '', changes: [] };
  return {
    fleet: resource.fleet,
    gateway: resource.name,
    digest: planDigest(resource, { plan }),
    changes: [],
    drift: [],
    calls: [],
    shares: [],
    quotas: [],
    findings: [],
    notices: [{ code: 'provisioning', message }],
    foreign: [],
  };
}
