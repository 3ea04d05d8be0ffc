import * as z from 'zod';

/** A time as Go writes it: with nanoseconds, and with the offset of the zone. A time in year 1 stands for no time. */
const GoTime = z.iso.datetime({ offset: true }).meta({ examples: ['2026-11-23T07:00:00.826739266Z'] });

export const Alert = z
  .looseObject({
    status: z.enum(['firing', 'resolved']),
    labels: z.record(z.string(), z.string()),
    startsAt: GoTime,
    endsAt: GoTime.meta({ description: 'The end of the alert; a time in year 1 while it fires.' }),
    fingerprint: z
      .string()
      .min(1)
      .max(64)
      .meta({ examples: ['1a30ba71cca2921f'] }),
  })
  .meta({ id: 'Alert' });
export type Alert = z.output<typeof Alert>;

/** The body that Alertmanager sends to webhooks (version 4). Fields that are not listed are accepted and ignored. */
export const AlertNotificationInput = z
  .looseObject({
    version: z.literal('4'),
    truncatedAlerts: z
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'The number of alerts that were left out because of `max_alerts`.' }),
    alerts: z.array(Alert).max(5_000),
  })
  .meta({ id: 'AlertNotificationInput', description: 'The notification of a webhook of Prometheus Alertmanager.' });
export type AlertNotification = z.output<typeof AlertNotificationInput>;

export const AlertResult = z
  .enum(['accepted', 'unchanged', 'heartbeat', 'no-cluster', 'not-watched', 'from-the-future', 'stale', 'too-many'])
  .meta({
    description:
      'unchanged: the alert was known. heartbeat: it shows that the voter is alive. no-cluster: it has no label that names a ' +
      'cluster. not-watched: there is no such cluster, or the voter does not watch it. from-the-future: it begins at a time that is ' +
      'still to come. stale: it has already ended. too-many: no more alerts of the cluster are kept.',
  });
export type AlertResult = z.infer<typeof AlertResult>;

export const AlertReceipt = z
  .object({
    receipts: z
      .array(z.object({ fingerprint: z.string(), cluster: z.string().optional(), result: AlertResult }))
      .meta({ description: 'The results, in the order of the alerts.' }),
    decision: z.string().optional().meta({ description: 'The id of the decision that the alerts led to.' }),
  })
  .meta({ id: 'AlertReceipt' });
export type AlertReceipt = z.infer<typeof AlertReceipt>;
