import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { getStudyCard, listInstancesAt, listSeries, receiveObject } from '../archive/index.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { readPart10Header } from '../dicom/part10.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, inPieces } from '../testing/objects.ts';
import { chooseSeries } from './choose-series.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const packed = path.resolve(root, '../shared/data/ct-chest-lungfcp/series.tar.xz');
if (!existsSync(packed)) console.error('skipped: the real test data are not on this machine');

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

/** What a shipped model makes of all that was received. */
function chosenBy(model: string, studyId: string) {
  const manifest = readFileSync(path.join(root, 'resources/models', model, 'manifest.json'), 'utf8');
  const study = getStudyCard(clinic.db, studyId);
  const images = listInstancesAt(clinic.db, studyId, study.revision);
  const series = listSeries(clinic.db, studyId).map((one) => {
    return { ...one, images: images.filter(({ seriesId }) => seriesId === one.seriesId) };
  });
  return chooseSeries(ModelManifest.parse(JSON.parse(manifest)), study, series);
}

const FRAMES = 40;
/** A chest of 40 frames in one object, 2 mm apart, as an enhanced scanner sends it. */
const ENHANCED: DicomRecord = {
  ...aSlice(1, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1', StudyDescription: 'CT Chest', BodyPartExamined: 'CHEST' }),
  ...{ SeriesDescription: 'Lung 2mm', NumberOfFrames: FRAMES, PixelData: new Uint16Array(16 * FRAMES) },
  ...{ ImagePositionPatient: null, ImageOrientationPatient: null, PixelSpacing: null, SliceThickness: null },
  ImageType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'],
  SharedFunctionalGroupsSequence: [
    {
      PixelMeasuresSequence: [{ PixelSpacing: [0.7, 0.7], SliceThickness: 2 }],
      PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
    },
  ],
  // From the head down: the first frame is the highest.
  PerFrameFunctionalGroupsSequence: Array.from({ length: FRAMES }, (_, frame) => ({
    PlanePositionSequence: [{ ImagePositionPatient: [-180, -180, 200 - 2 * frame] }],
  })),
};

test('the nodule model reads a chest in one object of many frames, by how far its frames reach', async () => {
  const studyId = await clinic.send([ENHANCED]);
  const choice = chosenBy('chest-ct-nodules', studyId);
  expect(choice.refused).toEqual([]);
  expect(choice.chosen?.images[0]?.attributes.frameSpanMm).toEqual([122, 200]);
});

test('a frame without a place leaves it unsaid how far an object reaches', async () => {
  const frames = ENHANCED['PerFrameFunctionalGroupsSequence'] as readonly DicomRecord[];
  const studyId = await clinic.send([{ ...ENHANCED, PerFrameFunctionalGroupsSequence: [...frames.slice(0, -1), {}] }]);
  expect(chosenBy('chest-ct-nodules', studyId).refused).toMatchObject([{ reason: 'coverage-unknown' }]);
});

// Real slices of ../shared/data, which state no image type; skipped where they are not.
test.skipIf(!existsSync(packed))(
  'a real chest without image type is read, and the receipt will say that nobody stated it',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wetread-chest-'));
    try {
      execFileSync('tar', ['xJf', packed, '-C', folder]);
      const association = clinic.associate();
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.dcm'));
      // A third of them covers as much.
      for (const name of files.toSorted().filter((_, index) => index % 3 === 0)) {
        const file = readFileSync(path.join(folder, name));
        const header = readPart10Header(file);
        if (!header.ok) throw new Error(header.error.code);
        const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetOffset } = header.value;
        const body = inPieces(file.subarray(dataSetOffset), 65_536);
        const arrival = { sopClassUid, sopInstanceUid, transferSyntaxUid, body };
        expect((await receiveObject(clinic.archive, arrival, association)).status).toBe('success');
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const { study_id: studyId } = clinic.db.prepare('SELECT study_id FROM studies').get() as { study_id: string };
    const [nodules, quality] = ['chest-ct-nodules', 'ct-series-quality'].map((model) => chosenBy(model, studyId));
    expect(nodules?.chosen?.images).toHaveLength(33);
    expect(nodules?.chosen !== null && nodules?.because).toContain('not stated: image-type');
    expect(quality?.chosen?.images).toHaveLength(33);
  },
  60_000,
);
