import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGateway, type Fields, type MseCloud, publishRoute, startMseCloud, type TestGateway } from './harness.ts';

let cloud: MseCloud;
let gateway: TestGateway;

beforeAll(async () => {
  cloud = await startMseCloud();
  gateway = await createGateway(cloud);
});

afterAll(() => cloud.close());

const add = (fields: Fields) =>
  cloud.call<number>('AddGatewayDomain', { GatewayUniqueId: gateway.id, Protocol: 'HTTP', ...fields });
const refused = (fields: Fields) =>
  cloud.refusal('AddGatewayDomain', { GatewayUniqueId: gateway.id, Protocol: 'HTTP', ...fields });

test('a domain is added, changed, read and deleted', async () => {
  const Id = await add({ Name: '*.shop.example.com' });
  const target = { GatewayUniqueId: gateway.id, Id };
  await cloud.call('UpdateGatewayDomain', {
    ...target,
    Protocol: 'HTTPS',
    CertIdentifier: 'cert-1',
    MustHttps: true,
    Http2: 'open',
    TlsCipherSuitesConfigJSON: { ConfigType: 'custom', TlsCipherSuites: ['ECDHE'] },
  });
  const detail = await cloud.call<Fields>('GetGatewayDomainDetail', target);
  expect(detail).toMatchObject({ Id, Name: '*.shop.example.com', Protocol: 'HTTPS', MustHttps: true, Http2: 'open' });
  expect(Object.keys(detail)).not.toContain('Type');
  expect(
    await cloud.call('ListGatewayDomain', { GatewayUniqueId: gateway.id, DomainName: 'shop', Type: 'Op' }),
  ).toMatchObject([{ Id, Type: 'Op', Status: 3, CertIdentifier: 'cert-1' }]);
  await cloud.call('UpdateGatewayDomain', { ...target, TlsMin: 'TLSv1.2' });
  expect(await cloud.call('GetGatewayDomainDetail', target)).toMatchObject({ Http2: 'open', TlsMin: 'TLSv1.2' });
  await cloud.call('DeleteGatewayDomain', target);
  expect(await cloud.refusal('GetGatewayDomainDetail', target)).toMatchObject({ code: 404, errorCode: 'NotFound' });
  expect(await cloud.refusal('DeleteGatewayDomain', target)).toMatchObject({ code: 404, errorCode: 'NotFound' });
});

test.each([
  ['its name is no host name', { Name: 'http://x' }, 'InvalidParameter'],
  ['the wildcard is in the middle', { Name: 'a.*.example.com' }, 'InvalidParameter'],
  ['its name is there already', { Name: 'a.example.com' }, 'AlreadyExists'],
  ['HTTPS has no certificate', { Name: 'c.example.com', Protocol: 'HTTPS' }, 'InvalidParameter'],
  ['HTTP shall be redirected to HTTPS', { Name: 'c.example.com', MustHttps: true }, 'InvalidParameter'],
  ['its protocol is none', { Name: 'c.example.com', Protocol: 'FTP' }, 'InvalidParameter'],
])('a domain is refused when %s', async (_, fields, errorCode) => {
  expect(await refused(fields)).toMatchObject({ status: 200, success: false, errorCode });
});

test('a domain stays as long as a route uses it, edited or published', async () => {
  const [first, second] = gateway.domains;
  const target = { GatewayUniqueId: gateway.id, Id: first };
  const RouteId = await publishRoute(cloud, gateway, { DomainIdListJSON: [first] });
  expect(await cloud.refusal('DeleteGatewayDomain', target)).toMatchObject({ code: 400, errorCode: 'IllegalRequest' });
  await cloud.call('UpdateGatewayRoute', {
    GatewayUniqueId: gateway.id,
    Id: RouteId,
    DomainIdListJSON: [second],
    Predicates: { PathPredicates: { Path: '/', Type: 'PRE' } },
    DestinationType: 'Single',
    Services: [{ ServiceId: gateway.services[0] }],
  });
  expect(await cloud.refusal('DeleteGatewayDomain', target)).toMatchObject({ errorCode: 'IllegalRequest' });
  await cloud.call('ApplyGatewayRoute', { GatewayUniqueId: gateway.id, RouteId });
  await cloud.advance(10_000);
  await cloud.call('DeleteGatewayDomain', target);
});
