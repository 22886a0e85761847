import type { CharacterSetMark } from './character-sets.ts';
import type { Dataset, DatasetMark, ReadDataset } from './dataset.ts';
import { normalDate, normalTime } from './dates.ts';
import { lookUpKeyword } from './dictionary.ts';
import { frameSpanMm, planeOf } from './frame-geometry.ts';
import { findFunctionalGroup } from './functional-groups.ts';
import { displayText, type TextMark } from './display-text.ts';
import { readRejectionNote, type RejectionNote } from './rejection-note.ts';
import { items, number, numbers, type PersonName, parsePersonName, text, texts } from './values.ts';

/** What an image's numbers mean (PS3.3 §C.7.6.3); null where the object does not say. */
export type ImageDescription = {
  readonly rows: number | null;
  readonly columns: number | null;
  /** 1 where the object does not say. */
  readonly numberOfFrames: number;
  readonly samplesPerPixel: number | null;
  readonly photometricInterpretation: string | null;
  readonly planarConfiguration: number | null;
  readonly bitsAllocated: number | null;
  readonly bitsStored: number | null;
  readonly highBit: number | null;
  /** 0 unsigned, 1 two's complement. */
  readonly pixelRepresentation: number | null;
  readonly imageType: readonly string[];
  /** x, y, z of the first pixel's centre in the patient, in mm. */
  readonly imagePositionPatient: readonly number[] | null;
  /** Direction cosines of a row, then of a column. */
  readonly imageOrientationPatient: readonly number[] | null;
  /** Of an object of many frames: between which places along the normal of its slices they lie, the lower one first, in mm; null of others, and where a frame has no place or lies in another direction. */
  readonly frameSpanMm: readonly [number, number] | null;
  /** Between rows, then between columns, in mm. */
  readonly pixelSpacing: readonly number[] | null;
  readonly sliceThicknessMm: number | null;
  readonly spacingBetweenSlicesMm: number | null;
  readonly gantryTiltDegrees: number | null;
  readonly frameOfReferenceUid: string | null;
  readonly rescaleSlope: number | null;
  readonly rescaleIntercept: number | null;
  readonly rescaleType: string | null;
  readonly windowCenter: readonly number[] | null;
  readonly windowWidth: readonly number[] | null;
  /** True where the object says that it was ever lossy compressed. */
  readonly isLossyCompressed: boolean;
};

/** A request as a series names it (PS3.3 §10.6); null is an attribute left out or empty. */
export type SeriesRequest = {
  readonly scheduledStepId: string | null;
  readonly requestedProcedureId: string | null;
  readonly accession: string | null;
  readonly studyUid: string | null;
};

/**
 * One instance in the product's own words: what the archive indexes, fit to be shown. Dates and
 * times in the form of ACR-NEMA come in today's; others, and the birth date, keep their text.
 */
export type InstanceDescription = {
  readonly studyUid: string | null;
  readonly seriesUid: string | null;
  readonly sopUid: string | null;
  readonly sopClassUid: string | null;

  readonly patientName: PersonName | null;
  readonly patientId: string | null;
  readonly issuerOfPatientId: string | null;
  readonly birthDate: string | null;
  readonly sex: string | null;

  readonly accessionNumber: string | null;
  readonly issuerOfAccessionNumber: string | null;
  readonly studyId: string | null;
  readonly studyDate: string | null;
  readonly studyTime: string | null;
  readonly timezoneOffset: string | null;
  readonly studyDescription: string | null;
  readonly referringPhysician: PersonName | null;

  readonly modality: string | null;
  readonly seriesNumber: number | null;
  readonly seriesDate: string | null;
  readonly seriesTime: string | null;
  readonly seriesDescription: string | null;
  /** When the procedure step that made the series began. */
  readonly performedDate: string | null;
  readonly performedTime: string | null;
  /** What the series was asked for by, one entry an item of the Request Attributes Sequence. */
  readonly requests: readonly SeriesRequest[];
  readonly protocolName: string | null;
  readonly bodyPart: string | null;
  readonly laterality: string | null;
  readonly viewPosition: string | null;
  readonly patientPosition: string | null;
  readonly convolutionKernel: readonly string[];
  readonly contrastAgent: string | null;
  readonly manufacturer: string | null;
  readonly modelName: string | null;
  readonly stationName: string | null;
  readonly institutionName: string | null;

  readonly instanceNumber: number | null;
  readonly acquisitionNumber: number | null;
  readonly acquisitionDate: string | null;
  readonly acquisitionTime: string | null;
  readonly acquisitionDateTime: string | null;
  readonly contentDate: string | null;
  readonly contentTime: string | null;

  readonly hasPixelData: boolean;
  readonly image: ImageDescription;
  /** What the object rejects, where it is a rejection note. */
  readonly rejection: RejectionNote | null;
  /** Keywords of type 1 attributes that are absent or empty: of every object, and of an image where there are pixels. */
  readonly missing: readonly string[];
  /** What the object got wrong and was kept in spite of; each at most once. */
  readonly marks: readonly InstanceMark[];
};

