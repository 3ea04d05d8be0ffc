import { say } from '../schemas/messages/index.ts';

/** The key of an item in the store. */
interface ItemKey {
  pk: string;
  sk: string;
}

/** The error of a stored item that this release cannot read. Its message names the item, and never its content. */
export abstract class UnreadableRecord extends Error {}

/** The error of an item that is damaged, or that Fairlead never wrote. */
export class CorruptItemError extends UnreadableRecord {
  constructor({ pk, sk }: ItemKey, fault: string) {
    super(say('RecordCorrupt', { pk, sk, fault }).text);
    this.name = 'CorruptItemError';
  }
}

/** The error of an item with a version that this release does not know. */
export class NewerRecordError extends UnreadableRecord {
  constructor({ pk, sk }: ItemKey, record: { name: string; version: number; newest: number }) {
    super(say('RecordNewer', { pk, sk, ...record }).text);
    this.name = 'NewerRecordError';
  }
}
