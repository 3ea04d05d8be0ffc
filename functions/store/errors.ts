/** What is stored under `key` cannot be read. Says where and what is wrong, never the value. */
export class CorruptItemError extends Error {
  constructor(key: { pk: string; sk: string }, fault: string) {
    super(`The item ${key.pk} / ${key.sk} is corrupt: ${fault}`);
    this.name = 'CorruptItemError';
  }
}

/** A write that DynamoDB can never take: too many items in one transaction, or an item that is too large. */
export class StoreLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreLimitError';
  }
}
