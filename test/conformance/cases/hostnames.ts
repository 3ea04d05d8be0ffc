import { type Group, prefix, to } from '../case.ts';

export const hostnames: Group = {
  name: 'hostnames',
  cases: [
    {
      name: 'an exact host name answers for itself only',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [
        { expect: { from: 'shop', received: { host: '{host}' } } },
        { host: 'www.{host}', expect: { unmatched: true } },
        { host: 'not-{host}', expect: { unmatched: true } },
      ],
    },
    {
      name: 'host names know no case',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [{ host: '{HOST}', expect: { from: 'shop' } }],
    },
    {
      name: 'the port of the Host header does not matter',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [{ host: '{host}:8080', expect: { from: 'shop' } }],
    },
    {
      name: 'a wildcard stands for labels in front, and not for none',
      routes: [{ hostnames: ['*.{host}'], rules: [{ backendRefs: to('shop') }] }],
      requests: [
        { host: 'eu.{host}', expect: { from: 'shop', received: { host: 'eu.{host}' } } },
        { host: 'a-b.{host}', expect: { from: 'shop' } },
        { expect: { unmatched: true } },
      ],
    },
    {
      name: 'a wildcard stands for several labels, too',
      routes: [{ hostnames: ['*.{host}'], rules: [{ backendRefs: to('shop') }] }],
      requests: [{ host: 'api.eu.{host}', expect: { from: 'shop' } }],
    },
    {
      name: 'a wildcard begins at a dot',
      routes: [{ hostnames: ['*.{host}'], rules: [{ backendRefs: to('shop') }] }],
      requests: [{ host: 'evil{host}', expect: { unmatched: true } }],
    },
    {
      name: 'each host name of a route answers',
      routes: [{ hostnames: ['one.{host}', 'two.{host}', '*.three.{host}'], rules: [{ backendRefs: to('shop') }] }],
      requests: [
        { host: 'one.{host}', expect: { from: 'shop' } },
        { host: 'two.{host}', expect: { from: 'shop' } },
        { host: 'x.three.{host}', expect: { from: 'shop' } },
        { host: 'three.{host}', expect: { unmatched: true } },
      ],
    },
    {
      name: 'a route without host names takes every host',
      routes: [{ hostnames: [], rules: [{ matches: [{ path: prefix('/for-every-host') }], backendRefs: to('shop') }] }],
      requests: [
        { path: '/for-every-host', expect: { from: 'shop' } },
        { host: 'nobody.test', path: '/for-every-host/deeper', expect: { from: 'shop' } },
        { host: 'nobody.test', path: '/other', expect: { unmatched: true } },
      ],
    },
  ],
};
