import { ORPCError } from '@orpc/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, screen } from '@testing-library/react';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { setUpPage, show } from '../../app/test-page.tsx';
import { PromoteDialog } from './PromoteDialog.tsx';

const studies = vi.hoisted(() => ({ promote: vi.fn<(input: { studyId: string }) => Promise<unknown>>() }));
vi.mock('../../bridge/client.ts', () => ({ client: { studies, worklist: {} } }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('../../bridge/client.ts');
  vi.resetModules();
});

setUpPage();
beforeEach(() => void studies.promote.mockReset());

const STUDY = '0190a000-0000-7000-8000-000000000001';
const ROW = WorklistRow.parse({
  ...{ studyId: STUDY, studyUid: '1.2.3', revision: 1, intent: 'comparison', intentBecause: 'fetched' },
  patient: {
    ...{ patientId: '0190a000-0000-7000-8000-000000000002', name: 'Doe^Jane', birthDateRaw: '19600102', sex: 'F' },
    ...{ mrn: '4711', issuer: null, nameAlert: false, underInvestigation: false },
  },
  accession: 'C1',
  exam: { description: 'CT head', modality: 'CT', bodyPart: null, laterality: null, dateRaw: null, timeRaw: null },
  ...{ orderPriority: null, urgency: { level: 'routine', standing: 'confirmed' }, serviceLevel: null },
  ...{ openByAtMs: null, reportByAtMs: null, receivedAtMs: 1, completeAtMs: null, inPacs: 'no-destination' },
  images: { received: 3, expected: null, completeness: 'complete' },
  ...{ ai: { state: 'not-applicable', reason: 'comparison' }, priors: 0, openedBy: null, report: 'none' },
  ...{ reasons: [], quarantined: 0 },
});

function open() {
  const [onClose, onShow] = [vi.fn<() => void>(), vi.fn<() => void>()];
  show(
    <QueryClientProvider client={new QueryClient()}>
      <PromoteDialog row={ROW} onClose={onClose} onShow={onShow} />
    </QueryClientProvider>,
  );
  return { onClose, onShow };
}
/** Presses a button, and lets what it asks for be told. */
const press = (name: string) =>
  act(async () => {
    fireEvent.click(screen.getByRole('button', { name }));
    await new Promise((resolve) => setTimeout(resolve));
  });

test('whose study it is and what follows is said before it is made a new exam, and then where it stands', async () => {
  studies.promote.mockResolvedValue({ ...ROW, intent: 'new' });
  const { onShow, onClose } = open();
  const whole = screen.getByRole('region', { name: 'Patient' }).textContent;
  for (const part of ['Doe, Jane', '1960-01-02', 'F', '4711', 'C1', 'CT head']) expect(whole).toContain(part);
  expect(screen.getByText(/deadlines start now, AI looks at its images/)).toBeTruthy();
  expect(studies.promote).not.toHaveBeenCalled();
  await press('Make it a new exam');
  expect(studies.promote.mock.calls).toEqual([[{ studyId: STUDY }]]);
  expect(screen.getByRole('status').textContent).toContain('It is a new exam now.');
  expect(document.activeElement?.textContent).toBe('Show it in the list');
  await press('Show it in the list');
  expect([onShow.mock.calls.length, onClose.mock.calls.length]).toEqual([1, 0]);
});

test('where somebody was faster that is said, and nothing claims that it was done here', async () => {
  studies.promote.mockRejectedValue(new ORPCError('CONFLICT', { status: 409, data: { code: 'already-new' } }));
  open();
  await press('Make it a new exam');
  expect(screen.getByRole('alert').textContent).toBe('It is a new exam already.');
  expect(screen.queryByText('It is a new exam now.')).toBeNull();
});
