import * as z from 'zod';

export const Liveness = z
  .object({ status: z.literal('ok') })
  .meta({ id: 'Liveness', description: 'The process answers. Nothing else was checked.' });
export type Liveness = z.infer<typeof Liveness>;

const ReadinessCheck = z
  .object({
    name: z.enum(['store', 'probe', 'sweep', 'rollouts', 'deliveries']).meta({
      description:
        'store: the database answers. The others are scheduled jobs: rounds of probes, sweeps of gateways, rollouts of manifests and distributions, and ' +
        'deliveries of notifications.',
    }),
    status: z.enum(['ok', 'failed']),
    ageSeconds: z.int().min(0).optional().meta({ description: 'The time since the job last finished.' }),
    limitSeconds: z.int().optional().meta({ description: 'The age at which the check fails.' }),
    detail: z.string(),
  })
  .meta({ id: 'ReadinessCheck' });
export type ReadinessCheck = z.infer<typeof ReadinessCheck>;

export const Readiness = z.object({ status: z.enum(['ready', 'unready']), checks: z.array(ReadinessCheck) }).meta({
  id: 'Readiness',
  description: 'A report on whether the control plane does its work: it can read and write, and its schedule runs.',
});
export type Readiness = z.infer<typeof Readiness>;
