import { type Group, prefix, to } from '../case.ts';

/** x-demo-delay-ms, x-demo-status and x-demo-failures make the server late, unfriendly, or unfriendly at first. */
export const resilience: Group = {
  name: 'resilience',
  cases: [
    {
      name: 'requests beyond the limit of a second are refused',
      routes: [{ rules: [{ filters: [{ type: 'RateLimit', requestsPerSecond: 5 }], backendRefs: to('shop') }] }],
      requests: [{ times: 12, expect: { statuses: { 200: 5, 503: 7 } } }],
      refusedOn: { mse: 'filter.RateLimit' },
    },
    {
      name: 'a server that answers too late is answered for',
      routes: [{ rules: [{ backendRefs: to('shop'), timeouts: { requestSeconds: 1 } }] }],
      requests: [
        { headers: { 'x-demo-delay-ms': '2500' }, expect: { status: 504 } },
        { headers: { 'x-demo-delay-ms': '200' }, expect: { from: 'shop' } },
      ],
      refusedOn: { alb: 'timeout' },
    },
    {
      name: 'a status that is declared for it is tried again',
      routes: [{ rules: [{ backendRefs: to('shop'), retry: { attempts: 2, statusCodes: [503] } }] }],
      requests: [
        {
          headers: { 'x-demo-status': '503', 'x-demo-failures': '1' },
          expect: { from: 'shop', received: { attempts: 2 } },
        },
      ],
      refusedOn: { alb: 'retry' },
    },
    {
      name: 'retries end',
      routes: [{ rules: [{ backendRefs: to('shop'), retry: { attempts: 2, statusCodes: [503] } }] }],
      requests: [{ headers: { 'x-demo-status': '503' }, expect: { status: 503, received: { attempts: 3 } } }],
      refusedOn: { alb: 'retry' },
    },
    {
      name: 'a status that is not declared for it is passed on',
      routes: [{ rules: [{ backendRefs: to('shop'), retry: { attempts: 2, statusCodes: [502] } }] }],
      requests: [
        {
          headers: { 'x-demo-status': '503', 'x-demo-failures': '1' },
          expect: { status: 503, received: { attempts: 1 } },
        },
      ],
      refusedOn: { alb: 'retry' },
    },
    {
      name: 'without a retry a status is passed on',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [
        {
          headers: { 'x-demo-status': '503', 'x-demo-failures': '1' },
          expect: { status: 503, received: { attempts: 1 } },
        },
      ],
    },
    {
      name: 'the fallback serves when no endpoint of the backend is available',
      routes: [
        {
          rules: [
            { matches: [{ path: prefix('/gone') }], backendRefs: to('gone'), fallback: { service: 'shop', port: 80 } },
          ],
        },
      ],
      requests: [{ path: '/gone', eventually: true, expect: { from: 'shop' } }],
      refusedOn: { alb: 'fallback' },
    },
    {
      name: 'the fallback rests while the backend serves',
      routes: [{ rules: [{ backendRefs: to('pay'), fallback: { service: 'shop', port: 80 } }] }],
      requests: [
        { times: 20, expect: { from: 'pay' } },
        { headers: { 'x-demo-status': '503' }, expect: { status: 503, from: 'pay' } },
      ],
      refusedOn: { alb: 'fallback' },
    },
  ],
};
