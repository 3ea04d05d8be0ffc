/**
 * The reasons for the state of a gateway and for the share of a cluster: each code with the sentence for people that is
 * made of its arguments.
 */

export type ReasonArguments = Record<string, string | number>;

type Sentence = (given: ReasonArguments) => string;

const until = (given: ReasonArguments) => (given['until'] === undefined ? '' : ` until ${given['until']}`);

const by = ({ shift }: ReasonArguments) => (shift === undefined ? '' : ` by the shift ${shift}`);

const counted = ({ objects }: ReasonArguments) => `${objects} ${objects === 1 ? 'object' : 'objects'}`;

const when = ({ readAt }: ReasonArguments) => (readAt === undefined ? '' : ` It was last read at ${readAt}.`);

/** Texts of clouds end with a full stop or without one. */
const first = (text: string) => `The first: ${text.replace(/\.$/, '')}.`;

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
  Refused: (given) =>
    `The cloud, or a limit, refuses changes of ${counted(given)}. ${first(`${given['code']}: ${given['detail']}`)}`,
  Waiting: (given) => `What shall go stays until what takes its place is there: ${counted(given)}.`,
  Drifted: (given) =>
    `Somebody changed ${counted(given)} at the gateway, and the drift policy leaves that so. ${first(`${given['detail']}`)}`,
  Adopted: (given) => `Somebody changed ${counted(given)} at the gateway, and the drift policy accepts that.`,
  NotAsWritten: (given) =>
    `What was written was read back otherwise: ${counted(given)}. ${first(`${given['detail']}`)}`,
  Shadowed: ({ detail }) => `A rule that is not ours takes its requests: ${detail}.`,
  ObserveOnly: (given) => `The policy of the gateway is observe-only, and it differs in ${counted(given)}.`,
  NotReadable: (given) =>
    `The gateway cannot be read since ${given['since']}: ${given['action']} answers ${given['code']}.${when(given)}`,
  Stale: (given) => `Nobody has read the gateway for a while, so that it may have changed.${when(given)}`,
  Observed: ({ sentAt, detail }) => `A request through the gateway was answered as expected at ${sentAt}: ${detail}.`,
  NotObserved: ({ sentAt, detail }) =>
    `A request through the gateway was not answered as expected, the last one at ${sentAt}: ${detail}.`,
  NotObservedYet: () => 'No request has been sent through the gateway since its traffic changed last.',
  RequestNotSent: ({ detail }) => `No request can be sent through the gateway: ${detail}.`,
  Provisioning: ({ step }) => `The instance is being created: ${step}.`,

  Up: () => 'Nothing is known against it.',
  AsDeclared: () => 'It serves its declared share.',
  TakesOver: () => 'It serves for clusters that are held back.',
  StandsBy: ({ tier }) => `It stands by in tier ${tier}.`,
  WeightZero: () => 'Its declared weight is 0.',
  Pinned: () => 'The route is pinned: health does not move this traffic.',
  Isolated: (given) => `Somebody has taken it out${by(given)}${until(given)}, whatever happens to others.`,
  Drained: (given) => `Somebody has taken it out${by(given)}${until(given)}, as long as others can serve.`,
  Kept: (given) => `Somebody says${until(given)} that it is healthy, whatever its voters say.`,
  Dismissed: (given) =>
    `Its voters see it fail, and somebody has said that it does not: nothing that speaks against it is believed${until(given)}.`,
  Drilled: () => 'A drill rehearses its loss.',
  Down: () => 'A majority of its voters see it fail.',
  AwaitsRecovery: () => 'It returns once a majority of its voters see it answer again.',
  Impaired: () => 'It is too slow, or an alert speaks against it.',
  AwaitsAnswer: (given) =>
    `It fails, and is kept in${until(given)}: clusters of other sites failed with it, and the policy asks people first.`,
  TooManyRemoved: (given) =>
    `It fails, and is kept in${until(given)}: as many clusters as the policy allows have been taken out lately.`,
  AwaitsLeaveAnswer: (given) =>
    `It fails, and is kept in${until(given)}: it is the last of its city, and the data gate of that asks whether the city may be left.`,
  GateClosed: () => 'It is down or impaired, and a closed gate keeps what it had.',
  Grace: () =>
    'It is down, and keeps what it had for the few moments that voters take to look at it again: all had failed together.',
  Joining: () => 'It is new to the fleet, and has yet to be found healthy.',
  ModeHolds: () =>
    'It keeps what it has, since automation does not act: something else is recommended, and somebody has to apply that.',
  AwaitsConsent: () => 'It has recovered, and waits until somebody lets it return.',
  AwaitsRegainAnswer: (given) =>
    `It has recovered, and waits${until(given)}: the data gate of its city asks whether that may be regained.`,
  Frozen: (given) => `It has recovered, and no cluster returns while a freeze window is open${until(given)}.`,
  Dwelling: (given) => `It has recovered, and has to stay healthy for its dwell time and its cooldown${until(given)}.`,
  Soaking: (given) => `Every gateway follows the step, which is watched${until(given)}.`,
  RolloutPaused: () => 'Automation is paused, and takes no step of a rollout.',
  GainerUnknown: ({ cluster }) => `No majority of its voters says that ${cluster} is healthy, and it is to have more.`,
  AwaitsTurn: ({ shift }) =>
    `${shift === undefined ? 'It has recovered, and' : `The shift ${shift} has ended, and it`} waits for its turn: one site returns at a time, step by step as gateways follow.`,
  Ramping: ({ shift }) =>
    `It gets its share back step by step${shift === undefined ? '' : ` after the shift ${shift}`}.`,
  CapacityBinds: () => 'Its capacity, or that of others, does not allow the share by weight.',
} as const satisfies Record<string, Sentence>;

export type ReasonCode = keyof typeof REASONS;

export function sentenceOf(code: ReasonCode, given: ReasonArguments): string {
  return (REASONS[code] as Sentence)(given);
}
