import { loadTable } from '../table.ts';

/** OpenAPI 2020-06-16. */
export const TABLE = loadTable('alb');
