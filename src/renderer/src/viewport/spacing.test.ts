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
