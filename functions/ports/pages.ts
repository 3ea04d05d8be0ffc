/** Pages of lists, records that may be unreadable, and the errors of the store. */

import type { UnreadableRecord } from '../unreadable.ts';

export interface PageRequest {
  /** The largest number of items, from 1 to 200. */
  limit: number;
  token?: string | undefined;
}

export interface Page<T> {
  items: T[];
  nextToken?: string | undefined;
}

/**
 * Yields the items of a list page by page, at most `limit` (1 to 200) in each. A page is read only when it is asked for.
 */
export async function* pagesOf<T>(
  limit: number,
  read: (request: PageRequest) => Promise<Page<T>>,
): AsyncGenerator<T[], void> {
  let token: string | undefined;
  do {
    const page = await read({ limit, token });
    yield page.items;
    token = page.nextToken;
  } while (token !== undefined);
}

/** A list in which a record that cannot be read does not hide the others. */
export interface Readable<T> {
  items: T[];
  unreadable: UnreadableRecord[];
}

/** The error of a page token that was not issued for the list. */
export class InvalidPageToken extends Error {
  constructor() {
    super('The page token is not valid here.');
    this.name = 'InvalidPageToken';
  }
}

/** The error of a write that the store can never accept: too many items in one transaction, or an item that is too large. */
export class StoreLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreLimitError';
  }
}

/** The error of a lease that went to another holder, or whose subject is gone. The work under it must stop, and must not write again. */
export class LeaseLost extends Error {
  constructor(name: string) {
    super(`the lease ${name} is held by another writer`);
    this.name = 'LeaseLost';
  }
}

/**
 * The reason why the store is unavailable. `silent`: it did not answer in time. `failing`: it had an error of its own, or its
 * answer cannot be read. `contended`: other writers kept writing the same item. `credentials`: the keys are wrong or have
 * expired. `denied`: the keys do not allow the call. `clock`: the control plane signs with a wrong time.
 */
export type StoreTrouble =
  | 'unreachable'
  | 'silent'
  | 'failing'
  | 'throttled'
  | 'contended'
  | 'credentials'
  | 'denied'
  | 'no-table'
  | 'clock';

/** The error of a store that is unavailable at present. The message may be shown to anybody; the answer of the store is in `cause`. */
export class StoreUnavailable extends Error {
  readonly trouble: StoreTrouble;
  /** The error code, such as `ThrottlingException` or `ConnectionFailed`. */
  readonly code: string;
  /** The id that the store has given to the request. */
  readonly requestId: string | undefined;

  constructor(fields: {
    trouble: StoreTrouble;
    code: string;
    message: string;
    requestId?: string | undefined;
    cause?: unknown;
  }) {
    super(fields.message, { cause: fields.cause });
    this.name = 'StoreUnavailable';
    this.trouble = fields.trouble;
    this.code = fields.code;
    this.requestId = fields.requestId;
  }
}
