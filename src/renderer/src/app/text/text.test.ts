import { globSync, readFileSync } from 'node:fs';
import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { WORKLIST_FILTERS } from '../../../../shared/contract/worklist.ts';
import {
  CORRECTION_KINDS,
  CORRECTION_REASONS,
  DISCARD_REASONS,
  HIDING_REASONS,
  RELEASES,
} from '../../../../shared/domain/correction.ts';
import { NOT_RUN_REASONS } from '../../../../shared/domain/ai-status.ts';
import { CANCEL_REASONS, DELIVERY_CODES, DELIVERY_STATES, RETRY_REASONS } from '../../../../shared/domain/delivery.ts';
import { EVICTION_CAUSES, EVICTION_VERDICTS, RETENTION_VERDICTS } from '../../../../shared/contract/keeping.ts';
import { COVERAGE_CAUSES, RUN_STEPS } from '../../../../shared/contract/model-figures.ts';
import { DRIFT_LEVELS } from '../../../../shared/domain/distribution-shift.ts';
import { EXPOSURE_CAUSES, EXPOSURE_STAGES, STEP_NEEDS } from '../../../../shared/domain/exposure.ts';
import { CLINICAL_USES, MODEL_USES } from '../../../../shared/domain/model-manifest.ts';
import { MODEL_TABS } from '../../features/models/model-tabs.ts';
import { EVENT_KINDS } from '../../../../shared/domain/event-kinds.ts';
import { PACKAGE_FAULT_CODES } from '../../../../shared/domain/package-fault.ts';
import { MODIFIED_ASPECTS, REJECTION_REASONS } from '../../../../shared/domain/finding-decision.ts';
import { HOLD_REASONS } from '../../../../shared/domain/hold.ts';
import { PEER_SERVICES } from '../../../../shared/domain/peer.ts';
import { RETRIEVAL_CODES, RETRIEVAL_REASONS, RETRIEVAL_STATES } from '../../../../shared/domain/retrieval.ts';
import { EXPORT_CODES, IMPORT_CODES, IMPORT_FILE_CODES, IMPORT_STATES } from '../../../../shared/domain/media.ts';
import { ROLES } from '../../../../shared/domain/permissions.ts';
import {
  COMPLETENESS,
  CompletenessEvidence,
  CompletenessMark,
  INTENTS,
  QUARANTINE_REASONS,
  REPORT_STATES,
} from '../../../../shared/domain/study.ts';
import { SERVICE_LEVELS, URGENCY_LEVELS, URGENCY_STANDINGS } from '../../../../shared/domain/urgency.ts';
import { FINDING_KEYS } from '../../features/reading/reading-keys.ts';
import { setUpText } from './text.ts';

beforeAll(() => void setUpText());

test('every code the station may send has words', () => {
  const kinds = Object.keys(EVENT_KINDS);
  const keys = [
    ...kinds.flatMap((kind) => [`event.${kind}`, `eventKind.${kind}`]),
    ...NOT_RUN_REASONS.map((reason) => `ai.reason.${reason}`),
    ...QUARANTINE_REASONS.map((reason) => `quarantine.${reason}`),
    ...WORKLIST_FILTERS.map((filter) => `worklist.filter.${filter}`),
    ...[...CORRECTION_REASONS, ...HIDING_REASONS, ...DISCARD_REASONS].map((reason) => `code.reason.${reason}`),
    ...CORRECTION_KINDS.map((kind) => `code.kind.${kind}`),
    ...[...RELEASES, 'filed-again', 'arrived-again', 'replaced'].map(
      (because) => `corrections:quarantine.release.${because}`,
    ),
    ...ROLES.map((role) => `role.${role}`),
    ...INTENTS.map((intent) => `intent.${intent}`),
    ...COMPLETENESS.map((one) => `completeness.${one}`),
    ...CompletenessEvidence.shape.rule.options.map((rule) => `completenessRule.${rule}`),
    ...['in-progress', 'completed', 'discontinued'].map((state) => `evidenceSource.performed-steps.${state}`),
    ...['availability-notices', 'order', 'count-at-sender'].map((kind) => `evidenceSource.${kind}`),
    ...REPORT_STATES.map((state) => `report.${state}`),
    ...SERVICE_LEVELS.map((level) => `serviceLevel.${level}`),
    ...URGENCY_LEVELS.map((level) => `urgency.${level}`),
    ...URGENCY_STANDINGS.map((standing) => `urgency.standing.${standing}`),
  ];
  expect(keys.filter((key) => !i18next.exists(key))).toEqual([]);
  const marks = CompletenessMark.options.map(({ shape }) => `completenessMark.${shape.code.value}`);
  expect(marks.filter((key) => !i18next.exists(key) && !i18next.exists(`${key}_other`))).toEqual([]);
});

