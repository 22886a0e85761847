export { createDeliveryWorker, type DeliveryWorker } from './delivery-worker.ts';
export { countWaitingFor, listDeliveries, findDeliveryRow, type DeliveryRow } from './queries.ts';
export { cancelDelivery, retryDelivery, sendStudy } from './send-study.ts';
