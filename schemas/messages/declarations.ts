/** Sentences about declarations: what is wrong with one by itself, beside others, or for a gateway. */

interface Place {
  by: string;
  name: string;
}

export const DECLARATIONS = {
  // References.
  StillReferenced: ({ kind, name, on }: { kind: string; name: string; on: string }) =>
    `The ${kind} ${name} depends on ${on}: change or delete it first.`,
  StillPushing: () =>
    'Changes are still being pushed to the gateway: delete it when it is verified, or when its policy is observe-only.',
  NoPort: ({ service, port }: { service: string; port: number }) =>
    `The service ${service} has no port ${port}: name one of its ports.`,
  NoCredentials: ({ name }: { name: string }) => `There is no credential set ${name} in the settings.`,
  NoTarget: ({ name }: { name: string }) => `There is no notification target ${name} in the settings.`,
  NoWebhook: ({ name }: { name: string }) => `There is no target ${name} of the format webhook in the settings.`,
  NobodyThere: ({ by, name }: Place) => `There is no cluster at the ${by} ${name}.`,

  // Addresses.
  NoIngress: ({ cluster }: { cluster: string }) =>
    `The cluster ${cluster} has no ingress: give it one, or export endpoints.`,
  CarriesUser: () => 'a URL must not carry a user or a password',
  NotHttps: () => 'is not https',
  WebhookCarriesUser: () => 'carries a user or a password',
  ForbiddenTarget: ({ reason }: { reason: string }) => `This must not be called: ${reason}.`,

  // Credentials and secrets.
  CredentialInHeader: ({ name }: { name: string }) =>
    `The header ${name} seems to hold a credential: put it among SECRETS of the settings, and send it in a header by its name: {"secret": "name"}.`,
  CredentialInQuery: ({ name }: { name: string }) =>
    `The query parameter ${name} seems to hold a credential, and no URL may hold one: put it among SECRETS of the settings, and send it in a header by its name: {"secret": "name"}.`,
  NoSecret: ({ name, host }: { name: string; host: string }) =>
    `The control plane has no secret ${name} for ${host}: add it to SECRETS of the control plane, or let agents alone send the request.`,
  LostSecret: ({ name, host }: { name: string; host: string }) =>
    `Nothing is sent, and nothing is known of what it probes: the control plane is asked for it, and has no secret ${name} for ${host} any more.`,
  MorePlaces: ({ count }: { count: number }) => `As many as ${count} places are like that.`,

  // Sizes.
  TooManyParts: ({ room, parts }: { room: number; parts: number }) =>
    `One write can change ${room} references and host names, and this one changes ${parts}: declare them in several steps.`,
  TooManyBytes: ({ most, bytes }: { most: number; bytes: number }) =>
    `A declaration holds at most ${most} bytes, and this one has ${bytes}: declare less in one resource.`,
  TooManyGateways: ({ most }: { most: number }) => `A fleet has at most ${most} gateways: use another fleet.`,
  TooManyClusters: ({ count, most }: { count: number; most: number }) =>
    `The split comes to ${count} clusters, and ${most} can serve a backend: name fewer.`,
  TooManyChanged: ({ most }: { most: number }) => `More than ${most} resources have changed since: use a later time.`,

  // Gateways.
  GatewayFixed: () => 'This cannot change: declare another gateway.',
  ListenerLeft: () => 'No listener can be left: declare another gateway.',
  AttachmentTaken: ({ attachment, gateway }: { attachment: string; gateway: string }) =>
    `${attachment} belongs to the gateway ${gateway}: name another one.`,
  Adopted: () => 'The instance was adopted, and is never deleted: delete the gateway alone.',
  WouldEmptyGateway: ({ gateway }: { gateway: string }) =>
    `The gateway ${gateway} has routes and would have none: say allowEmpty=true if that is meant.`,
  AtGateway: ({ gateway, detail }: { gateway: string; detail: string }) =>
    `The gateway ${gateway} cannot carry it: ${detail.replace(/\.$/, '')}.`,

  // Routes and splits.
  PrefixOnly: () => 'Every match of the rule must be a Prefix to replace it: split the rule, or replace the full path.',
  Tie: ({ gateway, first, second }: { gateway: string; first: string; second: string }) =>
    `At the gateway ${gateway}, ${first} and ${second} are equally specific and a request may match both: add a condition to one of them.`,
  Disorder: ({ gateway, reason }: { gateway: string; reason: string }) => `At the gateway ${gateway}, ${reason}.`,
  HostClaimed: ({ hostname, route, fleet }: { hostname: string; route: string; fleet: string }) =>
    `${hostname} is claimed on this gateway by the route ${route} of fleet ${fleet}: use another host name.`,
  HostClaimedElsewhere: ({ hostname }: { hostname: string }) =>
    `${hostname} is claimed on this gateway already: use another host name.`,
  NamedTwice: ({ cluster, pointer }: { cluster: string; pointer: string }) =>
    `The cluster ${cluster} is named by ${pointer} already: name it once.`,
  Displaced: ({ kind, name, detail }: { kind: string; name: string; detail: string }) =>
    `The ${kind} ${name} would be at fault: ${detail}`,
  NoExporter: ({ service }: { service: string }) => `No cluster exports the service ${service}.`,
  NoExporterWeighs: ({ service }: { service: string }) =>
    `The split names no cluster with a weight above 0 that exports the service ${service}.`,
  LeftAlone: ({ service, port }: { service: string; port: number }) =>
    `Port ${port} of the service ${service} would be left without a cluster: none that exports it would have a weight above 0.`,

  // Manifests and rollbacks.
  DeclaredTwice: ({ resource, pointer }: { resource: string; pointer: string }) =>
    `${resource} is declared by ${pointer} as well: leave one of them.`,
  OtherFleet: ({ fleet }: { fleet: string }) => `This must be ${fleet}, as in the path.`,
  InTheFuture: () => 'This time is in the future: name an earlier one.',
  NoFleetThen: () => 'There was no such fleet then: name a time at which there was.',
  RolledBackTo: ({ to, reason }: { to: string; reason: string | undefined }) =>
    `rollback to ${to}${reason === undefined ? '' : `: ${reason}`}`,
  IsDeletion: () => 'This revision is the deletion of the resource: send DELETE instead.',

  // Rollouts.
  GoesByReplicas: ({ distribution }: { distribution: string }) =>
    `${distribution} goes by replicas, which are others for each service: give it weights by a write of its own first.`,
  NamedOtherwise: ({ cluster, by, name }: Place & { cluster: string }) =>
    `The distribution names ${cluster} by the ${by} ${name} now: name it so here too, or change that by a write of its own first.`,
  MixedTiers: ({ by, name, tiers, isOld }: Place & { tiers: string; isOld: boolean }) =>
    `The clusters of the ${by} ${name} declare tiers of their own (${tiers}), which cannot move together: give it a tier${isOld ? ' by a write of its own first' : ''}.`,
  NothingToRollOut: () =>
    'Nobody would have more or less than now while all is well: there is nothing to roll out, and a PUT changes the rest.',
  EmptyStep: ({ points, percent }: { points: number; percent: number }) =>
    `${points} points move in all, and none of them at the step of ${percent} %: leave it out or take larger steps.`,
};
