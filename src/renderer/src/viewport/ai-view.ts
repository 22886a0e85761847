import type { Finding } from '../../../shared/contract/studies.ts';

/** What a reader has of AI on the images. */
export type AiView = {
  /** Everything: one key hides and shows it. */
  readonly isHidden: boolean;
  /** Findings that are hidden by themselves. */
  readonly hiddenFindings: ReadonlySet<string>;
  /** The finding whose heatmap lies over the images, one at a time; null for none, undefined while nobody chose. */
  readonly heatmapOf?: string | null;
  /** Of heatmaps, 0 to 1. */
  readonly opacity: number;
};

/** Before anybody chose: everything is shown. */
export const WHOLE_AI_VIEW: AiView = { isHidden: false, hiddenFindings: new Set(), opacity: 0.5 };

/** Whether a finding may be drawn at all: what was rejected or superseded is on the list and not on the images. */
export function isDrawable({ state }: Pick<Finding, 'state'>): boolean {
  return state !== 'rejected' && state !== 'superseded';
}

/** Whether a finding has anything to draw. */
export function hasMarks({ parts, boxes, heatmaps }: Pick<Finding, 'parts' | 'boxes' | 'heatmaps'>): boolean {
  return parts.length + boxes.length + heatmaps.length > 0;
}

/** The findings that are drawn now. */
export function drawnFindings(findings: readonly Finding[], view: AiView): readonly Finding[] {
  if (view.isHidden) return [];
  return findings.filter((one) => isDrawable(one) && hasMarks(one) && !view.hiddenFindings.has(one.findingId));
}

/** The finding whose heatmap is drawn: the one chosen, or the first flag that has one; never of a finding that is hidden. */
export function heatmapFinding(findings: readonly Finding[], view: AiView): Finding | null {
  const drawn = drawnFindings(findings, view).filter(({ heatmaps }) => heatmaps.length > 0);
  if (view.heatmapOf === undefined) return drawn.find(({ standing }) => standing === 'flagged') ?? null;
  return drawn.find(({ findingId }) => findingId === view.heatmapOf) ?? null;
}

/** Hides a finding, or shows it again. */
export function toggleFinding(view: AiView, findingId: string): AiView {
  const hidden = new Set(view.hiddenFindings);
  if (!hidden.delete(findingId)) hidden.add(findingId);
  return { ...view, hiddenFindings: hidden };
}
