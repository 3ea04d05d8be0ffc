import { loadTable } from '../table.ts';

/** The actions of ALB OpenAPI 2020-06-16. */
export const TABLE = loadTable('alb');
