/** The state of ALB in the local Alibaba Cloud, which the control API writes and the data plane serves by. */

export type LoadBalancerStatus = 'Provisioning' | 'Active' | 'Configuring' | 'Inactive' | 'CreateFailed' | 'Deleting';
export type ListenerStatus = 'Provisioning' | 'Running' | 'Configuring' | 'Stopped' | 'Deleting';
export type ServerGroupStatus = 'Creating' | 'Available' | 'Configuring' | 'Deleting';
export type ServerStatus = 'Adding' | 'Available' | 'Configuring' | 'Removing' | 'Replacing';
export type RuleStatus = 'Provisioning' | 'Configuring' | 'Available' | 'Deleting';

export interface Tag {
  Key: string;
  Value: string;
}

export interface LoadBalancer {
  LoadBalancerId: string;
  LoadBalancerName: string;
  LoadBalancerStatus: LoadBalancerStatus;
  LoadBalancerEdition: 'Basic' | 'Standard' | 'StandardWithWaf';
  AddressType: 'Internet' | 'Intranet';
  VpcId: string;
  DNSName: string;
  RegionId: string;
  ZoneMappings: { ZoneId: string; VSwitchId: string }[];
  CreateTime: string;
  Tags: Tag[];
  /** Settings that the caller sent; reads show them, but they have no effect here. */
  Attributes?: Record<string, unknown>;
}

export interface Listener {
  ListenerId: string;
  LoadBalancerId: string;
  ListenerPort: number;
  ListenerProtocol: 'HTTP' | 'HTTPS' | 'QUIC';
  ListenerStatus: ListenerStatus;
  ListenerDescription?: string;
  /** The time limit of an answer, in seconds. */
  RequestTimeout: number;
  /** The time for which an idle connection of a client stays open, in seconds. */
  IdleTimeout: number;
  /** The server group of the default rule. */
  DefaultServerGroupId: string;
  Tags: Tag[];
  /** Settings that the caller sent; reads show them, but they have no effect here. */
  Attributes?: Record<string, unknown>;
  /** The address on which the data plane really listens, as host:port; the cloud has no such field. */
  dataPlaneAddress?: string;
}

export interface HealthCheckConfig {
  HealthCheckEnabled: boolean;
  HealthCheckProtocol: 'HTTP' | 'HTTPS' | 'TCP' | 'GRPC';
  HealthCheckPath: string;
  HealthCheckHost: string;
  HealthCheckMethod: 'GET' | 'HEAD' | 'POST';
  HealthCheckHttpVersion: 'HTTP1.0' | 'HTTP1.1';
  /** Classes of good statuses, http_2xx to http_5xx. */
  HealthCheckCodes: string[];
  /** The port to check; 0 stands for the server's own. */
  HealthCheckConnectPort: number;
  /** Seconds between two checks. */
  HealthCheckInterval: number;
  /** The time limit of a check, in seconds. */
  HealthCheckTimeout: number;
  HealthyThreshold: number;
  UnhealthyThreshold: number;
}

export interface Server {
  ServerId: string;
  ServerIp: string;
  ServerType: 'Ecs' | 'Eni' | 'Eci' | 'Ip' | 'Fc';
  Port: number;
  /** From 0 to 100; a server with 0 gets neither new requests nor health checks. */
  Weight: number;
  Description: string;
  RemoteIpEnabled: boolean;
  Status: ServerStatus;
}

export interface ServerGroup {
  ServerGroupId: string;
  ServerGroupName: string;
  ServerGroupType: 'Instance' | 'Ip' | 'Fc';
  ServerGroupStatus: ServerGroupStatus;
  VpcId: string;
  Protocol: 'HTTP' | 'HTTPS' | 'GRPC';
  Scheduler: 'Wrr' | 'Wlc' | 'Sch' | 'Uch';
  HealthCheckConfig: HealthCheckConfig;
  StickySessionConfig: {
    StickySessionEnabled: boolean;
    StickySessionType?: string;
    CookieTimeout?: number;
    Cookie?: string;
  };
  ConnectionDrainConfig: { ConnectionDrainEnabled: boolean; ConnectionDrainTimeout: number };
  SlowStartConfig: { SlowStartEnabled: boolean; SlowStartDuration: number };
  UpstreamKeepaliveEnabled: boolean;
  CrossZoneEnabled: boolean;
  Servers: Server[];
  Tags: Tag[];
  CreateTime: string;
  /** Settings that the caller sent; reads show them, but they have no effect here. */
  Attributes?: Record<string, unknown>;
}

