import { expect, test } from 'vitest';
import type { DicomJson } from './dicom-json.ts';
import { imageToCanvas } from './geometry.ts';
import { scaleBarOf } from './scale-bar.ts';
import { lengthBetween, spacingOf } from './spacing.ts';

type Said = { modality: string; pixel?: unknown[]; imager?: unknown[]; calibrated?: boolean; sopClass?: string };

function dataSet({ modality, pixel, imager, calibrated, sopClass }: Said): DicomJson {
  return {
    '00080060': { vr: 'CS', Value: [modality] },
    ...(sopClass && { '00080016': { vr: 'UI', Value: [sopClass] } }),
    ...(pixel && { '00280030': { vr: 'DS', Value: pixel } }),
    ...(imager && { '00181164': { vr: 'DS', Value: imager } }),
    ...(calibrated && { '00280A02': { vr: 'CS', Value: ['FIDUCIAL'] } }),
  };
}

test.each<[string, Said, string]>([
  ['CT with spacing', { modality: 'CT', pixel: [0.5, 0.5] }, 'patient'],
  ['CT without spacing', { modality: 'CT' }, 'none'],
  ['CT with a spacing of zero', { modality: 'CT', pixel: [0, 0.5] }, 'none'],
  ['CT with half a spacing', { modality: 'CT', pixel: [0.5] }, 'none'],
  ['DX with detector spacing only', { modality: 'DX', imager: [0.15, 0.15] }, 'detector'],
  ['DX with both equal', { modality: 'DX', imager: [0.15, 0.15], pixel: [0.15, 0.15] }, 'detector'],
  ['DX corrected for magnification', { modality: 'DX', imager: [0.15, 0.15], pixel: [0.12, 0.12] }, 'patient'],
  ['CR calibrated', { modality: 'CR', pixel: [0.2, 0.2], calibrated: true }, 'patient'],
  ['CR with an unexplained spacing', { modality: 'CR', pixel: [0.2, 0.2] }, 'detector'],
  ['a screenshot with a spacing', { modality: 'CT', pixel: [1, 1], sopClass: '1.2.840.10008.5.1.4.1.1.7' }, 'none'],
])('%s', (_name, said, kind) => {
  expect(spacingOf(dataSet(said)).kind).toBe(kind);
});

test('takes the shape of pixels from what is drawn where their size is not to be trusted, and magnification where it is likely', () => {
  const capture = dataSet({ modality: 'OT', sopClass: '1.2.840.10008.5.1.4.1.1.7.2' });
  expect([
    spacingOf({ ...capture, '00280034': { vr: 'IS', Value: [4, 3] } }),
    spacingOf(dataSet({ modality: 'CT', pixel: [2, 1], sopClass: '1.2.840.10008.5.1.4.1.1.7' })),
    // Seen by visible light is no secondary capture, though its identifier begins alike.
    spacingOf(dataSet({ modality: 'SM', pixel: [0.1, 0.1], sopClass: '1.2.840.10008.5.1.4.1.1.77.1.6' })),
    ...[1.8, 1, 0, 1800].map((factor) =>
      spacingOf({ ...dataSet({ modality: 'MG', imager: [0.1, 0.1] }), '00181114': { vr: 'DS', Value: [factor] } }),
    ),
  ]).toEqual([
    { kind: 'none', pixelHeight: expect.closeTo(4 / 3, 9) },
    { kind: 'none', pixelHeight: 2 },
    { kind: 'patient', rowMm: 0.1, columnMm: 0.1 },
    { kind: 'detector', rowMm: 0.1, columnMm: 0.1, magnification: 1.8 },
    ...[1, 0, 1800].map(() => ({ kind: 'detector', rowMm: 0.1, columnMm: 0.1 })),
  ]);
});

test('measures rows and columns with their own spacing, and in pixels where there is none', () => {
  const ct = spacingOf(dataSet({ modality: 'CT', pixel: ['0.8', '0.5'] }));
  const film = spacingOf(dataSet({ modality: 'DX', imager: [0.1, 0.1] }));
  expect([
    lengthBetween(ct, [0, 0], [6, 5]),
    lengthBetween(film, [10, 0], [10, 30]),
    lengthBetween({ kind: 'none' }, [0, 0], [3, 4]),
  ]).toEqual([
    { value: 5, unit: 'mm' },
    { value: expect.closeTo(3), unit: 'mm-at-detector' },
    { value: 5, unit: 'px' },
  ]);
});

test('draws the longest round bar that fits, and none where a bar would lie', () => {
  const map = imageToCanvas([0, 0], [1.5, 0], [0, 1.5]);
  const spacing = { kind: 'patient', rowMm: 0.5, columnMm: 0.5 } as const;
  expect(scaleBarOf(spacing, map, 140)).toEqual({ px: 60, mm: 20, atDetector: false });
  expect(scaleBarOf({ kind: 'none' }, map, 140)).toBeNull();
});
