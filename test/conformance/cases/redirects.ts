import type { Feature } from '../../../functions/core/routing/features.ts';
import type { RouteFilter } from '../../../schemas/filter.ts';
import { type Case, type Group, type Provider, prefix } from '../case.ts';

type Redirect = Omit<Extract<RouteFilter, { type: 'RequestRedirect' }>, 'type' | 'statusCode'>;

/** A rule that redirects, with the target of each path. */
function leads(
  name: string,
  redirect: Redirect & { statusCode?: 301 | 302 | 303 | 307 | 308 },
  locations: Record<string, string>,
  refusedOn: Partial<Record<Provider, Feature>> = {},
): Case {
  return {
    name,
    routes: [
      { rules: [{ matches: [{ path: prefix('/from') }], filters: [{ type: 'RequestRedirect', ...redirect }] }] },
    ],
    requests: Object.entries(locations).map(([path, location]) => ({
      path,
      expect: { status: redirect.statusCode ?? 302, response: { headers: { location } } },
    })),
    refusedOn,
  };
}

export const redirects: Group = {
  name: 'redirects',
  cases: [
    leads(
      'a redirect to another host keeps path and query',
      { hostname: 'to.example.net' },
      {
        '/from': 'http://to.example.net/from',
        '/from/x?a=b': 'http://to.example.net/from/x?a=b',
      },
    ),
    ...([301, 303, 307, 308] as const).map((statusCode) =>
      leads(
        `a redirect may answer ${statusCode}`,
        { hostname: 'to.example.net', statusCode },
        {
          '/from/x': 'http://to.example.net/from/x',
        },
      ),
    ),
    leads(
      'a redirect to https keeps the host',
      { scheme: 'https', statusCode: 301 },
      { '/from/x?a=b': 'https://{host}/from/x?a=b' },
      { mse: 'filter.RequestRedirect.scheme' },
    ),
    leads(
      'a redirect to another port keeps scheme and host',
      { port: 8080 },
      { '/from/x?a=b': 'http://{host}:8080/from/x?a=b' },
      { mse: 'filter.RequestRedirect.port' },
    ),
    leads(
      'a redirect to https at another port',
      { port: 8443, scheme: 'https' },
      { '/from/x': 'https://{host}:8443/from/x' },
      { mse: 'filter.RequestRedirect.scheme' },
    ),
    leads(
      'a redirect to another path keeps host and query',
      { path: { type: 'ReplaceFullPath', value: '/to' } },
      { '/from/x': 'http://{host}/to', '/from?a=b': 'http://{host}/to?a=b' },
    ),
    leads(
      'a redirect to another host and path',
      { hostname: 'to.example.net', path: { type: 'ReplaceFullPath', value: '/to' }, statusCode: 301 },
      { '/from/x': 'http://to.example.net/to' },
    ),
    leads(
      'a redirect to another prefix keeps the rest',
      { path: { type: 'ReplacePrefixMatch', value: '/to' } },
      { '/from': 'http://{host}/to', '/from/x/y?a=b': 'http://{host}/to/x/y?a=b' },
      { mse: 'filter.RequestRedirect.ReplacePrefixMatch' },
    ),
    {
      name: 'what does not match the rule is not redirected',
      routes: [
        {
          rules: [
            { backendRefs: [{ service: 'shop', port: 80 }] },
            {
              matches: [{ path: prefix('/from') }],
              filters: [{ type: 'RequestRedirect', hostname: 'to.example.net' }],
            },
          ],
        },
      ],
      requests: [
        { path: '/stay', expect: { from: 'shop' } },
        { path: '/from', expect: { status: 302, response: { headers: { location: 'http://to.example.net/from' } } } },
      ],
    },
  ],
};