/** Persisted: only ever added to. */
export type InstanceMark =
  | DatasetMark
  | CharacterSetMark
  | TextMark
  | 'character-set-missing'
  | 'date-not-valid'
  | 'time-not-valid'
  | 'uid-has-several-values';

const ALWAYS_REQUIRED = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID', 'SOPClassUID', 'Modality'];
const REQUIRED_WITH_PIXELS = [
  'Rows',
  'Columns',
  'SamplesPerPixel',
  'PhotometricInterpretation',
  'BitsAllocated',
  'BitsStored',
  'HighBit',
  'PixelRepresentation',
];

/** Renames, once and at the edge, what the product uses of a data set. Never throws; what is missing is listed. */
export function describeInstance(dataset: ReadDataset): InstanceDescription {
  const marks = new Set<InstanceMark>([...dataset.marks, ...dataset.characterSet.marks]);
  const note = (mark: InstanceMark) => void marks.add(mark);
  const shown = (raw: string | null) => (raw === null ? null : displayText(raw, note) || null);
  const of = (keyword: string) => shown(text(dataset, keyword));
  const listOf = (keyword: string, from: Dataset) => texts(from, keyword).map((one) => displayText(one, note));
  const nameOf = (keyword: string) => {
    const raw = of(keyword);
    if (raw !== null && dataset.characterSet.isDefault && /[^ -~]/.test(raw)) note('character-set-missing');
    return raw === null ? null : parsePersonName(raw);
  };
  const uidOf = (keyword: string) => {
    const [first = null, ...more] = texts(dataset, keyword);
    if (more.length > 0) note('uid-has-several-values');
    return first || null;
  };
  // What cannot be understood keeps its text: a person may still know what was meant.
  const dateOf = (keyword: string) => normalized(of(keyword), normalDate, () => note('date-not-valid'));
  const birthDateOf = () => {
    const raw = of('PatientBirthDate');
    if (raw !== null && normalDate(raw) === null) note('date-not-valid');
    return raw; // told apart and shown as it was sent
  };
  const timeOf = (keyword: string) => normalized(of(keyword), normalTime, () => note('time-not-valid'));
  const hasPixelData = dataset.pixelData !== null;
  return {
    studyUid: uidOf('StudyInstanceUID'),
    seriesUid: uidOf('SeriesInstanceUID'),
    sopUid: uidOf('SOPInstanceUID'),
    sopClassUid: uidOf('SOPClassUID'),

    patientName: nameOf('PatientName'),
    patientId: of('PatientID'),
    issuerOfPatientId:
      of('IssuerOfPatientID') ?? shown(qualifiedIssuer(dataset, 'IssuerOfPatientIDQualifiersSequence')),
    birthDate: birthDateOf(),
    sex: of('PatientSex'),

    accessionNumber: of('AccessionNumber'),
    issuerOfAccessionNumber: shown(qualifiedIssuer(dataset, 'IssuerOfAccessionNumberSequence')),
    studyId: of('StudyID'),
    studyDate: dateOf('StudyDate'),
    studyTime: timeOf('StudyTime'),
    timezoneOffset: of('TimezoneOffsetFromUTC'),
    studyDescription: of('StudyDescription'),
    referringPhysician: nameOf('ReferringPhysicianName'),

    modality: of('Modality'),
    seriesNumber: number(dataset, 'SeriesNumber'),
    seriesDate: dateOf('SeriesDate'),
    seriesTime: timeOf('SeriesTime'),
    seriesDescription: of('SeriesDescription'),
    performedDate: dateOf('PerformedProcedureStepStartDate'),
    performedTime: timeOf('PerformedProcedureStepStartTime'),
    requests: items(dataset, 'RequestAttributesSequence').map((item) => ({
      scheduledStepId: text(item, 'ScheduledProcedureStepID'),
      requestedProcedureId: text(item, 'RequestedProcedureID'),
      accession: text(item, 'AccessionNumber'),
      studyUid: text(item, 'StudyInstanceUID'),
    })),
    protocolName: of('ProtocolName'),
    bodyPart: of('BodyPartExamined'),
    laterality: of('ImageLaterality') ?? of('Laterality'),
    viewPosition: of('ViewPosition'),
    patientPosition: of('PatientPosition'),
    convolutionKernel: listOf(
      'ConvolutionKernel',
      findFunctionalGroup(dataset, 0, 'CTReconstructionSequence') ?? dataset,
    ),
    contrastAgent: of('ContrastBolusAgent') ?? shown(contrastOfSequence(dataset)),
    manufacturer: of('Manufacturer'),
    modelName: of('ManufacturerModelName'),
    stationName: of('StationName'),
    institutionName: of('InstitutionName'),

    instanceNumber: number(dataset, 'InstanceNumber'),
    acquisitionNumber: number(dataset, 'AcquisitionNumber'),
    acquisitionDate: dateOf('AcquisitionDate'),
    acquisitionTime: timeOf('AcquisitionTime'),
    acquisitionDateTime: of('AcquisitionDateTime'),
    contentDate: dateOf('ContentDate'),
    contentTime: timeOf('ContentTime'),

    hasPixelData,
    image: describeImage(dataset),
    rejection: readRejectionNote(dataset),
    missing: [...ALWAYS_REQUIRED, ...(hasPixelData ? REQUIRED_WITH_PIXELS : [])].filter((keyword) =>
      isMissing(dataset, keyword),
    ),
    marks: [...marks],
  };
}

