import { inferenceConsumer } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { triageConsumer } from '../triage/index.ts';
import { worklistConsumer } from '../worklist/index.ts';
import type { Clinic } from './clinic.ts';
import { SHIPPED_POLICY } from './deadlines.ts';

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
