/** Where an item of the store stands. */
interface ItemKey {
  pk: string;
  sk: string;
}

/** What is stored under a key cannot be read by this release. Names the item, and never what is in it. */
export abstract class UnreadableRecord extends Error {}

/** The item is damaged, or was never one of Fairlead's. */
export class CorruptItemError extends UnreadableRecord {
  constructor({ pk, sk }: ItemKey, fault: string) {
    super(`The item ${pk} / ${sk} is corrupt: ${fault}`);
    this.name = 'CorruptItemError';
  }
}

/** The item has a version that this release does not know. */
export class NewerRecordError extends UnreadableRecord {
  constructor({ pk, sk }: ItemKey, record: { name: string; version: number; newest: number }) {
    super(
      `The ${record.name} ${pk} / ${sk} was written by a newer release of Fairlead: it has version ${record.version}, and this release ` +
        `reads version ${record.newest} at most. Update this control plane.`,
    );
    this.name = 'NewerRecordError';
  }
}
