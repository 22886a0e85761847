import type { KeyObjects } from './key-objects.ts';
import type { MarkedReport } from './marked-report.ts';
import type { PresentationState } from './presentation-state.ts';
import type { Segmentation } from './segmentation.ts';

/** What somebody else sent beside images to be shown on them. */
export type ThirdPartyObject = PresentationState | Segmentation | KeyObjects | MarkedReport;
