export { findOpenedRevision, findOpening, openStudy, type StudyOpening, whyOpenAgain } from './open-study.ts';
export { findDecision } from './finding-decisions.ts';
export { findReport, isFinal } from './reports.ts';
