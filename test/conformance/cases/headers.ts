import { type Group, to } from '../case.ts';

const REQUEST = 'RequestHeaderModifier';
const RESPONSE = 'ResponseHeaderModifier';

/** A request header x-reply-NAME makes the server answer with the header NAME. */
export const headers: Group = {
  name: 'headers',
  cases: [
    {
      name: 'a request header is set where there is none',
      routes: [
        {
          rules: [{ filters: [{ type: REQUEST, set: [{ name: 'x-env', value: 'prod' }] }], backendRefs: to('shop') }],
        },
      ],
      requests: [{ expect: { from: 'shop', received: { headers: { 'x-env': 'prod' } } } }],
    },
    {
      name: 'a request header that is set replaces what was sent',
      routes: [
        {
          rules: [{ filters: [{ type: REQUEST, set: [{ name: 'X-Env', value: 'prod' }] }], backendRefs: to('shop') }],
        },
      ],
      requests: [
        { headers: { 'x-env': 'test' }, expect: { from: 'shop', received: { headers: { 'x-env': 'prod' } } } },
      ],
    },
    {
      name: 'several request headers are set',
      routes: [
        {
          rules: [
            {
              filters: [
                {
                  type: REQUEST,
                  set: [
                    { name: 'x-one', value: '1' },
                    { name: 'x-two', value: 'two words; and more' },
                  ],
                },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [{ expect: { from: 'shop', received: { headers: { 'x-one': '1', 'x-two': 'two words; and more' } } } }],
    },
    {
      name: 'a request header is added beside what was sent',
      routes: [
        {
          rules: [{ filters: [{ type: REQUEST, add: [{ name: 'x-via', value: 'edge' }] }], backendRefs: to('shop') }],
        },
      ],
      requests: [
        { expect: { from: 'shop', received: { headers: { 'x-via': 'edge' } } } },
        {
          headers: { 'x-via': 'client' },
          expect: { from: 'shop', received: { headers: { 'x-via': 'client, edge' } } },
        },
      ],
      refusedOn: { alb: 'filter.RequestHeaderModifier.add' },
    },
    {
      name: 'a request header is removed',
      routes: [{ rules: [{ filters: [{ type: REQUEST, remove: ['X-Debug'] }], backendRefs: to('shop') }] }],
      requests: [
        {
          headers: { 'x-debug': '1', 'x-kept': '1' },
          expect: { from: 'shop', received: { headers: { 'x-debug': null, 'x-kept': '1' } } },
        },
      ],
    },
    {
      name: 'request headers are set and removed together',
      routes: [
        {
          rules: [
            {
              filters: [{ type: REQUEST, set: [{ name: 'x-env', value: 'prod' }], remove: ['x-debug', 'x-trace'] }],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        {
          headers: { 'x-debug': '1', 'x-trace': '1', 'x-env': 'no' },
          expect: { from: 'shop', received: { headers: { 'x-debug': null, 'x-trace': null, 'x-env': 'prod' } } },
        },
      ],
    },
    {
      name: 'a filter holds for its rule only',
      routes: [
        {
          rules: [
            { backendRefs: to('shop') },
            {
              matches: [{ path: { type: 'Prefix', value: '/filtered' } }],
              filters: [{ type: REQUEST, set: [{ name: 'x-env', value: 'prod' }] }],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { expect: { from: 'shop', received: { headers: { 'x-env': null } } } },
        { path: '/filtered', expect: { from: 'shop', received: { headers: { 'x-env': 'prod' } } } },
      ],
    },
    {
      name: 'a response header is set, whether the server sent it or not',
      routes: [
        {
          rules: [
            {
              filters: [{ type: RESPONSE, set: [{ name: 'x-frame-options', value: 'DENY' }] }],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { expect: { from: 'shop', response: { headers: { 'x-frame-options': 'DENY' } } } },
        {
          headers: { 'x-reply-x-frame-options': 'SAMEORIGIN' },
          expect: { from: 'shop', response: { headers: { 'x-frame-options': 'DENY' } } },
        },
      ],
      refusedOn: { alb: 'filter.ResponseHeaderModifier' },
    },
    {
      name: 'a response header is added beside what the server sent',
      routes: [
        {
          rules: [{ filters: [{ type: RESPONSE, add: [{ name: 'x-via', value: 'edge' }] }], backendRefs: to('shop') }],
        },
      ],
      requests: [
        {
          headers: { 'x-reply-x-via': 'server' },
          expect: { from: 'shop', response: { headers: { 'x-via': 'server, edge' } } },
        },
      ],
      refusedOn: { alb: 'filter.ResponseHeaderModifier' },
    },
    {
      name: 'a response header is removed',
      routes: [{ rules: [{ filters: [{ type: RESPONSE, remove: ['X-Powered-By'] }], backendRefs: to('shop') }] }],
      requests: [
        {
          headers: { 'x-reply-x-powered-by': 'demo' },
          expect: { from: 'shop', response: { headers: { 'x-powered-by': null } } },
        },
      ],
      refusedOn: { alb: 'filter.ResponseHeaderModifier' },
    },
    {
      name: 'request and response headers change together',
      routes: [
        {
          rules: [
            {
              filters: [
                { type: REQUEST, set: [{ name: 'x-env', value: 'prod' }] },
                { type: RESPONSE, set: [{ name: 'x-served-by', value: 'edge' }] },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        {
          expect: {
            from: 'shop',
            received: { headers: { 'x-env': 'prod' } },
            response: { headers: { 'x-served-by': 'edge' } },
          },
        },
      ],
      refusedOn: { alb: 'filter.ResponseHeaderModifier' },
    },
  ],
};
