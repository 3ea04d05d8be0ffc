import { describe, expect, it } from 'vitest';
import type { Change, ChangeSet } from '../../functions/commands/change-set.ts';
import { issuesOf } from '../../functions/commands/write/finding-pointers.ts';
import { RouteInput } from '../../schemas/route.ts';
import { route } from '../store/fixtures.ts';

const backendRefs = [{ service: 'shop', port: 80 }];
const matches = ['/a', '/b'].map((value) => ({ path: { type: 'Prefix', value } }));
const spec = RouteInput.parse({
  gateways: ['west', 'edge'],
  hostnames: ['a.example.com', 'b.example.com'],
  rules: [{ matches, backendRefs }],
});

function pointersOf(rules: string[], changes = [change('shop')]): string[] {
  const set = { fleet: 'prod', changes, places: undefined } as unknown as ChangeSet;
  const finding = { pointer: '#/rules', code: 'unsupported-feature', detail: 'It cannot.', rules, pools: [] };
  return issuesOf(set, 'edge', finding, [], {}).map(({ pointer }) => pointer);
}

function change(name: string): Change {
  return { verb: 'create', resource: { ...route(name), spec }, before: undefined, referenceCount: undefined };
}

describe('the place of a finding', () => {
  it('is a match, each once, when it is about all host names', () => {
    const keys = ['shop/00/01/a.example.com', 'shop/00/01/b.example.com'];
    expect(pointersOf(keys)).toEqual(['#/rules/0/matches/1']);
  });

  it('is a host name when it is about all matches of that one alone', () => {
    const keys = ['shop/00/00/b.example.com', 'shop/00/01/b.example.com'];
    expect(pointersOf(keys)).toEqual(['#/hostnames/1']);
  });

  it('is the gateway in the one route that is written, when no rule of it is concerned', () => {
    expect(pointersOf(['other/00/00/c.example.com'])).toEqual(['#/gateways/1']);
  });

  it('is the gateway itself when several routes are written', () => {
    expect(pointersOf([], [change('shop'), change('cart')])).toEqual(['gateways/edge']);
  });
});
