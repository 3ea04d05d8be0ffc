import type { Issue } from '../../schemas/problem.ts';
import type { Kind } from '../core/model.ts';
import type { Settings } from '../deps.ts';
import type { Proposal } from './proposal.ts';
import { validateCluster } from './validate-cluster.ts';
import { validateGateway } from './validate-gateway.ts';
import { validatePolicy } from './validate-policy.ts';
import { validateRoute } from './validate-route.ts';
import { validateService } from './validate-service.ts';
import type { World } from './world.ts';

type Validators = {
  [K in Kind]: (proposal: Proposal<K>, world: World, settings: Settings) => Promise<Issue[]>;
};

const validators: Validators = {
  fleet: validatePolicy,
  cluster: validateCluster,
  gateway: validateGateway,
  service: validateService,
  route: validateRoute,
};

/** What speaks against a declaration whose references are known to exist, given what else is declared. */
export function validate<K extends Kind>(proposal: Proposal<K>, world: World, settings: Settings): Promise<Issue[]> {
  return validators[proposal.kind](proposal, world, settings);
}
