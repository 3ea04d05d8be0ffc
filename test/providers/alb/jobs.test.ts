import { expect, test } from 'vitest';
import type { Json } from '../../../functions/core/gateway/provider-object.ts';
import type { Cloud } from '../../../functions/deps.ts';
import { createJobs } from '../../../functions/providers/alb/apply/jobs.ts';
import type { Session } from '../../../functions/providers/provider.ts';
import { AlbTarget } from '../../../schemas/gateway.ts';
import { fakeClock } from '../../cloud/fake-clock.ts';
import { createMemory } from '../memory.ts';

/** Jobs that end at the poll of that number, as the script says. */
function sessionWith(statusAt: (jobId: string, poll: number) => Record<string, Json>) {
  const clock = fakeClock();
  const polls: string[][] = [];
  const cloud: Cloud = {
    call: async ({ parameters }) => {
      const ids = Array.isArray(parameters['JobIds']) ? parameters['JobIds'].map(String) : [];
      polls.push(ids);
      return { Jobs: ids.map((Id) => ({ Id, ApiName: 'CreateRules', ...statusAt(Id, polls.length) })) };
    },
  };
  const session: Session<AlbTarget> = {
    target: AlbTarget.parse({
      provider: 'alb',
      regionId: 'cn-hangzhou',
      loadBalancerId: 'alb-1',
      listenerIds: ['lsn-1'],
    }),
    cloud,
    clock,
    credentials: 'default',
    priority: 'normal',
    owner: 'o',
    createToken: (key) => key,
    writeToken: (parts) => parts.join(),
    ensureLease: async () => {},
    memory: createMemory(),
    whileWaiting: async () => {},
  };
  return { session, clock, polls };
}

test('all jobs are asked for in one call, until the last has ended', async () => {
  const { session, polls } = sessionWith((id, poll) => ({ Status: poll >= Number(id) ? 'Succeeded' : 'Processing' }));
  const jobs = createJobs(session);
  await Promise.all(['1', '2', '2', '3'].map((JobId) => jobs.done({ JobId })));
  expect(polls).toEqual([['1', '2', '2', '3'], ['2', '2', '3'], ['3']]);
});

test('a failed job is a CloudError of the class of its code; others go on', async () => {
  const { session } = sessionWith((id) =>
    id === 'bad'
      ? { Status: 'Failed', ErrorCode: 'QuotaExceeded.RulesNum', ErrorMessage: 'usage 101/100' }
      : { Status: 'Succeeded' },
  );
  const jobs = createJobs(session);
  const good = jobs.done({ JobId: 'good' });
  await expect(jobs.done({ JobId: 'bad' })).rejects.toMatchObject({
    errorClass: 'quota',
    code: 'QuotaExceeded.RulesNum',
    action: 'CreateRules',
  });
  await good;
});

test('a job that does not end is given up after a minute', async () => {
  const { session, clock } = sessionWith(() => ({ Status: 'Processing' }));
  const startMs = clock.now();
  await expect(createJobs(session).done({ JobId: '1' })).rejects.toMatchObject({
    code: 'JobTimeout',
    errorClass: 'busy',
  });
  expect(clock.now() - startMs).toBeLessThan(70_000);
});

test('waiting ends when the lease is lost, and an answer without a job needs no waiting', async () => {
  const { session, polls } = sessionWith(() => ({ Status: 'Processing' }));
  session.ensureLease = async () => {
    throw new Error('lease lost');
  };
  await expect(createJobs(session).done({ JobId: '1' })).rejects.toThrow('lease lost');
  await createJobs(session).done({ RequestId: 'r-1' });
  expect(polls).toEqual([]);
});
