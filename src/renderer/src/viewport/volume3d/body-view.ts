import { cache, Enums, utilities, volumeLoader, VolumeViewport3D } from '@cornerstonejs/core';
import { getEngine } from '../engine.ts';
import { middleOfVolume, type VolumeGeometry } from '../mpr/volume.ts';
import { type BodyLook, towardsEye } from './body-look.ts';
import type { BodyTexture } from './body-texture.ts';
import { presetForEngine, type VolumePreset } from './presets.ts';

type VolumeActor = Parameters<typeof utilities.applyPreset>[0];

let created = 0;
/** How many times fewer samples a ray takes, still and while the body moves: in software each picture costs the processor. */
const COARSE = { hardware: { still: 1, moving: 4 }, software: { still: 3, moving: 8 } } as const;

/** A body in one element, drawn by the engine: how it is looked at and as what are told to it. Throws where the engine or its memory refuse. */
export class BodyView {
  readonly #id: string;
  readonly #viewport: VolumeViewport3D;
  readonly #geometry: VolumeGeometry;
  readonly #texture: BodyTexture;
  readonly #resizes: ResizeObserver;
  readonly #coarse: { readonly still: number; readonly moving: number };
  #isGone = false;
  #look: BodyLook | null = null;
  #still: ReturnType<typeof setTimeout> | undefined;

  constructor(element: HTMLDivElement, geometry: VolumeGeometry, texture: BodyTexture, drawnBy: keyof typeof COARSE) {
    created += 1;
    this.#id = `body-${created}`;
    this.#geometry = geometry;
    this.#texture = texture;
    this.#coarse = COARSE[drawnBy];
    const engine = getEngine();
    engine.enableElement({
      viewportId: this.#id,
      element,
      type: Enums.ViewportType.VOLUME_3D,
      defaultOptions: { background: [0, 0, 0], parallelProjection: true },
    });
    const viewport = engine.getViewport(this.#id);
    if (!(viewport instanceof VolumeViewport3D)) throw new Error('The engine gave no 3D viewport.');
    this.#viewport = viewport;
    this.#resizes = new ResizeObserver(() => {
      getEngine().resize(true, true);
      if (this.#look !== null) this.lookAt(this.#look, false);
    });
    this.#resizes.observe(element);
  }

  /** Hands the body to the engine. */
  async open(): Promise<void> {
    const { dimensions, spacingMm, values } = this.#texture;
    const { originMm, alongRow, alongColumn, normal } = this.#geometry;
    volumeLoader.createLocalVolume(this.#id, {
      metadata: {
        ...{ BitsAllocated: 16, BitsStored: 16, SamplesPerPixel: 1, HighBit: 15, PixelRepresentation: 1 },
        ...{ PhotometricInterpretation: 'MONOCHROME2', Modality: this.#geometry.images[0]?.modality ?? '' },
        ...{ ImageOrientationPatient: [...alongRow, ...alongColumn], PixelSpacing: [spacingMm[1], spacingMm[0]] },
        ...{ FrameOfReferenceUID: this.#geometry.images[0]?.frameOfReferenceUid ?? '' },
        ...{ Columns: dimensions[0], Rows: dimensions[1], voiLut: [], VOILUTFunction: 'LINEAR' },
      },
      ...{ dimensions: [...dimensions], spacing: [...spacingMm], origin: [...originMm] },
      ...{ direction: [...alongRow, ...alongColumn, ...normal], scalarData: values },
    });
    await this.#viewport.setVolumes([{ volumeId: this.#id }]);
  }

  /** Draws the body as a preset has it. */
  drawAs(preset: VolumePreset): void {
    const actor = this.#viewport.getActors()[0]?.actor;
    if (this.#isGone || actor === undefined) return;
    const { from, to } = this.#texture.usual;
    const toStored = (value: number) =>
      this.#texture.toStored(preset.values === 'HU' ? value : from + value * (to - from));
    const volume = actor as VolumeActor;
    utilities.applyPreset(volume, presetForEngine(preset, toStored));
    const { MAXIMUM_INTENSITY_BLEND, COMPOSITE } = Enums.BlendModes;
    // The 3D viewport's own setter does nothing.
    const mapper: { readonly setBlendMode: (mode: number) => unknown } | null = volume.getMapper();
    mapper?.setBlendMode(preset.blend === 'mip' ? MAXIMUM_INTENSITY_BLEND : COMPOSITE);
    this.#viewport.render();
  }

  /** Looks at the body so; coarser while it moves, and whole soon after. */
  lookAt(look: BodyLook, isMoving: boolean): void {
    if (this.#isGone) return;
    this.#look = look;
    const { dimensions, spacingMm } = this.#texture;
    const sides = dimensions.map((count, axis) => count * (spacingMm[axis] ?? 1));
    const [across, fitted] = [Math.hypot(...sides), Math.max(...sides) * 1.1];
    const middle = middleOfVolume(this.#geometry);
    const eye = towardsEye(look);
    const at = (axis: 0 | 1 | 2) => middle[axis] + eye[axis] * across;
    this.#viewport.setCamera({
      ...{ focalPoint: [...middle], position: [at(0), at(1), at(2)], viewUp: [...look.up] },
      ...{ parallelProjection: true, parallelScale: fitted / 2 / look.zoom },
    });
    clearTimeout(this.#still);
    // Sets how far samples lie apart, and draws.
    const { still, moving } = this.#coarse;
    this.#viewport.setSampleDistanceMultiplier(isMoving ? moving : still);
    if (isMoving)
      this.#still = setTimeout(() => !this.#isGone && this.#viewport.setSampleDistanceMultiplier(still), 220);
  }

  /** Frees the element and all memory. */
  destroy(): void {
    this.#isGone = true;
    clearTimeout(this.#still);
    this.#resizes.disconnect();
    getEngine().disableElement(this.#id);
    const held = cache.getVolume(this.#id);
    if (held === undefined) return;
    const imageIds = [...held.imageIds];
    cache.removeVolumeLoadObject(this.#id);
    for (const imageId of imageIds)
      if (cache.getImageLoadObject(imageId) !== undefined) cache.removeImageLoadObject(imageId, { force: true });
  }
}
