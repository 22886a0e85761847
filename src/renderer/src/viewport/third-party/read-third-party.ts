import type { Stack } from '../stack.ts';
import { readKeyObjects } from './key-objects.ts';
import { readMarkedReport } from './marked-report.ts';
import { readPresentationState } from './presentation-state.ts';
import { readSegmentations } from './segmentation.ts';
import type { ThirdPartyObject } from './third-party-object.ts';

/** Modalities of series that hold what others want shown on images. */
export const THIRD_PARTY_MODALITIES: ReadonlySet<string> = new Set(['PR', 'KO', 'SR', 'SEG']);

/** Everything of a series that is to be shown on images, in the order it has there. */
export function readThirdParty(stack: Stack): readonly ThirdPartyObject[] {
  const { seriesUid, documents = [] } = stack;
  const read = documents.map(
    (dataSet) =>
      readPresentationState(dataSet, seriesUid) ??
      readKeyObjects(dataSet, seriesUid) ??
      readMarkedReport(dataSet, seriesUid),
  );
  return [...read.filter((one) => one !== null), ...readSegmentations(stack)];
}
