import type { Dataset } from '../../dicom/dataset/dataset.ts';
import { normalDate } from '../../dicom/dataset/dates.ts';
import { frameGeometry } from '../../dicom/dataset/frame-geometry.ts';
import { findFunctionalGroup } from '../../dicom/dataset/functional-groups.ts';
import { number, text } from '../../dicom/dataset/values.ts';
import type { CorrectedPatient } from '../runner-protocol.ts';

/** What the first object of a series says of the person and the scanner, as models may ask for it; null where it does not. */
export type SourceFacts = {
  /** As the object says it; of a birth date, completed months. */
  readonly ageYears: number | null;
  readonly sex: 'M' | 'F' | 'O' | null;
  readonly weightKg: number | null;
  readonly sliceThicknessMm: number | null;
  readonly tubeVoltageKv: number | null;
  readonly heightM: number | null;
  readonly echoTimeMs: number | null;
  readonly repetitionTimeMs: number | null;
  readonly fieldStrengthT: number | null;
  readonly frameTimeMs: number | null;
  /** L, R or B; of the image, else of the series. */
  readonly laterality: string | null;
  /** In capitals, as manufacturer is. */
  readonly viewPosition: string | null;
  readonly manufacturer: string | null;
};

/** Where nothing is known. */
export const NO_FACTS: SourceFacts = {
  ageYears: null,
  sex: null,
  weightKg: null,
  sliceThicknessMm: null,
  tubeVoltageKv: null,
  heightM: null,
  echoTimeMs: null,
  repetitionTimeMs: null,
  fieldStrengthT: null,
  frameTimeMs: null,
  laterality: null,
  viewPosition: null,
  manufacturer: null,
};

/** Reads the facts of an object's first frame. The age is PatientAge; else that of the birth date at the study's date. */
export function readSourceFacts(dataset: Dataset): SourceFacts {
  const sex = text(dataset, 'PatientSex');
  const rays = findFunctionalGroup(dataset, 0, 'CTXRayDetailsSequence') ?? dataset;
  const echo = findFunctionalGroup(dataset, 0, 'MREchoSequence') ?? dataset;
  const timing = findFunctionalGroup(dataset, 0, 'MRTimingAndRelatedParametersSequence') ?? dataset;
  const anatomy = findFunctionalGroup(dataset, 0, 'FrameAnatomySequence') ?? dataset;
  const date = text(dataset, 'StudyDate') ?? text(dataset, 'AcquisitionDate');
  return {
    ageYears: ageOf(text(dataset, 'PatientAge')) ?? ageAt(text(dataset, 'PatientBirthDate'), date),
    sex: sex === 'M' || sex === 'F' || sex === 'O' ? sex : null,
    weightKg: above0(number(dataset, 'PatientWeight')),
    sliceThicknessMm: frameGeometry(dataset, 0).sliceThicknessMm,
    tubeVoltageKv: above0(number(rays, 'KVP')),
    heightM: above0(number(dataset, 'PatientSize')),
    echoTimeMs: above0(number(echo, 'EffectiveEchoTime') ?? number(dataset, 'EchoTime')),
    repetitionTimeMs: above0(number(timing, 'RepetitionTime')),
    fieldStrengthT: above0(number(dataset, 'MagneticFieldStrength')),
    frameTimeMs: above0(number(dataset, 'FrameTime')),
    laterality: capitals(
      text(anatomy, 'FrameLaterality') ?? text(dataset, 'ImageLaterality') ?? text(dataset, 'Laterality'),
    ),
    viewPosition: capitals(text(dataset, 'ViewPosition')),
    manufacturer: capitals(text(dataset, 'Manufacturer')),
  };
}

/** The facts of a study that belongs to another patient than its objects name: nothing that those say of a person counts. */
export function factsOf(facts: SourceFacts, patient: CorrectedPatient | undefined): SourceFacts {
  return patient === undefined ? facts : { ...facts, ...patient, weightKg: null, heightM: null };
}

function capitals(value: string | null): string | null {
  const told = value?.trim().toUpperCase() ?? '';
  return told === '' ? null : told;
}

const YEARS = { D: 1 / 365.25, W: 7 / 365.25, M: 1 / 12, Y: 1 } as const;
const OLDEST = 150;

/** An age string (PS3.5 §6.2 AS), such as 045Y. */
function ageOf(age: string | null): number | null {
  const [, count, unit] = /^(\d{1,3})([DWMY])$/.exec(age ?? '') ?? [];
  const years = count === undefined ? null : Number(count) * YEARS[unit as keyof typeof YEARS];
  return years !== null && years <= OLDEST ? years : null;
}

function ageAt(birth: string | null, date: string | null): number | null {
  const [from, to] = [normalDate(birth ?? ''), normalDate(date ?? '')];
  if (from === null || to === null || to < from) return null;
  const monthsOf = (day: string) => Number(day.slice(0, 4)) * 12 + Number(day.slice(4, 6));
  const months = monthsOf(to) - monthsOf(from) - (to.slice(6) < from.slice(6) ? 1 : 0);
  return months <= OLDEST * 12 ? months / 12 : null;
}

function above0(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}