test('every text that the page names in so many words exists', () => {
  const files = globSync('src/renderer/src/{app,ui,features/{sign-in,worklist,audit}}/**/*.{ts,tsx}').filter(
    // Words of media, and of the page that the dialog stands on (its type asks for them).
    (file) => !file.includes('.test.') && !/(?:ExportMenu|SignatureDialog)\.tsx$/.test(file),
  );
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.-]+)'/g)].map((match) => match[1]),
  );
  expect(named.length).toBeGreaterThan(80);
  const missing = named.filter((key) => key !== undefined && !i18next.exists(key) && !i18next.exists(`${key}_other`));
  expect(missing).toEqual([]);
});

test('every text that the archive page names, and every code that it shows, has words', () => {
  const files = globSync('src/renderer/src/features/archive/**/*.{ts,tsx}').filter((file) => !file.includes('.test.'));
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.:-]+)'/g)].map((match) => match[1] ?? ''),
  );
  expect(named.length).toBeGreaterThan(50);
  const coded = [
    ...RETRIEVAL_STATES.map((state) => `state.fetch.${state}`),
    ...DELIVERY_STATES.map((state) => `state.send.${state}`),
    ...RETRIEVAL_CODES.map((code) => `fetchCode.${code}`),
    ...DELIVERY_CODES.flatMap((code) => [`sendCode.${code}`, `app:code.code.${code}`]),
    ...[...RETRY_REASONS, ...CANCEL_REASONS].map((reason) => `app:code.reason.${reason}`),
    ...RETRIEVAL_REASONS.map((reason) => `app:code.because.${reason}`),
    ...PEER_SERVICES.map((service) => `peers.service.${service}`),
  ];
  const exists = (key: string) => [key, `${key}_other`].some((one) => i18next.exists(one, { ns: ['archive', 'app'] }));
  expect([...named, ...coded].filter((key) => !exists(key))).toEqual([]);
});

test('every text that the pages of quarantine and corrections name exists in theirs', () => {
  const files = globSync('src/renderer/src/features/{quarantine,identity}/**/*.{ts,tsx}');
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.:-]+)'/g)].map((match) => match[1]),
  );
  expect(named.length).toBeGreaterThan(60);
  const exists = (key: string) =>
    [key, `${key}_other`].some((one) => i18next.exists(one, { ns: ['corrections', 'app'] }));
  expect(named.filter((key) => key !== undefined && !exists(key))).toEqual([]);
});

test('every text of imports and exports exists, codes included', () => {
  const files = globSync('src/renderer/src/{features/media/*.{ts,tsx},ui/ExportMenu.tsx}');
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.:-]+)'/g)].flatMap(([, key]) => key ?? []),
  );
  expect(named.length).toBeGreaterThan(30);
  const codes = [
    ...IMPORT_CODES.map((code) => `import.code.${code}`),
    ...IMPORT_FILE_CODES.map((code) => `import.fileCode.${code}`),
    ...IMPORT_STATES.map((state) => `import.state.${state}`),
    ...EXPORT_CODES.map((code) => `export.code.${code}`),
  ];
  const known = (key: string) => i18next.exists(key, { ns: ['media', 'app'] });
  expect([...named, ...codes].filter((key) => !known(key) && !known(`${key}_other`))).toEqual([]);
});

test('every text that the page of storage names, and every code that it shows, has words', () => {
  const files = globSync('src/renderer/src/features/storage/*.tsx').filter((file) => !file.includes('.test.'));
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.:-]+)'/g)].flatMap(([, key]) => key ?? []),
  );
  expect(named.length).toBeGreaterThan(70);
  const coded = [
    ...EVICTION_CAUSES.map((cause) => `cache.because.${cause}`),
    ...EVICTION_VERDICTS.map((verdict) => `leaving.verdict.${verdict}`),
    ...RETENTION_VERDICTS.flatMap((verdict) => [`dryRun.verdict.${verdict}`, `dryRun.count.${verdict}`]),
    ...RETRIEVAL_STATES.map((state) => `damaged.state.${state}`),
    ...HOLD_REASONS.map((reason) => `app:code.reason.${reason}`),
    ...['enough', 'low', 'refusing', 'full', 'unknown'].map((state) => `disk.state.${state}`),
    ...['main-site-only', 'nobody-to-ask', 'retention-running', 'clock-set-lately'].map((code) => `refusal.${code}`),
  ];
  const known = (key: string) => [key, `${key}_other`].some((one) => i18next.exists(one, { ns: ['storage', 'app'] }));
  expect([...named, ...coded].filter((key) => !known(key))).toEqual([]);
});

