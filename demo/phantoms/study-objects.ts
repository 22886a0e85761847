import { encodeText } from '../../src/main/station/dicom/dataset/encode-text.ts';
import { lookUpKeyword } from '../../src/main/station/dicom/dataset/dictionary.ts';
import { encodeInstance, type DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import type { ExamRequest, Priority } from '../exam-requests.ts';
import type { Person } from '../people.ts';
import { compressRecord, type DemoTransferSyntax } from './compress-record.ts';

/** One object as its modality would send it: a Part-10 file. */
export type DemoInstance = {
  readonly sopClassUid: string;
  readonly sopUid: string;
  readonly transferSyntaxUid: string;
  readonly file: Uint8Array;
};

export type DemoSeries = {
  readonly seriesUid: string;
  readonly description: string;
  readonly instances: readonly DemoInstance[];
};

/** A study with what is really in it. */
export type DemoStudy<Truth> = {
  readonly studyUid: string;
  readonly series: readonly DemoSeries[];
  readonly truth: Truth;
};

/** The character sets in which the hospital's machines write names: one, or several by code extension (PS3.3 §C.12.1.1.2). */
export const DEMO_CHARACTER_SETS = [
  ['ISO_IR 100'],
  ['ISO_IR 192'],
  ['', 'ISO 2022 IR 87'],
  ['', 'ISO 2022 IR 149'],
  ['GB18030'],
] as const;
export type DemoCharacterSet = (typeof DEMO_CHARACTER_SETS)[number];

/** What every study is told, whatever it shows. The same wish gives the same bytes. */
export type StudyWish = {
  readonly seed: number;
  /** When the acquisition began, UTC; written as local time of the given offset. */
  readonly atMs: number;
  readonly utcOffsetMinutes?: number;
  readonly person: Person;
  readonly accession: string;
  readonly accessionIssuer?: string;
  readonly studyDescription?: string;
  /** What it was ordered by; the machine copies it from its worklist. */
  readonly request?: ExamRequest;
  /** Unicode unless told; what it does not have makes the making throw. */
  readonly characterSet?: DemoCharacterSet;
  /** Explicit VR little endian unless told. */
  readonly transferSyntaxUid?: DemoTransferSyntax;
};

/** The machine that made a study. */
export type DemoMachine = {
  readonly manufacturer: string;
  readonly model: string;
  readonly station: string;
  readonly serial: string;
};

/** A series before it is written. */
export type UnsealedSeries = {
  readonly seriesUid: string;
  readonly description: string;
  readonly records: readonly DicomRecord[];
};

/** Writes the objects of series in the character set and transfer syntax of the wish. */
export async function sealSeries(
  wish: Pick<StudyWish, 'characterSet' | 'transferSyntaxUid'>,
  series: readonly UnsealedSeries[],
): Promise<readonly DemoSeries[]> {
  const sealed: DemoSeries[] = [];
  for (const { seriesUid, description, records } of series) {
    const instances: DemoInstance[] = [];
    for (const record of records) instances.push(await sealRecord(wish, record));
    sealed.push({ seriesUid, description, instances });
  }
  return sealed;
}

async function sealRecord(
  wish: Pick<StudyWish, 'characterSet' | 'transferSyntaxUid'>,
  record: DicomRecord,
): Promise<DemoInstance> {
  const { record: stored, transferSyntaxUid } = await compressRecord(record, wish.transferSyntaxUid);
  const file = encodeInstance(inCharacterSet(stored, wish.characterSet ?? ['ISO_IR 192']), { transferSyntaxUid });
  return { sopClassUid: textOf(record, 'SOPClassUID'), sopUid: sopUidOf(record), transferSyntaxUid, file };
}

/** The SOP instance UID of a record. Throws where it has none. */
export function sopUidOf(record: DicomRecord): string {
  return textOf(record, 'SOPInstanceUID');
}

function textOf(record: DicomRecord, keyword: string): string {
  const value = record[keyword];
  if (typeof value !== 'string') throw new Error(`the record has no ${keyword}`);
  return value;
}

/** A record whose text outside ASCII stands in a character set; throws where the set does not have it. */
function inCharacterSet(record: DicomRecord, terms: DemoCharacterSet): DicomRecord {
  const named = { ...record, SpecificCharacterSet: terms.length === 1 ? terms[0] : terms };
  if (terms[0] === 'ISO_IR 100' || terms[0] === 'ISO_IR 192') return named;
  const texts = Object.entries(record).flatMap(([keyword, value]) => {
    if (typeof value !== 'string' || /^[\0-\x7f]*$/.test(value)) return [];
    const encoded = encodeText(value, lookUpKeyword(keyword)?.vr ?? 'LO', [...terms]);
    if (encoded === null) throw new Error(`${keyword} is not to be written in this character set`);
    return [[keyword, encoded.length % 2 === 0 ? encoded : Buffer.concat([encoded, Buffer.from(' ')])] as const];
  });
  return { ...named, ...Object.fromEntries(texts) };
}

/** The patient, study and equipment modules (PS3.3 §C.7.1, §C.7.2, §C.7.5) as an image record needs them. */
export function studyRecord(
  wish: StudyWish & { readonly studyDescription: string },
  machine: DemoMachine,
  studyUid: string,
): DicomRecord {
  const { person } = wish;
  const { date, time } = localTime(wish, 0);
  return {
    TimezoneOffsetFromUTC: offsetText(wish.utcOffsetMinutes ?? 0),
    StudyInstanceUID: studyUid,
    StudyDate: date,
    StudyTime: time,
    StudyID: wish.accession.slice(0, 16),
    StudyDescription: wish.studyDescription,
    AccessionNumber: wish.accession,
    ...(wish.accessionIssuer && {
      IssuerOfAccessionNumberSequence: [{ LocalNamespaceEntityID: wish.accessionIssuer }],
    }),
    ...requestRecord(wish, studyUid),
    PatientName: person.name,
    PatientID: person.mrn,
    IssuerOfPatientID: person.issuer,
    PatientBirthDate: person.birthDate,
    PatientSex: person.sex,
    Manufacturer: machine.manufacturer,
    ManufacturerModelName: machine.model,
    InstitutionName: 'Wetread Demo Hospital',
    StationName: machine.station,
    DeviceSerialNumber: machine.serial,
    SoftwareVersions: 'demo',
  };
}

/** What a machine takes over from its worklist: who asked, the request's numbers (PS3.3 §10.6), and how pressing it is. */
function requestRecord({ request, accession }: StudyWish, studyUid: string): DicomRecord {
  if (request === undefined) return { ReferringPhysicianName: 'Referrer^Demo' };
  const { family, given } = request.referrer;
  return {
    ReferringPhysicianName: `${family}^${given}`,
    // No image module has it: some scanners copy it all the same, as a Standard Extended SOP class may (PS3.2 §3.11).
    RequestedProcedurePriority: DICOM_PRIORITIES[request.priority],
    RequestAttributesSequence: [
      {
        ...{ AccessionNumber: accession, StudyInstanceUID: studyUid },
        ...{ RequestedProcedureID: request.procedureId, ScheduledProcedureStepID: request.stepId },
      },
    ],
  };
}

/** (0040,1003) by priority. */
const DICOM_PRIORITIES: Readonly<Record<Priority, string>> = { routine: 'ROUTINE', urgent: 'HIGH', stat: 'STAT' };

/** When an image was taken, so many seconds into the study: acquisition and content. */
export function timeRecord(wish: Pick<StudyWish, 'atMs' | 'utcOffsetMinutes'>, afterSeconds: number): DicomRecord {
  const { date, time } = localTime(wish, afterSeconds);
  return { AcquisitionDate: date, AcquisitionTime: time, ContentDate: date, ContentTime: time };
}

/** The general series module (PS3.3 §C.7.3.1). */
export function seriesRecord(
  wish: Pick<StudyWish, 'atMs' | 'utcOffsetMinutes'>,
  series: {
    readonly modality: string;
    readonly seriesUid: string;
    readonly number: number;
    readonly description: string;
    readonly bodyPart: string;
    readonly protocol: string;
    readonly patientPosition?: string;
  },
): DicomRecord {
  const { date, time } = localTime(wish, series.number * 20);
  return {
    Modality: series.modality,
    SeriesInstanceUID: series.seriesUid,
    SeriesNumber: series.number,
    SeriesDate: date,
    SeriesTime: time,
    SeriesDescription: series.description,
    ProtocolName: series.protocol,
    BodyPartExamined: series.bodyPart,
    ...(series.patientPosition && { PatientPosition: series.patientPosition }),
    AcquisitionNumber: series.number,
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
  };
}

/** Date and time of day as DA and TM, so many seconds into the study. */
export function localTime(
  wish: Pick<StudyWish, 'atMs' | 'utcOffsetMinutes'>,
  afterSeconds: number,
): { readonly date: string; readonly time: string } {
  const local = new Date(wish.atMs + (wish.utcOffsetMinutes ?? 0) * 60_000 + afterSeconds * 1000).toISOString();
  return { date: local.slice(0, 10).replaceAll('-', ''), time: local.slice(11, 23).replaceAll(':', '') };
}

/** An offset from UTC as DICOM writes it: +0100. */
export function offsetText(minutes: number): string {
  const absolute = Math.abs(minutes);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(absolute / 60))}${pad(absolute % 60)}`;
}

/** A number with the six decimals that coordinates in objects have. */
export function rounded(value: number): number {
  return Number(value.toFixed(6));
}
