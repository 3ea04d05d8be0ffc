import { type Group, regex, to } from '../case.ts';

export const regexes: Group = {
  name: 'regexes',
  cases: [
    {
      name: 'a path matches a regular expression as a whole',
      routes: [{ rules: [{ matches: [{ path: regex('^/items/[0-9]+$') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/items/42', expect: { from: 'shop' } },
        { path: '/items/42?a=b', expect: { from: 'shop' } },
        { path: '/items/x', expect: { unmatched: true } },
        { path: '/items/42/more', expect: { unmatched: true } },
        { path: '/more/items/42', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a regular expression knows case',
      routes: [{ rules: [{ matches: [{ path: regex('^/Items/[a-z]+$') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/Items/abc', expect: { from: 'shop' } },
        { path: '/items/abc', expect: { unmatched: true } },
        { path: '/Items/ABC', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a regular expression may have alternatives and sets',
      routes: [
        { rules: [{ matches: [{ path: regex('^/(js|css)/[^/]+[.]min[.](js|css)$') }], backendRefs: to('shop') }] },
      ],
      requests: [
        { path: '/js/app.min.js', expect: { from: 'shop' } },
        { path: '/css/app.min.css', expect: { from: 'shop' } },
        { path: '/js/appXminXjs', expect: { unmatched: true } },
        { path: '/img/app.min.js', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a regular expression may escape a dot',
      routes: [{ rules: [{ matches: [{ path: regex('^/v1\\.[0-9]+$') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/v1.7', expect: { from: 'shop' } },
        { path: '/v1x7', expect: { unmatched: true } },
      ],
      refusedOn: { alb: 'limit' },
    },
    {
      name: 'a header matches a regular expression as a whole',
      routes: [
        {
          rules: [
            {
              matches: [{ headers: [{ type: 'RegularExpression', name: 'x-user', value: '^test-[0-9]+$' }] }],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { headers: { 'x-user': 'test-7' }, expect: { from: 'shop' } },
        { headers: { 'x-user': 'my-test-7' }, expect: { unmatched: true } },
        { headers: { 'x-user': 'test-seven' }, expect: { unmatched: true } },
        { expect: { unmatched: true } },
      ],
      refusedOn: { alb: 'header.RegularExpression' },
    },
    {
      name: 'a query parameter matches a regular expression as a whole',
      routes: [
        {
          rules: [
            {
              matches: [{ queryParams: [{ type: 'RegularExpression', name: 'v', value: '^[23]$' }] }],
              backendRefs: to('shop'),
            },
          ],
        },
      ],
      requests: [
        { path: '/?v=2', expect: { from: 'shop' } },
        { path: '/?v=3', expect: { from: 'shop' } },
        { path: '/?v=23', expect: { unmatched: true } },
        { path: '/', expect: { unmatched: true } },
      ],
      refusedOn: { alb: 'query.RegularExpression' },
    },
  ],
};
