/**
 * Sentences about what a gateway of a cloud cannot carry, hold or be given. Those without a full stop are parts of
 * sentences: reasons that complete `AtGateway` or `Disorder`, reasons of changes, and names of quotas.
 */

interface PortOf {
  port: number;
  service: string;
}

type Written = Record<'verb' | 'kind' | 'key', string>;

export const GATEWAYS = {
  // These tell why a kind of gateway has not a feature.
  AlbHeadersByValue: () => 'ALB compares headers by value',
  AlbQueryByValue: () => 'ALB compares query parameters by value',
  AlbHeaderAdd: () => 'ALB does not say whether a header that it inserts stands beside the one that is there; use set',
  AlbResponseRules: () => 'ALB changes responses by rules of their own, which do not know the rule of the request',
  AlbOneTimeout: () => 'ALB has one timeout for all requests of a listener',
  AlbNoRetries: () => 'ALB has no retries that a rule could set',
  AlbNoFallback: () => 'ALB chooses a server group whatever its health; use tiers of the distribution',
  MseRedirect: () => 'a redirect of MSE has a status code, a host and a whole path only',
  MseNoCookies: () => 'MSE has no condition on cookies',
  MseNoMirror: () => 'no action of the API of MSE sets a mirror',
  MseNoFlowRules: () => 'Fairlead writes no flow rules of MSE',

  // These tell what a kind of gateway does not take of a feature that it has.
  AlbHostname: () => 'ALB asks for a host name with a dot, whose last label is letters only',
  AlbOrigin: () => 'ALB asks for http:// or https:// and a host name with a top-level domain',
  AlbOriginAlone: () => 'ALB takes the origin * alone: leave it, or the others',
  AlbHeaderNameLength: ({ most }: { most: number }) => `ALB allows ${most} characters in the name of a header`,
  AlbHeaderReserved: ({ name }: { name: string }) => `ALB does not let rules change the header ${name}`,
  AlbHeaderValue: () => 'ALB allows no " in the value of a header, and no \\ at its end',
  AlbHeaderOnce: () => 'ALB sets a header once: leave one of them',
  AlbForwardedOnly: () => 'ALB rewrites only what it forwards',
  AlbNoHttpRedirect: () => 'an HTTPS listener of ALB redirects to https only; without a scheme, HTTP stays HTTP',
  AlbRedirectPort: ({ most }: { most: number }) => `ALB redirects to ports up to ${most}`,
  LeadsToItself: () => 'it would lead to itself: let it change the scheme, the host, the port or the path',
  AlbActions: ({ count, most }: { count: number; most: number }) =>
    `a rule of ALB has at most ${most} actions, and these filters take ${count} (setting a header takes two, forwarding takes one)`,
  AlbMatchValues: ({ count, most }: { count: number; most: number }) =>
    `a rule of ALB has at most ${most} match values, and this match takes ${count}`,
  AlbPathPattern: () =>
    'ALB allows letters, digits and . - _ / = ? ~ ^ * $ : ( ) [ ] + | in a pattern of paths, and a prefix that is replaced is one',
  AlbPath: () => 'ALB allows letters, digits and $ - _ . + / & ~ @ : in a path',
  AlbPathLength: ({ length, most }: { length: number; most: number }) =>
    `ALB allows ${most} characters in a path, and this one takes ${length}`,
  AlbQueryText: () => 'ALB allows no capital letters, spaces or # [ ] { } \\ | < > & " in a query string condition',
  AlbCookieText: () => 'ALB allows no capital letters, spaces or # [ ] { } \\ | < > & " ; in a cookie condition',
  MseWholeHours: ({ seconds, hourSeconds }: { seconds: number; hourSeconds: number }) =>
    `MSE counts it in hours: ${seconds} is no multiple of ${hourSeconds}`,
  MseOrder: ({ first, second, isByAge }: { first: string; second: string; isByAge: boolean }) =>
    `${first} goes before ${second} and a request may match both, but MSE would let ${isByAge ? 'the older one' : second} go first: it looks at path, number of headers and number of query parameters, and not at methods: add a condition to one of them`,

  // These are the names of quotas.
  AlbRules: () => 'rules of the load balancer',
  AlbServers: () => 'servers of the load balancer, counted per reference',
  AlbAddressReferences: ({ address }: { address: string }) => `references to the address ${address}`,
  AlbGroupServers: ({ pool }: { pool: string }) => `servers of ${pool}`,
  AlbRuleBackends: ({ rule }: { rule: string }) => `backends of rule ${rule}`,
  AlbRuleValues: ({ rule }: { rule: string }) => `match values of rule ${rule}`,
  AlbRuleActions: ({ rule }: { rule: string }) => `actions of rule ${rule}`,
  MseRouteServices: ({ rule }: { rule: string }) => `services of the route of ${rule}`,

  // These tell what a gateway could not hold, or must not be given.
  QuotaExceeded: (given: {
    cloud: string;
    quota: string;
    used: number;
    allowed: number;
    gateways?: number | undefined;
  }) =>
    `Quota of ${given.cloud}: ${given.quota}: ${given.used} used, ${given.allowed} allowed.${given.gateways === undefined ? '' : ` ${given.gateways} gateways like this one would hold it.`}`,
  AlbBasicLacks: ({ type, rule }: { type: string; rule: string }) =>
    `The Basic edition of ALB has no ${type}, which rule ${rule} needs.`,
  AlbRedirectLoop: ({ rule, ports }: { rule: string; ports: readonly number[] }) =>
    `Rule ${rule} redirects requests at ${ports.length === 1 ? 'the listener of port' : 'the listeners of ports'} ${ports.join(', ')} to the address that they came to, again and again. Let it change the scheme, the host, the port or the path, or use a gateway without such a listener.`,
  AlbGrpcNeedsHttps: ({ port, service }: PortOf) =>
    `Port ${port} of ${service} speaks gRPC, which ALB carries from HTTPS listeners only, and the gateway has none.`,
  MseOfIngressController: () =>
    'The gateway is owned by the Ingress controller of a cluster, which would undo what Fairlead writes: name another one.',
  MseNameTaken: ({ name }: { name: string }) =>
    `${name} at the gateway has a name that Fairlead gives, and is not what Fairlead has made: delete it there, or give it another name.`,
  MseFallbackHttpOnly: ({ port, service, protocol }: PortOf & { protocol: string }) =>
    `MSE falls back between HTTP services only, and port ${port} of ${service} is ${protocol}.`,
  MseRedirectLoop: ({ rule }: { rule: string }) =>
    `The redirect of ${rule} leads to the host and path that it is asked for, so that clients would follow it for ever.`,
  NoClusterServes: ({ port, service }: PortOf) => `No cluster serves port ${port} of ${service}.`,
  AddressClaimedTwice: (given: Record<'address' | 'service' | 'first' | 'second', string>) =>
    `${given.address} of ${given.service} is claimed by the clusters ${given.first} and ${given.second}: let one of them serve it.`,
  WouldEmptyPool: ({ verb, kind, key }: Written) => `The ${verb} of ${kind} ${key} would leave no cluster to serve it.`,
  WouldTouchForeign: ({ verb, kind, key }: Written) =>
    `The ${verb} of ${kind} ${key} would touch an object that is not known to be ours.`,

  // These tell why something was not written.
  AlbGroupMissing: ({ group, isNew }: { group: string; isNew: boolean }) =>
    `The server group ${group} is not there or has no servers, so that the rule ${isNew ? 'has not been created' : 'stays as it is'}.`,
  MseRouteLacks: ({ what }: { what: string }) => `The route needs the ${what}, which is not at the gateway.`,
  MseServiceUsed: ({ route, service }: { route: string; service: string }) =>
    `The route ${route} still uses the service ${service}.`,
  MseNotPublished: ({ route }: { route: string }) => `MSE could not publish the route ${route}.`,
  MseRouteLost: ({ name }: { name: string }) => `The route ${name} was added and is not listed.`,
  MseServiceLost: ({ name }: { name: string }) => `The service ${name} was imported and is not listed.`,
  MseRoutesUnchanged: ({ count }: { count: number }) => `${count} routes have not changed state in time.`,
  AlbJobFailed: ({ action, code, message }: Record<'action' | 'code' | 'message', string>) =>
    `${action}: accepted, and then failed: ${code} ${message}`,
  AlbJobEndless: ({ job, seconds }: { job: string; seconds: number }) =>
    `The job ${job} has not ended in ${seconds} s.`,

  CloudWouldRefuse: (given: Record<'objects' | 'code' | 'message', string>) =>
    `The cloud would refuse a write to ${given.objects} with ${given.code}: ${given.message}`,
  GatewayNotRunning: ({ id, status }: { id: string; status: string }) => `The gateway ${id} has status ${status}.`,
  AnswerUndocumented: ({ action, fault }: { action: string; fault: string }) =>
    `${action}: the answer has not the documented form: ${fault}`,
  AnswerNotJson: () => 'the answer is not a JSON object',
  AnswerWithoutCode: ({ status }: { status: number }) => `HTTP ${status} without an error code`,
  CloudSilent: ({ action }: { action: string }) => `${action}: no answer in time`,
  CloudUnreached: ({ action }: { action: string }) => `${action}: the connection failed`,

  // These are the steps by which an instance is created.
  AlbBalancerFailed: ({ id }: { id: string }) => `load balancer ${id} could not be created`,
  AlbBalancerIs: ({ id, status }: { id: string; status: string }) => `load balancer ${id} is ${status}`,
  AlbGroupBegun: () => 'the default server group is being created',
  AlbListenerBegun: ({ port }: { port: number }) => `the listener on port ${port} is being created`,
  AlbListenerIs: ({ id, status }: { id: string; status: string | undefined }) => `listener ${id} is ${status}`,
  MseGatewayBegun: () => 'the gateway is being created',
  MseGatewayFailed: ({ id }: { id: string }) => `gateway ${id} could not be created`,
  MseGatewayIs: ({ id, status }: { id: string; status: string }) => `gateway ${id} is in status ${status}`,

  // These are the reasons of changes in a plan.
  NotAtGateway: () => 'declared, and not at the gateway',
  NotThere: () => 'not at the gateway',
  NoLongerDeclared: () => 'no longer declared',
  DiffersIn: ({ fields }: { fields: string }) => `differs in ${fields}`,
};
