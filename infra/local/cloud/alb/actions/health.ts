import { type Action, action, type Context, listenerById, rulesOf } from '../context.ts';
import type { RuleAction, Server } from '../model.ts';
import { type PageInput, page } from '../page.ts';

type ActionType = 'ForwardGroup' | 'TrafficMirror';

function serverGroupInfo({ state, dataPlane }: Context, id: string, ActionType: ActionType): Record<string, unknown> {
  const group = state.serverGroups.get(id);
  const servers = group?.Servers ?? [];
  const isChecked = group?.HealthCheckConfig.HealthCheckEnabled ?? false;
  const expected = group?.HealthCheckConfig.HealthCheckCodes.join(',');
  const nonNormal = (server: Server) => {
    const { status, reason, actualResponse } = dataPlane.serverHealth(id, server);
    if (status === 'Healthy') return [];
    const { ServerId, ServerIp, Port } = server;
    const Reason = reason && { ReasonCode: reason, ActualResponse: actualResponse, ExpectedResponse: expected };
    return [{ ServerId, ServerIp, Port, Status: status, ...(Reason && { Reason }) }];
  };
  return {
    ServerGroupId: id,
    ActionType,
    HealthCheckEnabled: isChecked ? 'on' : 'off',
    NonNormalServers: servers.flatMap(nonNormal),
  };
}

function infosOfAction(context: Context, { ForwardGroupConfig, TrafficMirrorConfig }: RuleAction) {
  const forwards = ForwardGroupConfig?.ServerGroupTuples ?? [];
  const mirrors = TrafficMirrorConfig?.MirrorGroupConfig.ServerGroupTuples ?? [];
  return [
    ...forwards.map(({ ServerGroupId }) => serverGroupInfo(context, ServerGroupId, 'ForwardGroup')),
    ...mirrors.map(({ ServerGroupId }) => serverGroupInfo(context, ServerGroupId, 'TrafficMirror')),
  ];
}

interface Input extends PageInput {
  ListenerId: string;
  IncludeRule?: boolean;
}

/** Lists the health of a listener's server groups. The pages divide the rules; the default group is in every page. */
const getListenerHealthStatus = action((context, input: Input) => {
  const listener = listenerById(context, input.ListenerId);
  const { ListenerId, ListenerPort, ListenerProtocol, DefaultServerGroupId } = listener;
  const rules = input.IncludeRule ? rulesOf(context).filter((rule) => rule.ListenerId === ListenerId) : [];
  const { items, NextToken } = page(rules, input);
  return () => ({
    ListenerHealthStatus: [
      {
        ListenerId,
        ListenerPort,
        ListenerProtocol,
        ServerGroupInfos: [serverGroupInfo(context, DefaultServerGroupId, 'ForwardGroup')],
      },
    ],
    RuleHealthStatus: items.map(({ RuleId, RuleActions }) => ({
      RuleId,
      ServerGroupInfos: RuleActions.flatMap((one) => infosOfAction(context, one)),
    })),
    ...(NextToken === undefined ? {} : { NextToken }),
  });
});

export const healthActions: Record<string, Action> = { GetListenerHealthStatus: getListenerHealthStatus };
