import type { Dataset } from '../dataset/dataset.ts';
import { findFunctionalGroup } from '../dataset/functional-groups.ts';
import { items, number, numbers, text } from '../dataset/values.ts';
import { type LookupTable, readLookupTable } from './lookup-table.ts';

/** A window over rescaled values (PS3.3 §C.11.2.1.2). */
export type Window = {
  readonly center: number;
  /** At least 1 for `linear`, above 0 for the others. */
  readonly width: number;
  readonly shape: 'linear' | 'linear-exact' | 'sigmoid';
};

/** What turns the stored values of one frame into what is shown. Plain data: it crosses to a thread. */
export type FramePresentation = {
  readonly slope: number;
  readonly intercept: number;
  /** Takes the place of slope and intercept. */
  readonly modalityTable: LookupTable | null;
  readonly window: Window | null;
  /** Used where the object has no window. */
  readonly voiTable: LookupTable | null;
  /** The smallest value is shown white. */
  readonly isInverted: boolean;
  /** Stored values from first to second are no image. */
  readonly padding: readonly [number, number] | null;
  readonly palette: { readonly red: LookupTable; readonly green: LookupTable; readonly blue: LookupTable } | null;
};

const SHAPES: ReadonlyMap<string, Window['shape']> = new Map<string, Window['shape']>(
  Object.entries({
    LINEAR: 'linear',
    LINEAR_EXACT: 'linear-exact',
    SIGMOID: 'sigmoid',
  }),
);

/**
 * How one frame asks to be shown (PS3.3 §C.11), counted from 0: from its own functional groups, those all frames share, or
 * the data set itself, in this order.
 */
export function framePresentation(dataset: Dataset, frame: number): FramePresentation {
  const isSigned = number(dataset, 'PixelRepresentation') === 1;
  const transformation = findFunctionalGroup(dataset, frame, 'PixelValueTransformationSequence') ?? dataset;
  const voi = findFunctionalGroup(dataset, frame, 'FrameVOILUTSequence') ?? dataset;
  const [modality] = items(dataset, 'ModalityLUTSequence');
  const [voiItem] = items(dataset, 'VOILUTSequence');
  const shape = text(dataset, 'PresentationLUTShape');
  const modalityTable = modality ? readLookupTable(modality, TABLE, isSigned) : null;
  const intercept = number(transformation, 'RescaleIntercept') ?? 0;
  // A table after rescaling starts at a signed value wherever negative values can come out.
  const hasNegatives = isSigned || intercept < 0;
  return {
    slope: number(transformation, 'RescaleSlope') || 1, // no image has a slope of 0
    intercept,
    modalityTable,
    window: windowOf(voi),
    voiTable: voiItem ? readLookupTable(voiItem, TABLE, modalityTable === null && hasNegatives) : null,
    isInverted: shape === null ? text(dataset, 'PhotometricInterpretation') === 'MONOCHROME1' : shape === 'INVERSE',
    padding: paddingOf(dataset),
    palette: paletteOf(dataset, isSigned),
  };
}

const TABLE = { descriptor: 'LUTDescriptor', data: 'LUTData' } as const;

function windowOf(dataset: Dataset): Window | null {
  const center = numbers(dataset, 'WindowCenter')?.[0];
  const width = numbers(dataset, 'WindowWidth')?.[0];
  if (center === undefined || width === undefined) return null;
  const shape = SHAPES.get(text(dataset, 'VOILUTFunction') ?? '') ?? 'linear';
  return width >= 1 || (shape !== 'linear' && width > 0) ? { center, width, shape } : null;
}

function paddingOf(dataset: Dataset): readonly [number, number] | null {
  const from = number(dataset, 'PixelPaddingValue');
  if (from === null) return null;
  const to = number(dataset, 'PixelPaddingRangeLimit') ?? from;
  return [Math.min(from, to), Math.max(from, to)];
}

function paletteOf(dataset: Dataset, isSigned: boolean): FramePresentation['palette'] {
  const [red, green, blue] = ['Red', 'Green', 'Blue'].map((colour) =>
    readLookupTable(
      dataset,
      {
        descriptor: `${colour}PaletteColorLookupTableDescriptor`,
        data: `${colour}PaletteColorLookupTableData`,
        segmented: `Segmented${colour}PaletteColorLookupTableData`,
      },
      isSigned,
    ),
  );
  return red && green && blue ? { red, green, blue } : null;
}
