export { findOpening, openStudy, type StudyOpening } from './open-study.ts';
export { findReport } from './reports.ts';
