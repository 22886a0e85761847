import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { startGraph, type Value } from '../../../scripts/onnx/graph.ts';
import { type DicomRecord, encodeInstance } from '../../../src/main/station/dicom/dataset/write-dataset.ts';
import type { WrittenManifest } from '../../../src/shared/domain/model-manifest.ts';
import type { SentObject, SentStudy } from './studies.ts';
import { keyImages, type MarkedFrame, markedReport, presentationState, segmentation } from './third-party-objects.ts';

/** Pixels along each side of the phantom, and of what the model takes. */
const SIZE = 128;
const SLICES = 14;
const DESCRIPTION = 'Marking phantom';
const STUDY_UID = '2.25.9100';
const SERIES_UID = '2.25.9101';
const SOP_UID = '2.25.9102';

const PATIENT: DicomRecord = {
  ...{ PatientName: 'Mirror^Ball', PatientID: 'MARK1', PatientBirthDate: '19600101', PatientSex: 'F' },
  ...{ StudyDate: '20260115', StudyTime: '090000', AccessionNumber: 'MARK1', StudyDescription: DESCRIPTION },
};

/**
 * Writes two packages that say something of every kind about the ball of `mirroredHead`: one with boxes, masks, a heatmap and
 * a label that it is uncertain of, one that judges nothing but the quality of images. Gives the folder they lie in.
 */
export function writeMarkingModels(folder: string): string {
  const model = buildModel();
  const digest = createHash('sha256').update(model).digest('hex');
  const golden = gzipSync(new Uint8Array(SIZE * SIZE * 2));
  for (const manifest of [marking(digest), judging(digest)]) {
    const directory = path.join(folder, manifest.id);
    mkdirSync(path.join(directory, 'golden'), { recursive: true });
    writeFileSync(path.join(directory, 'model.onnx'), model);
    writeFileSync(path.join(directory, 'golden/zero.gz'), golden);
    writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  }
  return folder;
}

/** Slice by slice: what is as bright as the ball, a box around it, how warm each pixel is, what is bone, and two fixed scores. */
function buildModel(): Uint8Array {
  const graph = startGraph('marking');
  const image = graph.input('image', 'float32', ['N', 1, SIZE, SIZE]);
  const asFloat = (condition: Value) => graph.add('Cast', [condition], { to: 1 });
  const above = graph.add('Greater', [image, graph.floats(60)]);
  const ball = asFloat(graph.add('And', [above, graph.add('Less', [image, graph.floats(80)])]));
  const bone = asFloat(graph.add('Greater', [image, graph.floats(900)]));
  const count = Array.from({ length: SIZE }, (_, index) => index);
  const reach = (axis: 'row' | 'column', values: readonly number[]) => {
    const shape = axis === 'row' ? [1, 1, SIZE, 1] : [1, 1, 1, SIZE];
    const weighed = graph.add('Mul', [ball, graph.add('Reshape', [graph.floats(values), graph.ints(shape)])]);
    return graph.add('ReduceMax', [weighed], { axes: [1, 2, 3], keepdims: 0 });
  };
  const last = (axis: 'row' | 'column') =>
    reach(
      axis,
      count.map((index) => index + 1),
    );
  const first = (axis: 'row' | 'column') =>
    graph.add('Sub', [
      graph.floats(SIZE),
      reach(
        axis,
        count.map((index) => SIZE - index),
      ),
    ]);
  const pixels = graph.add('ReduceSum', [ball, graph.ints([1, 2, 3])], { keepdims: 0 });
  const score = graph.add('Div', [pixels, graph.floats(1000)]);
  const columns = [first('column'), first('row'), last('column'), last('row'), score];
  const boxes = columns.map((value) => graph.add('Reshape', [value, graph.ints([-1, 1, 1])]));
  graph.output('boxes', graph.add('Concat', boxes, { axis: 2 }), 'float32', ['N', 1, 5]);
  graph.output('mask', graph.add('Concat', [ball, bone], { axis: 1 }), 'float32', ['N', 2, SIZE, SIZE]);
  const warm = graph.add('Div', [graph.add('Sub', [image, graph.floats(50)]), graph.floats(8)]);
  const within = graph.add('Mul', [graph.add('Sigmoid', [warm]), graph.add('Sub', [graph.floats(1), bone])]);
  graph.output('heat', within, 'float32', ['N', 1, SIZE, SIZE]);
  const none = graph.add('Mul', [graph.add('ReduceMean', [image], { axes: [1, 2, 3], keepdims: 0 }), graph.floats(0)]);
  const fixed = (value: number) =>
    graph.add('Reshape', [graph.add('Add', [none, graph.floats(value)]), graph.ints([-1, 1])]);
  graph.output('scores', graph.add('Concat', [fixed(0.375), fixed(0.875)], { axis: 1 }), 'float32', ['N', 2]);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}

