/** Every reason of a condition that speaks of a gateway: its code, and its sentence for people, made of the arguments. */

export type ReasonArguments = Record<string, string | number>;

type Sentence = (given: ReasonArguments) => string;

const when = ({ readAt }: ReasonArguments) => (readAt === undefined ? '' : ` It was last read at ${readAt}.`);

export const REASONS = {
  Programmed: () => 'Its objects are at the gateway, as they were when it was last read.',
  Following: () => 'Clusters have the points that they shall have, as the gateway was last read.',
  NoGateway: () => 'The fleet has no gateway.',
  StillServing: ({ cluster, gateway, percent }) =>
    `Gateway ${gateway} was read to give ${cluster} up to ${percent} % of a pool all the same.`,
  NotTold: ({ cluster, gateway, pools }) =>
    `What gateway ${gateway} gives to ${cluster} of ${pools} pools could not be told, as somebody changed objects there.`,
  DryRun: () => 'Nothing was pushed: this is what would be declared.',
  NeverRead: () => 'The gateway has not been read yet, so that nothing can be said of it.',
  Pending: ({ waitingSince, cause }) =>
    `A change waits since ${waitingSince}, and is on its way${cause === undefined ? '' : `: ${cause}`}.`,
  Pushing: () => 'Changes are being written.',
  NoProgress: (given) => `A change waits since ${given['waitingSince']} and nothing moves: ${given['cause']}.`,
  Refused: ({ objects, code, detail }) => `Refused: ${objects} objects. The first: ${code}: ${detail}`,
  Waiting: ({ objects }) => `What shall go stays until what takes its place is there: ${objects} objects.`,
  Drifted: ({ objects, detail }) =>
    `Somebody changed it at the gateway, and the drift policy leaves it so: ${objects} objects. The first: ${detail}.`,
  Adopted: ({ objects }) => `As somebody made it at the gateway, which is accepted: ${objects} objects.`,
  NotAsWritten: ({ objects, detail }) =>
    `It was written, and was read back otherwise: ${objects} objects. The first: ${detail}.`,
  Shadowed: ({ detail }) => `A rule that is not ours takes its requests: ${detail}.`,
  ObserveOnly: ({ objects }) => `The policy of the gateway is observe-only, and it differs in ${objects} objects.`,
  NotReadable: (given) =>
    `The gateway cannot be read since ${given['since']}: ${given['action']} answers ${given['code']}.${when(given)}`,
  Stale: (given) => `Nobody has read the gateway for a while, so that it may have changed.${when(given)}`,
  Provisioning: ({ step }) => `The instance is being created: ${step}.`,
} as const satisfies Record<string, Sentence>;

export type ReasonCode = keyof typeof REASONS;

export function sentenceOf(code: ReasonCode, given: ReasonArguments): string {
  return (REASONS[code] as Sentence)(given);
}
