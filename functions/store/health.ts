import type { Observation } from '../../schemas/cluster.ts';
import type { HealthRecord } from '../core/health/types.ts';
import { withVouches } from '../core/health/vouch.ts';
import type { Store } from '../deps.ts';
import { ABSENT, type Item, type ItemWrite, put } from './items.ts';
import { documentsOf, healthKey, healthOf, observationKey, observationsOf } from './keys.ts';
import { fence } from './leases.ts';
import { readPage } from './pages.ts';
import { itemOf, recordOf } from './record-type.ts';
import { documentRecord } from './records/documents.ts';
import { healthRecord, observationRecord } from './records/health.ts';
import type { Table } from './table.ts';

type Health = Pick<Store, 'health' | 'putHealth' | 'observations'>;

const OBSERVATION_TTL_SECONDS = 7 * 24 * 3600;

/** Stores evidence of health. Observations expire after seven days. */
export function healthStore(table: Table): Health {
  return {
    health: async (fleet, names) => {
      const [items, traces] = await Promise.all([
        table.query(healthOf(fleet, names)),
        table.query(documentsOf(fleet, 'voter')),
      ]);
      const vouches = traces.flatMap((item) => {
        const { id, body } = recordOf(item, documentRecord('voter'));
        return body.vouch ? [[id, body.vouch] as const] : [];
      });
      return withVouches(
        items.map((item) => recordOf(item, healthRecord)),
        new Map(vouches),
      );
    },
    putHealth: async (evidence, lease) => {
      const outcome = await table.transact([
        ...(lease ? [fence(lease)] : []),
        ...evidence.flatMap(({ record, observation }) => [
          healthWrite(record),
          ...(observation ? [observationWrite(record, observation)] : []),
        ]),
      ]);
      return outcome.ok;
    },
    observations: (fleet, cluster, page, selection) => {
      const range = observationsOf(fleet, cluster, selection?.span);
      const list = { range, order: 'descending', parse: (item: Item) => recordOf(item, observationRecord) } as const;
      return readPage(table, list, page, selection);
    },
  };
}

/**
 * Returns the write of a health record. The first record of a cluster also replaces one that a former cluster of the
 * same name has left.
 */
function healthWrite(record: HealthRecord): ItemWrite {
  const { uid, version } = record;
  const item = itemOf(healthRecord, healthKey(record.fleet, record.cluster), record, { uid, version });
  if (version === 1) return put(item, `${ABSENT} OR #uid <> :uid`, { uid });
  return put(item, '#version = :before', { before: version - 1 });
}

function observationWrite({ fleet, cluster, version }: HealthRecord, observation: Observation): ItemWrite {
  const observedAtMs = Date.parse(observation.observedAt);
  const ttl = Math.floor(observedAtMs / 1000) + OBSERVATION_TTL_SECONDS;
  return put(itemOf(observationRecord, observationKey(fleet, cluster, observedAtMs, version), observation, { ttl }));
}
