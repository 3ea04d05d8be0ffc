import { exact, type Group, prefix, to } from '../case.ts';

export const matches: Group = {
  name: 'matches',
  cases: [
    {
      name: 'a method is matched by itself only',
      routes: [{ rules: [{ matches: [{ method: 'POST' }], backendRefs: to('shop') }] }],
      requests: [
        { method: 'POST', body: 'x', expect: { from: 'shop', received: { method: 'POST', body: 'x' } } },
        { method: 'GET', expect: { unmatched: true } },
        { method: 'PUT', body: 'x', expect: { unmatched: true } },
      ],
    },
    {
      name: 'without a method every method is served',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({
        method,
        expect: { from: 'shop', received: { method } },
      })),
    },
    {
      name: 'HEAD is answered without a body',
      routes: [{ rules: [{ matches: [{ method: 'HEAD' }], backendRefs: to('shop') }] }],
      requests: [{ method: 'HEAD', expect: { from: 'shop', response: { body: '' } } }],
    },
    {
      name: 'a body of some size reaches the server whole',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [
        { method: 'PUT', body: 'b'.repeat(10_000), expect: { from: 'shop', received: { body: 'b'.repeat(10_000) } } },
      ],
    },
    {
      name: 'the name of a header knows no case, its value does',
      routes: [{ rules: [{ matches: [{ headers: [{ name: 'X-Env', value: 'Canary' }] }], backendRefs: to('shop') }] }],
      requests: [
        { headers: { 'x-env': 'Canary' }, expect: { from: 'shop' } },
        { headers: { 'X-ENV': 'Canary' }, expect: { from: 'shop' } },
        { headers: { 'x-env': 'canary' }, expect: { unmatched: true } },
        { headers: { 'x-env': 'Canary2' }, expect: { unmatched: true } },
        { expect: { unmatched: true } },
      ],
    },
    {
      name: 'all headers must match',
      routes: [
        {
          rules: [
            {
              matches: [
                {
                  headers: [
                    { name: 'x-env', value: 'canary' },
                    { name: 'x-user', value: 'test' },
                  ],
                },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { headers: { 'x-env': 'canary', 'x-user': 'test' }, expect: { from: 'shop' } },
        { headers: { 'x-env': 'canary' }, expect: { unmatched: true } },
        { headers: { 'x-env': 'canary', 'x-user': 'other' }, expect: { unmatched: true } },
      ],
    },
    {
      name: 'a header value may hold spaces and punctuation',
      routes: [
        {
          rules: [
            { matches: [{ headers: [{ name: 'x-agent', value: 'Mozilla/5.0 (X11)' }] }], backendRefs: to('shop') },
          ],
        },
      ],
      requests: [
        { headers: { 'x-agent': 'Mozilla/5.0 (X11)' }, expect: { from: 'shop' } },
        { headers: { 'x-agent': 'Mozilla/5x0 (X11)' }, expect: { unmatched: true } },
      ],
    },
    {
      name: 'a query parameter is matched by its value, wherever it stands',
      routes: [{ rules: [{ matches: [{ queryParams: [{ name: 'v', value: '2' }] }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/?v=2', expect: { from: 'shop' } },
        { path: '/?a=1&v=2&b=3', expect: { from: 'shop', received: { path: '/?a=1&v=2&b=3' } } },
        { path: '/?v=22', expect: { unmatched: true } },
        { path: '/?w=2', expect: { unmatched: true } },
        { expect: { unmatched: true } },
      ],
    },
    {
      name: 'all query parameters must match',
      routes: [
        {
          rules: [
            {
              matches: [
                {
                  queryParams: [
                    { name: 'v', value: '2' },
                    { name: 'beta', value: 'yes' },
                  ],
                },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { path: '/?beta=yes&v=2', expect: { from: 'shop' } },
        { path: '/?v=2', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a cookie is matched among others',
      routes: [{ rules: [{ matches: [{ cookies: [{ name: 'tier', value: 'gold' }] }], backendRefs: to('shop') }] }],
      requests: [
        { headers: { cookie: 'tier=gold' }, expect: { from: 'shop' } },
        { headers: { cookie: 'a=b; tier=gold; c=d' }, expect: { from: 'shop' } },
        { headers: { cookie: 'tier=golden' }, expect: { unmatched: true } },
        { headers: { cookie: 'mytier=gold' }, expect: { unmatched: true } },
        { expect: { unmatched: true } },
      ],
      refusedOn: { mse: 'cookie' },
    },
    {
      name: 'all cookies must match',
      routes: [
        {
          rules: [
            {
              matches: [
                {
                  cookies: [
                    { name: 'tier', value: 'gold' },
                    { name: 'lab', value: '1' },
                  ],
                },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { headers: { cookie: 'lab=1; tier=gold' }, expect: { from: 'shop' } },
        { headers: { cookie: 'tier=gold' }, expect: { unmatched: true } },
      ],
      refusedOn: { mse: 'cookie' },
    },
    {
      name: 'path, method, header and query parameter must match together',
      routes: [
        {
          rules: [
            {
              matches: [
                {
                  path: prefix('/api'),
                  method: 'GET',
                  headers: [{ name: 'x-env', value: 'canary' }],
                  queryParams: [{ name: 'v', value: '2' }],
                },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { path: '/api/x?v=2', headers: { 'x-env': 'canary' }, expect: { from: 'shop' } },
        { path: '/x?v=2', headers: { 'x-env': 'canary' }, expect: { unmatched: true } },
        { path: '/api/x', headers: { 'x-env': 'canary' }, expect: { unmatched: true } },
        { path: '/api/x?v=2', expect: { unmatched: true } },
        { method: 'POST', path: '/api/x?v=2', headers: { 'x-env': 'canary' }, expect: { unmatched: true } },
      ],
    },
    {
      name: 'alternatives may differ in kind',
      routes: [
        {
          rules: [
            {
              matches: [
                { path: exact('/beta') },
                { path: prefix('/app'), headers: [{ name: 'x-beta', value: '1' }] },
                { path: prefix('/old'), method: 'DELETE' },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { path: '/beta', expect: { from: 'shop' } },
        { path: '/app/x', headers: { 'x-beta': '1' }, expect: { from: 'shop' } },
        { path: '/app/x', expect: { unmatched: true } },
        { method: 'DELETE', path: '/old/1', expect: { from: 'shop' } },
        { path: '/old/1', expect: { unmatched: true } },
      ],
    },
  ],
};
