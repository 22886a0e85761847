import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { objectPath, type ObjectStore, openObjectStore, SEALED } from '../platform/objects/object-store.ts';
import { findObject } from '../platform/objects/records.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { arrivalOf, aSlice, inPieces, OTHER_CLASSES, without } from '../testing/objects.ts';
import {
  type Archive,
  type ArchiveAssociation,
  findInstance,
  findStudyIdByUid,
  getObject,
  getStudyCard,
  listInstances,
  listNewVersions,
  listQuarantineOf,
  listSeries,
  receiveObject,
} from './index.ts';

let clinic: Clinic;
let association: ArchiveAssociation;

beforeEach(() => {
  clinic = openClinic();
  association = clinic.associate();
});
afterEach(() => clinic.close());

const answer = (record: DicomRecord, changes: Partial<ReturnType<typeof arrivalOf>> = {}) =>
  receiveObject(clinic.archive, { ...arrivalOf(record), ...changes }, association);
const count = (table: string) => (clinic.db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
const quarantined = () => clinic.db.prepare('SELECT reason, state FROM quarantine ORDER BY rowid').all();
const versions = () =>
  clinic.db.prepare('SELECT digest, is_current AS isCurrent FROM instance_versions ORDER BY study_revision').all();
/** Every file under the store, whole or half. */
const files = () =>
  readdirSync(clinic.objectsDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(clinic.objectsDir, name)).isFile(),
  );
const studyId = () => findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.10') ?? '';

type Row = {
  readonly what: string;
  readonly first?: DicomRecord;
  readonly arrives: DicomRecord;
  readonly bytes?: (whole: Uint8Array) => Uint8Array;
  readonly sopInstanceUid?: string;
  readonly status: string;
  /** How many files, instances and versions there are then, and why something stands in quarantine. */
  readonly left: {
    readonly files: number;
    readonly instances: number;
    readonly versions: number;
    readonly quarantine: string | null;
  };
};

function aReport(text: string): DicomRecord {
  return without(
    aSlice(1, { SOPClassUID: OTHER_CLASSES.report, Modality: 'SR', TextValue: text }),
    ...['PixelData', 'Rows', 'Columns', 'SamplesPerPixel', 'BitsAllocated', 'BitsStored', 'HighBit'],
    ...['PixelRepresentation', 'PhotometricInterpretation'],
  );
}

