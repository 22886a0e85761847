export { findOpenedRevision, findOpening, openStudy, type StudyOpening } from './open-study.ts';
export { findDecision } from './finding-decisions.ts';
export { findReport, isFinal } from './reports.ts';
