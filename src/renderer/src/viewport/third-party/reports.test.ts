import { expect, test } from 'vitest';
import type { DicomJson } from '../dicom-json.ts';
import { readStack } from '../stack.ts';
import { TAG } from '../tags.ts';
import { readKeyObjects } from './key-objects.ts';
import { readMarkedReport } from './marked-report.ts';
import { marksOn } from './report-places.ts';

const of = (vr: string, ...Value: readonly unknown[]) => ({ vr, Value: [...Value] });
const code = (value: string, meaning: string) =>
  of('SQ', { '00080100': of('SH', value), '00080104': of('LO', meaning) });
const item = (
  type: string,
  name: readonly [string, string],
  rest: DicomJson = {},
  ...content: readonly DicomJson[]
): DicomJson => ({
  '0040A040': of('CS', type),
  '0040A043': code(...name),
  ...(content.length > 0 && { '0040A730': of('SQ', ...content) }),
  ...rest,
});
const image = (sopUid: string, ...frames: readonly number[]) =>
  item('IMAGE', ['1', 'Source'], {
    '00081199': of('SQ', {
      '00081155': of('UI', sopUid),
      ...(frames.length > 0 && { '00081160': of('IS', ...frames) }),
    }),
  });
const region = (type: string, points: readonly unknown[], ...content: readonly DicomJson[]) =>
  item(
    'SCOORD',
    ['111030', 'Image Region'],
    { '00700022': { vr: 'FL', Value: [...points] }, '00700023': of('CS', type) },
    ...content,
  );
