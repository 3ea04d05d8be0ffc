import { type Group, prefix, to } from '../case.ts';

export const responses: Group = {
  name: 'responses',
  cases: [
    {
      name: 'the gateway answers by itself, as plain text',
      routes: [{ rules: [{ filters: [{ type: 'DirectResponse', statusCode: 200, body: 'all is well' }] }] }],
      requests: [
        {
          expect: { response: { body: 'all is well', headers: { 'content-type': /^text\/plain/, 'x-cluster': null } } },
        },
      ],
    },
    {
      name: 'the gateway answers that it is closed for maintenance',
      routes: [{ rules: [{ filters: [{ type: 'DirectResponse', statusCode: 503, body: 'back soon' }] }] }],
      requests: [
        { expect: { status: 503, response: { body: 'back soon' } } },
        { method: 'POST', body: 'x', expect: { status: 503, response: { body: 'back soon' } } },
      ],
    },
    {
      name: 'an answer of the gateway may be empty',
      routes: [{ rules: [{ filters: [{ type: 'DirectResponse', statusCode: 410 }] }] }],
      requests: [{ expect: { status: 410, response: { body: '' } } }],
    },
    {
      name: 'the gateway answers for one path, servers for the others',
      routes: [
        {
          rules: [
            { backendRefs: to('shop') },
            { matches: [{ path: prefix('/admin') }], filters: [{ type: 'DirectResponse', statusCode: 403 }] },
          ],
        },
      ],
      requests: [
        { path: '/', expect: { from: 'shop' } },
        { path: '/admin/x', expect: { status: 403, response: { headers: { 'x-cluster': null } } } },
      ],
    },
    {
      name: 'what a server answers passes unchanged',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [404, 418, 500].map((status) => ({
        headers: { 'x-demo-status': String(status), 'x-reply-x-mood': 'fine' },
        expect: { status, from: 'shop', response: { headers: { 'x-mood': 'fine' } } },
      })),
    },
  ],
};
