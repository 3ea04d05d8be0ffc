import * as z from 'zod';
import { changes, Kind, Name, pageOf, Timestamp, Uid } from './common.ts';

export const Revision = z
  .object({
    kind: Kind,
    fleet: Name,
    name: Name,
    uid: Uid,
    revision: z.int().min(1),
    writtenAt: Timestamp,
    deleted: z
      .boolean()
      .meta({ description: 'True for the deletion of the resource. Its `spec` is the last declaration.' }),
    spec: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The declaration in the form that PUT takes, with defaults filled in.' }),
    ...changes,
  })
  .meta({
    id: 'Revision',
    description:
      'A state of a resource, and its differences from the one before. Revisions count from 1 again, under another uid, when a ' +
      'resource is created again.',
  });
export type Revision = z.infer<typeof Revision>;

export const RevisionPage = pageOf('RevisionPage', Revision);

const uid = Uid.optional().meta({
  description: 'The uid of the resource. When absent, the latest resource of this name is meant.',
});

export const RevisionQuery = z.strictObject({ uid });

export const RollbackInput = z
  .strictObject({ revision: z.int().min(1).meta({ description: 'The revision to go back to.' }), uid })
  .meta({ id: 'RollbackInput' });
export type RollbackInput = z.infer<typeof RollbackInput>;
