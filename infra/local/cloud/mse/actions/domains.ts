import { type Action, checkOurs, domainById, newId, reading, writing } from '../context.ts';
import { alreadyExists, invalid } from '../errors.ts';
import type { Domain, Gateway, Owner } from '../model.ts';
import { contains, equals } from '../page.ts';
import { checkDomainUnused } from '../references.ts';

interface Settings {
  Protocol?: Domain['Protocol'];
  CertIdentifier?: string;
  MustHttps?: boolean;
  Http2?: string;
  TlsMin?: string;
  TlsMax?: string;
  TlsCipherSuitesConfigJSON?: Record<string, unknown>;
}

const addGatewayDomain = writing((context, gateway, input: Settings & { Name: string }) => {
  const { Name } = input;
  if (!isDomainName(Name)) throw invalid('Name', 'a host name is expected, or one that begins with "*."');
  if ([...gateway.domains.values()].some((one) => one.Name === Name)) {
    throw alreadyExists(`The domain ${Name} exists already.`);
  }
  const domain = withSettings({ Id: 0, Name, Protocol: 'HTTP', MustHttps: false, Type: 'Op', Status: 3 }, input);
  domain.Id = newId(context.state);
  gateway.domains.set(domain.Id, domain);
  return domain.Id;
});

/** Tells whether the text is a domain name, with or without `*.`; `*` alone stands for every host. */
function isDomainName(name: string): boolean {
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  return name === '*' || (name.length <= 253 && new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`).test(name));
}

/** Returns the domain with the settings of the input; what the input leaves out stays. */
function withSettings(domain: Domain, input: Settings): Domain {
  const { CertIdentifier, TlsCipherSuitesConfigJSON: suites } = input;
  const texts = (['Http2', 'TlsMin', 'TlsMax'] as const).filter((name) => input[name] !== undefined);
  const changed: Domain = {
    ...domain,
    Protocol: input.Protocol ?? domain.Protocol,
    MustHttps: input.MustHttps ?? domain.MustHttps,
    ...(CertIdentifier === undefined ? {} : { CertIdentifier }),
    Attributes: {
      ...domain.Attributes,
      ...Object.fromEntries(texts.map((name) => [name, input[name]])),
      ...(suites === undefined ? {} : { TlsCipherSuitesConfig: suites }),
    },
  };
  if (changed.Protocol === 'HTTPS' && changed.CertIdentifier === undefined) {
    throw invalid('CertIdentifier', 'HTTPS needs a certificate');
  }
  if (changed.Protocol === 'HTTP' && changed.MustHttps) throw invalid('MustHttps', 'the protocol is HTTP');
  return changed;
}

const updateGatewayDomain = writing((_, gateway, input: Settings & { Id: number }) => {
  const domain = domainById(gateway, input.Id);
  checkOurs('domain', domain);
  Object.assign(domain, withSettings(domain, input));
  return domain.Id;
});

interface ListInput {
  DomainName?: string;
  Type?: Owner;
}

const listGatewayDomain = reading((_, gateway, { DomainName, Type }: ListInput) =>
  [...gateway.domains.values()]
    .filter((domain) => contains(domain.Name, DomainName) && equals(domain.Type, Type))
    .map((domain) => present(gateway, domain)),
);

function present(gateway: Gateway, { Attributes, ...domain }: Domain) {
  return { ...domain, ...Attributes, GatewayId: gateway.Id };
}

/** Shows a domain; unlike the list it does not show Type and Status. */
const getGatewayDomainDetail = reading((_, gateway, { Id }: { Id: number }) => {
  const { Type: _type, Status: _status, ...fields } = present(gateway, domainById(gateway, Id));
  return { ...fields, GatewayUniqueId: gateway.GatewayUniqueId };
});

const deleteGatewayDomain = writing((_, gateway, { Id }: { Id: number }) => {
  const { Name, Protocol, ...domain } = domainById(gateway, Id);
  checkOurs('domain', { Name, Type: domain.Type });
  checkDomainUnused(gateway, Id);
  gateway.domains.delete(Id);
  return { Id, Name, Protocol, GatewayUniqueId: gateway.GatewayUniqueId };
});

export const domainActions: Record<string, Action> = {
  AddGatewayDomain: addGatewayDomain,
  UpdateGatewayDomain: updateGatewayDomain,
  ListGatewayDomain: listGatewayDomain,
  GetGatewayDomainDetail: getGatewayDomainDetail,
  DeleteGatewayDomain: deleteGatewayDomain,
};
