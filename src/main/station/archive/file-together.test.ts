import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bytesReader } from '../dicom/dataset/find-pixel-data.ts';
import { encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';
import type { LogMove } from '../platform/store/database.ts';
import { keepLogShort, logPause } from '../platform/store/move-log.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import type { ArchiveAssociation } from './associations.ts';
import { fileTogether } from './file-together.ts';
import type { Filing } from './filing.ts';
import { isIdentified } from './identified-instance.ts';
import { readArrived } from './receive-object.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

async function filingOf(number: number, association: ArchiveAssociation): Promise<Filing> {
  const read = await readArrived(bytesReader(encodeDataset(aSlice(number))), EXPLICIT_LITTLE_ENDIAN);
  if (read === null || !isIdentified(read.instance)) throw new Error('the slice is not read');
  const digest = String(number).repeat(64);
  const object: ObjectRecord = { digest, encoding: SEALED, sizeBytes: 900, bodyOffset: 300 };
  const { quiet } = clinic.archive;
  return {
    ...{ instance: read.instance, frameIndex: read.frameIndex, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN },
    ...{ object, association, comparison: null, quiet, atMs: clinic.nowMs() },
  };
}

const filed = () => clinic.db.prepare('SELECT sop_uid FROM instances ORDER BY sop_uid').pluck().all();

test('of what is filed in one moment only that which cannot be is not, and tells its own sender', async () => {
  const association = clinic.associate();
  const nobody = { ...association, peer: { ...association.peer, peerId: 'nobody' } };
  const filings = [await filingOf(1, association), await filingOf(2, nobody), await filingOf(3, association)];
  const outcomes = await Promise.allSettled(filings.map((filing) => fileTogether(clinic.db, filing)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(filed()).toEqual(['1.2.10.1.1', '1.2.10.1.3']);
  expect(clinic.events('instance-received').map(({ payload }) => payload['revision'])).toEqual([1, 2]);
});

test('waits while the log is emptied, and then files', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const emptied = Promise.withResolvers<LogMove>();
  let asked = 0;
  const move = () => {
    asked += 1;
    return asked === 1 ? Promise.resolve({ pages: 16_000, moved: 0 }) : emptied.promise;
  };
  const mover = keepLogShort(clinic.db, move, (error) => expect.unreachable(String(error)));
  inTransaction(clinic.db, () => undefined);
  await vi.advanceTimersByTimeAsync(500);
  vi.useRealTimers();
  const pause = logPause(clinic.db);
  expect(pause).not.toBeNull();
  const outcome = fileTogether(clinic.db, await filingOf(1, clinic.associate()));
  await new Promise((resolve) => void setImmediate(resolve));
  expect([filed(), logPause(clinic.db) === pause]).toEqual([[], true]);
  emptied.resolve({ pages: 16_000, moved: 16_000 });
  expect(await outcome).toEqual({ state: 'filed' });
  expect(filed()).toHaveLength(1);
  await mover.stop();
});