const report = (content: readonly DicomJson[], rest: DicomJson = {}): DicomJson => ({
  [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.88.33'),
  [TAG.SOPInstanceUID]: of('UI', '9.2'),
  '0040A493': of('CS', 'UNVERIFIED'),
  '0040A730': of('SQ', ...content),
  ...rest,
});
const STACK = readStack(
  ['1.1', '1.2'].map((sopUid, index) => ({
    [TAG.SOPInstanceUID]: of('UI', sopUid),
    [TAG.Rows]: of('US', 10),
    [TAG.Columns]: of('US', 10),
    [TAG.FrameOfReferenceUID]: of('UI', '5.5'),
    [TAG.ImagePositionPatient]: of('DS', 0, 0, 5 * index),
    [TAG.ImageOrientationPatient]: of('DS', 1, 0, 0, 0, 1, 0),
    [TAG.PixelSpacing]: of('DS', 1, 1),
  })),
  { dicomwebPath: '/d', studyUid: '1', seriesUid: '1.1' },
);
const [FIRST, SECOND] = STACK.images;
if (FIRST === undefined || SECOND === undefined) throw new Error('no images');

test('a measurement group is one mark with its finding, its values and the places on the images they name', () => {
  const read = readMarkedReport(
    report([
      item(
        'CONTAINER',
        ['125007', 'Measurement Group'],
        {},
        item('CODE', ['121071', 'Finding'], { '0040A168': code('M', 'Mass') }),
        item('NUM', ['D', 'Diameter'], {
          '0040A300': of('SQ', { '0040A30A': of('DS', '12.5'), '004008EA': code('mm', 'mm') }),
        }),
        region('POLYLINE', [1, 1, 3, 3], image('1.1')),
        region('POINT', [2, 2], image('1.2', 1)),
      ),
    ]),
    '1.9',
  );
  expect(read?.marks).toMatchObject([{ number: 1, name: 'Mass', values: ['Diameter 12.5 mm'] }]);
  if (read === null) throw new Error('not read');
  expect(marksOn(read, FIRST).map(({ shapes }) => shapes)).toEqual([
    [
      {
        kind: 'POLYLINE',
        points: [
          [0.5, 0.5],
          [2.5, 2.5],
        ],
      },
    ],
  ]);
  expect(marksOn(read, SECOND)[0]?.shapes[0]?.kind).toBe('POINT');
  expect([read.isByMachine, read.isVerified, [...read.undrawn]]).toEqual([false, false, []]);
});

test('CAD names its images elsewhere in the report, by place', () => {
  const cad = report(
    [
      item('CONTAINER', ['111028', 'Image Library'], {}, image('1.2')),
      item(
        'CODE',
        ['111059', 'Single Image Finding'],
        { '0040A168': code('F', 'Mammographic mass') },
        item('NUM', ['111012', 'Certainty of Finding'], {
          '0040A300': of('SQ', { '0040A30A': of('DS', '72'), '004008EA': code('%', '%') }),
        }),
        region('CIRCLE', [5, 5, 5, 8], { '0040A010': of('CS', 'SELECTED FROM'), '0040DB73': of('UL', 1, 1, 1) }),
      ),
    ],
    { [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.88.50') },
  );
  const read = readMarkedReport(cad, '1.9');
  if (read === null) throw new Error('not read');
  expect(read).toMatchObject({
    isByMachine: true,
    marks: [{ name: 'Mammographic mass', values: ['Certainty of Finding 72 %'] }],
  });
  expect([marksOn(read, FIRST).length, marksOn(read, SECOND).length]).toEqual([0, 1]);
});

test('places in the patient are drawn in their frame of reference and in their plane alone', () => {
  const at = (frame: string, z: number) =>
    readMarkedReport(
      report([
        item('SCOORD3D', ['1', 'Place'], {
          '00700022': of('FL', 3, 4, z),
          '00700023': of('CS', 'POINT'),
          '30060024': of('UI', frame),
        }),
      ]),
      '1.9',
    );
  const drawn = (frame: string, z: number) => {
    const read = at(frame, z);
    return read === null ? null : marksOn(read, SECOND).map(({ shapes }) => shapes[0]?.points);
  };
  expect([drawn('5.5', 5.2), drawn('5.5', 7), drawn('6.6', 5)]).toEqual([[[[3, 4]]], [], []]);
});

test('coordinates that make no sense, name no image or go on without end are said, not drawn', () => {
  const deep = Array.from({ length: 40 }).reduce<DicomJson>(
    (inner) => item('CONTAINER', ['1', 'Deep'], {}, inner),
    region('POINT', [1, 1], image('1.1')),
  );
  const read = readMarkedReport(
    report([
      region('POINT', [1, Number.NaN], image('1.1')),
      region('CIRCLE', [1, 1], image('1.1')),
      region('POINT', [1, 1]),
      region('POINT', [1, 1], { '0040DB73': of('UL', 1, 99, 3) }),
      region(
        'POLYLINE',
        Array.from({ length: 110_000 }, () => 1),
        image('1.1'),
      ),
      deep,
    ]),
    '1.9',
  );
  expect([read?.marks, [...(read?.undrawn ?? [])].toSorted()]).toEqual([
    [],
    ['graphics-cut', 'graphics-damaged', 'places-without-image'],
  ]);
  expect(readMarkedReport(report([item('TEXT', ['1', 'Words'])]), '1.9')).toBeNull();
});

test('key images are read with what they are for; what is wrong with images warns, and a manifest picks nothing out', () => {
  const keys = (value: string, meaning: string) =>
    readKeyObjects(
      {
        [TAG.SOPClassUID]: of('UI', '1.2.840.10008.5.1.4.1.1.88.59'),
        [TAG.SOPInstanceUID]: of('UI', '9.3'),
        '0040A043': code(value, meaning),
        '0040A375': of('SQ', {
          '00081115': of('SQ', { '0020000E': of('UI', '1.1'), '00081199': of('SQ', { '00081155': of('UI', '1.2') }) }),
        }),
        '0040A730': of(
          'SQ',
          image('1.2', 3, 4),
          item('TEXT', ['113012', 'Key Object Description'], { '0040A160': of('UT', 'See the lung') }),
        ),
      },
      '1.9',
    );
  const interest = keys('113000', 'Of Interest');
  expect([interest?.title, interest?.isWarning, interest?.description]).toEqual(['Of Interest', false, 'See the lung']);
  expect([...(interest?.references.get('1.2') ?? [])]).toEqual([3, 4]);
  expect(interest?.seriesOf.get('1.2')).toBe('1.1');
  expect(keys('113001', 'Rejected for Quality Reasons')?.isWarning).toBe(true);
  expect(keys('113030', 'Manifest')).toBeNull();
});
