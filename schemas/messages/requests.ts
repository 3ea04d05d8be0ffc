/** Sentences about requests as such: what was sent, what it names, and what the control plane could not do just now. */

interface Named {
  kind: string;
  name: string;
}

type Coded = { code: string };
type Item = { pk: string; sk: string };

const inFleet = (fleet: string | undefined) => (fleet === undefined ? '' : ` in fleet ${fleet}`);

export const REQUESTS = {
  // These concern what was sent.
  NothingHere: ({ meant }: { meant: string | undefined }) =>
    meant === undefined
      ? 'There is nothing at this path: GET /openapi.json lists all paths.'
      : `There is nothing at this path. Did you mean ${meant}?`,
  OtherMethod: ({ allowed }: { allowed: string }) => `The method is not allowed at this path: use ${allowed}.`,
  BodyTooLarge: ({ maxBytes }: { maxBytes: number }) => `The body must be at most ${maxBytes} bytes.`,
  OtherMediaType: ({ mediaType }: { mediaType: string }) => `Send the body as ${mediaType}, in UTF-8, not compressed.`,
  NotUtf8: () => 'The body is not UTF-8: send it in UTF-8.',
  HalfCharacter: () => 'A string has half of a surrogate pair, which is no character: send the whole character.',
  JsonSyntax: ({ fault }: { fault: string }) => `The body cannot be read as JSON: ${fault}.`,
  YamlFault: ({ line, column, fault }: { line: number; column: number; fault: string }) =>
    `line ${line}, column ${column}: ${fault}`,
  YamlAlias: ({ fault }: { fault: string }) => `An alias cannot be resolved: ${fault}.`,
  TooManyAliases: ({ most }: { most: number }) => `A document may have ${most} aliases.`,
  RepeatedKey: ({ key }: { key: string }) => `The key ${key} is repeated: leave one of them.`,
  TooDeep: () => 'The document is nested too deeply to be read.',
  UnknownField: ({ meant }: { meant: string | undefined }) =>
    meant === undefined
      ? 'This is not a known field: leave it out, or look for its name in /openapi.json.'
      : `This is not a known field. Did you mean ${meant}?`,
  MissingField: ({ expected }: { expected: string }) => `This is required: ${expected}.`,
  OtherName: ({ name }: { name: string }) =>
    `The path names ${name}: leave this out, or send the body to the path of its own resource.`,
  NotEntityTags: () => 'This must be * or entity tags such as "3-1f0a9c2e".',
  NotIdempotencyKey: () =>
    'This must be one key of 1 to 255 printable ASCII characters: "8e03978e-40d5-43dd-bc93-6894a57f9324", with or without the quotes.',
  NotThisToken: () => 'This is not a token of this list.',
  NextPageToken: () => 'Take nextPageToken of the previous page of the same list, with the same filters and order.',
  OneFault: ({ pointer, detail }: { pointer: string; detail: string }) =>
    `${pointer}: ${detail}${detail.endsWith('.') ? '' : '.'}`,
  SeveralFaults: ({ count }: { count: number }) => `${count} faults, all listed in errors.`,

  // These concern what a request names.
  NoSuch: ({ kind, name, fleet }: Named & { fleet?: string | undefined }) =>
    `There is no ${kind} ${name}${inFleet(fleet)}.`,
  NeverWas: ({ kind, name, fleet }: Named & { fleet?: string | undefined }) =>
    `There never was a ${kind} ${name}${inFleet(fleet)}.`,
  NoRevision: ({ kind, name, revision }: Named & { revision: number }) =>
    `There is no revision ${revision} of ${kind} ${name}.`,
  NoRollout: ({ name, distribution, fleet }: { name: string; distribution: string; fleet: string }) =>
    `There is no rollout ${name} of the distribution ${distribution} in fleet ${fleet}.`,

  // These concern the state that a request was sent for.
  ExistsNot: () => 'The resource does not exist: send no If-Match to create it.',
  Exists: ({ revision }: { revision: number }) => `The resource exists, at revision ${revision}.`,
  NeedsIfMatch: () => 'The resource exists: send its ETag in If-Match.',
  OtherRevision: ({ revision }: { revision: number }) =>
    `The resource is at revision ${revision}: read it again, and send its ETag in If-Match.`,
  Outrun: () => 'Others wrote at the same time, again and again, and came first each time: send the request again.',
  Outdecided: () =>
    'Other decisions about this fleet came first, again and again: send the request again in a few seconds.',
  BeingWritten: ({ operation }: { operation: string | undefined }) =>
    `${operation === undefined ? 'Another operation' : `The operation ${operation}`} is being written to this fleet: wait until it has ended.`,
  StalePlan: ({ of, digest }: { of: 'fleet' | 'gateway'; digest: string }) =>
    `That is not the plan of this ${of}, or not any more: the plan of now is ${digest}.`,
  KeyReused: () =>
    'Another request was sent with this key in the last 24 hours: take a new key for each request that is not a repetition.',
  KeyInProgress: () => 'The first request with this key has no answer yet: send the request again.',
  AnswerNotKept: ({ status, isSecret }: { status: number; isSecret: boolean }) =>
    `The request was carried out before, and answered with ${status}. ${
      isSecret
        ? 'That answer holds a secret, which is shown once: if it was lost, ask for another one with a new key.'
        : 'That answer was too large to be kept: read what the request has changed.'
    }`,
  GatewayBusy: ({ told }: { told: string }) => told,

  // These concern what the control plane could not do.
  StoreFault: ({ fault }: { fault: string }) => fault,
  StoreUnreachable: ({ code }: Coded) => `The connection to the store failed (${code}).`,
  StoreSilent: ({ code }: Coded) => `The store did not answer in time (${code}).`,
  StoreFailing: ({ code }: Coded) => `The store failed to answer properly (${code}).`,
  StoreThrottles: ({ code }: Coded) => `The store asks the control plane to slow down (${code}).`,
  StoreContended: ({ code }: Coded) => `Other writers of the same items kept getting in the way (${code}).`,
  StoreRefusesCredentials: ({ code }: Coded) => `The store refuses the credentials of the control plane (${code}).`,
  StoreDenies: ({ code }: Coded) => `The store does not allow the control plane what it has to do (${code}).`,
  StoreLacksTable: ({ code }: Coded) => `The store does not have the table of the control plane (${code}).`,
  StoreRefusesClock: ({ code }: Coded) => `The store refuses the control plane, whose clock is wrong (${code}).`,
  ItemTooLarge: ({ pk, sk, bytes, most }: Item & { bytes: number; most: number }) =>
    `The item ${pk} / ${sk} has ${bytes} bytes; at most ${most} can be kept.`,
  RecordTooLong: ({ name, characters }: { name: string; characters: number }) =>
    `The ${name} has ${characters} characters, which are more than can be kept.`,
  TransactionTooLarge: ({ items, most }: { items: number; most: number }) =>
    `One transaction writes at most ${most} items; this one has ${items}.`,
  RecordCorrupt: ({ pk, sk, fault }: Item & { fault: string }) => `The item ${pk} / ${sk} is corrupt: ${fault}`,
  BodyNotJson: () => 'the body is not JSON',
  RecordNewer: (given: Item & { name: string; version: number; newest: number }) =>
    `The ${given.name} ${given.pk} / ${given.sk} was written by a newer release of Fairlead: it has version ${given.version}, and this release reads version ${given.newest} at most. Update this control plane.`,
  NotConfigured: () => 'The control plane is not configured; its log says which settings are missing or wrong.',
  StoreAway: ({ fault }: { fault: string }) => `${fault} The request id leads to the cause in the log.`,
  Internal: () => 'The request id leads to the cause in the log.',
  NotDestroyed: () =>
    'The instance could not be deleted now; it and the gateway are still there. Send the request again.',
  OvertakenWrite: () => 'Another writer came in between. What has been written stays; apply again to converge.',
  OvertakenResource: () =>
    'Another writer has changed it, or has begun to refer to it, since the changes were planned.',
  VanishedReferences: () =>
    'What the changes refer to has been deleted. What has been written stays; apply again to converge.',
  VanishedResource: () => 'It has been deleted since the changes were planned.',
};
