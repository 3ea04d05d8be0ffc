import * as z from 'zod';
import { Name, pageOf, Timestamp } from './common.ts';
import { Progress, SyncState } from './gateway.ts';
import { type AskedOf, exactly, listQuery, span } from './list-query.ts';
import { DryRun } from './plan.ts';
import { Issue } from './problem.ts';

export const OperationState = z.enum(['Pending', 'Running', 'Succeeded', 'Failed']).meta({
  description:
    'Pending: it has not begun. Running: it is on its way, or waits for its next attempt. Succeeded: everything was written, ' +
    'pushed and read back. Failed: a gateway refused it, or was read back and is not equal. The sweep goes on to repair the ' +
    'gateway, but not under this operation.',
});
export type OperationState = z.infer<typeof OperationState>;

export const OperationTarget = z
  .object({
    kind: z.enum(['fleet', 'cluster', 'gateway', 'service', 'distribution', 'route']),
    name: Name,
  })
  .meta({ id: 'OperationTarget' });

export const GatewayOutcome = z
  .object({
    gateway: Name,
    state: SyncState,
    reason: z.string(),
    message: z.string(),
    attempts: z.int().min(0),
    progress: Progress.optional(),
    nextAttemptAt: Timestamp.optional(),
    endedAt: Timestamp.optional().meta({
      description: 'The time at which the operation ended at this gateway; absent until then.',
    }),
  })
  .meta({ id: 'GatewayOutcome', description: 'The progress of the operation at one gateway.' });
export type GatewayOutcome = z.infer<typeof GatewayOutcome>;

export const OperationProblem = z
  .object({ code: z.string(), detail: z.string(), errors: z.array(Issue) })
  .meta({ id: 'OperationProblem', description: 'The reason why the operation failed.' });
export type OperationProblem = z.infer<typeof OperationProblem>;

export const Operation = z
  .object({
    id: z.string().meta({ examples: ['opn_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'] }),
    fleet: Name,
    action: z.string().meta({ examples: ['route.update', 'gateway.apply', 'manifest.apply'] }),
    target: OperationTarget,
    actor: z.string(),
    requestId: z.string(),
    reason: z
      .string()
      .optional()
      .meta({ description: 'The reason, in the words of the person who asked for the operation.' }),
    createdAt: Timestamp,
    endedAt: Timestamp.optional(),
    state: OperationState,
    done: z.int().min(0).meta({ description: 'The number of steps that are done, of all gateways.' }),
    total: z.int().min(0).meta({
      description: 'The number of steps that are known so far. It may grow until each gateway has been looked at.',
    }),
    step: z.string().meta({ description: 'The current step, for people.' }),
    gateways: z.array(GatewayOutcome),
    problem: OperationProblem.optional(),
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Operation', description: 'A push of changes to the gateways. Operations are kept for 30 days.' });
export type Operation = z.infer<typeof Operation>;

export const OperationPage = pageOf('OperationPage', Operation);

export const OperationQuery = listQuery(
  { fields: ['createdAt'], usual: '-createdAt' },
  {
    state: OperationState.optional().meta({ description: 'The state of the operation.', examples: ['Running'] }),
    gateway: Name.optional().meta({ description: 'Only operations that this gateway follows.', examples: ['edge'] }),
    action: exactly('Only operations of this action.', 'route.update'),
    name: Name.optional().meta({ description: 'The name of the target.', examples: ['checkout'] }),
    ...span,
  },
);
export type OperationQuery = AskedOf<typeof OperationQuery>;
