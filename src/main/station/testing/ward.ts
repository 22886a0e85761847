import { inferenceConsumer } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { triageConsumer } from '../triage/index.ts';
import { worklistConsumer } from '../worklist/index.ts';
import type { Clinic } from './clinic.ts';
import { SHIPPED_POLICY } from './deadlines.ts';
import { aSlice } from './objects.ts';

/** Lets inference alone follow: studies that came complete are owed their runs. */
export function followInference(clinic: Clinic): void {
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
}

/** A complete head CT of a patient of its own, a second after the one before, that is owed its runs; gives its id. */
export async function sendHeadCt(clinic: Clinic, n: number, callingAe?: 'CT1' | 'SOUTH'): Promise<string> {
  clinic.pass(1000);
  const study = { StudyInstanceUID: `1.2.50.${n}`, PatientID: `P${n}` };
  const id = await clinic.send(
    [1, 2, 3, 4, 5].map((slice) => aSlice(slice, study)),
    callingAe,
  );
  followInference(clinic);
  return id;
}

/** Lets everything that follows the ledger catch up, as the station does, and tells which rows were told of. */
export function followAll(clinic: Clinic): readonly string[] {
  const changed: string[] = [];
  const consumers = [
    inferenceConsumer,
    triageConsumer(SHIPPED_POLICY),
    worklistConsumer(({ studyId }) => changed.push(studyId)),
  ];
  followLedger(clinic.db, consumers, { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  return changed;
}
