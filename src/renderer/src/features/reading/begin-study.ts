import type { QueryClient } from '@tanstack/react-query';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { station } from '../../bridge/queries.ts';
import { preferenceIn } from '../../bridge/user-preferences.ts';
import { prepareStudy } from '../../viewport/prepared-study.ts';
import { bestPrior } from './best-prior.ts';
import { asksForViews, hangBy, ruleFor, rulesInOrder } from './hanging/hang.ts';
import { HangingRules, SHIPPED_HANGING } from './hanging/hanging-rule.ts';
import { firstPanes } from './panes.ts';
import { MOST_FILMS } from './use-hanging.ts';

/**
 * Asks for what a study opens with while its page is still being set up, so that neither waits for the other. Nothing is shown by
 * this; what cannot be had is asked for again by the page, which then says why.
 */
export async function beginStudy(cache: QueryClient, studyId: StudyId): Promise<void> {
  const asked = station.studies.get.queryOptions({ input: { studyId } });
  const study = cache.getQueryData(asked.queryKey) ?? (await cache.query(asked).catch(() => null));
  // What is with the archive comes back first.
  if (study === null || study.letGo > 0) return;
  const preferences = cache.getQueryData(station.preferences.all.queryKey());
  const opening = opensWith(study, preferenceIn(preferences, 'hanging-rules', HangingRules, SHIPPED_HANGING));
  const { studyUid, revision } = study.row;
  await prepareStudy({ dicomwebPath: study.dicomwebPath, studyUid, revision }, opening);
}

/** The series a study needs to open, the one under the eye first, and whether it opens in its middle: not where AI found something, nor before its films have said what they are. */
export function opensWith(
  study: StudyDetail,
  rules: HangingRules,
): { readonly series: readonly string[]; readonly images: 0 | 1 } {
  const rule = ruleFor(rulesInOrder(rules), study, bestPrior(study) !== null);
  if (rule !== null && asksForViews(rule)) {
    const films = study.series.filter(({ displayable }) => displayable).slice(0, MOST_FILMS);
    return { series: films.map(({ seriesUid }) => seriesUid), images: 0 };
  }
  const panes = rule === null ? firstPanes(study) : hangBy(rule, { study, prior: null, stacks: new Map() });
  const active = panes.series[panes.active];
  const hung = new Set([active, ...panes.series].filter((one) => one != null));
  return { series: [...hung], images: study.row.ai.state === 'flagged' ? 0 : 1 };
}
