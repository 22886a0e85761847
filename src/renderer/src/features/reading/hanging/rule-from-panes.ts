import type { StudyDetail } from '../../../../../shared/contract/studies.ts';
import { type Panes, placedIn } from '../panes.ts';
import type { HangingRule, HungPane } from './hanging-rule.ts';

/** The rule that hangs studies like this one as it hangs now: each pane by its series' modality and description. */
export function ruleFromPanes(study: StudyDetail, prior: StudyDetail | null, panes: Panes, id: string): HangingRule {
  const { exam } = study.row;
  const shown = panes.series.map((seriesUid, pane): HungPane => {
    const isPrior = prior?.series.some((one) => one.seriesUid === seriesUid) ?? false;
    const series = [...study.series, ...(prior?.series ?? [])].find((one) => one.seriesUid === seriesUid);
    const preset = panes.placed[pane]?.preset ?? undefined;
    const shows = placedIn(panes, pane)?.shows;
    return {
      ...{ study: isPrior ? 'prior' : 'current', views: [] },
      ...(series !== undefined && { modality: series.modality }),
      words: series?.description ? [series.description.slice(0, 64)] : [],
      ...(preset !== undefined && { preset }),
      ...(shows !== undefined && { shows }),
    };
  });
  return {
    id,
    name: [exam.modality, exam.bodyPart ?? exam.description].filter(Boolean).join(' ').slice(0, 80) || exam.modality,
    when: {
      modalities: [...new Set(study.series.filter((one) => one.displayable).map((one) => one.modality))].slice(0, 6),
      bodyParts: exam.bodyPart === null ? [] : [exam.bodyPart.toLowerCase()],
      ...{ minSeries: 1, maxSeries: 999, minImages: 1 },
      prior: shown.some((one) => one.study === 'prior') ? 'with' : 'any',
    },
    layout: panes.layout,
    panes: shown,
  };
}