function describeImage(dataset: Dataset): ImageDescription {
  const of = (keyword: string) => number(dataset, keyword);
  const frames = of('NumberOfFrames');
  // An enhanced object says of its frames what others say of themselves; here its first one stands for all.
  const firstFrame = (sequence: string) => findFunctionalGroup(dataset, 0, sequence) ?? dataset;
  const plane = planeOf(dataset);
  const measures = firstFrame('PixelMeasuresSequence');
  return {
    rows: of('Rows'),
    columns: of('Columns'),
    numberOfFrames: frames !== null && frames >= 1 ? Math.floor(frames) : 1,
    samplesPerPixel: of('SamplesPerPixel'),
    photometricInterpretation: text(dataset, 'PhotometricInterpretation'),
    planarConfiguration: of('PlanarConfiguration'),
    bitsAllocated: of('BitsAllocated'),
    bitsStored: of('BitsStored'),
    highBit: of('HighBit'),
    pixelRepresentation: of('PixelRepresentation'),
    imageType: texts(dataset, 'ImageType'),
    imagePositionPatient: exactly(3, numbers(plane, 'ImagePositionPatient')),
    imageOrientationPatient: exactly(
      6,
      numbers(findFunctionalGroup(dataset, 0, 'PlaneOrientationSequence') ?? plane, 'ImageOrientationPatient'),
    ),
    frameSpanMm: frames !== null && frames > 1 ? frameSpanMm(dataset, Math.floor(frames)) : null,
    pixelSpacing: exactly(2, numbers(measures, 'PixelSpacing') ?? numbers(dataset, 'ImagerPixelSpacing')),
    sliceThicknessMm: number(measures, 'SliceThickness'),
    spacingBetweenSlicesMm: of('SpacingBetweenSlices'),
    gantryTiltDegrees: of('GantryDetectorTilt'),
    frameOfReferenceUid: text(dataset, 'FrameOfReferenceUID'),
    rescaleSlope: of('RescaleSlope'),
    rescaleIntercept: of('RescaleIntercept'),
    rescaleType: text(dataset, 'RescaleType'),
    windowCenter: numbers(dataset, 'WindowCenter'),
    windowWidth: numbers(dataset, 'WindowWidth'),
    isLossyCompressed: text(dataset, 'LossyImageCompression') === '01',
  };
}

function isMissing(dataset: Dataset, keyword: string): boolean {
  const isNumber = lookUpKeyword(keyword)?.vr === 'US';
  return (isNumber ? number(dataset, keyword) : text(dataset, keyword)) === null;
}

function normalized(raw: string | null, normal: (text: string) => string | null, fail: () => void): string | null {
  const found = raw === null ? null : normal(raw);
  if (raw !== null && found === null) fail();
  return found ?? raw;
}

/** Enhanced objects name the agent by a code (PS3.3 §C.7.6.4b); one that has no words is an agent all the same. */
function contrastOfSequence(dataset: Dataset): string | null {
  const [agent] = items(dataset, 'ContrastBolusAgentSequence');
  return agent === undefined ? null : (text(agent, 'CodeMeaning') ?? text(agent, 'CodeValue') ?? 'contrast agent');
}

/** An issuer named by a local or a universal id (PS3.3 Table 10-17). */
function qualifiedIssuer(dataset: Dataset, sequence: string): string | null {
  const [item] = items(dataset, sequence);
  return item ? (text(item, 'LocalNamespaceEntityID') ?? text(item, 'UniversalEntityID')) : null;
}

function exactly(count: number, values: readonly number[] | null): readonly number[] | null {
  return values?.length === count ? values : null;
}