const OUTCOMES: readonly Row[] = [
  {
    what: 'a new object',
    arrives: aSlice(1),
    status: 'success',
    left: { files: 1, instances: 1, versions: 1, quarantine: null },
  },
  {
    what: 'the same bytes again',
    first: aSlice(1),
    arrives: aSlice(1),
    status: 'success',
    left: { files: 1, instances: 1, versions: 1, quarantine: null },
  },
  {
    what: 'the same pixels under another header',
    first: aSlice(1),
    arrives: aSlice(1, { StudyDescription: 'CT Head corrected' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 2, quarantine: null },
  },
  {
    what: 'other pixels under the same UID',
    first: aSlice(1),
    arrives: aSlice(1, { PixelData: new Uint16Array(16).fill(99) }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-pixels' },
  },
  {
    what: 'fewer pixels under the same UID',
    first: aSlice(1),
    arrives: aSlice(1, { Rows: 2, PixelData: new Uint16Array(8).fill(1) }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-pixels' },
  },
  {
    what: 'another patient under the same UID',
    first: aSlice(1),
    arrives: aSlice(1, { PatientID: '9999' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'a new image of the study for another patient',
    first: aSlice(1),
    arrives: aSlice(2, { PatientID: '9999' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'the same object that names the issuer of the patient id besides',
    first: aSlice(1),
    arrives: aSlice(1, { IssuerOfPatientID: 'NORTH' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 2, quarantine: null },
  },
  {
    what: 'the same object that names no issuer any more',
    first: aSlice(1, { IssuerOfPatientID: 'NORTH' }),
    arrives: aSlice(1),
    status: 'success',
    left: { files: 2, instances: 1, versions: 2, quarantine: null },
  },
  {
    what: 'a new image that names the issuer besides',
    first: aSlice(1),
    arrives: aSlice(2, { IssuerOfPatientID: 'NORTH' }),
    status: 'success',
    left: { files: 2, instances: 2, versions: 2, quarantine: null },
  },
  {
    what: 'a new image that names an issuer where the study names none, for a name that differs',
    first: aSlice(1),
    arrives: aSlice(2, { IssuerOfPatientID: 'NORTH', PatientName: 'Dow^Jane' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'a new image that names an issuer where the study names none, for another birth date',
    first: aSlice(1),
    arrives: aSlice(2, { IssuerOfPatientID: 'NORTH', PatientBirthDate: '19600103' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'another number that names an issuer',
    first: aSlice(1),
    arrives: aSlice(2, { IssuerOfPatientID: 'NORTH', PatientID: '4712' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'the same patient id of another issuer',
    first: aSlice(1, { IssuerOfPatientID: 'NORTH' }),
    arrives: aSlice(2, { IssuerOfPatientID: 'OTHER' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'a new image of the study for somebody else with the same number',
    first: aSlice(1, { PatientID: 'UNKNOWN' }),
    arrives: aSlice(2, { PatientID: 'UNKNOWN', PatientName: 'Baker^Mary', PatientBirthDate: '19900202' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'the same object UID for somebody else with the same number',
    first: aSlice(1, { PatientID: 'UNKNOWN' }),
    arrives: aSlice(1, { PatientID: 'UNKNOWN', PatientName: 'Baker^Adam', PatientSex: 'M' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'a new image with the name spelled otherwise',
    first: aSlice(1),
    arrives: aSlice(2, { PatientName: 'Dow^Jane' }),
    status: 'success',
    left: { files: 2, instances: 2, versions: 2, quarantine: null },
  },
  {
    what: 'a new image of the same number and birth date under quite another name',
    first: aSlice(1),
    arrives: aSlice(2, { PatientName: 'Smith^Mary' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-patient' },
  },
  {
    what: 'a report of other content under the same UID',
    first: aReport('no bleeding'),
    arrives: aReport('bleeding'),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-pixels' },
  },
  {
    what: 'the same object UID in another study',
    first: aSlice(1),
    arrives: aSlice(1, { StudyInstanceUID: '1.2.11', SeriesInstanceUID: '1.2.10.1' }),
    status: 'success',
    left: { files: 2, instances: 1, versions: 1, quarantine: 'same-uid-other-study' },
  },
  {
    what: 'pixel data cut short',
    arrives: aSlice(1),
    bytes: (whole) => whole.subarray(0, whole.length - 4),
    status: 'cannot-understand',
    left: { files: 1, instances: 0, versions: 0, quarantine: 'unreadable' },
  },
  {
    what: 'bytes that are no data set',
    arrives: aSlice(1),
    bytes: () => Buffer.from('this is no data set, but it came under the name of one'),
    status: 'cannot-understand',
    left: { files: 1, instances: 0, versions: 0, quarantine: 'unreadable' },
  },
  {
    what: 'another object UID than the command said',
    arrives: aSlice(1),
    sopInstanceUid: '1.2.10.1.2',
    status: 'data-set-does-not-match',
    left: { files: 1, instances: 0, versions: 0, quarantine: 'uids-disagree-with-command' },
  },
  {
    what: 'no study UID',
    arrives: without(aSlice(1), 'StudyInstanceUID'),
    status: 'data-set-does-not-match',
    left: { files: 1, instances: 0, versions: 0, quarantine: 'identifiers-missing' },
  },
  {
    what: 'a series UID that is none',
    arrives: aSlice(1, { SeriesInstanceUID: 'series one', SOPInstanceUID: '1.2.10.1.1' }),
    status: 'data-set-does-not-match',
    left: { files: 1, instances: 0, versions: 0, quarantine: 'identifiers-missing' },
  },
];

test.each(OUTCOMES)('$what: answers $status, and sent again leaves nothing more', async (row) => {
  if (row.first !== undefined) expect((await answer(row.first)).status).toBe('success');
  const send = () => {
    const whole = encodeDataset(row.arrives);
    return answer(row.arrives, {
      body: inPieces(row.bytes?.(whole) ?? whole),
      ...(row.sopInstanceUid !== undefined && { sopInstanceUid: row.sopInstanceUid }),
    });
  };
  const left = () => ({
    files: files().length,
    instances: count('instances'),
    versions: count('instance_versions'),
    quarantined: quarantined(),
  });
  const expected = {
    files: row.left.files,
    instances: row.left.instances,
    versions: row.left.versions,
    quarantined: row.left.quarantine === null ? [] : [{ reason: row.left.quarantine, state: 'held' }],
  };
  expect((await send()).status).toBe(row.status);
  expect(left()).toEqual(expected);
  const events = clinic.events().length;
  expect((await send()).status).toBe(row.status);
  expect(left()).toEqual(expected);
  expect(clinic.events()).toHaveLength(events);
});

test('keeps the data set byte for byte behind a header of ours, under its digest', async () => {
  const bytes = encodeDataset(aSlice(1));
  await answer(aSlice(1), { body: inPieces(bytes, 31) });
  const stored = findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1');
  const object = getObject(clinic.db, stored?.digest ?? '');
  const file = await clinic.archive.objects.read(object.digest, object.encoding);
  expect(readFileSync(path.join(clinic.objectsDir, files()[0] ?? '')).includes('Doe')).toBe(false);
  expect(file.subarray(object.bodyOffset).equals(bytes)).toBe(true);
  expect([object.sizeBytes, file.toString('latin1', 128, 132)]).toEqual([file.length, 'DICM']);
  expect(stored).toMatchObject({
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    number: 1,
    frames: 1,
  });
});

test('a corrected header becomes the current version and raises the revision; the first is kept beside it', async () => {
  await answer(aSlice(1));
  const first = findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1')?.digest;
  clinic.pass(1000);
  await answer(aSlice(1, { SeriesDescription: 'corrected' }));
  const second = findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1')?.digest;
  expect(second).not.toBe(first);
  expect(versions()).toEqual([
    { digest: first, isCurrent: 0 },
    { digest: second, isCurrent: 1 },
  ]);
  expect(getStudyCard(clinic.db, studyId())).toMatchObject({ revision: 2, images: 1, quarantined: 0 });
  expect(clinic.events('instance-received').map(({ payload }) => [payload.outcome, payload.revision])).toEqual([
    ['new', 1],
    ['new-version', 2],
  ]);
});

test('a new version says by keyword what differs from the one before, and no value', async () => {
  await answer(aSlice(1));
  await answer(without(aSlice(1, { SeriesDescription: 'corrected', PatientName: 'Doe^Janet' }), 'BodyPartExamined'));
  const keywords = ['SeriesDescription', 'PatientName', 'BodyPartExamined'];
  expect(clinic.events('instance-received').map(({ payload }) => payload.differing)).toEqual([undefined, keywords]);
  await answer(aSlice(2));
  const study = findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.10') ?? '';
  expect(listNewVersions(clinic.db, study)).toEqual([{ images: 1, differing: keywords, atMs: clinic.nowMs() }]);
  await answer(aSlice(2, { SeriesDescription: 'corrected' }));
  expect(listNewVersions(clinic.db, study).map(({ images, differing }) => [images, differing.length])).toEqual([
    [1, 3],
    [1, 1],
  ]);
});

test('an older version sent once more does not become current again', async () => {
  await answer(aSlice(1));
  await answer(aSlice(1, { SeriesDescription: 'corrected' }));
  const current = findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1')?.digest;
  await answer(aSlice(1));
  expect(findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1')?.digest).toBe(current);
  expect(getStudyCard(clinic.db, studyId()).revision).toBe(2);
});

test('an image whose corrected header names another series moves there, and leaves no empty series behind', async () => {
  await answer(aSlice(1));
  await answer(aSlice(1, { SeriesInstanceUID: '1.2.10.7', SOPInstanceUID: '1.2.10.1.1' }));
  expect(listSeries(clinic.db, studyId()).map(({ seriesUid, instances }) => [seriesUid, instances])).toEqual([
    ['1.2.10.7', 1],
  ]);
  expect(listInstances(clinic.db, studyId()).map(({ seriesUid }) => seriesUid)).toEqual(['1.2.10.7']);
});

test('the quarantined object shows on its study, with identity in doubt only where the patient differs', async () => {
  await answer(aSlice(1));
  await answer(aSlice(1, { PixelData: new Uint16Array(16).fill(99) }));
  expect(getStudyCard(clinic.db, studyId())).toMatchObject({ quarantined: 1, identityInDoubt: false });
  await answer(aSlice(2, { PatientID: '9999' }));
  expect(getStudyCard(clinic.db, studyId())).toMatchObject({
    quarantined: 2,
    identityInDoubt: true,
    isIdentityConfirmable: false,
    images: 1,
    revision: 1,
  });
  expect(listQuarantineOf(clinic.db, studyId()).map(({ reason }) => reason)).toEqual([
    'same-uid-other-pixels',
    'same-uid-other-patient',
  ]);
  expect(clinic.events('instance-quarantined').map(({ studyId: of }) => of)).toEqual([studyId(), studyId()]);
});

test('answers out of resources and keeps nothing when the disk has less room than is to stay free', async () => {
  const archive: Archive = { ...clinic.archive, fullBytes: Number.MAX_SAFE_INTEGER };
  expect(await receiveObject(archive, arrivalOf(aSlice(1)), association)).toMatchObject({ status: 'out-of-resources' });
  expect([files(), count('objects'), clinic.events()]).toEqual([[], 0, []]);
});

test('one long object cannot eat into the reserve: it is refused on the way, and nothing of it is kept', async () => {
  const arrival = arrivalOf(aSlice(1));
  const chunk = Buffer.alloc(4 * 1024 * 1024);
  let taken = 0;
  async function* endless() {
    for (; taken < 64; taken += 1) yield chunk;
  }
  let looks = 0;
  const objects: ObjectStore = {
    ...clinic.archive.objects,
    free: async () => ({ freeBytes: (looks += 1) === 1 ? 10 : 4, totalBytes: 100 }),
  };
  const archive: Archive = { ...clinic.archive, objects, fullBytes: 5 };
  expect(await receiveObject(archive, { ...arrival, body: endless() }, association)).toMatchObject({
    status: 'out-of-resources',
  });
  expect([files(), count('objects'), taken < 8]).toEqual([[], 0, true]);
});

/** A store on a disk that fills at one of its steps. */
function fullAt(step: 'receive' | 'write' | 'keep', code: string): ObjectStore {
  const real = openObjectStore(clinic.objectsDir, clinic.keys);
  const full = () => Promise.reject(Object.assign(new Error('no space left'), { code }));
  return {
    ...real,
    async receive(opening) {
      if (step === 'receive') return full();
      const file = await real.receive(opening);
      let writes = 0;
      return {
        write: (chunk) => (step === 'write' && (writes += 1) > 3 ? full() : file.write(chunk)),
        keep: (digest) => (step === 'keep' ? full() : file.keep(digest)),
        keepDigested: () => (step === 'keep' ? full() : file.keepDigested()),
        discard: () => file.discard(),
        readRange: (start, length) => file.readRange(start, length),
        get sizeBytes() {
          return file.sizeBytes;
        },
      };
    },
  };
}

test.each([
  ['receive', 'ENOSPC'],
  ['write', 'ENOSPC'],
  ['write', 'EDQUOT'],
  ['keep', 'ENOSPC'],
  ['keep', 'SQLITE_IOERR_WRITE'],
] as const)('answers out of resources and leaves no half file when the disk fills at %s (%s)', async (step, code) => {
  const archive: Archive = { ...clinic.archive, objects: fullAt(step, code) };
  expect(await receiveObject(archive, arrivalOf(aSlice(1)), association)).toMatchObject({ status: 'out-of-resources' });
  expect([files(), count('objects'), count('instances')]).toEqual([[], 0, 0]);
  expect((await answer(aSlice(1))).status).toBe('success');
});

test('answers out of resources when it is the database that finds no room', async () => {
  clinic.db.pragma(`max_page_count = ${Number(clinic.db.pragma('page_count', { simple: true }))}`);
  const filled = async () => {
    for (let n = 1; n < 200; n += 1) {
      const { status } = await answer(aSlice(n));
      if (status !== 'success') return status;
    }
    return 'never';
  };
  expect(await filled()).toBe('out-of-resources');
  const { n } = clinic.db.prepare("SELECT count(*) AS n FROM events WHERE kind = 'instance-received'").get() as {
    n: number;
  };
  expect(count('instances')).toBe(n);
  // The file was whole before its row was refused; the next start sweeps it away.
  expect(files()).toHaveLength(count('objects') + 1);
  const removed = await openObjectStore(clinic.objectsDir, clinic.keys).sweep({
    isNamed: (digest) => findObject(clinic.db, digest) !== null,
    olderThanMs: Date.now() + 60_000,
    signal: new AbortController().signal,
  });
  expect([removed, files().length]).toEqual([1, count('objects')]);
});

test('leaves nothing of an object whose stream breaks off', async () => {
  async function* broken() {
    yield encodeDataset(aSlice(1)).subarray(0, 200);
    throw new Error('the peer hung up');
  }
  await expect(answer(aSlice(1), { body: broken() })).rejects.toThrow('hung up');
  expect([files(), count('objects'), count('instances'), clinic.events()]).toEqual([[], 0, 0, []]);
});

test('a fault of the disk that is no lack of room is not passed off as one', async () => {
  const archive: Archive = { ...clinic.archive, objects: fullAt('write', 'EIO') };
  await expect(receiveObject(archive, arrivalOf(aSlice(1)), association)).rejects.toMatchObject({ code: 'EIO' });
  expect(files()).toEqual([]);
});

test('the same object over several associations at once is kept once', async () => {
  const others = [clinic.associate(), clinic.associate(), clinic.associate()];
  const answers = await Promise.all(others.map((one) => receiveObject(clinic.archive, arrivalOf(aSlice(1)), one)));
  expect(answers.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
  expect([files().length, count('instances'), count('instance_versions'), count('study_associations')]).toEqual([
    1, 1, 1, 3,
  ]);
});

test('two versions of one image that arrive together both stay, one of them current', async () => {
  const versionOf = (description: string) => arrivalOf(aSlice(1, { SeriesDescription: description }));
  await Promise.all(['a', 'b', 'c'].map((text) => receiveObject(clinic.archive, versionOf(text), association)));
  expect(versions()).toHaveLength(3);
  expect(versions().filter((row) => (row as { isCurrent: number }).isCurrent === 1)).toHaveLength(1);
});

test.each<[string, (file: string) => void]>([
  ['has another pixel', (file) => writeFileSync(file, withLastByteTurned(readFileSync(file)))],
  ['was cut short', (file) => truncateSync(file, 500)],
  ['is empty', (file) => truncateSync(file, 0)],
])('sent again, an object whose file %s is whole again', async (_what, damage) => {
  await clinic.receive(association, aSlice(1));
  const { digest } = clinic.db.prepare('SELECT digest FROM instance_versions').get() as { digest: string };
  const file = objectPath(clinic.objectsDir, digest, SEALED);
  const sent = await clinic.archive.objects.read(digest, SEALED);
  damage(file);
  expect(await clinic.receive(association, aSlice(1))).toEqual(['success']);
  expect((await clinic.archive.objects.read(digest, SEALED)).equals(sent)).toBe(true);
});

function withLastByteTurned(bytes: Buffer): Buffer {
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 0xff, bytes.length - 1);
  return bytes;
}
