import type { SafetyRuleName } from '../../../schemas/failover.ts';

export interface LiveBreakGlass {
  name: string;
  id: string;
  rules: SafetyRuleName[];
  owner: string;
  reason: string;
  createdAtMs: number;
  expiresAtMs: number;
}