const concept = (meaning: string) => ({ value: meaning.toLowerCase().replaceAll(' ', '-'), scheme: '99TEST', meaning });

type Common = Omit<WrittenManifest, 'permittedUses' | 'outputs' | 'labels'>;

function common(id: string, name: string, modelDigest: string): Common {
  return {
    schema: 2,
    ...{ id, name, version: '1.0.0', vendor: 'Tests', modelDigest },
    clinicalUse: 'none',
    intendedUse: 'None: a model of the tests.',
    appliesTo: { modalities: ['CT'], descriptionPatterns: ['marking phantom'] },
    seriesRanking: {},
    preprocessing: { source: { arrangement: 'volume' }, sampling: { kind: 'slices' } },
    inputs: [{ tensor: 'image', role: 'image', layout: 'NCHW' }],
    replayTolerance: { absolute: 0, relative: 0 },
    ...{ toleranceMs: 30_000, budgetMs: 60_000, memoryMb: 100 },
    goldenCases: [
      {
        name: 'zero',
        inputs: { image: { file: 'golden/zero.gz', stored: 'int16', dims: [1, 1, SIZE, SIZE] } },
        expected: { scores: { values: [0.375, 0.875] } },
      },
    ],
  };
}

function marking(modelDigest: string): WrittenManifest {
  return {
    ...common('marking-test', 'Marking test', modelDigest),
    permittedUses: ['flag', 'mark', 'measure'],
    outputs: [
      {
        ...{ tensor: 'boxes', role: 'boxes', format: 'corners', axes: 'xy', classes: ['ball'], minScore: 0.01 },
        ...{ score: { from: 'column', column: 4 }, overlapAtMost: 0.3 },
      },
      { tensor: 'mask', role: 'segmentation', layout: 'NCHW', classes: ['ball', 'bone'] },
      { tensor: 'heat', role: 'heatmap', layout: 'NCHW', classes: ['ball'] },
      { tensor: 'scores', role: 'classes', classes: ['bone', null] },
    ],
    labels: [
      {
        ...{ id: 'ball', name: 'Bright ball', acrCategory: 2, score: 'best-box', flagFrom: 0.1 },
        concept: concept('Ball'),
      },
      {
        ...{ id: 'bone', name: 'Thick bone', acrCategory: 3, flagFrom: 0.5, uncertainFrom: 0.3 },
        concept: concept('Bone'),
      },
    ],
  };
}

function judging(modelDigest: string): WrittenManifest {
  return {
    ...common('quality-test', 'Quality test', modelDigest),
    permittedUses: ['quality', 'mark'],
    outputs: [{ tensor: 'scores', role: 'classes', classes: [null, 'noise'] }],
    labels: [{ id: 'noise', name: 'Noisy images', acrCategory: 3, flagFrom: 0.5, concept: concept('Noise') }],
  };
}

/** A ball of a head with an 8 mm skull and a ball of blood 25 mm to its left; millimetres from its centre, Hounsfield units. */
function ballHeadHu(x: number, y: number, z: number): number {
  if (Math.hypot(x - 25, y, z) < 14) return 70;
  const radius = Math.hypot(x, y, z);
  return radius < 72 ? 33 : radius < 80 ? 1100 : -1000;
}

