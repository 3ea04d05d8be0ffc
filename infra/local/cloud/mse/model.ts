/** The state of the local MSE, which the control API (OpenAPI 2019-05-31) writes and the data plane serves by. */

/**
 * 0 creating, 1 create failed, 2 running, 3 changing, 4 scaling in, 6 scaling out, 8 deleting, 10 restarting, 11
 * rebuilding, 12 updating, 13 update failed.
 */
export type GatewayStatus = 0 | 1 | 2 | 3 | 4 | 6 | 8 | 10 | 11 | 12 | 13;

/** 0 unpublished, 2 publishing, 3 published, 4 edited and not published, 5 unpublishing, 6 unavailable. */
export type RouteStatus = 0 | 2 | 3 | 4 | 5 | 6;

/** Op is the console or the API; Ingress is the Ingress controller. */
export type Owner = 'Op' | 'Ingress';

export interface Gateway {
  GatewayUniqueId: string;
  Id: number;
  Name: string;
  Region: string;
  Vpc: string;
  Status: GatewayStatus;
  Spec: string;
  Replica: number;
  ChargeType: string;
  GmtCreate: string;
  Tags: { Key: string; Value: string }[];
  /** The load balancers in front of it, which the local cloud only remembers. */
  slbs?: Map<number, GatewaySlb>;
  domains: Map<number, Domain>;
  services: Map<number, Service>;
  routes: Map<number, Route>;
  /** The address on which the data plane really listens, as host:port; the cloud has no such field. */
  dataPlaneAddress?: string;
}

export interface GatewaySlb {
  Id: number;
  SlbId: string;
  Type: 'PUB_NET' | 'PRIVATE_NET';
  GatewaySlbStatus: 'Creating' | 'Ready';
  GmtCreate: string;
  /** The other parameters of the call. */
  Attributes: Record<string, unknown>;
}

export interface Domain {
  Id: number;
  /** An exact name or `*.x`; `*` stands for every host. */
  Name: string;
  Protocol: 'HTTP' | 'HTTPS';
  CertIdentifier?: string;
  MustHttps: boolean;
  Type: Owner;
  Status: RouteStatus;
  /** Settings of HTTP/2 and TLS, which are only kept and shown. */
  Attributes?: Record<string, unknown>;
}

export interface HealthCheck {
  Check: boolean;
  Protocol: 'HTTP' | 'TCP';
  /** Seconds between two checks. */
  Interval: number;
  /** The time limit of a check, in seconds. */
  Timeout: number;
  HealthyThreshold: number;
  UnhealthyThreshold: number;
  HttpPath?: string;
  HttpHost?: string;
  /** 200, 300, 400 and 500 stand for their classes. */
  ExpectedStatuses?: number[];
}

export interface TrafficPolicy {
  LoadBalancerSettings?: {
    LoadbalancerType?: 'ROUND_ROBIN' | 'LEAST_CONN' | 'RANDOM' | 'CONSISTENT_HASH';
    WarmupDuration?: number;
    ConsistentHashLBConfig?: {
      ConsistentHashLBType: 'HEADER' | 'COOKIE' | 'SOURCE_IP' | 'QUERY_PARAMETER';
      ParameterName?: string;
      HttpCookie?: { Name: string; Path?: string; TTL?: number };
    };
  };
  TlsSetting?: Record<string, unknown>;
}

export interface Service {
  Id: number;
  Name: string;
  SourceType: 'VIP' | 'DNS' | 'K8s' | 'MSE';
  ServiceProtocol: 'HTTP' | 'HTTPS' | 'HTTP2' | 'GRPC' | 'DUBBO';
  /**
   * The addresses as `host:port`, with equal weights. The API shows those of DNS services without the port, which they
   * share.
   */
  Ips: string[];
  /** The port of a DNS service. */
  ServicePort?: number;
  DnsServerList?: string[];
  HealthCheck: HealthCheck;
  TrafficPolicy: TrafficPolicy;
  GmtCreate: string;
}

export interface TextPredicate {
  Key: string;
  Value: string;
  Type: 'PRE' | 'EQUAL' | 'ERGULAR';
}

export interface Predicates {
  PathPredicates?: { Path: string; Type: 'PRE' | 'EQUAL' | 'ERGULAR'; IgnoreCase?: boolean };
  HeaderPredicates?: TextPredicate[];
  QueryPredicates?: TextPredicate[];
  MethodPredicates?: string[];
}

export interface RouteService {
  ServiceId: number;
  ServicePort?: number;
  /** The percentage of requests; only given with several services, and then the total is 100. */
  Percent?: number;
}

/** The configuration that requests are served by; a published copy of it is in force. */
export interface RouteConfig {
  DomainIds: number[];
  Predicates: Predicates;
  DestinationType: 'Single' | 'Multiple' | 'VersionOriented' | 'Mock' | 'Redirect';
  Services: RouteService[];
  Fallback: boolean;
  FallbackServices: RouteService[];
  DirectResponse?: { Code: number; Body: string };
  Redirect?: { Code: number; Host?: string; Path?: string };
}

/**
 * The policies of a route. Each is set by an action of its own, or all by `Policies` of AddGatewayRoute; they are in
 * force without another publish.
 */
export interface RoutePolicies {
  Timeout?: { Status: 'on' | 'off'; UnitNum: number; TimeUnit: string };
  Retry?: { Status: 'on' | 'off'; Attempts: number; RetryOn: string[]; HttpCodes: string[] };
  Cors?: {
    Status: 'on' | 'off';
    AllowOrigins: string;
    AllowMethods: string;
    AllowHeaders: string;
    ExposeHeaders: string;
    AllowCredentials: boolean;
    UnitNum: number;
    TimeUnit: string;
  };
  HeaderOp?: {
    Status: 'on' | 'off';
    HeaderOpItems: {
      DirectionType: 'Request' | 'Response';
      OpType: 'Add' | 'Update' | 'Delete';
      Key: string;
      Value?: string;
    }[];
  };
  HttpRewrite?: {
    Status: 'on' | 'off';
    PathType?: 'PRE' | 'EQUAL' | 'ERGULAR';
    Path?: string;
    Host?: string;
    Pattern?: string;
    Substitution?: string;
  };
}

export interface Route {
  Id: number;
  Name: string;
  Description?: string;
  Type: Owner;
  Status: RouteStatus;
  RouteOrder: number;
  GmtCreate: string;
  GmtModified: string;
  config: RouteConfig;
  policies: RoutePolicies;
  /** The configuration in force; absent while the route is not published. */
  published?: RouteConfig;
}

export interface MseState {
  gateways: Map<string, Gateway>;
}

/** The gateway's own verdict on an address of a service. */
export type EndpointHealth = 'healthy' | 'unhealthy' | 'unchecked';

/** The data plane as the control API uses it; it reads the state at each request. */
export interface MseDataPlane {
  /** Begins to accept connections; resolves with host:port. */
  openGateway(gateway: Gateway): Promise<string>;
  closeGateway(gatewayUniqueId: string): Promise<void>;
  endpointHealth(gatewayUniqueId: string, serviceId: number, endpoint: string): EndpointHealth;
  close(): Promise<void>;
}
