export { type AuditQuestion, listAuditEvents, listTimeline } from './queries.ts';
