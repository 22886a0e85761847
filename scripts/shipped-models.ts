import { drawChestCt } from '../demo/phantoms/chest-ct.ts';
import { drawHeadCt } from '../demo/phantoms/head-ct.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import type { GoldenCase, WrittenManifest } from '../src/shared/domain/model-manifest.ts';
import type { PreparingStep } from '../src/shared/domain/model-preprocessing.ts';
import { buildChestCtNodules } from './onnx/chest-ct-nodules.ts';
import { chestCtNodulesManifest } from './onnx/chest-ct-nodules-manifest.ts';
import { buildCtSeriesQuality } from './onnx/ct-series-quality.ts';
import { ctSeriesQualityManifest } from './onnx/ct-series-quality-manifest.ts';
import { buildHeadCtHyperdense } from './onnx/head-ct-hyperdense.ts';
import { headCtHyperdenseManifest } from './onnx/head-ct-hyperdense-manifest.ts';
import { phantomFrames } from './phantom-frames.ts';

/** A case that a package is proved by: what of a phantom the model is given, smaller than a series so that the repository stays small. */
export type GoldenPlan = {
  readonly name: string;
  readonly frames: () => readonly SourceFrame[];
  /** Steps in place of the manifest's; left out, the same. */
  readonly steps?: (steps: readonly PreparingStep[]) => readonly PreparingStep[];
  /** HU are kept between these, so many apart: a fraction of the size. */
  readonly kept: { readonly low: number; readonly high: number; readonly apart: number };
};

/** A package of resources/models and its sources. */
export type ShippedModel = {
  readonly id: string;
  readonly build: () => Uint8Array;
  readonly manifest: (modelDigest: string, goldenCases: GoldenCase[]) => WrittenManifest;
  readonly golden: readonly GoldenPlan[];
};

const HEAD_PIXELS = 192;
const HEAD_KEPT = { low: -200, high: 400, apart: 2 } as const;
const smallHead: NonNullable<GoldenPlan['steps']> = (steps) =>
  steps.map((step) => (step.do === 'crop-or-pad' ? { ...step, to: [null, HEAD_PIXELS, HEAD_PIXELS] } : step));
const head = { matrix: 256, slices: 30, noiseHu: 0, gantryTiltDegrees: 0 } as const;
const chest = { matrix: 256, sliceMm: 3, kernel: 'medium', noiseHu: 0, fromToMm: [10, 34] } as const;
const CHEST_KEPT = { low: -1024, high: 156, apart: 80 } as const;
const noisy = { matrix: 256, slices: 30, gantryTiltDegrees: 0 } as const;

/** Every model that comes with the station. */
export const SHIPPED_MODELS: readonly ShippedModel[] = [
  {
    id: 'head-ct-hyperdense',
    build: () => buildHeadCtHyperdense(),
    manifest: headCtHyperdenseManifest,
    golden: [
      {
        name: 'bleed-12-ml',
        frames: () => {
          const bleed = { kind: 'intraparenchymal', volumeMl: 12, side: 'left' } as const;
          return phantomFrames(drawHeadCt({ seed: 7_000_001, ...head, bleed })).slice(12, 24);
        },
        ...{ steps: smallHead, kept: HEAD_KEPT },
      },
      {
        name: 'no-bleed',
        frames: () => phantomFrames(drawHeadCt({ seed: 7_000_002, ...head })).slice(12, 24),
        ...{ steps: smallHead, kept: HEAD_KEPT },
      },
    ],
  },
  {
    id: 'chest-ct-nodules',
    build: () => buildChestCtNodules(),
    manifest: chestCtNodulesManifest,
    golden: [
      {
        name: 'nodule-9-mm',
        frames: () =>
          phantomFrames(drawChestCt({ seed: 7_000_003, ...chest, nodules: [{ kind: 'isolated', diameterMm: 9 }] })),
        kept: CHEST_KEPT,
      },
      {
        name: 'no-nodule',
        frames: () => phantomFrames(drawChestCt({ seed: 7_000_004, ...chest })),
        kept: CHEST_KEPT,
      },
    ],
  },
  {
    id: 'ct-series-quality',
    build: () => buildCtSeriesQuality(),
    manifest: ctSeriesQualityManifest,
    golden: [
      {
        name: 'quiet-head',
        frames: () => phantomFrames(drawHeadCt({ seed: 7_000_005, ...noisy, noiseHu: 3 })).slice(14, 22),
        kept: { low: -1024, high: 200, apart: 4 },
      },
      {
        name: 'noisy-head-with-a-gap',
        frames: () =>
          phantomFrames(drawHeadCt({ seed: 7_000_006, ...noisy, noiseHu: 20 }))
            .slice(13, 22)
            .filter((_, index) => index !== 4),
        kept: { low: -1024, high: 200, apart: 16 },
      },
    ],
  },
];
