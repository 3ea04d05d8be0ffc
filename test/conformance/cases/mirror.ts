import { type Case, type Group, to } from '../case.ts';

const route: Case['routes'] = [
  {
    rules: [
      { filters: [{ type: 'RequestMirror', service: 'copy', port: 80 }], backendRefs: to('shop') },
      { matches: [{ path: { type: 'Prefix', value: '/unmirrored' } }], backendRefs: to('shop') },
    ],
  },
];
const refusedOn = { mse: 'filter.RequestMirror' } as const;

export const mirror: Group = {
  name: 'mirror',
  cases: [
    {
      name: 'a copy of each request goes to the mirror, and the client sees the answer of the backend',
      routes: route,
      requests: [{ path: '/x?y=z', expect: { from: 'shop', mirrored: { service: 'copy', copies: 1 } } }],
      refusedOn,
    },
    {
      name: 'the copy has the body',
      routes: route,
      requests: [
        {
          method: 'POST',
          body: 'order 7',
          expect: { from: 'shop', mirrored: { service: 'copy', copies: 1, body: 'order 7' } },
        },
      ],
      refusedOn,
    },
    {
      name: 'other rules are not mirrored',
      routes: route,
      requests: [{ path: '/unmirrored', expect: { from: 'shop', mirrored: { service: 'copy', copies: 0 } } }],
      refusedOn,
    },
  ],
};
