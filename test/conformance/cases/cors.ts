import { type Case, type Group, to } from '../case.ts';

const OK = 'https://app.example.com';
const OTHER = 'https://evil.example.com';

const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-token' },
});

const route = (allow: object): Case['routes'] => [
  {
    rules: [
      {
        filters: [{ type: 'CORS', allowOrigins: [OK], allowMethods: ['GET', 'POST'], ...allow }],
        backendRefs: to('shop'),
      },
    ],
  },
];

export const cors: Group = {
  name: 'cors',
  cases: [
    {
      name: 'a preflight of an allowed origin is answered by the gateway',
      routes: route({ allowHeaders: ['x-token'], maxAgeSeconds: 3600 }),
      requests: [
        {
          ...preflight(OK),
          expect: {
            status: [200, 204],
            received: { attempts: 0 },
            response: {
              headers: {
                'access-control-allow-origin': OK,
                'access-control-allow-methods': /\bPOST\b/,
                'access-control-allow-headers': /\bx-token\b/i,
                'access-control-max-age': '3600',
                'x-cluster': null,
              },
            },
          },
        },
      ],
    },
    {
      name: 'a preflight of another origin gets no leave',
      routes: route({ allowHeaders: ['x-token'] }),
      requests: [
        {
          ...preflight(OTHER),
          expect: { status: [200, 204, 403], response: { headers: { 'access-control-allow-origin': null } } },
        },
      ],
    },
    {
      name: 'a request of an allowed origin is served and may be read',
      routes: route({}),
      requests: [
        {
          headers: { origin: OK },
          expect: { from: 'shop', response: { headers: { 'access-control-allow-origin': OK } } },
        },
      ],
    },
    {
      name: 'a request of another origin may not be read',
      routes: route({}),
      requests: [
        {
          headers: { origin: OTHER },
          expect: { response: { headers: { 'access-control-allow-origin': null } } },
        },
      ],
    },
    {
      name: 'a request without an origin is served as ever',
      routes: route({}),
      requests: [{ expect: { from: 'shop', response: { headers: { 'access-control-allow-origin': null } } } }],
    },
    {
      name: 'every origin may be allowed',
      routes: route({ allowOrigins: ['*'] }),
      requests: [
        {
          headers: { origin: OTHER },
          expect: {
            from: 'shop',
            response: { headers: { 'access-control-allow-origin': /^(\*|https:\/\/evil\.example\.com)$/ } },
          },
        },
      ],
    },
    {
      name: 'one of several origins is allowed by its own name',
      routes: route({ allowOrigins: ['https://one.example.com', OK] }),
      requests: [
        {
          headers: { origin: OK },
          expect: { from: 'shop', response: { headers: { 'access-control-allow-origin': OK } } },
        },
      ],
    },
    {
      name: 'credentials and exposed headers are allowed where declared',
      routes: route({ allowCredentials: true, exposeHeaders: ['x-total'] }),
      requests: [
        {
          headers: { origin: OK },
          expect: {
            from: 'shop',
            response: {
              headers: {
                'access-control-allow-credentials': 'true',
                'access-control-expose-headers': /\bx-total\b/i,
              },
            },
          },
        },
      ],
    },
    {
      name: 'credentials are not allowed where not declared',
      routes: route({}),
      requests: [
        {
          headers: { origin: OK },
          expect: { from: 'shop', response: { headers: { 'access-control-allow-credentials': /^$|^false$/ } } },
        },
      ],
    },
  ],
};