/** A head with a ball to the patient's left, acquired with its rows to the right: all of it in one object, its frames out of order. */
export function mirroredHead(): SentStudy {
  const pixelMm = 224 / SIZE;
  const middle = (SIZE - 1) / 2;
  const order = Array.from({ length: SLICES }, (_, index) => (index * 5) % SLICES);
  const pixels = new Int16Array(SLICES * SIZE * SIZE);
  const places = order.map((slice, frame) => {
    const z = (slice - (SLICES - 1) / 2) * 5;
    for (let row = 0; row < SIZE; row += 1)
      for (let column = 0; column < SIZE; column += 1) {
        // Columns run from the patient's left to the right.
        const [x, y] = [(middle - column) * pixelMm, (row - middle) * pixelMm];
        pixels[(frame * SIZE + row) * SIZE + column] = ballHeadHu(x, y, z) + 1024;
      }
    return [middle * pixelMm, -middle * pixelMm, z];
  });
  const record: DicomRecord = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
    ...{ SOPInstanceUID: SOP_UID, StudyInstanceUID: STUDY_UID, SeriesInstanceUID: SERIES_UID },
    ...PATIENT,
    ...{ Modality: 'CT', SeriesNumber: 1, SeriesDescription: DESCRIPTION, InstanceNumber: 1 },
    ImageType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'],
    FrameOfReferenceUID: '2.25.9103',
    NumberOfFrames: SLICES,
    SharedFunctionalGroupsSequence: [
      {
        PlaneOrientationSequence: [{ ImageOrientationPatient: [-1, 0, 0, 0, 1, 0] }],
        PixelMeasuresSequence: [{ PixelSpacing: [pixelMm, pixelMm], SliceThickness: 5 }],
        PixelValueTransformationSequence: [{ RescaleIntercept: -1024, RescaleSlope: 1, RescaleType: 'HU' }],
      },
    ],
    PerFrameFunctionalGroupsSequence: places.map((position) => ({
      PlanePositionSequence: [{ ImagePositionPatient: position }],
    })),
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: SIZE, Columns: SIZE },
    ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 },
    PixelData: pixels,
  };
  const file = encodeInstance(record);
  return { studyUid: STUDY_UID, objects: [{ studyUid: STUDY_UID, seriesUid: SERIES_UID, sopUid: SOP_UID, file }] };
}

/** What others sent beside `mirroredHead`: a presentation state, the ball segmented here and elsewhere, key images and a report. */
export function besideMirroredHead(): readonly SentObject[] {
  const about = {
    ...{ studyUid: STUDY_UID, seriesUid: SERIES_UID, sopUid: SOP_UID, frameOfReferenceUid: '2.25.9103' },
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2.1',
    patient: { ...PATIENT },
  };
  const pixelMm = 224 / SIZE;
  const middle = (SIZE - 1) / 2;
  const frames = [6, 7].map((slice): MarkedFrame => {
    const z = (slice - (SLICES - 1) / 2) * 5;
    const bits = Uint8Array.from({ length: SIZE * SIZE }, (_, index) => {
      const [x, y] = [(middle - (index % SIZE)) * pixelMm, (Math.floor(index / SIZE) - middle) * pixelMm];
      return Math.hypot(x - 25, y, z) < 14 ? 1 : 0;
    });
    // Frames stand out of order: the fifth slice after the first is the second.
    const frame = Array.from({ length: SLICES }, (_, index) => (index * 5) % SLICES).indexOf(slice) + 1;
    return { frame, positionMm: [middle * pixelMm, -middle * pixelMm, z], bits };
  });
  const [key] = frames;
  if (key === undefined) throw new Error('no frames');
  const geometry = { size: SIZE, pixelMm, orientation: [-1, 0, 0, 0, 1, 0] };
  return [
    presentationState(about, SIZE),
    segmentation(about, frames, geometry),
    segmentation(about, frames, geometry, { number: 4, frameOfReferenceUid: '2.25.9999', label: 'ELSEWHERE' }),
    keyImages(about, key.frame, 'of-interest'),
    keyImages(about, key.frame, 'quality-issue'),
    markedReport(about, key.frame, [41.2, 64, 57.2, 64, 49.2, 56, 49.2, 72]),
  ];
}
