import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import { setUpText } from '../app/text/text.ts';
import { eventText, reasonText } from './story-text.ts';

beforeAll(() => void setUpText());

test('an event is told with its codes in words', () => {
  const payload = { reason: 'no-eligible-series', revision: 1 };
  expect(eventText('run-not-queued', payload, i18next.t)).toBe('AI not run: no suitable series');
});

test('a new version says in which attributes it differs', () => {
  const payload = { outcome: 'new-version', differing: ['PatientName', 'StudyDescription'] };
  expect(eventText('instance-received', payload, i18next.t)).toBe(
    'Image object received: new version, other in PatientName, StudyDescription',
  );
});

test('an event whose payload was erased still says what kind it was', () => {
  expect(eventText('station-started', null, i18next.t)).toBe('Station started');
});

test('a reason carries its values, and one the page does not know is named', () => {
  const flag = {
    code: 'ai-flag',
    params: { finding: 'Haemorrhage', score: 0.94, model: 'ICH 1', category: 1, revision: 8 },
  };
  expect(reasonText(flag, i18next.t)).toBe('AI flagged Haemorrhage in revision 8 (ICH 1, ACR category 1)');
  const known = { ...flag, params: { ...flag.params, knownSince: '2025-01-10' } };
  expect(reasonText(known, i18next.t)).toMatch(/: known since 2025-01-10$/);
  const rule = { code: 'rule', params: { ruleId: 'r', rule: 'Heads', version: 2, facts: 'study.modality = CT' } };
  expect(reasonText(rule, i18next.t)).toBe('Rule “Heads” (version 2): study.modality = CT');
  expect(reasonText({ code: 'brand-new', params: { days: 3 } }, i18next.t)).toBe('brand-new (days 3)');
});
