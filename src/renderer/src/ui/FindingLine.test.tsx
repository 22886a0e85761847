import { expect, test } from 'vitest';
import type { Finding } from '../../../shared/contract/studies.ts';
import { setUpPage, show } from '../app/test-page.tsx';
import { FindingLine } from './FindingLine.tsx';

setUpPage();

const FINDING = {
  model: { name: 'Blood', version: '1.0.0', clinicalUse: 'none' },
  label: { display: 'Haemorrhage' },
  ...{ state: 'unverified', score: 0.9, withdrawn: null },
  measurements: [1, 2].map((part) => ({ code: 'v', display: 'Volume', value: 3 * part, unit: 'mL', part })),
} as unknown as Finding;

test('sizes of several parts are told apart, so that none reads as that of the whole', () => {
  show(<FindingLine finding={FINDING} showScore={false} />);
  expect(document.body.textContent).toContain('Volume 3 mL (part 1), Volume 6 mL (part 2)');
  expect(document.body.textContent).not.toMatch(/0\.90|suspended/);
});

test('a flag of a model that was suspended since says so', () => {
  show(<FindingLine finding={{ ...FINDING, withdrawn: 'suspended' }} showScore={false} />);
  expect(document.body.textContent).toContain('not for clinical use · model suspended since');
});
