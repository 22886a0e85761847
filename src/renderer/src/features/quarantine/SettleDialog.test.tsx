import { ORPCError } from '@orpc/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, screen } from '@testing-library/react';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { QuarantineDetail, type SettleStudyInput, type StudySettled } from '../../../../shared/contract/quarantine.ts';
import { setUpPage, show } from '../../app/test-page.tsx';
import { SettleDialog } from './SettleDialog.tsx';
import type { SettleAction } from './settle-actions.ts';

const station = vi.hoisted(() => ({
  settleStudy: vi.fn<(input: SettleStudyInput) => Promise<StudySettled>>(),
  retry: vi.fn<(input: { quarantineId: string }) => Promise<{ outcome: 'filed' }>>(),
}));
vi.mock('../../bridge/client.ts', () => ({ client: { quarantine: station } }));
// Test files share their processes: the next one gets the real modules again.
afterAll(() => {
  vi.doUnmock('../../bridge/client.ts');
  vi.resetModules();
});

setUpPage();
beforeEach(() => {
  station.settleStudy.mockReset();
  station.retry.mockReset();
});

const STUDY = '0190a000-0000-7000-8000-000000000001';
const OBJECT = QuarantineDetail.parse({
  ...{ quarantineId: 'q1', reason: 'same-uid-other-patient', state: 'held', sopUid: '1.2', peer: null },
  ...{ receivedAtMs: 1, settledAtMs: null, settledBy: null, settledBecause: null, sizeBytes: 1, isReadable: true },
  ...{ fileHref: '/f', standsIn: null, attributes: [], heldAlike: 120 },
  study: {
    ...{
      studyId: STUDY,
      studyUid: '1.2.3',
      patientId: '0190a000-0000-7000-8000-000000000002',
      patientName: 'Doe^Jane',
    },
    ...{ birthDateRaw: null, sex: null, mrn: '4711', issuer: null, accession: null, description: null },
    ...{ modality: 'CT', dateRaw: null, images: 3, isShown: true },
  },
});

function open(action: SettleAction, object = OBJECT) {
  const onSettled = vi.fn<(outcome: unknown) => void>();
  const onClose = vi.fn<() => void>();
  show(
    <QueryClientProvider client={new QueryClient()}>
      <SettleDialog object={object} action={action} onClose={onClose} onSettled={onSettled} />
    </QueryClientProvider>,
  );
  return { onSettled, onClose };
}

const NOTHING: StudySettled = { filed: 0, discarded: 0, stillHeld: 0, failed: [], next: null };
/** Presses a button, and lets what it asks for be told. */
const press = (name: string) =>
  act(async () => {
    fireEvent.click(screen.getByRole('button', { name }));
    await new Promise((resolve) => setTimeout(resolve));
  });
const chooseAll = () => fireEvent.click(screen.getByRole('radio', { name: /^All 120 of this study/ }));
const said = () => screen.getAllByRole('listitem').map(({ textContent }) => textContent);
/** A step whose answer the test gives. */
function openStep() {
  const { promise, resolve, reject } = Promise.withResolvers<StudySettled>();
  station.settleStudy.mockReturnValueOnce(promise);
  return {
    answer: (step: Partial<StudySettled>) => act(async () => resolve({ ...NOTHING, ...step })),
    fail: (error: unknown) => act(async () => reject(error)),
  };
}
const asked = () => station.settleStudy.mock.calls.map(([{ after }]) => after);

test('what becomes a study of its own says whom it names, beside the study that it does not join', () => {
  const names = (keyword: string, held: string) => ({
    tag: keyword,
    keyword,
    vr: 'PN',
    held,
    current: null,
    differs: true,
  });
  const attributes = [names('PatientName', 'Roe^John'), names('PatientID', '4712')];
  open({ kind: 'release', release: 'as-a-study-of-its-own' }, { ...OBJECT, attributes });
  expect(screen.getByText('It names: Roe, John, born –, MRN 4712')).toBeTruthy();
  expect(screen.getByText('The study that it was sent as part of stays as it is:')).toBeTruthy();
  expect(screen.getByText(/Doe/)).toBeTruthy();
});

test('many that become a study of their own are not said to be part of the one they do not join', async () => {
  open({ kind: 'release', release: 'as-a-study-of-its-own' });
  chooseAll();
  const step = openStep();
  await press('Confirm for all 120');
  await step.answer({ filed: 120 });
  expect(said()).toEqual(['120 filed: part of a study now']);
  expect(screen.getByText('The study that it was sent as part of stays as it is:')).toBeTruthy();
});

test('one object is settled alone unless all are asked for, and where it is the only one nothing is asked', async () => {
  station.retry.mockResolvedValue({ outcome: 'filed' });
  const { onSettled } = open({ kind: 'retry' });
  expect(screen.getByRole<HTMLInputElement>('radio', { name: 'This object only' }).checked).toBe(true);
  await press('Confirm');
  expect([station.retry.mock.calls, onSettled.mock.calls.map(([outcome]) => outcome)]).toEqual([
    [[{ quarantineId: 'q1' }]],
    [{ outcome: 'filed' }],
  ]);
  expect(station.settleStudy).not.toHaveBeenCalled();
});

