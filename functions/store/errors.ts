/** What is stored under `key` cannot be read. Says where and what is wrong, never the value. */
export class CorruptItemError extends Error {
  constructor(key: { pk: string; sk: string }, fault: string) {
    super(`The item ${key.pk} / ${key.sk} is corrupt: ${fault}`);
    this.name = 'CorruptItemError';
  }
}
