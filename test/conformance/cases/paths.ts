import { exact, type Group, prefix, to } from '../case.ts';

export const paths: Group = {
  name: 'paths',
  cases: [
    {
      name: 'an exact path is matched by itself only',
      routes: [{ rules: [{ matches: [{ path: exact('/cart') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/cart', expect: { from: 'shop', received: { path: '/cart' } } },
        { path: '/cart/', expect: { unmatched: true } },
        { path: '/cart/items', expect: { unmatched: true } },
        { path: '/carts', expect: { unmatched: true } },
      ],
    },
    {
      name: 'paths are compared by case',
      routes: [
        { rules: [{ matches: [{ path: exact('/Cart') }, { path: prefix('/Items') }], backendRefs: to('shop') }] },
      ],
      requests: [
        { path: '/Cart', expect: { from: 'shop' } },
        { path: '/cart', expect: { unmatched: true } },
        { path: '/Items/1', expect: { from: 'shop' } },
        { path: '/items/1', expect: { unmatched: true } },
      ],
    },
    {
      name: 'the query is no part of an exact path',
      routes: [{ rules: [{ matches: [{ path: exact('/cart') }], backendRefs: to('shop') }] }],
      requests: [{ path: '/cart?a=b', expect: { from: 'shop', received: { path: '/cart?a=b' } } }],
    },
    {
      name: 'a prefix goes by segments',
      routes: [{ rules: [{ matches: [{ path: prefix('/foo') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/foo', expect: { from: 'shop' } },
        { path: '/foo/', expect: { from: 'shop' } },
        { path: '/foo/bar/baz', expect: { from: 'shop' } },
        { path: '/foo?q=1', expect: { from: 'shop' } },
        { path: '/foobar', expect: { unmatched: true } },
        { path: '/', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a slash at the end of a prefix changes nothing',
      routes: [{ rules: [{ matches: [{ path: prefix('/foo/') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/foo', expect: { from: 'shop' } },
        { path: '/foo/bar', expect: { from: 'shop' } },
        { path: '/foobar', expect: { unmatched: true } },
      ],
    },
    {
      name: 'the prefix / is matched by every path',
      routes: [{ rules: [{ matches: [{ path: prefix('/') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/', expect: { from: 'shop' } },
        { path: '/any/where?at=all', expect: { from: 'shop', received: { path: '/any/where?at=all' } } },
      ],
    },
    {
      name: 'a prefix of several segments',
      routes: [{ rules: [{ matches: [{ path: prefix('/api/v1/users') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/api/v1/users/7', expect: { from: 'shop' } },
        { path: '/api/v1', expect: { unmatched: true } },
        { path: '/api/v1/user', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a dot is a dot',
      routes: [
        { rules: [{ matches: [{ path: exact('/v1.0') }, { path: prefix('/w2.0') }], backendRefs: to('shop') }] },
      ],
      requests: [
        { path: '/v1.0', expect: { from: 'shop' } },
        { path: '/v1x0', expect: { unmatched: true } },
        { path: '/w2.0/x', expect: { from: 'shop' } },
        { path: '/w2x0/x', expect: { unmatched: true } },
      ],
    },
    {
      name: 'what is percent-encoded reaches the server as it was sent',
      routes: [{ rules: [{ matches: [{ path: prefix('/files') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/files/a%20b%2Fc?d=%26', expect: { from: 'shop', received: { path: '/files/a%20b%2Fc?d=%26' } } },
      ],
    },
    {
      name: 'one match of several is enough',
      routes: [{ rules: [{ matches: [{ path: exact('/one') }, { path: prefix('/two') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/one', expect: { from: 'shop' } },
        { path: '/two/x', expect: { from: 'shop' } },
        { path: '/three', expect: { unmatched: true } },
      ],
    },
    {
      name: 'rules of a route go to backends of their own',
      routes: [
        {
          rules: [
            { matches: [{ path: prefix('/shop') }], backendRefs: to('shop') },
            { matches: [{ path: prefix('/pay') }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/shop/1', expect: { from: 'shop' } },
        { path: '/pay/1', expect: { from: 'pay' } },
      ],
    },
    {
      name: 'routes of one host share its paths',
      routes: [
        { rules: [{ matches: [{ path: prefix('/a') }], backendRefs: to('shop') }] },
        { rules: [{ matches: [{ path: prefix('/b') }], backendRefs: to('pay') }] },
      ],
      requests: [
        { path: '/a', expect: { from: 'shop' } },
        { path: '/b', expect: { from: 'pay' } },
        { path: '/c', expect: { unmatched: true } },
      ],
    },
  ],
};
