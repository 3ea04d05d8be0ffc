/** The ports: everything that Fairlead needs from outside, as types. Implementations are wired in composition.ts. */

import type { Event } from '../schemas/notification.ts';
import type { EgressPolicy } from './core/egress/target.ts';
import type { Answer, Reply } from './core/notification/format.ts';
import type { Cloud } from './ports/cloud.ts';
import type { CoordinationStore } from './ports/coordination.ts';
import type { DecisionStore } from './ports/decisions.ts';
import type { DocumentStore } from './ports/documents.ts';
import type { GatewayStore } from './ports/gateways.ts';
import type { HealthStore } from './ports/health.ts';
import type { HistoryStore } from './ports/history.ts';
import type { IdentityProviders } from './ports/identity.ts';
import type { OperationStore } from './ports/operations.ts';
import type { OutboxStore } from './ports/outbox.ts';
import type { Clock, Ids, Log, Net } from './ports/platform.ts';
import type { ResourceStore } from './ports/resources.ts';
import type { SealStore } from './ports/seals.ts';
import type { Secrets } from './ports/secrets.ts';

export * from './ports/cloud.ts';
export * from './ports/coordination.ts';
export * from './ports/decisions.ts';
export * from './ports/documents.ts';
export * from './ports/gateways.ts';
export * from './ports/health.ts';
export * from './ports/history.ts';
export * from './ports/identity.ts';
export * from './ports/lists.ts';
export * from './ports/operations.ts';
export * from './ports/outbox.ts';
export * from './ports/pages.ts';
export * from './ports/platform.ts';
export * from './ports/resources.ts';
export * from './ports/seals.ts';
export * from './ports/secrets.ts';

export interface Deps {
  store: Store;
  cloud: Cloud;
  clock: Clock;
  ids: Ids;
  net: Net;
  notifier: Notifier;
  secrets: Secrets;
  identities: IdentityProviders;
  log: Log;
  settings: Settings;
}

export interface Settings {
  /** The id that marks the objects of this installation at the gateways. Installations never touch objects of each other. */
  ownerId: string;
  /** The names of the credential sets that gateways may use. */
  credentials: readonly string[];
  /** The names of the targets that notifications may go to. */
  notificationTargets: readonly string[];
  /** The names of the targets of the format `webhook`, which can be asked questions. */
  webhookTargets: readonly string[];
  /** True when the settings have a token, so that somebody can always change grants. */
  hasToken: boolean;
  /** The addresses that probes may go to. */
  egress: EgressPolicy;
}

/** The port to the targets of notifications. It knows their URLs and their signing secrets, which never leave it. */
export interface Notifier {
  /** Makes one attempt to send the event. A failure to reach the target is returned as an answer. */
  send(target: string, event: Event): Promise<Answer>;
  /** Makes one attempt to have a question answered. A failure to reach the target is returned as a reply. */
  ask(target: string, event: Event): Promise<Reply>;
  /** Requests the URL of the heartbeat, if the settings name one. It never rejects: the receiver notices a missing heartbeat. */
  beat(): Promise<void>;
}

/** Everything that the store keeps. Each of its parts is a port of its own. */
export type Store = ResourceStore &
  HistoryStore &
  OutboxStore &
  GatewayStore &
  OperationStore &
  CoordinationStore &
  HealthStore &
  DecisionStore &
  DocumentStore &
  SealStore;
