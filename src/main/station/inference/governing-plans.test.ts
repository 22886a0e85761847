import { afterAll, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { openTestStore } from '../platform/store/test-store.ts';
import { LIST_ACCEPTANCES } from './acceptance-rows.ts';
import { LIST_PAIRS } from './compare-versions.ts';
import { LIST_STEPS } from './exposure-rows.ts';
import { LIST_EXAM_STUDIES } from './list-reference-studies.ts';
import { LIST_LAST_EXAMS } from './preview-pilot.ts';
import { LIST_BEFORE } from './silent-results.ts';
import { LIST_RUNNING_OF, LIST_WAITING_AFTER } from './settle-exposure.ts';
import { LIST_SILENT_RUNS } from './silent-runs.ts';
import { HAS_SHOWN_RESULT, LIST_SHOWN_FINDINGS, LIST_TRUTHS } from './truths.ts';

const store = openTestStore();
afterAll(() => store.close());

test.each([
  ['the steps of a version', LIST_STEPS, 'exposure_steps_by_model'],
  ['its acceptances', LIST_ACCEPTANCES, 'acceptances_by_model'],
  ['its runs that compute', LIST_RUNNING_OF, 'runs_to_settle'],
  ['its runs that wait', LIST_WAITING_AFTER, 'runs_to_settle'],
  ['its silent runs', LIST_SILENT_RUNS, 'runs_by_model'],
  ['a page of its silent results', LIST_BEFORE, 'COVERING INDEX runs_said_silently'],
  ['what both versions read', LIST_PAIRS, 'runs_by_model'],
  ['the last exams of a model', LIST_LAST_EXAMS, 'model_exams_by_model'],
  ['the last studies of any model', LIST_EXAM_STUDIES, 'model_exams_by_day'],
  ['words on a study', LIST_TRUTHS, 'truths_by_study'],
  ['shown results of a study', HAS_SHOWN_RESULT, 'runs_by_study'],
  ['shown findings of a study', LIST_SHOWN_FINDINGS, 'findings_by_study'],
])('%s are found by an index, and nothing is walked whole', (_what, sql, index) => {
  const plan = planOf(store.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/SCAN (?!json_each)/);
});
