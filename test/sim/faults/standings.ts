/** Faults in the table of standings, cell by cell, and in what people may order. */

import { type Fault, replaced } from '../plant.ts';
import { ORDERS, TRANSITIONS } from '../product.ts';

const { up, suspected, down, held, ramping, joining } = TRANSITIONS;
const stays = up.healthy;
const goDown = held.unhealthy;
const rises: typeof stays = (state, { nowMs }) => ({ ...state, standing: 'up', sinceMs: nowMs });

/** The cluster has this finding for an hour, whatever voters say. */
const isTaken: typeof stays = (state, now) => ({ ...rises(state, now), dismissedUntilMs: now.nowMs + 3_600_000 });

export const STANDING_FAULTS: readonly Fault[] = [
  replaced('standing up/healthy', 'a healthy cluster goes down', [up, 'healthy'], goDown),
  replaced('standing up/unhealthy', 'a cluster that fails stays up', [up, 'unhealthy'], stays),
  replaced('standing up/unknown', 'a cluster of which nothing is known goes down', [up, 'unknown'], goDown),
  replaced('standing suspected/healthy', 'a suspicion outlives its reason', [suspected, 'healthy'], stays),
  replaced('standing suspected/unhealthy', 'a brake never ends', [suspected, 'unhealthy'], stays),
  replaced(
    'standing suspected/unknown',
    'a suspected cluster of which nothing is known goes down',
    [suspected, 'unknown'],
    goDown,
  ),
  replaced('standing down/healthy', 'a cluster that has recovered stays down', [down, 'healthy'], stays),
  replaced('standing down/healthy', 'a cluster that has recovered is up at once', [down, 'healthy'], rises),
  replaced('standing down/unhealthy', 'a cluster that fails recovers', [down, 'unhealthy'], rises),
  replaced(
    'standing down/unhealthy',
    'a gate that opens takes out more than may be removed',
    [down, 'unhealthy'],
    stays,
  ),
  replaced('standing down/unknown', 'a cluster of which nothing is known recovers', [down, 'unknown'], rises),
  replaced('standing held/healthy', 'a dwell never goes on', [held, 'healthy'], stays),
  replaced('standing held/unhealthy', 'a held cluster that fails stays held', [held, 'unhealthy'], stays),
  replaced('standing held/unknown', 'a dwell counts what nobody has seen', [held, 'unknown'], stays),
  replaced('standing ramping/healthy', 'a ramping cluster that is healthy goes down', [ramping, 'healthy'], goDown),
  replaced('standing ramping/unhealthy', 'a ramping cluster that fails goes on', [ramping, 'unhealthy'], stays),
  replaced(
    'standing ramping/unknown',
    'a ramping cluster of which nothing is known goes down',
    [ramping, 'unknown'],
    goDown,
  ),
  replaced('standing joining/healthy', 'a new cluster never gets in', [joining, 'healthy'], stays),
  replaced(
    'standing joining/unhealthy',
    'a new cluster that fails is taken for a well one',
    [joining, 'unhealthy'],
    isTaken,
  ),
  replaced('standing joining/unknown', 'a new cluster of which nothing is known gets in', [joining, 'unknown'], rises),
  replaced('order resume/suspected', 'nobody can resume', [ORDERS.resume, 'suspected'], undefined),
  replaced('order resume/up', 'nobody can take a dismissal back', [ORDERS.resume, 'up'], undefined),
  replaced('order dismiss/suspected', 'a dismissal takes the cluster out', [ORDERS.dismiss, 'suspected'], goDown),
  replaced('order restore/held', 'nobody can restore a cluster', [ORDERS.restore, 'held'], undefined),
];
