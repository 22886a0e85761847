import { MantineProvider } from '@mantine/core';
import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { QUARANTINE_REASONS } from '../../../../shared/domain/study.ts';
import { setUpPage } from '../../app/test-page.tsx';
import { ComparedAttributes } from './ComparedAttributes.tsx';
import { actionsFor } from './settle-actions.ts';

setUpPage();

const attributes = [
  { tag: '00080060', keyword: 'Modality', vr: 'CS', held: 'CT', current: 'CT', differs: false },
  { tag: '00100010', keyword: 'PatientName', vr: 'PN', held: 'Roe^John', current: 'Doe^Jane', differs: true },
  { tag: '00091001', keyword: null, vr: 'LO', held: 'x', current: null, differs: true },
];
const rows = () => screen.getAllByRole('row').map((row) => row.textContent);

test('beside a stored object what differs stands first alone, marked in words too; everything on demand', () => {
  render(
    <MantineProvider>
      <ComparedAttributes attributes={attributes} hasOther />
    </MantineProvider>,
  );
  expect(rows().slice(1)).toEqual(['PatientName differsRoe^JohnDoe^Jane', '(0009,1001) differsx–']);
  fireEvent.click(screen.getByRole('switch', { name: 'Only what differs' }));
  expect(rows()).toHaveLength(4);
});

test('alone an object is listed whole, with nothing to compare', () => {
  render(
    <MantineProvider>
      <ComparedAttributes attributes={attributes.map((one) => ({ ...one, differs: false }))} hasOther={false} />
    </MantineProvider>,
  );
  expect(rows()).toHaveLength(4);
  expect(screen.queryByRole('switch')).toBeNull();
  expect(screen.queryByText('Stored now')).toBeNull();
});

test('every held object can be filed again and discarded; only a conflict offers to let it in, and only where that can apply', () => {
  const kinds = (
    reason: (typeof QUARANTINE_REASONS)[number],
    standsIn: unknown,
    state: 'held' | 'discarded' | 'released',
  ) => actionsFor({ reason, standsIn, state }).map((one) => (one.kind === 'release' ? one.release : one.kind));
  for (const reason of QUARANTINE_REASONS) {
    expect(kinds(reason, null, 'held')).toEqual(expect.arrayContaining(['retry', 'discard']));
    expect(kinds(reason, null, 'discarded')).toEqual(['takeBack']);
    expect(kinds(reason, null, 'released')).toEqual([]);
  }
  expect(kinds('unreadable', null, 'held')).toEqual(['retry', 'discard']);
  expect(kinds('same-uid-other-pixels', {}, 'held')).toEqual(['retry', 'as-current-version', 'discard']);
  expect(kinds('same-uid-other-patient', null, 'held')).toEqual([
    'retry',
    'into-the-study-it-names',
    'as-a-study-of-its-own',
    'discard',
  ]);
});

test('who a patient is hides with the names, and the rest stays', () => {
  render(
    <MantineProvider>
      <ComparedAttributes attributes={attributes} hasOther />
    </MantineProvider>,
  );
  const hides = (text: string) => screen.getByText(text).closest('[data-phi]') !== null;
  expect(['Roe^John', 'Doe^Jane', 'x'].map(hides)).toEqual([true, true, false]);
});
