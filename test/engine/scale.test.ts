import { expect, it } from 'vitest';
import { replayDecision } from '../../functions/commands/replay.ts';
import { evaluate } from '../../functions/engine/failover.ts';
import { startFleet } from './fleet.ts';
it('x', async () => { const h = await startFleet(); console.log(Object.keys(h)); await h.close(); expect(replayDecision).toBeDefined(); expect(evaluate).toBeDefined(); });
