import { expect } from 'vitest';
import { openQuestions } from '../../../functions/core/failover/data-gates.ts';
import { facts, placement, policy, Story } from '../story.ts';

/** a and b are in the north, each a site of its own; c is in the south and takes over. */
const CITIES: Record<string, string> = { a: 'north', b: 'north', c: 'south' };

interface Declared {
  gate?: object;
  failover?: object;
  rest?: object;
}

const QUICK = { cooldownSeconds: 0, failback: { mode: 'auto' } };

export function declared({ gate = {}, failover = {}, rest = {} }: Declared = {}) {
  const dataGates = [{ city: 'north', ...gate }];
  return policy({ failover: { ...QUICK, dataGates, ...failover }, health: { dwellSeconds: 0 }, ...rest });
}

export function north(given: Declared = {}): Story {
  const clusters = Object.entries(CITIES).map(([name, city]) => facts(name, { city }));
  return new Story({ policy: declared(given), clusters, placements: [placement({ a: 50, b: 25, c: 25 })] });
}

export const asked = ({ now }: Story) => openQuestions(now);
export const standings = (story: Story) => ['a', 'b', 'c'].map((name) => story.standing(name));

export function answer(story: Story, said: 'go' | 'stay', city = 'north', actor = 'alice') {
  const question = story.traffic.gateQuestions?.find((item) => item.city === city)?.id ?? '';
  return story.ask({ type: 'answer-gate', city, question, answer: said }, actor);
}

/** The north is out, and its gate has said that it may be left. */
export function outOfNorth(given: Declared = {}): Story {
  const story = north(given);
  story.after(5, ['a', 'b']);
  answer(story, 'go');
  story.after(5, ['a', 'b']);
  expect(story.percents).toEqual([[0, 0, 100]]);
  return story;
}
