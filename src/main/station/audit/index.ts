export { listAuditEvents, listTimeline } from './queries.ts';
