import { describe, expect, it } from 'vitest';
import { scale } from '../matrix.ts';
import type { Caller } from './callers.ts';
import { castOf } from './callers.ts';
import { operations } from './document.ts';
import { runFuzz, successesIn } from './fuzz.ts';
import { Canaries, judgeAnswer } from './oracle.ts';
import type { Answer, Sent } from './target.ts';

/** The number of requests; there is a run against the Worker in fuzz.full.test.ts. */
const REQUESTS = scale(2000, 1000);

describe('the API, whatever is sent to it by whomever', () => {
  it('fails never, answers what is documented, and tells nobody what they may not know', async () => {
    const { requests, found, answers } = await runFuzz({ requests: REQUESTS, seed: 1, target: 'node' });
    expect(
      found.map(({ kind, told, episode, number }) => `${kind}, episode ${episode}, request ${number}: ${told}`),
    ).toEqual([]);
    expect(requests).toBe(REQUESTS);
    // Drawn requests have to get as far as the work of the operations, or they would show little.
    expect(successesIn(answers).length).toBeGreaterThan(operations.length / 2);
  });

  it('is asked the same for the same seed', async () => {
    const runs = [];
    for (let run = 0; run < 2; run++) runs.push(await runFuzz({ requests: 200, seed: 7, target: 'node' }));
    expect(runs[0]?.answers).toEqual(runs[1]?.answers);
  });
});

const headers = (more: Record<string, string> = {}) =>
  new Headers({ 'Content-Type': 'application/json', 'X-Request-Id': 'req_1', ...more });
const me = { actor: 'api', kind: 'setting', grants: [], permissions: [] };
const getMe: Sent = { method: 'GET', path: '/v1/me', headers: [] };
const kinds = (sent: Sent, answer: Answer) => judgeAnswer(sent, answer).map(({ kind }) => kind);
const problem = (code: string, status: number) => ({
  ...{ status, headers: headers({ 'Content-Type': 'application/problem+json' }) },
  text: JSON.stringify({
    ...{
      type: `https://fairlead.dev/problems/${code}`,
      title: 'A title',
      status,
      code,
      requestId: 'req_1',
      errors: [],
    },
  }),
});

describe('the judgement of an answer', () => {
  it('finds nothing in what is documented', () => {
    expect(kinds(getMe, { status: 200, headers: headers(), text: JSON.stringify(me) })).toEqual([]);
    expect(kinds(getMe, problem('unauthorized', 401))).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['a status', { ...problem('conflicting-declaration', 409) }],
    ['a problem of another operation', problem('forbidden', 401)],
    ['a media type', { status: 200, headers: headers({ 'Content-Type': 'text/html' }), text: JSON.stringify(me) }],
    ['a header', { status: 200, headers: headers({ 'X-Powered-By': 'x' }), text: JSON.stringify(me) }],
    ['a field', { status: 200, headers: headers(), text: JSON.stringify({ ...me, password: 'x' }) }],
    ['a missing field', { status: 200, headers: headers(), text: '{}' }],
    ['a body that is not JSON', { status: 200, headers: headers(), text: '<html>' }],
  ])('finds %s that the document does not have', (_, answer) => {
    expect(kinds(getMe, answer)).toEqual(['undocumented']);
  });

  it('finds an error of the server, whether or not it is documented', () => {
    expect(kinds(getMe, problem('internal', 500))).toEqual(['serverErrors']);
  });
});

describe('the search for what somebody may not know', () => {
  it('finds every secret, and names of fleets and tokens that are hidden from the caller', async () => {
    const cast = await castOf(Date.now());
    await cast.provider.close();
    const canaries = new Canaries(cast);
    const find = (name: string, path: string, text: string) => {
      const caller = cast.callers.find((one) => one.name === name) as Caller;
      const drawn = { caller, fleet: 'alder', operation: 'getFleet', sent: { method: 'GET', path, headers: [] } };
      return canaries.judge(drawn, { status: 200, headers: headers(), text }).map(({ kind }) => kind);
    };
    for (const secret of [
      cast.keys['birch']?.agent.privateKey,
      cast.keys['alder']?.alertToken,
      cast.keys['cedar']?.credential,
    ]) {
      expect(find('setting', '/v1/me', `"${secret}"`)).toEqual(['leaks']);
    }
    expect(find('alder-editor', '/v1/fleets/alder', 'as in birch-cart')).toEqual(['leaks']);
    expect(find('alder-editor', '/v1/fleets/birch', 'There is no fleet birch.')).toEqual([]);
    expect(find('alder-editor', '/v1/tokens', 'quince-ci')).toEqual(['leaks']);
    expect(find('setting', '/v1/tokens', 'quince-ci of birch')).toEqual([]);
    expect(canaries.secretIn('fl_ci_0123456789')).toBeUndefined();
  });
});
