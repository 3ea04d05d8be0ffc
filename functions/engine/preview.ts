import type { GatewayPlan, Notice, QuotaUse, ShareChange } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';
import { digest } from '../core/digest.ts';
import type { Pool } from '../core/ir.ts';
import { providerOf, type Resource } from '../core/model.ts';
import { compareText } from '../core/precedence.ts';
import type { Change, ProviderObject } from '../core/provider-object.ts';
import type { Deps } from '../deps.ts';
import { desiredObjects, type Proposal, propose, readWish, type Wish } from './propose.ts';
import { readSession } from './session.ts';

/** Names of foreign objects that a notice shows. */
const SHOWN_NAMES = 10;

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
  const before = desiredObjects(wish, { rules: [], pools: await deps.store.pools(fleet, name) }, proposal.observed);
  return planShown(wish, proposal, before, refusals);
}

/** What stands for a plan: the fleet, the gateway and the changes. */
export function planDigest({ fleet, name }: Resource<'gateway'>, { plan }: Pick<Proposal, 'plan'>): string {
  return digest([fleet, name, plan.digest]);
}

function planShown(
  wish: Wish,
  proposal: Proposal,
  before: readonly ProviderObject[],
  refusals: readonly Issue[],
): GatewayPlan {
  const { resource, provider, session, config } = wish;
  const { plan, drifted, observed, findings } = proposal;
  return {
    fleet: resource.fleet,
    gateway: resource.name,
    digest: planDigest(resource, proposal),
    changes: plan.changes.map(inFull),
    drift: drifted.map(inFull),
    calls: provider.calls(plan.changes, observed, session),
    shares: shareChanges(config.pools, before, proposal.desired),
    quotas: proposal.quotas.map(({ quota, used, allowed }) => ({ quota, used, allowed })),
    findings: [...findings, ...refusals],
    notices: noticesOf(wish, proposal),
  };
}

function inFull({ verb, kind, key, reason, before, after }: Change) {
  return { verb, kind, key, reason, ...(before && { before: before.spec }), ...(after && { after: after.spec }) };
}

/** What each pool's clusters really get, by pool and cluster, before and after. */
function shareChanges(
  pools: readonly Pool[],
  before: readonly ProviderObject[],
  after: readonly ProviderObject[],
): ShareChange[] {
  const [then, now] = [sharesByPool(before), sharesByPool(after)];
  return pools.flatMap(({ key, service, port, members }) =>
    members.flatMap(({ cluster }) => {
      const beforePercent = then.get(key)?.get(cluster) ?? 0;
      const afterPercent = now.get(key)?.get(cluster) ?? 0;
      if (beforePercent === afterPercent) return [];
      return [{ pool: key, service, port, cluster, beforePercent, afterPercent }];
    }),
  );
}

function sharesByPool(objects: readonly ProviderObject[]): Map<string, Map<string, number>> {
  const pools = new Map<string, Map<string, number>>();
  for (const { pool, shares } of objects) {
    if (pool !== undefined && shares) pools.set(pool, new Map(shares.map((share) => [share.cluster, share.percent])));
  }
  return pools;
}

function noticesOf(
  { resource, revertsDrift }: Wish,
  { plan, overwriting, drifted, observed, quotas }: Proposal,
): Notice[] {
  const { policy, drift } = resource.spec;
  const names = observed.foreign.map(({ kind, name }) => `${kind} ${name}`).sort(compareText);
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
    ...notice(
      names.length > 0,
      'foreign-objects',
      `Not ours, and never touched: ${names.slice(0, SHOWN_NAMES).join(', ')}${names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : ''}.`,
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
  };
}
