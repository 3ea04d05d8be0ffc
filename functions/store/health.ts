import { Observation } from '../../schemas/cluster.ts';
import { Decision } from '../../schemas/decision.ts';
import type { HealthRecord } from '../core/health.ts';
import type { Store } from '../deps.ts';
import { ABSENT, itemOf, type Operation, put, recordOf } from './items.ts';
import { auditOperation, operationOperation, outboxOperation } from './journal.ts';
import { decisionKey, decisionsOf, healthKey, healthOf, observationKey, observationsOf, trafficKey } from './keys.ts';
import { readPage } from './pages.ts';
import { StoredHealth, StoredTraffic } from './records.ts';
import type { Table } from './table.ts';

type Health = Pick<Store, 'health' | 'putHealth' | 'observations' | 'traffic' | 'decide' | 'decision' | 'decisions'>;

const OBSERVATION_TTL_SECONDS = 7 * 24 * 3600;

/** Evidence and decisions. Observations go after seven days; decisions stay. */
export function healthStore(table: Table): Health {
  return {
    health: async (fleet, names) => {
      const items = await table.query(healthOf(fleet, names));
      return items.map((item) => recordOf(item, StoredHealth));
    },
    putHealth: async (record, observation) => {
      const outcome = await table.transact([healthOperation(record), observationOperation(record, observation)]);
      return outcome.ok;
    },
    observations: (fleet, cluster, page) =>
      readPage(table, observationsOf(fleet, cluster), 'descending', page, (item) => recordOf(item, Observation)),

    traffic: async (fleet) => {
      const item = await table.get(trafficKey(fleet));
      return item ? recordOf(item, StoredTraffic) : { version: 0, withdrawals: [] };
    },
    decide: async (fleet, traffic, decision, audit, outbox, operation) => {
      const { version } = traffic;
      const item = itemOf(trafficKey(fleet), traffic, { version });
      const outcome = await table.transact([
        version === 1 ? put(item, ABSENT) : put(item, '#version = :before', { before: version - 1 }),
        put(itemOf(decisionKey(fleet, decision.id), decision), ABSENT),
        auditOperation(fleet, audit),
        ...outbox.map(outboxOperation),
        ...(operation ? [operationOperation(operation)] : []),
      ]);
      return outcome.ok;
    },
    decision: async (fleet, id) => {
      const item = await table.get(decisionKey(fleet, id));
      return item && recordOf(item, Decision);
    },
    decisions: (fleet, page) =>
      readPage(table, decisionsOf(fleet), 'descending', page, (item) => recordOf(item, Decision)),
  };
}

/** The first record of a cluster also replaces one that was left by a cluster of the same name. */
function healthOperation(record: HealthRecord): Operation {
  const { uid, version } = record;
  const item = itemOf(healthKey(record.fleet, record.cluster), record, { uid, version });
  if (version === 1) return put(item, `${ABSENT} OR #uid <> :uid`, { uid });
  return put(item, '#version = :before', { before: version - 1 });
}

function observationOperation({ fleet, cluster, version }: HealthRecord, observation: Observation): Operation {
  const observedAtMs = Date.parse(observation.observedAt);
  const ttl = Math.floor(observedAtMs / 1000) + OBSERVATION_TTL_SECONDS;
  return put(itemOf(observationKey(fleet, cluster, observedAtMs, version), observation, { ttl }));
}
