export { listDeliveries } from './queries.ts';