/** A condition of a rule, as the API names it. */
export interface RuleCondition {
  Type:
    | 'Host'
    | 'Path'
    | 'Header'
    | 'QueryString'
    | 'Method'
    | 'Cookie'
    | 'SourceIp'
    | 'ResponseStatusCode'
    | 'ResponseHeader';
  HostConfig?: { Values: string[] };
  PathConfig?: { Values: string[] };
  HeaderConfig?: { Key: string; Values: string[] };
  QueryStringConfig?: { Values: { Key: string; Value: string }[] };
  MethodConfig?: { Values: string[] };
  CookieConfig?: { Values: { Key: string; Value: string }[] };
  SourceIpConfig?: { Values: string[] };
  ResponseStatusCodeConfig?: { Values: string[] };
  ResponseHeaderConfig?: { Key: string; Values: string[] };
}

export interface ServerGroupTuple {
  ServerGroupId: string;
  Weight: number;
}

export interface RuleAction {
  Type:
    | 'ForwardGroup'
    | 'Redirect'
    | 'FixedResponse'
    | 'Rewrite'
    | 'InsertHeader'
    | 'RemoveHeader'
    | 'TrafficLimit'
    | 'TrafficMirror'
    | 'Cors';
  Order: number;
  ForwardGroupConfig?: {
    ServerGroupTuples: ServerGroupTuple[];
    ServerGroupStickySession?: { Enabled: boolean; Timeout: number };
  };
  RedirectConfig?: {
    HttpCode?: string;
    Host?: string;
    Path?: string;
    Port?: string;
    Protocol?: string;
    Query?: string;
  };
  FixedResponseConfig?: { HttpCode: string; Content?: string; ContentType?: string };
  RewriteConfig?: { Host?: string; Path?: string; Query?: string };
  InsertHeaderConfig?: { Key: string; Value: string; ValueType: string; CoverEnabled?: boolean };
  RemoveHeaderConfig?: { Key: string };
  TrafficLimitConfig?: { QPS?: number; PerIpQps?: number };
  TrafficMirrorConfig?: { TargetType: string; MirrorGroupConfig: { ServerGroupTuples: ServerGroupTuple[] } };
  CorsConfig?: {
    AllowOrigin?: string[];
    AllowMethods?: string[];
    AllowHeaders?: string[];
    ExposeHeaders?: string[];
    AllowCredentials?: string;
    MaxAge?: number;
  };
}

export interface Rule {
  RuleId: string;
  RuleName: string;
  ListenerId: string;
  LoadBalancerId: string;
  Direction: 'Request' | 'Response';
  Priority: number;
  RuleStatus: RuleStatus;
  RuleConditions: RuleCondition[];
  RuleActions: RuleAction[];
  Tags: Tag[];
}

/** The reason why a server is not healthy, in the words of GetListenerHealthStatus. */
export type UnhealthyReason =
  | 'CONNECT_TIMEOUT'
  | 'CONNECT_FAILED'
  | 'RECV_RESPONSE_FAILED'
  | 'RECV_RESPONSE_TIMEOUT'
  | 'SEND_REQUEST_FAILED'
  | 'SEND_REQUEST_TIMEOUT'
  | 'RESPONSE_FORMAT_ERROR'
  | 'RESPONSE_MISMATCH';

export interface ServerHealth {
  status: 'Initial' | 'Healthy' | 'Unhealthy' | 'Unused' | 'Unavailable';
  reason?: UnhealthyReason;
  actualResponse?: string;
}

/**
 * The objects in force. Rules and servers in creation are added when their job ends, and a change of other objects
 * shows only when its job ends. Ids are unique over all regions; a region is a filter.
 */
export interface CloudState {
  loadBalancers: Map<string, LoadBalancer>;
  listeners: Map<string, Listener>;
  serverGroups: Map<string, ServerGroup>;
  rules: Map<string, Rule>;
}

/**
 * The data plane as the control API uses it. The data plane reads `CloudState` at each request, so a change of weights
 * is in force as soon as its job has ended; it must be told only of listeners that come and go.
 */
export interface DataPlane {
  /** Begins to accept connections; resolves with host:port. */
  openListener(listener: Listener): Promise<string>;
  closeListener(listenerId: string): Promise<void>;
  /** Returns the health of a server as the nodes of this listener's load balancer see it. */
  serverHealth(serverGroupId: string, server: Server): ServerHealth;
  close(): Promise<void>;
}
