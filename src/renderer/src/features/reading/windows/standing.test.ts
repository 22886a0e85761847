import { expect, test } from 'vitest';
import type { PatientId, StudyId } from '../../../../../shared/domain/ids.ts';
import { standingOf } from './standing.ts';
import { openWindowLine, type WindowMessage } from './window-messages.ts';

const [A, B] = ['01930000-0000-7000-8000-00000000000a', '01930000-0000-7000-8000-00000000000b'];
const shown = { studyId: A as StudyId, patientId: A as PatientId };
const reading = (studyId: string, patientId: string) =>
  ({ state: 'reading', studyId: studyId as StudyId, patientId: patientId as PatientId }) as const;

test('a window of another patient is told apart from every harmless case', () => {
  expect([
    standingOf(shown, reading(A, A)),
    standingOf(shown, reading(B, A)),
    standingOf(shown, reading(B, B)),
    // The same study after its patient was corrected: this window still shows whom it showed.
    standingOf(shown, reading(A, B)),
    standingOf(shown, { state: 'nothing' }),
    standingOf(shown, { state: 'silent' }),
    standingOf(shown, { state: 'asked' }),
  ]).toEqual(['same-study', 'same-patient', 'other-patient', 'other-patient', 'nothing', 'silent', 'asked']);
});

test('windows hear their own main window alone, and nothing that does not read', async () => {
  const heard: WindowMessage[] = [];
  const [mine, sender] = [
    openWindowLine('one', (message) => heard.push(message)),
    openWindowLine('one', () => undefined),
  ];
  const other = new BroadcastChannel('wetread-viewer-windows');
  other.postMessage({ kind: 'reading', main: 'one', studyId: 'no id' });
  other.postMessage('anything');
  sender.tell({ kind: 'not-reading', main: 'two' });
  sender.tell({ kind: 'who', main: 'one' });
  for (let waited = 0; heard.length === 0 && waited < 100; waited += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(heard).toEqual([{ kind: 'who', main: 'one' }]);
  for (const line of [mine, sender, other]) line.close();
});
