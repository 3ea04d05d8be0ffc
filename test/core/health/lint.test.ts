import { describe, expect, it } from 'vitest';
import { lintEvidence } from '../../../functions/core/lint/evidence.ts';
import { Voter } from '../../../schemas/failover.ts';
import { facts, placement } from '../story.ts';

const edge = Voter.parse({ name: 'edge', type: 'edge' });
const path = Voter.parse({ name: 'path', type: 'gateway-path', gateway: 'g', url: 'http://g/' });
const view = Voter.parse({ name: 'view', type: 'gateway-view', gateway: 'g' });
const alerts = Voter.parse({ name: 'alerts', type: 'alert', tokenHash: '0'.repeat(64) });
const agent = (name: string, site?: string) =>
  Voter.parse({ name, type: 'agent', publicKey: `${'A'.repeat(43)}=`, ...(site && { site }) });

/** Lints one cluster that all of these voters watch, and that gets traffic. */
const lint = (...voters: Voter[]) => {
  const clusters = [facts('a', { voters: voters.map(({ name }) => name) })];
  return lintEvidence({ voters }, clusters, [placement({ a: 100 })]).map(({ code, detail }) => `${code} ${detail}`);
};
const codes = (...voters: Voter[]) => lint(...voters).map((told) => told.split(' ')[0]);

describe('how a cluster is watched', () => {
  it.each<[string, Voter[], string[]]>([
    ['the edge and an agent in each of two sites', [edge, agent('x', 'east'), agent('y', 'west')], []],
    ['the edge alone', [edge], ['edge-alone']],
    ['the edge, and alerts that are not counted', [edge, alerts], ['edge-alone']],
    ['nobody but alerts', [alerts], ['unwatched']],
    [
      'an agent in each of two sites',
      [agent('x', 'east'), agent('y', 'west')],
      ['site-takes-quorum', 'site-takes-quorum'],
    ],
    [
      'the edge, and two agents in one site',
      [edge, agent('x', 'east'), agent('y', 'east')],
      ['one-vantage', 'site-takes-quorum'],
    ],
    ['the edge, and two agents who knows where', [edge, agent('x'), agent('y')], ['one-vantage']],
    ['the edge and one agent', [edge, agent('x', 'east')], ['site-takes-quorum']],
    ['a gateway from within and from without, and the edge', [edge, path, view], ['one-vantage']],
    ['two views of gateways that are not sufficient, and the edge', [edge, view, { ...view, name: 'v' }], []],
    [
      'an agent in one site beside two views',
      [agent('x', 'east'), view, { ...view, name: 'v' }],
      ['site-takes-quorum'],
    ],
  ])('by %s', (_, voters, expected) => {
    expect(codes(...voters)).toEqual(expected);
  });

  it('is told with the names of what is concerned', () => {
    expect(lint(edge, agent('x', 'east'), agent('y', 'east'))).toEqual([
      'one-vantage What is seen from east alone decides upon a, so that trouble of that network would pass for an outage: add a voter elsewhere.',
      'site-takes-quorum The loss of east leaves no majority that could decide upon a, just when it is needed: add a voter elsewhere, such as the edge.',
    ]);
    const many = Array.from({ length: 7 }, (_, index) => facts(`c${index}`));
    expect(lintEvidence({ voters: [edge] }, many, [])[0]?.detail).toMatch(/upon c0, c1, c2, c3, c4 and 2 more,/);
  });

  it('by nobody is of no concern where there is no traffic', () => {
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { voters: [] }));
    const found = lintEvidence({ voters: [edge] }, clusters, [placement({ a: 100, b: 0 }, { pinned: true })]);
    expect(found).toMatchObject([
      { code: 'unwatched', pointer: '#/voters', detail: expect.stringMatching(/watches a,/) },
    ]);
  });
});
