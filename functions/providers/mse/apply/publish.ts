import { say } from '../../../../schemas/messages/index.ts';
import { CloudError } from '../../../deps.ts';
import type { MseSession } from '../calls.ts';
import { listRoutes } from '../observe/observe.ts';
import type { Route } from '../observe/route-details.ts';
import { FAILED, isOnline, PUBLISHED } from '../observe/status.ts';

const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 3_000;
const BUDGET_MS = 60_000;

/**
 * Waits until the routes are in force, and resolves with those that could not be published. Throws a `CloudError` when
 * this takes more than 60 s.
 */
export async function awaitPublished(ids: readonly number[], session: MseSession): Promise<number[]> {
  const failed: number[] = [];
  await awaitRoutes(ids, session, (route) => {
    if (route?.Status === FAILED) failed.push(route.Id);
    return route?.Status === PUBLISHED || route?.Status === FAILED;
  });
  return failed;
}

/** Waits until no request reaches the routes any more. */
export async function awaitOffline(ids: readonly number[], session: MseSession): Promise<void> {
  await awaitRoutes(ids, session, (route) => route === undefined || !isOnline(route.Status));
}

/**
 * Polls the status of all routes with one call, at growing intervals. Publication is asynchronous, and only the status
 * shows its end.
 */
async function awaitRoutes(
  ids: readonly number[],
  session: MseSession,
  isDone: (route: Route | undefined) => boolean,
): Promise<void> {
  const { clock } = session;
  const deadlineMs = clock.now() + BUDGET_MS;
  let waiting = [...ids];
  for (let delayMs = FIRST_DELAY_MS; waiting.length > 0; delayMs = Math.min(MAX_DELAY_MS, delayMs * 2)) {
    if (clock.now() > deadlineMs) throw timeout(waiting.length);
    await clock.sleep(delayMs);
    await session.ensureLease();
    const routes = new Map((await listRoutes(session)).map((route) => [route.Id, route]));
    waiting = waiting.filter((id) => !isDone(routes.get(id)));
  }
}

function timeout(count: number): CloudError {
  const message = say('MseRoutesUnchanged', { count }).text;
  return new CloudError({ code: 'RouteTimeout', errorClass: 'busy', action: 'ListGatewayRoute', message });
}
