import { exact, type Group, prefix, regex, to } from '../case.ts';

const header = (name: string) => ({ name, value: '1' });

/** Each step of the total order of rules, against the one that comes after it. */
export const precedence: Group = {
  name: 'precedence',
  cases: [
    {
      name: 'an exact host name comes before a wildcard',
      routes: [
        { hostnames: ['*.{host}'], rules: [{ backendRefs: to('shop') }] },
        { hostnames: ['eu.{host}'], rules: [{ backendRefs: to('pay') }] },
      ],
      requests: [
        { host: 'eu.{host}', expect: { from: 'pay' } },
        { host: 'us.{host}', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'a longer wildcard comes before a shorter one',
      routes: [
        { hostnames: ['*.{host}'], rules: [{ backendRefs: to('shop') }] },
        { hostnames: ['*.eu.{host}'], rules: [{ backendRefs: to('pay') }] },
      ],
      requests: [
        { host: 'x.eu.{host}', expect: { from: 'pay' } },
        { host: 'x.{host}', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'a wildcard comes before a route for every host',
      routes: [
        { hostnames: [], rules: [{ matches: [{ path: prefix('/wildcard-first') }], backendRefs: to('shop') }] },
        {
          hostnames: ['*.{host}'],
          rules: [{ matches: [{ path: prefix('/wildcard-first') }], backendRefs: to('pay') }],
        },
      ],
      requests: [
        { host: 'x.{host}', path: '/wildcard-first', expect: { from: 'pay' } },
        { path: '/wildcard-first', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'the host comes before the path',
      routes: [
        { hostnames: ['*.{host}'], rules: [{ matches: [{ path: exact('/x') }], backendRefs: to('shop') }] },
        { hostnames: ['eu.{host}'], rules: [{ backendRefs: to('pay') }] },
      ],
      requests: [
        { host: 'eu.{host}', path: '/x', expect: { from: 'pay' } },
        { host: 'us.{host}', path: '/x', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'an exact path comes before a prefix',
      routes: [
        {
          rules: [
            { matches: [{ path: prefix('/cart') }], backendRefs: to('shop') },
            { matches: [{ path: exact('/cart') }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/cart', expect: { from: 'pay' } },
        { path: '/cart/1', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'a prefix comes before a regular expression',
      routes: [
        {
          rules: [
            { matches: [{ path: regex('^/items/[0-9]+/long/expression$') }], backendRefs: to('shop') },
            { matches: [{ path: prefix('/items/7') }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/items/7/long/expression', expect: { from: 'pay' } },
        { path: '/items/8/long/expression', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'a longer prefix comes before a shorter one',
      routes: [
        { rules: [{ backendRefs: to('shop') }] },
        { rules: [{ matches: [{ path: prefix('/a/b') }], backendRefs: to('old') }] },
        { rules: [{ matches: [{ path: prefix('/a') }], backendRefs: to('pay') }] },
      ],
      requests: [
        { path: '/x', expect: { from: 'shop' } },
        { path: '/a/x', expect: { from: 'pay' } },
        { path: '/a/b/c', expect: { from: 'old' } },
      ],
    },
    {
      name: 'a longer regular expression comes before a shorter one',
      routes: [
        {
          rules: [
            { matches: [{ path: regex('^/r/.*$') }], backendRefs: to('shop') },
            { matches: [{ path: regex('^/r/[0-9]+$') }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/r/7', expect: { from: 'pay' } },
        { path: '/r/x', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'the path comes before headers',
      routes: [
        {
          rules: [
            { matches: [{ path: prefix('/a'), headers: [header('x-beta')] }], backendRefs: to('shop') },
            { matches: [{ path: prefix('/a/b') }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/a/b', headers: { 'x-beta': '1' }, expect: { from: 'pay' } },
        { path: '/a/c', headers: { 'x-beta': '1' }, expect: { from: 'shop' } },
      ],
    },
    {
      name: 'a method comes before none',
      routes: [{ rules: [{ backendRefs: to('shop') }, { matches: [{ method: 'POST' }], backendRefs: to('pay') }] }],
      requests: [{ method: 'POST', expect: { from: 'pay' } }, { expect: { from: 'shop' } }],
      refusedOn: { mse: 'order' },
    },
    {
      name: 'a method comes before headers',
      routes: [
        {
          rules: [
            { matches: [{ headers: [header('x-beta')] }], backendRefs: to('shop') },
            { matches: [{ method: 'POST' }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { method: 'POST', headers: { 'x-beta': '1' }, expect: { from: 'pay' } },
        { headers: { 'x-beta': '1' }, expect: { from: 'shop' } },
      ],
      refusedOn: { mse: 'order' },
    },
    {
      name: 'more headers come before fewer',
      routes: [
        { rules: [{ backendRefs: to('shop') }] },
        { rules: [{ matches: [{ headers: [header('x-one')] }], backendRefs: to('pay') }] },
        { rules: [{ matches: [{ headers: [header('x-one'), header('x-two')] }], backendRefs: to('old') }] },
      ],
      requests: [
        { expect: { from: 'shop' } },
        { headers: { 'x-one': '1' }, expect: { from: 'pay' } },
        { headers: { 'x-one': '1', 'x-two': '1' }, expect: { from: 'old' } },
        { headers: { 'x-two': '1' }, expect: { from: 'shop' } },
      ],
    },
    {
      name: 'headers come before query parameters',
      routes: [
        {
          rules: [
            { matches: [{ queryParams: [header('q'), header('p')] }], backendRefs: to('shop') },
            { matches: [{ headers: [header('x-one')] }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/?q=1&p=1', headers: { 'x-one': '1' }, expect: { from: 'pay' } },
        { path: '/?q=1&p=1', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'more query parameters come before fewer',
      routes: [
        {
          rules: [
            { matches: [{ queryParams: [header('q')] }], backendRefs: to('shop') },
            { matches: [{ queryParams: [header('q'), header('p')] }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/?q=1&p=1', expect: { from: 'pay' } },
        { path: '/?q=1', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'more cookies come before fewer',
      routes: [
        {
          rules: [
            { matches: [{ cookies: [header('c')] }], backendRefs: to('shop') },
            { matches: [{ cookies: [header('c'), header('d')] }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { headers: { cookie: 'c=1; d=1' }, expect: { from: 'pay' } },
        { headers: { cookie: 'c=1' }, expect: { from: 'shop' } },
      ],
      refusedOn: { mse: 'cookie' },
    },
    {
      name: 'of equally specific rules of a route the earlier one wins',
      routes: [
        {
          rules: [
            { matches: [{ headers: [header('x-one')] }], backendRefs: to('shop') },
            { matches: [{ headers: [header('x-two')] }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { headers: { 'x-one': '1', 'x-two': '1' }, expect: { from: 'shop' } },
        { headers: { 'x-two': '1' }, expect: { from: 'pay' } },
      ],
      refusedOn: { mse: 'order' },
    },
    {
      name: 'what no rule of the exact host name matches falls to the wildcard',
      routes: [
        { hostnames: ['*.{host}'], rules: [{ backendRefs: to('shop') }] },
        { hostnames: ['eu.{host}'], rules: [{ matches: [{ path: prefix('/a') }], backendRefs: to('pay') }] },
      ],
      requests: [
        { host: 'eu.{host}', path: '/a', expect: { from: 'pay' } },
        { host: 'eu.{host}', path: '/b', expect: { from: 'shop' } },
      ],
    },
    {
      name: 'what no rule of the longer prefix matches falls to the shorter one',
      routes: [
        {
          rules: [
            { matches: [{ path: prefix('/a') }], backendRefs: to('shop') },
            { matches: [{ path: prefix('/a/b'), headers: [header('x-beta')] }], backendRefs: to('pay') },
          ],
        },
      ],
      requests: [
        { path: '/a/b', headers: { 'x-beta': '1' }, expect: { from: 'pay' } },
        { path: '/a/b', expect: { from: 'shop' } },
      ],
    },
  ],
};