test('every text that the models page names, and every code that it shows, has words', () => {
  const files = globSync('src/renderer/src/features/models/*.{ts,tsx}').filter((file) => !file.includes('.test.'));
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.:-]+)'/g)].flatMap(([, key]) => key ?? []),
  );
  expect(named.length).toBeGreaterThan(100);
  const coded = [
    ...EXPOSURE_STAGES.flatMap((stage) => [`stage.${stage}`, `exposure.stepText.${stage}`, `exposure.says.${stage}`]),
    ...EXPOSURE_CAUSES.map((cause) => `history.cause.${cause}`),
    ...Object.values(STEP_NEEDS).map((code) => `refusal.${code}`),
    ...MODEL_USES.map((use) => `use.${use}`),
    ...CLINICAL_USES.map((use) => `clinicalUse.${use}`),
    ...DRIFT_LEVELS.map((level) => `drift.level.${level}`),
    ...COVERAGE_CAUSES.flatMap((cause) => [`coverage.alarm.${cause}`, `coverage.says.${cause}`]),
    ...RUN_STEPS.map((step) => `step.${step}`),
    ...['installed', 'verified', 'broken', 'gone'].map((state) => `package.${state}`),
    ...MODEL_TABS.map((tab) => `tab.${tab}`),
    ...PACKAGE_FAULT_CODES.map((code) => `refused.code.${code}`),
    ...['closed', 'failing', 'open', 'half-open'].map((state) => `breaker.says.${state}`),
    ...['shown', 'other-exam', 'beyond-share'].map((outcome) => `preview.outcome.${outcome}`),
  ];
  const known = (key: string) => [key, `${key}_other`].some((one) => i18next.exists(one, { ns: ['models', 'app'] }));
  expect([...named, ...coded].filter((key) => !known(key))).toEqual([]);
});

test('every text that the page of reference reading names exists', () => {
  const files = globSync('src/renderer/src/features/reference/*.tsx');
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/'([\w.:-]+)'/g)].flatMap(([, key]) => key ?? []),
  );
  const keys = named.filter((key) => i18next.exists(key, { ns: 'reference' }));
  expect(keys.length).toBeGreaterThan(14);
  const said = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bt\(\s*'([\w.:-]+)'/g)].flatMap(([, key]) => key ?? []),
  );
  const known = (key: string) => [key, `${key}_other`].some((one) => i18next.exists(one, { ns: ['reference', 'app'] }));
  expect(said.filter((key) => !known(key))).toEqual([]);
});

test('every text of fetching back and of rejected images exists', () => {
  const states = ['away', 'on-its-way', 'failed'].map((state) => `fetching.${state}`);
  const keys = [...states, 'fetching.incomplete', 'rejected.count', 'rejected.show', 'rejected.hide', 'image.rejected'];
  const known = (key: string) => [key, `${key}_other`].some((one) => i18next.exists(one, { ns: 'reading' }));
  expect(keys.filter((key) => !known(key))).toEqual([]);
  expect(HIDING_REASONS.filter((reason) => !i18next.exists(`code.reason.${reason}`))).toEqual([]);
});

test('every word of deciding findings exists, codes and refusals included', () => {
  const keys = [
    ...REJECTION_REASONS.map((reason) => `decision.reason.${reason}`),
    ...MODIFIED_ASPECTS.map((aspect) => `decision.aspect.${aspect}`),
    ...['by', 'button'].flatMap((place) => VERDICTS.map((verdict) => `decision.${place}.${verdict}`)),
    ...['title', 'confirm'].flatMap((place) => [`decision.${place}.rejected`, `decision.${place}.modified`]),
    ...[...VERDICTS, 'withdrawn'].map((decision) => `decision.done.${decision}`),
    ...FINDING_KEYS.map(({ label }) => label),
    ...DECISION_REFUSALS.map((code) => `refusal.${code}`),
  ];
  expect(keys.filter((key) => !i18next.exists(key, { ns: 'reading' }))).toEqual([]);
});

const VERDICTS = ['accepted', 'rejected', 'modified'];
const DECISION_REFUSALS = [
  ...['finding-not-found', 'identity-changed', 'images-not-opened', 'finding-superseded', 'decided-meanwhile'],
  ...['nothing-to-take-back', 'report-final'],
];
