/** Faults in which the decision ignores or misreads keys of the policy. */

import type { Policy } from '../../../functions/core/model/fleet-facts.ts';
import { blinded, type Fault } from '../plant.ts';

const DAY_SECONDS = 86_400;

/** The policy with other declarations of failover. */
function failover(key: string, name: string, changes: Partial<Policy['failover']>): Fault {
  return blinded(`policy failover.${key}`, name, (policy) => ({ failover: { ...policy.failover, ...changes } }));
}

function correlation(key: string, name: string, changes: Partial<Policy['failover']['correlation']>): Fault {
  return blinded(`policy failover.correlation.${key}`, name, (policy) => ({
    failover: { ...policy.failover, correlation: { ...policy.failover.correlation, ...changes } },
  }));
}

function failback(key: string, name: string, changes: Partial<Policy['failover']['failback']>): Fault {
  return blinded(`policy failover.failback.${key}`, name, (policy) => ({
    failover: { ...policy.failover, failback: { ...policy.failover.failback, ...changes } },
  }));
}

function safety(key: string, name: string, changes: Partial<Policy['safety']>): Fault {
  return blinded(`policy safety.${key}`, name, (policy) => ({ safety: { ...policy.safety, ...changes } }));
}

const CONTROL: Policy['controlTargets'][number] = {
  ...{ type: 'tcp', host: 'control.example.com', port: 443 },
  ...{ path: 'ingress', from: 'everywhere' },
};

export const POLICY_FAULTS: readonly Fault[] = [
  blinded('policy automation', 'every fleet is automatic', () => ({ automation: 'automatic' })),
  blinded('policy automation', 'no fleet is automatic', () => ({ automation: 'recommend' })),
  blinded('policy voters', 'all voters stand at one place', ({ voters }) => ({
    voters: voters.map(({ name }) => ({ name, type: 'edge' })),
  })),
  blinded('policy controlTargets', 'the network of voters is taken to work', () => ({ controlTargets: [CONTROL] })),
  blinded('policy drills', 'drills never end', ({ drills }) => ({
    drills: drills.map((drill) => ({ ...drill, durationSeconds: DAY_SECONDS })),
  })),
  blinded('policy health.dwellSeconds', 'nobody waits for a dwell', ({ health }) => ({
    health: { ...health, dwellSeconds: 0 },
  })),
  failover('cooldownSeconds', 'nobody waits for a cooldown', { cooldownSeconds: 0 }),
  failover('freezeWindows', 'returns go on in freeze windows', { freezeWindows: [] }),
  failover('headroomPercent', 'no room is kept free', { headroomPercent: 0 }),
  failover('headroomPercent', 'almost all room is kept free', { headroomPercent: 90 }),
  correlation('action', 'nobody is asked', { action: 'proceed' }),
  correlation('action', 'everybody is asked', { action: 'ask' }),
  correlation('windowSeconds', 'only what fails at once may have a common cause', { windowSeconds: 0 }),
  correlation('askSeconds', 'people are asked for a day', { askSeconds: DAY_SECONDS }),
  failback('mode', 'a return is one jump', { mode: 'auto' }),
  failback('mode', 'nobody asks for consent', { mode: 'ramp' }),
  failback('rampSeconds', 'a ramp takes days', { rampSeconds: 10 * DAY_SECONDS }),
  failback('minimumPercent', 'a ramp has no first step', { minimumPercent: 0 }),
  failback('stepPercent', 'the second step of a ramp is everything', { stepPercent: 100 }),
  failback('aggression', 'the second step of a ramp comes after almost all of its time', { aggression: 0.001 }),
  safety('maxRemoved', 'removals are not capped', { maxRemoved: undefined }),
  safety('maxRemoved', 'one removal is too much', { maxRemoved: { clusters: 1, windowSeconds: DAY_SECONDS } }),
  safety('gates', 'gates are open', { gates: [] }),
  safety('gates', 'gates are closed', { gates: [{ name: 'g', open: false }] }),
];
