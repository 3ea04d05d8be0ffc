import type { Json as CloudJson } from '../../functions/core/gateway/provider-object.ts';
import type { Harness } from './harness.ts';

/** What people do at a gateway of fleet `prod` by the console of the cloud, with no word to anyone. */
export interface Edit {
  name: string;
  make(harness: Harness): Promise<void>;
  /** Whether what is foreign to us, and was made here, is still there. */
  isKept?(harness: Harness): boolean;
}

type Parameters = Record<string, CloudJson>;

async function call(
  { ownerCloud, clock, cloud }: Harness,
  product: 'alb' | 'mse',
  action: string,
  parameters: Parameters,
) {
  const request = { product, regionId: 'cn-hangzhou', credentials: 'default', action, parameters };
  const answer = await ownerCloud.call(request);
  // Until its job is done.
  await clock.sleep(400);
  await cloud.runDue();
  return answer;
}

function found<T>(item: T | undefined): T {
  if (item === undefined) throw new Error('there is nothing to edit');
  return item;
}

const ruleOf = ({ cloud }: Harness, text: string) =>
  found([...cloud.state.rules.values()].find((rule) => JSON.stringify(rule).includes(text)));

/** The server group that the rule of a host sends to. */
const groupOf = (harness: Harness, host: string) => {
  const text = JSON.stringify(ruleOf(harness, host).RuleActions);
  return found([...harness.cloud.state.serverGroups.values()].find((group) => text.includes(group.ServerGroupId)));
};

const ledgerRule = (harness: Harness) => ruleOf(harness, 'ledger.example.com');

const deleteLedgerRule = (harness: Harness) =>
  call(harness, 'alb', 'DeleteRules', { RuleIds: [ledgerRule(harness).RuleId] });

async function addForeignRule(harness: Harness, Priority: number, ListenerId: string): Promise<void> {
  await call(harness, 'alb', 'CreateRule', {
    ListenerId,
    Priority,
    RuleName: 'by-hand',
    RuleConditions: [{ Type: 'Host', HostConfig: { Values: ['by-hand.example.com'] } }],
    RuleActions: [{ Type: 'FixedResponse', Order: 1, FixedResponseConfig: { HttpCode: '200', Content: 'by hand' } }],
  });
}

const keepsForeignRule = ({ cloud }: Harness) =>
  [...cloud.state.rules.values()].some((rule) => rule.RuleName === 'by-hand');

async function removeForeignRule(harness: Harness): Promise<void> {
  const ids = [...harness.cloud.state.rules.values()].filter((rule) => rule.RuleName === 'by-hand');
  for (const { RuleId } of ids) await call(harness, 'alb', 'DeleteRules', { RuleIds: [RuleId] });
}

const ALB: readonly Edit[] = [
  {
    name: 'sets weights',
    make: async (harness) => {
      const { ServerGroupId, Servers } = groupOf(harness, 'shop.example.com');
      const wrong = Servers.map(({ ServerId, Port }, at) => ({
        ServerType: 'Ip',
        ServerId,
        Port,
        Weight: at === 0 ? 0 : 7,
      }));
      await call(harness, 'alb', 'UpdateServerGroupServersAttribute', { ServerGroupId, Servers: wrong });
    },
  },
  { name: 'deletes a rule', make: async (harness) => void (await deleteLedgerRule(harness)) },
  {
    name: 'deletes a rule and its server group',
    make: async (harness) => {
      const { ServerGroupId } = groupOf(harness, 'ledger.example.com');
      await deleteLedgerRule(harness);
      await call(harness, 'alb', 'DeleteServerGroup', { ServerGroupId });
    },
  },
  {
    name: 'puts a rule of his own in the place of ours',
    make: async (harness) => {
      await removeForeignRule(harness);
      const { Priority, ListenerId } = ledgerRule(harness);
      await deleteLedgerRule(harness);
      await addForeignRule(harness, Priority, ListenerId);
    },
    isKept: keepsForeignRule,
  },
];

const gatewayOf = ({ cloud }: Harness) => found([...cloud.mse.gateways.values()][0]);

/** Two, since a prefix is two matches there. */
const ledgerRoutes = (harness: Harness) =>
  [...gatewayOf(harness).routes.values()].filter(({ Name, Type }) => Type === 'Op' && Name.includes('-ledger-'));

async function deleteLedgerRoutes(harness: Harness): Promise<void> {
  const { GatewayUniqueId } = gatewayOf(harness);
  for (const { Id: RouteId } of ledgerRoutes(harness)) {
    await call(harness, 'mse', 'OfflineGatewayRoute', { GatewayUniqueId, RouteId });
    await call(harness, 'mse', 'DeleteGatewayRoute', { GatewayUniqueId, RouteId });
  }
}

const MSE: readonly Edit[] = [
  {
    name: 'moves a service to other addresses',
    make: async (harness) => {
      const { GatewayUniqueId, routes, services } = gatewayOf(harness);
      const route = found([...routes.values()].find(({ Name }) => Name.includes('-shop-')));
      const { Id, Name } = found(services.get(found(route.config.Services[0]).ServiceId));
      await call(harness, 'mse', 'UpdateGatewayService', { GatewayUniqueId, Id, Name, IpList: ['127.0.0.1:9'] });
    },
  },
  {
    name: 'takes a route offline',
    make: async (harness) => {
      const { GatewayUniqueId } = gatewayOf(harness);
      const { Id: RouteId } = found(ledgerRoutes(harness)[0]);
      await call(harness, 'mse', 'OfflineGatewayRoute', { GatewayUniqueId, RouteId });
    },
  },
  { name: 'deletes a route', make: deleteLedgerRoutes },
  {
    name: 'deletes a route and its service',
    make: async (harness) => {
      const { GatewayUniqueId } = gatewayOf(harness);
      const ServiceId = found(ledgerRoutes(harness)[0]?.config.Services[0]).ServiceId;
      await deleteLedgerRoutes(harness);
      await call(harness, 'mse', 'DeleteGatewayService', { GatewayUniqueId, ServiceId });
    },
  },
  {
    name: 'adds a route of his own',
    make: async (harness) => {
      const { GatewayUniqueId, domains, routes } = gatewayOf(harness);
      if ([...routes.values()].some(({ Name }) => Name === 'by-hand')) return;
      const { Data } = await call(harness, 'mse', 'AddGatewayRoute', {
        GatewayUniqueId,
        Name: 'by-hand',
        DomainIdListJSON: [found([...domains.keys()][0])],
        Predicates: { PathPredicates: { Path: '/by-hand', Type: 'EQUAL', IgnoreCase: false } },
        DestinationType: 'Mock',
        DirectResponseJSON: { Code: 200, Body: 'by hand' },
      });
      await call(harness, 'mse', 'ApplyGatewayRoute', { GatewayUniqueId, RouteId: Number(Data) });
    },
    isKept: (harness) => [...gatewayOf(harness).routes.values()].some(({ Name }) => Name === 'by-hand'),
  },
];

export const EDITS = { alb: ALB, mse: MSE };
