import * as z from 'zod';

export const Liveness = z
  .object({ status: z.literal('ok') })
  .meta({ id: 'Liveness', description: 'The process answers; nothing else was looked at.' });
export type Liveness = z.infer<typeof Liveness>;

const ReadinessCheck = z
  .object({
    name: z.enum(['store', 'probe', 'sweep', 'rollouts', 'deliveries']).meta({
      description:
        'store: the database answers. The others are scheduled jobs: rounds of probes, sweeps of gateways, rollouts of manifests and distributions, and ' +
        'deliveries of notifications.',
    }),
    status: z.enum(['ok', 'failed']),
    ageSeconds: z.int().min(0).optional().meta({ description: 'Since the job last came to an end.' }),
    limitSeconds: z.int().optional().meta({ description: 'The age at which the check fails.' }),
    detail: z.string(),
  })
  .meta({ id: 'ReadinessCheck' });
export type ReadinessCheck = z.infer<typeof ReadinessCheck>;

export const Readiness = z.object({ status: z.enum(['ready', 'unready']), checks: z.array(ReadinessCheck) }).meta({
  id: 'Readiness',
  description: 'Whether the control plane does its work: it can read and write, and its schedule runs.',
});
export type Readiness = z.infer<typeof Readiness>;
