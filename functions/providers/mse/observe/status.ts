/**
 * Statuses of a route (MSE OpenAPI 2019-05-31, ListGatewayRoute). Status 4 is a published route that has been edited
 * since; the edit is not in force.
 */
export const PUBLISHED = 3;
export const PUBLISHING = 2;
export const GOING_OFFLINE = 5;
export const FAILED = 6;
const OFFLINE = 0;

/** Tells whether requests may reach the route, now or soon. */
export function isOnline(status: number): boolean {
  return status !== OFFLINE && status !== FAILED;
}
