import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { number, text } from '../../src/main/station/dicom/dataset/values.ts';
import { readDataset } from '../../src/main/station/dicom/dataset/read-dataset.ts';
import { type DicomRecord, encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import type { SentObject } from '../../test/system/support/studies.ts';

const run = promisify(execFile);

/** A presentation state of one image, and the file it stands in. */
export type PresentedBy = {
  readonly name: string;
  readonly sent: SentObject;
  readonly file: string;
  /** The mean of which frames it takes away, and the window of what is left; DCMTK does not. */
  readonly less?: typeof LESS;
};

/** Of an object of several frames: its mask is the first. */
const LESS = { frames: [1], centre: 30, width: 121 } as const;
const MASK_STATE = 'mask';

const linear = (length: number, at: (share: number) => number) =>
  Uint16Array.from({ length }, (_, index) => Math.round(at(index / (length - 1))));

/** What each state says beyond the image it names; of shutters there is none, for DCMTK leaves them to whoever shows its picture. */
const STATES: Readonly<Record<string, () => DicomRecord>> = {
  window: () => ({ ...window(600, 1600), PresentationLUTShape: 'IDENTITY' }),
  inverse: () => ({ ...window(500, 1200), PresentationLUTShape: 'INVERSE' }),
  'all values': () => ({ PresentationLUTShape: 'IDENTITY' }),
  tables: () => ({
    SoftcopyVOILUTSequence: [{ VOILUTSequence: [table(2000, -100, 12, (share) => 4095 * share ** 0.5)] }],
    PresentationLUTSequence: [table(4096, 0, 12, (share) => 4095 * (1 - share))],
  }),
};

/** The states every presented image of one frame is shown under; one of several is shown less its first frame. */
export const STATE_NAMES: readonly string[] = Object.keys(STATES);

function maskState(): DicomRecord {
  return {
    ...window(LESS.centre, LESS.width),
    MaskSubtractionSequence: [{ MaskOperation: 'AVG_SUB', MaskFrameNumbers: [...LESS.frames] }],
    RecommendedViewingMode: 'SUB',
    PresentationLUTShape: 'IDENTITY',
  };
}

function window(centre: number, width: number): DicomRecord {
  return { SoftcopyVOILUTSequence: [{ WindowCenter: centre, WindowWidth: width }] };
}

function table(entries: number, first: number, bits: number, at: (share: number) => number): DicomRecord {
  return { LUTDescriptor: [entries, first & 0xffff, bits], LUTData: linear(entries, at) };
}

/** Writes the presentation states of an image into a folder. */
export function makeStates({ studyUid, seriesUid, sopUid, file }: SentObject, folder: string): readonly PresentedBy[] {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error('the image has no header');
  const read = readDataset(file.subarray(header.value.dataSetOffset), header.value.transferSyntaxUid);
  if (!read.ok) throw new Error('the image cannot be read');
  const facts = { rows: number(read.value, 'Rows') ?? 0, columns: number(read.value, 'Columns') ?? 0 };
  const isRun = (number(read.value, 'NumberOfFrames') ?? 1) > 1;
  return (isRun ? [MASK_STATE] : STATE_NAMES).map((name, at): PresentedBy => {
    const index = isRun ? STATE_NAMES.length : at;
    const own = { seriesUid: `2.25.77${index}0`, sopUid: `2.25.77${index}1` };
    const bytes = encodeInstance({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1',
      ...{ SOPInstanceUID: own.sopUid, StudyInstanceUID: studyUid, SeriesInstanceUID: own.seriesUid },
      ...{ PatientName: text(read.value, 'PatientName') ?? '', PatientID: text(read.value, 'PatientID') ?? '' },
      ...{ PatientBirthDate: '', PatientSex: '', StudyDate: '', StudyTime: '', StudyID: '', AccessionNumber: '' },
      ...{
        Modality: 'PR',
        Manufacturer: 'Tests',
        SeriesNumber: 90 + index,
        InstanceNumber: 1,
        ReferringPhysicianName: '',
      },
      ...{ ContentLabel: 'TEST', ContentDescription: name, ContentCreatorName: '' },
      ...{ PresentationCreationDate: '20260116', PresentationCreationTime: '080000' },
      ReferencedSeriesSequence: [
        {
          SeriesInstanceUID: seriesUid,
          ReferencedImageSequence: [
            {
              ReferencedSOPClassUID: text(read.value, 'SOPClassUID') ?? '',
              ReferencedSOPInstanceUID: sopUid,
            },
          ],
        },
      ],
      ...{
        RescaleIntercept: number(read.value, 'RescaleIntercept') ?? 0,
        RescaleSlope: number(read.value, 'RescaleSlope') ?? 1,
        RescaleType: 'HU',
      },
      DisplayedAreaSelectionSequence: [
        {
          ...{ DisplayedAreaTopLeftHandCorner: [1, 1] },
          ...{ DisplayedAreaBottomRightHandCorner: [facts.columns, facts.rows] },
          ...{ PresentationSizeMode: 'SCALE TO FIT', PresentationPixelAspectRatio: [1, 1] },
        },
      ],
      ...(isRun ? maskState() : STATES[name]?.()),
    });
    const place = path.join(folder, `state-${index}.dcm`);
    writeFileSync(place, bytes);
    return { name, sent: { studyUid, ...own, file: bytes }, file: place, ...(isRun && { less: LESS }) };
  });
}

/** The image as DCMTK draws it under a presentation state. */
export async function drawPresented(copy: string, frame: number, state: PresentedBy, target: string) {
  const failed = await run('dcmp2pgm', ['-q', '-f', String(frame), '-p', state.file, copy, target]).then(
    () => null,
    (error: unknown) => String(error).slice(0, 300),
  );
  if (failed !== null) return failed;
  const bytes = readFileSync(target);
  const [head = '', columns, rows] =
    /^P5\s+(?:#.*\n\s*)*(\d+)\s+(\d+)\s+\d+\s/.exec(bytes.toString('latin1', 0, 200)) ?? [];
  const pixels = bytes.subarray(head.length);
  return { by: 'dcmp2pgm', rows: Number(rows), columns: Number(columns), channels: 1, pixels };
}