test('of no study, or alone, an object is not asked about as one of many', () => {
  open({ kind: 'retry' }, { ...OBJECT, heldAlike: 1 });
  open({ kind: 'retry' }, { ...OBJECT, study: null });
  expect(screen.queryByRole('radio')).toBeNull();
});

test('all of a study are settled step by step, with what became of them by count and code', async () => {
  const { onSettled } = open({ kind: 'release', release: 'into-the-study-it-names' });
  chooseAll();
  expect(screen.getByText(/^All 120 are let in/)).toBeTruthy();
  const [first, second] = [openStep(), openStep()];
  await press('Confirm for all 120');
  await first.answer({ filed: 49, failed: [{ quarantineId: 'q2', code: 'release-does-not-apply' }], next: '9~aa' });
  expect(screen.getByText('50 of 120 settled so far')).toBeTruthy();
  expect(screen.getByRole('progressbar', { name: 'How far settling has come' }).getAttribute('aria-valuenow')).toMatch(
    /^41\.6/,
  );
  await second.answer({ filed: 68, stillHeld: 1, failed: [{ quarantineId: 'q3', code: 'new-code' }] });
  expect(said()).toEqual([
    '117 filed: part of a study now',
    '1 still disagrees and stays set aside',
    '1 stays set aside: That does not apply to this object as things are now.',
    '1 stays set aside: it could not be settled (new-code)',
  ]);
  expect(station.settleStudy.mock.calls[0]?.[0]).toEqual({
    ...{ studyId: STUDY, reason: 'same-uid-other-patient', after: undefined },
    settlement: { how: 'release', release: 'into-the-study-it-names' },
  });
  expect(asked()).toEqual([undefined, '9~aa']);
  expect(document.activeElement?.textContent).toBe('Close');
  expect(onSettled).not.toHaveBeenCalled();
  await press('Close');
  expect(onSettled.mock.calls).toEqual([[null]]);
});

test('what is broken off half-way says what is known and what is not, and goes on from the step without an answer', async () => {
  open({ kind: 'retry' });
  chooseAll();
  const [first, second, third] = [openStep(), openStep(), openStep()];
  await press('Confirm for all 120');
  await first.answer({ filed: 50, next: '9~aa' });
  await second.fail(new Error('gone'));
  expect(screen.getByText('Broken off half-way')).toBeTruthy();
  expect(screen.getByText('50 of 120 settled so far')).toBeTruthy();
  expect(screen.getByText(/some of it may be settled too, and is not counted/)).toBeTruthy();
  expect(screen.getByText(/What was settled stays settled/)).toBeTruthy();
  await press('Go on');
  await third.answer({ filed: 40 });
  expect([asked(), said()]).toEqual([[undefined, '9~aa', '9~aa'], ['90 filed: part of a study now']]);
});

test('a refusal says why, and makes no guess about what was done', async () => {
  open({ kind: 'retry' });
  chooseAll();
  const first = openStep();
  await press('Confirm for all 120');
  await first.fail(new ORPCError('FORBIDDEN', { status: 403 }));
  expect(screen.getByRole('alert').textContent).not.toBe('');
  expect(screen.queryByText(/some of it may be settled too/)).toBeNull();
});

test('a person stops it after the step under way, by button or by Escape, and may go on', async () => {
  const { onClose } = open({ kind: 'retry' });
  chooseAll();
  const [first, second] = [openStep(), openStep()];
  await press('Confirm for all 120');
  await act(async () => fireEvent.keyDown(screen.getByRole('dialog'), { key: 'Escape' }));
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Stopping after this step…' }).disabled).toBe(true);
  await first.answer({ filed: 50, next: '9~aa' });
  expect(screen.getByText('Stopped half-way')).toBeTruthy();
  expect([asked(), onClose.mock.calls]).toEqual([[undefined], []]);
  await press('Go on');
  await second.answer({ filed: 70 });
  expect(said()).toEqual(['120 filed: part of a study now']);
});

test('many are discarded only with a reason, after it was said how many and that they come back singly', async () => {
  open({ kind: 'discard' });
  chooseAll();
  expect(screen.getByText(/^All 120 are discarded\. They can only be taken back one at a time/)).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Confirm for all 120' }).disabled).toBe(true);
  fireEvent.click(screen.getByRole('combobox', { name: 'Reason' }));
  fireEvent.click(screen.getByRole('option', { name: 'wrong patient', hidden: true }));
  const first = openStep();
  await press('Confirm for all 120');
  await first.answer({ discarded: 120 });
  expect(said()).toEqual(['120 discarded']);
  expect(station.settleStudy.mock.calls[0]?.[0].settlement).toEqual({ how: 'discard', reason: 'wrong-patient' });
});
