import { loadTable } from '../table.ts';

/** The gateway actions of OpenAPI 2019-05-31. */
export const TABLE = loadTable('mse');
