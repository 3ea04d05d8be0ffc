import { type Group, prefix, to } from '../case.ts';

export const affinity: Group = {
  name: 'affinity',
  cases: [
    {
      name: 'requests of one client stay with one server',
      routes: [{ rules: [{ backendRefs: to('sticky') }] }],
      requests: [
        { times: 20, keepsCookies: true, expect: { from: 'sticky', oneServer: true } },
        { times: 20, keepsCookies: true, expect: { from: 'sticky', oneServer: true } },
      ],
    },
    {
      name: 'clients are spread over all servers',
      routes: [{ rules: [{ backendRefs: to('sticky') }] }],
      requests: [{ times: 60, expect: { servers: ['sticky-a', 'sticky-b'] } }],
    },
    {
      name: 'a client gets its cookie with the first answer',
      routes: [{ rules: [{ backendRefs: to('sticky') }] }],
      requests: [{ expect: { from: 'sticky', response: { headers: { 'set-cookie': /=/ } } } }],
    },
    {
      name: 'a client stays with its server on every path of the pool',
      routes: [
        {
          rules: [{ backendRefs: to('sticky') }, { matches: [{ path: prefix('/deep') }], backendRefs: to('sticky') }],
        },
      ],
      requests: [{ times: 20, path: '/deep/x', keepsCookies: true, expect: { from: 'sticky', oneServer: true } }],
    },
    {
      name: 'a service without affinity sets no cookie',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [{ expect: { from: 'shop', response: { headers: { 'set-cookie': null } } } }],
    },
  ],
};
