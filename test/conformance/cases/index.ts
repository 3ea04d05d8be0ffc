import type { Group } from '../case.ts';
import { affinity } from './affinity.ts';
import { cors } from './cors.ts';
import { distribution } from './distribution.ts';
import { failover } from './failover.ts';
import { headers } from './headers.ts';
import { hostnames } from './hostnames.ts';
import { matches } from './matches.ts';
import { mirror } from './mirror.ts';
import { paths } from './paths.ts';
import { precedence } from './precedence.ts';
import { redirects } from './redirects.ts';
import { regexes } from './regexes.ts';
import { resilience } from './resilience.ts';
import { responses } from './responses.ts';
import { rewrites } from './rewrites.ts';
import { weights } from './weights.ts';

export const GROUPS: readonly Group[] = [
  hostnames,
  paths,
  matches,
  regexes,
  precedence,
  weights,
  distribution,
  headers,
  rewrites,
  redirects,
  responses,
  cors,
  mirror,
  resilience,
  affinity,
  failover,
];
