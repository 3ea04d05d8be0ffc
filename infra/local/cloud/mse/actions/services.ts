import { isIPv4, isIPv6 } from 'node:net';
import { notCarried } from '../../errors.ts';
import {
  type Action,
  action,
  type Context,
  gatewayById,
  newId,
  reading,
  serviceById,
  timeText,
  writing,
} from '../context.ts';
import { alreadyExists, illegalRequest, invalid } from '../errors.ts';
import { healthOf } from '../health.ts';
import type { Gateway, HealthCheck, Service, TrafficPolicy } from '../model.ts';
import { contains, equals, type PageInput, page } from '../page.ts';
import { checkServiceUnused } from '../references.ts';

/**
 * The health check of a new service. It is on from the start (MSE user guide, active health checks); its figures are
 * assumed.
 */
const DEFAULT_CHECK: HealthCheck = {
  Check: true,
  Protocol: 'TCP',
  Interval: 5,
  Timeout: 2,
  HealthyThreshold: 2,
  UnhealthyThreshold: 2,
};

interface Addresses {
  Ips?: string[];
  ServicePort?: number;
  DnsServerList?: string[];
  ServiceProtocol?: Service['ServiceProtocol'];
}

interface ImportInput {
  SourceType: string;
  ServiceList: (Addresses & { Name: string })[];
}

/** Creates services; the answer does not contain their ids. */
const importServices = writing((context, gateway, { SourceType, ServiceList }: ImportInput) => {
  if (SourceType !== 'VIP' && SourceType !== 'DNS') throw notCarried(`services of source type ${SourceType}`);
  if (ServiceList.length === 0) throw invalid('ServiceList', 'it is empty');
  const names = new Set([...gateway.services.values()].map(({ Name }) => Name));
  const services = ServiceList.map(({ Name, ...input }) => {
    if (names.has(Name)) throw alreadyExists(`同名服务已存在: ${Name}`);
    names.add(Name);
    return withAddresses(newService(context, Name, SourceType), input);
  });
  for (const service of services) {
    service.Id = newId(context.state);
    gateway.services.set(service.Id, service);
  }
  return true;
});

function newService(context: Context, Name: string, SourceType: Service['SourceType']): Service {
  return {
    Id: 0,
    Name,
    SourceType,
    ServiceProtocol: 'HTTP',
    Ips: [],
    HealthCheck: { ...DEFAULT_CHECK },
    TrafficPolicy: {},
    GmtCreate: timeText(context),
  };
}

/** Returns the service with the addresses of the input; what the input leaves out stays. */
function withAddresses(service: Service, input: Addresses): Service {
  const { Ips = addressesOf(service), ServicePort = service.ServicePort, DnsServerList } = input;
  if (Ips.length === 0) throw invalid('IpList', 'a service needs an address');
  if (new Set(Ips).size < Ips.length) throw invalid('IpList', 'an address is given twice');
  const isDns = service.SourceType === 'DNS';
  const wrong = Ips.find((address) => !(isDns ? isHostName(address) : isIpAndPort(address)));
  if (wrong !== undefined) throw invalid('IpList', `${wrong} is no address of a service of type ${service.SourceType}`);
  if (isDns && ServicePort === undefined) throw invalid('ServicePort', 'services of type DNS need it');
  return {
    ...service,
    ServiceProtocol: input.ServiceProtocol ?? service.ServiceProtocol,
    Ips: isDns ? Ips.map((name) => `${name}:${ServicePort}`) : Ips,
    ...(isDns && ServicePort !== undefined ? { ServicePort } : {}),
    ...(DnsServerList === undefined ? {} : { DnsServerList }),
  };
}

/** Returns the addresses as the API shows them: those of DNS services without the port. */
function addressesOf({ SourceType, Ips }: Service): string[] {
  return SourceType === 'DNS' ? Ips.map((endpoint) => endpoint.slice(0, endpoint.lastIndexOf(':'))) : Ips;
}

function isIpAndPort(address: string): boolean {
  const [, v6, v4 = '', port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  return (v6 === undefined ? isIPv4(v4) : isIPv6(v6)) && Number(port) >= 1 && Number(port) <= 65535;
}

function isHostName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(name);
}

interface UpdateInput extends Omit<Addresses, 'Ips'> {
  Id: number;
  Name?: string;
  IpList?: string[];
}

