/** Sentences about what moves traffic: shifts, break-glasses, drills, rollouts, data gates and evidence. */

export const TRAFFIC = {
  // Shifts and break-glasses.
  NotOwner: ({ what, owner }: { what: string; owner: string }) =>
    `The ${what} belongs to ${owner}: ask them to change it.`,
  ExpiresTooEarly: () => 'This must be in the future.',
  ExpiresTooLate: ({ hours }: { hours: number }) => `This must be within ${hours} hours.`,
  ShiftEnded: ({ name }: { name: string }) => `The shift ${name} has ended: begin one of another name.`,
  HasShift: ({ target, shift }: { target: string; shift: string }) =>
    `${target} has the live shift ${shift}: end it first.`,
  ShiftOfOther: ({ name, target }: { name: string; target: string }) =>
    `The shift ${name} is live, of ${target}: end it first.`,
  BreakGlassEnded: ({ name, endedAt }: { name: string; endedAt: string | undefined }) =>
    `The break-glass ${name} ended at ${endedAt}: begin one of another name, or with another expiry.`,
  RuleViolated: ({ rule, who, detail }: { rule: string; who: string; detail: string }) => `${rule}${who}: ${detail}`,
  RulesViolated: ({ rules }: { rules: string }) => rules,

  // Drills.
  NoDrill: ({ drill }: { drill: string }) => `The fleet declares no drill ${drill}.`,
  DrillRuns: ({ drill, run }: { drill: string; run: string }) =>
    `The drill ${drill} is running: ${run}. Abort it or let it end first.`,
  DrillEnded: ({ run }: { run: string }) => `The drill run ${run} has ended.`,

  // Rollouts.
  RolloutEnded: ({ rollout, state }: { rollout: string; state: string }) => `The rollout ${rollout} is ${state}.`,
  RolloutSuperseded: ({ rollout, distribution }: { rollout: string; distribution: string }) =>
    `Somebody else has changed the distribution ${distribution} since, which has ended ${rollout}.`,
  RolloutOvertaken: (given: { rollout: string; distribution: string; revision: number; now: number }) =>
    `Somebody else has changed the distribution ${given.distribution}: it is at revision ${given.now} now, and ${given.rollout} has left it at revision ${given.revision}.`,
  RolloutLive: ({ rollout, distribution, state }: { rollout: string; distribution: string; state: string }) =>
    `The rollout ${rollout} of ${distribution} is ${state}: undo it or let it end first.`,
  RolloutWhilePaused: () => 'Automation is paused, and nobody else would take the steps: resume it first.',
  MustNotGain: ({ fault }: { fault: string }) => fault,
  StoppedBy: ({ actor, reason }: { actor: string; reason: string }) =>
    `${actor} has stopped it: ${reason.replace(/\.$/, '')}.`,
  StepRefused: ({ percent, detail }: { percent: number | undefined; detail: string }) =>
    `The step of ${percent} % is refused: ${detail.replace(/\.$/, '')}.`,

  // Recommendations and data gates.
  AppliedAlready: ({ decision }: { decision: string }) => `Gateways are given already what ${decision} recommends.`,
  Outdated: ({ decision, head }: { decision: string; head: string | undefined }) =>
    `What ${decision} recommends is not recommended any more. ${headOf(head)}`,
  RecommendsNothing: ({ decision, head }: { decision: string; head: string | undefined }) =>
    `${decision} recommends nothing. ${headOf(head)}`,
  OtherPoints: ({ before, after, kept }: { before?: string | undefined; after?: string | undefined; kept: string }) =>
    `It was to ${before === undefined ? 'keep what it had' : `have ${before}`}, and is to ${after === undefined ? `keep ${kept}` : `have ${after}`} now.`,
  OtherBackends: ({ before }: { before?: string | undefined }) =>
    `It was to ${before === undefined ? 'keep what it had' : `have ${before}`}, and its backends are others now.`,
  AnsweredAlready: ({ city, answer }: { city: string; answer: string }) =>
    `The data gate of ${city} was answered ${answer} already.`,
  NoDataGate: ({ city }: { city: string }) => `There is no data gate of ${city}.`,
  AsksOther: ({ city }: { city: string }) =>
    `The data gate of ${city} asks something else now: read the status, and answer what it asks.`,
  AsksNothing: ({ city }: { city: string }) => `The data gate of ${city} asks nothing now.`,
  AsksNoMore: ({ city, way, by }: { city: string; way: 'leave' | 'regain'; by: string | undefined }) =>
    `The data gate of ${city} does not ask any more whether the city may be ${way === 'leave' ? 'left' : 'regained'}: ${
      by === undefined ? 'nobody answered in time, or its clusters are well' : `${by} has answered go`
    }.`,

  // Evidence.
  NoAgent: ({ voter }: { voter: string }) => `There is no agent ${voter} among the voters of the fleet.`,
  WrongSignature: ({ voter }: { voter: string }) => `The signature is not that of ${voter}.`,
  SignedForOther: ({ fleet }: { fleet: string }) => `The batch was signed for the fleet ${fleet}.`,
  ClockAhead: () => 'The clock of the agent is ahead: set it right.',
  SaysNothingNow: () => 'The batch is too old to say anything of now.',
  TakenAlready: () => 'This batch or a later one has been taken already.',
  AlertsLeftOut: ({ count }: { count: number }) => `${count} alerts were left out: set max_alerts of the webhook to 0.`,
  TestWanted: ({ actor }: { actor: string }) => `${actor} wants to know whether notifications arrive`,
};

function headOf(head: string | undefined): string {
  return head === undefined ? 'Nothing is recommended now.' : `What is recommended now is that of ${head}.`;
}
