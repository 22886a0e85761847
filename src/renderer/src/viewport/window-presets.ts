import { entryOf } from './dicom-json.ts';

/** A window of grey values: what is drawn between black and white, by centre and width (PS3.3 §C.11.2.1.2). */
export type GreyWindow = { readonly centre: number; readonly width: number };

/** A window a reader calls up with a digit; the name is a code for the page's text. */
export type WindowPreset = { readonly key: string; readonly name: string } & PresetWindow;

/** `fixed`: these values. `suv`: from 0 to this uptake. `own`: as the image came. `full`: all its values. `scaled`: its own, narrower or wider. */
type PresetWindow =
  | ({ readonly kind: 'fixed' } & GreyWindow)
  | { readonly kind: 'suv'; readonly to: number }
  | { readonly kind: 'own' | 'full' }
  | { readonly kind: 'scaled'; readonly by: number };

const OWN: WindowPreset = { key: '0', name: 'own', kind: 'own' };

/** Where grey values mean nothing by themselves (MR, US, projection), windows are told from the image's own. */
const RELATIVE: readonly WindowPreset[] = [
  OWN,
  { key: '1', name: 'harder', kind: 'scaled', by: 0.6 },
  { key: '2', name: 'softer', kind: 'scaled', by: 1.6 },
  { key: '3', name: 'full', kind: 'full' },
];

/** Windows by modality, in Hounsfield units, or in standardised uptake values. To add one, add a line. */
export const WINDOW_PRESETS: Readonly<Record<string, readonly WindowPreset[]>> = {
  CT: [
    fixed('1', 'brain', 40, 80),
    fixed('2', 'subdural', 75, 215),
    fixed('3', 'stroke', 40, 40),
    fixed('4', 'bone', 600, 2800),
    fixed('5', 'soft-tissue', 40, 400),
    fixed('6', 'lung', -600, 1500),
    fixed('7', 'mediastinum', 50, 350),
    fixed('8', 'liver', 60, 160),
    fixed('9', 'angiography', 300, 600),
    OWN,
  ],
  // Of a PET whose uptake cannot be told these mean nothing, and its corner says why.
  PT: [
    uptake('1', 'suv-5', 5),
    uptake('2', 'suv-7', 7),
    uptake('3', 'suv-10', 10),
    uptake('4', 'suv-15', 15),
    uptake('5', 'suv-20', 20),
    { key: '6', name: 'harder', kind: 'scaled', by: 0.6 },
    { key: '7', name: 'softer', kind: 'scaled', by: 1.6 },
    { key: '8', name: 'full', kind: 'full' },
    OWN,
  ],
};

/** The presets of a modality. */
export function presetsOf(modality: string): readonly WindowPreset[] {
  return entryOf(WINDOW_PRESETS, modality) ?? RELATIVE;
}

/** The preset on a digit key, or null where that modality has none. */
export function findPreset(modality: string, key: string): WindowPreset | null {
  return presetsOf(modality).find((preset) => preset.key === key) ?? null;
}

/** How rescaled values are told: times `factor` (1 where it is left out) they are in `unit`. */
export type ToldUnit = { readonly unit: string | null; readonly factor?: number };

/** What rescaled values are multiplied by to be standardised uptake; null where they cannot be told so. */
export function suvFactorOf({ unit, factor = 1 }: ToldUnit): number | null {
  return unit?.startsWith('SUV') === true ? factor : null;
}

/** The same window of another picture of that modality, whose values have another factor as those of another PET have; null where they are told in another unit. */
export function windowFor({ centre, width }: GreyWindow, from: ToldUnit, to: ToldUnit): GreyWindow | null {
  if (from.unit !== to.unit) return null;
  const scale = (from.factor ?? 1) / (to.factor ?? 1);
  return { centre: centre * scale, width: width * scale };
}

/**
 * The window a preset means on an image with this window of its own, these least and greatest values and so told; null where the image
 * says none. No narrower than one step of whole values (PS3.3 §C.11.2.1.2.1); where an image comes with a window narrower than that, its
 * values are finer, and a thousandth of that window is the least.
 */
export function windowOf(
  preset: WindowPreset,
  own: GreyWindow | null,
  range: { readonly min: number; readonly max: number } | null,
  told: ToldUnit,
): GreyWindow | null {
  const least = own === null || own.width >= 1 ? 1 : own.width / 1000;
  switch (preset.kind) {
    case 'fixed':
      return { centre: preset.centre, width: preset.width };
    case 'suv': {
      const factor = suvFactorOf(told);
      return factor === null ? null : { centre: preset.to / 2 / factor, width: preset.to / factor };
    }
    case 'own':
      return own;
    case 'scaled':
      return own && { centre: own.centre, width: Math.max(least, own.width * preset.by) };
    case 'full':
      return range && { centre: (range.min + range.max) / 2, width: Math.max(least, range.max - range.min) };
  }
}

/** The values drawn black and white by a window (PS3.3 §C.11.2.1.2, §C.11.2.1.3.2): a linear one of whole values is a step at its narrowest. */
export function rangeOf(
  { centre, width }: GreyWindow,
  isExact: boolean,
): { readonly lower: number; readonly upper: number } {
  if (isExact) return { lower: centre - width / 2, upper: centre + width / 2 };
  const half = (Math.max(width, NARROWEST) - 1) / 2;
  return { lower: centre - 0.5 - half, upper: centre - 0.5 + half };
}

/** Where black and white are the same value the engine divides by nothing. */
const NARROWEST = 1.001;

/** The window that draws these values black and white. */
export function windowOfRange(
  { lower, upper }: { readonly lower: number; readonly upper: number },
  isExact: boolean,
): GreyWindow {
  const width = Math.abs(upper - lower);
  return isExact ? { centre: (lower + upper) / 2, width } : { centre: (lower + upper + 1) / 2, width: width + 1 };
}

function uptake(key: string, name: string, to: number): WindowPreset {
  return { key, name, kind: 'suv', to };
}

function fixed(key: string, name: string, centre: number, width: number): WindowPreset {
  return { key, name, kind: 'fixed', centre, width };
}