/** Updates the addresses of a service, which are in force at once. */
const updateGatewayService = writing((_, gateway, { Id, Name, IpList, ...input }: UpdateInput) => {
  const service = serviceById(gateway, Id);
  if (service.SourceType !== 'VIP' && service.SourceType !== 'DNS') {
    throw illegalRequest(
      `the service ${service.Name} is of type ${service.SourceType}, and only VIP and DNS can be changed`,
    );
  }
  if (Name !== undefined && Name !== service.Name) throw invalid('Name', `it must be ${service.Name}`);
  Object.assign(service, withAddresses(service, { ...input, ...(IpList === undefined ? {} : { Ips: IpList }) }));
  return Id;
});

interface ListInput extends PageInput {
  FilterParams: {
    GatewayUniqueId: string;
    Name?: string;
    SourceType?: string;
    ServiceProtocol?: string;
    Namespace?: string;
    GroupName?: string;
  };
}

const listGatewayService = action((context, input: ListInput) => {
  const { GatewayUniqueId, Name, SourceType, ServiceProtocol, Namespace, GroupName } = input.FilterParams;
  const gateway = gatewayById(context, GatewayUniqueId);
  const wanted = [...gateway.services.values()].filter(
    (service) =>
      contains(service.Name, Name) &&
      equals<string>(service.SourceType, SourceType) &&
      equals<string>(service.ServiceProtocol, ServiceProtocol) &&
      equals(undefined, Namespace) &&
      equals(undefined, GroupName),
  );
  const { Result, ...rest } = page(wanted, input);
  return { ...rest, Result: Result.map((service) => presentItem(context, gateway, service)) };
});

function present({ GatewayUniqueId, Id: GatewayId }: Gateway, service: Service) {
  const { HealthCheck: _check, TrafficPolicy: _policy, ...fields } = service;
  const ports = service.Ips.map((endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)));
  const Ips = addressesOf(service);
  return { ...fields, Ips, GatewayUniqueId, GatewayId, Ports: [...new Set(ports)], Versions: [] };
}

function presentItem(context: Context, gateway: Gateway, service: Service) {
  const { HealthCheck, TrafficPolicy } = service;
  return {
    ...present(gateway, service),
    ...healthOf(context.dataPlane, gateway, service),
    HealthCheck: HealthCheck.Check,
    HealthCheckInfo: HealthCheck,
    GatewayTrafficPolicy: presentPolicy(TrafficPolicy),
  };
}

/** Returns a traffic policy as lists show it: they name the members of the TLS settings differently from details. */
function presentPolicy({ LoadBalancerSettings, TlsSetting }: TrafficPolicy) {
  const { TlsMode, ...tls } = TlsSetting ?? {};
  return {
    ...(LoadBalancerSettings === undefined ? {} : { LoadBalancerSettings }),
    ...(TlsSetting === undefined ? {} : { Tls: { Mode: TlsMode, ...tls } }),
  };
}

/**
 * Shows a service with its health in one word and whether it is checked as a text. Only the list shows the settings of
 * the check.
 */
const getGatewayServiceDetail = reading((context, gateway, { ServiceId }: { ServiceId: number }) => {
  const service = serviceById(gateway, ServiceId);
  return {
    ...present(gateway, service),
    HealthStatus: healthOf(context.dataPlane, gateway, service).HealthStatus,
    HealthCheck: String(service.HealthCheck.Check),
    GatewayTrafficPolicy: service.TrafficPolicy,
    VersionDetails: [],
    LabelDetails: [],
  };
});

const deleteGatewayService = writing((_, gateway, { ServiceId }: { ServiceId: number }) => {
  const service = serviceById(gateway, ServiceId);
  const { Id, Name, SourceType } = service;
  checkServiceUnused(gateway, Id);
  gateway.services.delete(Id);
  return { Id, Name, Ips: addressesOf(service), SourceType, GatewayUniqueId: gateway.GatewayUniqueId };
});

export const serviceActions: Record<string, Action> = {
  ImportServices: importServices,
  UpdateGatewayService: updateGatewayService,
  ListGatewayService: listGatewayService,
  GetGatewayServiceDetail: getGatewayServiceDetail,
  DeleteGatewayService: deleteGatewayService,
};
