import { type DicomJson, entryOf, itemsOf, numberOf, textOf, textsOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';

/** Why values of a PET image are not told as SUV. */
export const NO_SUV = [
  'units',
  'not-corrected',
  'weight',
  'dose',
  'several-drugs',
  'half-life',
  'decay-correction',
  'times',
] as const;
export type NoSuv = (typeof NO_SUV)[number];

/** What values of a PET image are: `factor` makes them standardised uptake values, else they stay in the scanner's unit, and `why`. */
export type Uptake =
  | { readonly factor: number; readonly unit: string }
  | { readonly factor: null; readonly unit: string | null; readonly why: NoSuv };

/** Units of PET images (PS3.3 §C.8.9.1.1.3) as people write them. */
const UNITS: Readonly<Record<string, string>> = { BQML: 'Bq/mL', CNTS: 'counts', PROPCPS: 'cps', '1CM': '1/cm' };

/** Uptake as its maker stored it, by units and type (PS3.3 §C.8.9.1.1.3, SUV Type); by body weight where no type is said. */
const STORED_SUV: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  GML: { '': 'SUVbw', BW: 'SUVbw', LBM: 'SUVlbm', LBMJAMES128: 'SUVlbm', LBMJANMA: 'SUVlbm', IBW: 'SUVibw' },
  CM2ML: { '': 'SUVbsa', BSA: 'SUVbsa' },
};

/**
 * How uptake is told of a PET image: as SUV by body weight (g/mL) where activity concentration, corrections for attenuation and decay,
 * weight, injected dose, half-life and times are all stated and agree; where the maker already stored SUV, as it is; in the raw unit
 * and with the reason otherwise. Null of other images.
 */
export function uptakeOf(dataSet: DicomJson): Uptake | null {
  if (textOf(dataSet, TAG.Modality) !== 'PT') return null;
  const unit = textOf(dataSet, '00541001');
  const stored = STORED_SUV[unit ?? '']?.[textOf(dataSet, '00541006') ?? ''];
  if (stored !== undefined) return { factor: 1, unit: stored };
  const factor = unit === 'BQML' ? bodyWeightFactor(dataSet) : 'units';
  if (typeof factor === 'number') return { factor, unit: 'SUVbw' };
  return { factor: null, unit: unit === null ? null : (entryOf(UNITS, unit) ?? unit), why: factor };
}

/** Nobody weighs more; grams where kilograms belong do. */
const MOST_KG = 400;
/** No dose that makes an image is less; megabecquerels where becquerels belong are. */
const LEAST_BQ = 100_000;

function bodyWeightFactor(dataSet: DicomJson): number | NoSuv {
  const corrections = textsOf(dataSet, '00280051');
  if (!corrections.includes('ATTN') || !corrections.includes('DECY')) return 'not-corrected';
  const weightKg = numberOf(dataSet, '00101030');
  if (weightKg === null || weightKg <= 0 || weightKg > MOST_KG) return 'weight';
  const [drug, ...others] = itemsOf(dataSet, '00540016');
  if (others.length > 0) return 'several-drugs';
  const doseBq = drug === undefined ? null : numberOf(drug, '00181074');
  if (drug === undefined || doseBq === null || doseBq < LEAST_BQ) return 'dose';
  const correctedTo = textOf(dataSet, '00541102');
  // Values are of the moment of injection: what was injected then has not decayed yet.
  if (correctedTo === 'ADMIN') return (weightKg * 1000) / doseBq;
  if (correctedTo !== 'START') return 'decay-correction';
  const halfLifeS = numberOf(drug, '00181075');
  if (halfLifeS === null || halfLifeS <= 0) return 'half-life';
  const decayedS = secondsOfDecay(dataSet, drug);
  return decayedS === null ? 'times' : (weightKg * 1000) / (doseBq * 2 ** (-decayedS / halfLifeS));
}

/** No tracer waits longer before it is imaged. */
const LONGEST_WAIT_S = 24 * 3600;

/** Seconds from injection to the time the series' values are corrected to (Decay Correction START); null where that cannot be told. */
function secondsOfDecay(dataSet: DicomJson, drug: DicomJson): number | null {
  const date = textOf(dataSet, '00080021') ?? textOf(dataSet, '00080022');
  const series = momentOf(date, textOf(dataSet, '00080031'));
  const acquired = momentOf(textOf(dataSet, '00080022') ?? date, textOf(dataSet, '00080032'));
  // A series made anew later carries a time after its acquisition, which is not what it was corrected to.
  if (series === null || (acquired !== null && series > acquired)) return null;
  const whole = textOf(drug, '00181078');
  const injected =
    whole === null ? momentOf(date, textOf(drug, '00181072')) : injectedAt(whole, textOf(dataSet, '00080201'));
  if (injected === null) return null;
  // A time alone, later than the scan, is of the evening before.
  const waited = series - injected + (whole === null && injected > series ? 24 * 3600 : 0);
  return waited >= 0 && waited <= LONGEST_WAIT_S ? waited : null;
}

/** A date and time of injection on the clock of the series, whose own offset from UTC is known or taken to be the same. */
function injectedAt(whole: string, seriesOffset: string | null): number | null {
  const [said, offset] = /^([\d.]+)([+-]\d{4})?$/.exec(whole)?.slice(1) ?? [];
  const moment = said === undefined ? null : momentOf(said.slice(0, 8), said.slice(8));
  const own = offset === undefined ? null : offsetSeconds(offset);
  const series = seriesOffset === null ? null : offsetSeconds(seriesOffset);
  return moment === null || own === null || series === null ? moment : moment - own + series;
}

/** `+0130` as seconds; null of anything else. */
function offsetSeconds(text: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d{2})(\d{2})$/.exec(text) ?? [];
  return sign === undefined ? null : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

/** A DICOM date and time as seconds on one scale, to be subtracted from one another; null where either is missing. */
function momentOf(date: string | null, time: string | null): number | null {
  const day = /^(\d{4})(\d{2})(\d{2})$/.exec(date ?? '');
  const clock = /^(\d{2})(\d{2})(\d{2}(?:\.\d+)?)/.exec(time ?? '');
  if (day === null || clock === null) return null;
  const [, year, month, dayOfMonth] = day.map(Number);
  const [, hours = 0, minutes = 0, seconds = 0] = clock.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, dayOfMonth) / 1000 + hours * 3600 + minutes * 60 + seconds;
}
