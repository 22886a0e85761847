import { COLOUR_TABLES, type ColourTable } from './colour-tables.ts';
import type { ImagePlane } from '../geometry.ts';
import type { LoadedVolume } from '../mpr/load-volume.ts';
import { type ToldAs, toldAs, type VolumeRefusal } from '../mpr/volume.ts';

/** How PET is drawn over another picture: `window` in the unit its values are told in; null: as that unit is usually looked at. */
export type FusionView = {
  readonly petSeriesUid: string | null;
  readonly table: ColourTable;
  /** Of what lies above the window, 0 to 1. */
  readonly opacity: number;
  readonly window: PetWindow | null;
};

/** Where colours begin, and from where on they are the brightest. */
export type PetWindow = { readonly from: number; readonly to: number };

/** As it opens, and what *reset* brings back. */
export const USUAL_FUSION: FusionView = { petSeriesUid: null, table: COLOUR_TABLES[0], opacity: 0.6, window: null };

/** A PET that is here, with how its values are told. */
export type PetVolume = {
  readonly seriesUid: string;
  readonly volume: LoadedVolume;
  readonly told: ToldAs;
  readonly frameOfReferenceUid: string;
};

/** How far the PET has come that is drawn over others. */
export type PetState =
  | { readonly state: 'none' }
  | { readonly state: 'loading'; readonly loaded: number; readonly of: number }
  | { readonly state: 'refused'; readonly code: VolumeRefusal | 'image-missing' | 'series-failed' }
  | { readonly state: 'ready'; readonly pet: PetVolume };

/** Why a PET is not drawn over a picture, or that it is. */
export const FUSION_FITS = ['fits', 'no-place', 'no-size', 'other-frame-of-reference', 'is-pet'] as const;
export type FusionFit = (typeof FUSION_FITS)[number];

/**
 * Whether a PET may be drawn over a picture: both know their place in one and the same frame of reference, and the picture how large
 * its pixels are. Nothing else makes two images lie alike, neither the same study nor the same table.
 */
export function fusionFit(
  pet: Pick<PetVolume, 'frameOfReferenceUid'>,
  base: {
    readonly plane: Partial<ImagePlane> | null;
    readonly frameOfReferenceUid: string | null;
    readonly modality: string;
  },
): FusionFit {
  if (base.modality === 'PT') return 'is-pet';
  if (base.plane === null || base.frameOfReferenceUid === null) return 'no-place';
  if (base.plane.isGuessed) return 'no-size';
  return base.frameOfReferenceUid === pet.frameOfReferenceUid ? 'fits' : 'other-frame-of-reference';
}

/** SUV up to which PET of the body is usually looked at. */
const USUAL_SUV = 7;

/** The window of a view: its own, or SUV 0 to 7; in another unit up to half the greatest value. */
export function petWindowOf(
  { window }: Pick<FusionView, 'window'>,
  { volume, told }: Pick<PetVolume, 'volume' | 'told'>,
): PetWindow {
  if (window !== null) return window;
  if (told.unit === 'SUVbw') return { from: 0, to: USUAL_SUV };
  return { from: 0, to: Math.max(1e-6, (volume.range.max * told.factor) / 2) };
}

/** A loaded volume as the PET of a fusion; null where it names no frame of reference. */
export function petVolume(seriesUid: string, volume: LoadedVolume): PetVolume | null {
  const frameOfReferenceUid = volume.geometry.images[0]?.frameOfReferenceUid ?? null;
  return frameOfReferenceUid === null
    ? null
    : { seriesUid, volume, told: toldAs(volume.geometry), frameOfReferenceUid };
}
