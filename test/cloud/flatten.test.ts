import { expect, test } from 'vitest';
import { flatten, toJsonTexts } from '../../functions/cloud/flatten.ts';

test('objects join with dots, lists count from 1, values become text, absent ones are left out', () => {
  expect(
    flatten({
      ServerGroupId: 'sgp-1',
      DryRun: false,
      Weight: 0,
      Nothing: undefined,
      Null: null,
      Empty: [],
      HealthCheckConfig: { HealthCheckEnabled: true, HealthCheckCodes: ['http_2xx', 'http_3xx'] },
      Rules: [{ RuleActions: [{ ForwardGroupConfig: { ServerGroupTuples: [{ Weight: 40 }, { Weight: 60 }] } }] }],
    }),
  ).toStrictEqual({
    ServerGroupId: 'sgp-1',
    DryRun: 'false',
    Weight: '0',
    'HealthCheckConfig.HealthCheckEnabled': 'true',
    'HealthCheckConfig.HealthCheckCodes.1': 'http_2xx',
    'HealthCheckConfig.HealthCheckCodes.2': 'http_3xx',
    'Rules.1.RuleActions.1.ForwardGroupConfig.ServerGroupTuples.1.Weight': '40',
    'Rules.1.RuleActions.1.ForwardGroupConfig.ServerGroupTuples.2.Weight': '60',
  });
});

test('for MSE, objects and lists are JSON texts, and only tags are flattened', () => {
  expect(
    toJsonTexts({
      GatewayUniqueId: 'gw-1',
      Fallback: false,
      Nothing: undefined,
      Null: null,
      DomainIdListJSON: [90],
      Predicates: { PathPredicates: { Path: '/a', Type: 'PRE' }, Absent: undefined },
      Tag: [{ Key: 'a', Value: 'b' }],
    }),
  ).toStrictEqual({
    GatewayUniqueId: 'gw-1',
    Fallback: 'false',
    DomainIdListJSON: '[90]',
    Predicates: '{"PathPredicates":{"Path":"/a","Type":"PRE"}}',
    'Tag.1.Key': 'a',
    'Tag.1.Value': 'b',
  });
});
