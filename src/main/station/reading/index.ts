export { findOpenedRevision, findOpening, openStudy, type StudyOpening, whyOpenAgain } from './open-study.ts';
export { keyObjectsOf } from './key-objects.ts';
export { listKeyImages, type MarkKeyImage, markKeyImage, unmarkKeyImage } from './key-images.ts';
export { findDecision, findStandingDecision } from './finding-decisions.ts';
export { type DecideFinding, decideFinding } from './decide-finding.ts';
export { findReport, isFinal } from './reports.ts';
