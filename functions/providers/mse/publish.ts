import { CloudError } from '../../deps.ts';
import type { MseSession } from './calls.ts';
import { listRoutes } from './observe.ts';
import type { Route } from './route-details.ts';
import { FAILED, isOnline, PUBLISHED } from './status.ts';

const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 3_000;
const BUDGET_MS = 60_000;

/** Waits until the routes are in force. Throws a CloudError when one fails, or is not after 60 s. */
export async function awaitPublished(ids: readonly number[], session: MseSession): Promise<void> {
  await awaitRoutes(ids, session, (route) => {
    if (route?.Status === FAILED) throw failure('RoutePublishFailed', 'unavailable', `${route.Name} was not published`);
    return route?.Status === PUBLISHED;
  });
}

/** Waits until no request reaches the routes any more. */
export async function awaitOffline(ids: readonly number[], session: MseSession): Promise<void> {
  await awaitRoutes(ids, session, (route) => route === undefined || !isOnline(route.Status));
}

/** All routes are looked at in one call, ever more slowly: publishing is asynchronous, and tells its end by the status alone. */
async function awaitRoutes(
  ids: readonly number[],
  session: MseSession,
  isDone: (route: Route | undefined) => boolean,
): Promise<void> {
  const { clock } = session;
  const deadlineMs = clock.now() + BUDGET_MS;
  let waiting = [...ids];
  for (let delayMs = FIRST_DELAY_MS; waiting.length > 0; delayMs = Math.min(MAX_DELAY_MS, delayMs * 2)) {
    if (clock.now() > deadlineMs)
      throw failure('RouteTimeout', 'busy', `${waiting.length} routes have not changed state`);
    await clock.sleep(delayMs);
    await session.ensureLease();
    const routes = new Map((await listRoutes(session)).map((route) => [route.Id, route]));
    waiting = waiting.filter((id) => !isDone(routes.get(id)));
  }
}

function failure(code: string, errorClass: CloudError['errorClass'], message: string): CloudError {
  return new CloudError({ code, errorClass, action: 'ListGatewayRoute', message });
}
