import type { DataPlane } from '../../infra/local/cloud/alb/model.ts';
import type { MseDataPlane } from '../../infra/local/cloud/mse/model.ts';

const ALB: DataPlane = {
  openListener: async () => 'nowhere:80',
  closeListener: async () => undefined,
  serverHealth: () => ({ status: 'Healthy' }),
  close: async () => undefined,
};

const MSE: MseDataPlane = {
  openGateway: async () => 'nowhere:80',
  closeGateway: async () => undefined,
  endpointHealth: () => 'healthy',
  close: async () => undefined,
};

/** Data planes that serve nobody and check nothing, for a cloud of which only the control API is of interest. */
export const SILENT = { dataPlane: () => ALB, mseDataPlane: () => MSE };
