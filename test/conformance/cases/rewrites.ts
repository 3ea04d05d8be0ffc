import { type Case, exact, type Group, prefix, to } from '../case.ts';

type PathModifier = { type: 'ReplaceFullPath' | 'ReplacePrefixMatch'; value: string };

/** A rule that rewrites the path, with the path that servers receive for each path that is sent. */
function pathCase(
  name: string,
  path: ReturnType<typeof prefix> | ReturnType<typeof exact>,
  modifier: PathModifier,
  seen: Record<string, string>,
): Case {
  return {
    name,
    routes: [
      { rules: [{ matches: [{ path }], filters: [{ type: 'URLRewrite', path: modifier }], backendRefs: to('shop') }] },
    ],
    requests: Object.entries(seen).map(([sent, received]) => ({
      path: sent,
      expect: { from: 'shop', received: { path: received, host: '{host}' } },
    })),
  };
}

export const rewrites: Group = {
  name: 'rewrites',
  cases: [
    {
      name: 'the host is rewritten and the path stays',
      routes: [
        { rules: [{ filters: [{ type: 'URLRewrite', hostname: 'inner.example.net' }], backendRefs: to('shop') }] },
      ],
      requests: [{ path: '/a?b=c', expect: { from: 'shop', received: { host: 'inner.example.net', path: '/a?b=c' } } }],
    },
    pathCase(
      'the whole path is rewritten and the query stays',
      prefix('/old'),
      { type: 'ReplaceFullPath', value: '/new/place' },
      { '/old': '/new/place', '/old/x/y': '/new/place', '/old?a=b': '/new/place?a=b' },
    ),
    pathCase(
      'the whole of an exact path is rewritten',
      exact('/old'),
      { type: 'ReplaceFullPath', value: '/' },
      { '/old': '/' },
    ),
    pathCase(
      'a prefix is replaced and the rest stays',
      prefix('/foo'),
      { type: 'ReplacePrefixMatch', value: '/bar' },
      { '/foo': '/bar', '/foo/x': '/bar/x', '/foo/x/y?a=b': '/bar/x/y?a=b', '/foo/': '/bar/' },
    ),
    pathCase(
      'a prefix is taken away',
      prefix('/foo'),
      { type: 'ReplacePrefixMatch', value: '/' },
      { '/foo': '/', '/foo/x': '/x', '/foo/x/y?a=b': '/x/y?a=b' },
    ),
    pathCase(
      'slashes at the end of prefix and replacement do not double',
      prefix('/foo/'),
      { type: 'ReplacePrefixMatch', value: '/bar/' },
      { '/foo/x': '/bar/x', '/foo/x/': '/bar/x/' },
    ),
    pathCase(
      'a prefix is replaced by a deeper one',
      prefix('/v1'),
      { type: 'ReplacePrefixMatch', value: '/api/v1' },
      { '/v1': '/api/v1', '/v1/users': '/api/v1/users', '/v1/v1': '/api/v1/v1' },
    ),
    pathCase(
      'the prefix / is replaced: everything moves below',
      prefix('/'),
      { type: 'ReplacePrefixMatch', value: '/base' },
      { '/x': '/base/x', '/x/y?a=b': '/base/x/y?a=b' },
    ),
    {
      name: 'host and prefix are rewritten together',
      routes: [
        {
          rules: [
            {
              matches: [{ path: prefix('/foo') }],
              filters: [
                {
                  type: 'URLRewrite',
                  hostname: 'inner.example.net',
                  path: { type: 'ReplacePrefixMatch', value: '/bar' },
                },
              ],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [{ path: '/foo/x', expect: { from: 'shop', received: { host: 'inner.example.net', path: '/bar/x' } } }],
    },
    {
      name: 'a rewrite goes with weights and header changes',
      routes: [
        {
          rules: [
            {
              matches: [{ path: prefix('/foo') }],
              filters: [
                { type: 'URLRewrite', path: { type: 'ReplaceFullPath', value: '/bar' } },
                { type: 'RequestHeaderModifier', set: [{ name: 'x-env', value: 'prod' }] },
              ],
              backendRefs: to('shop', 'pay'),
            },
          ],
          distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }] },
        },
      ],
      requests: [
        { path: '/foo/x', expect: { received: { path: '/bar', headers: { 'x-env': 'prod' } } } },
        { path: '/foo/x', times: 100, expect: { split: { 'shop-a': 50, 'pay-a': 50 } } },
      ],
    },
  ],
};
