import type { QueryClient } from '@tanstack/react-query';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { station } from '../../bridge/queries.ts';
import { useSession, userOf } from '../../bridge/session.ts';
import { preferenceIn } from '../../bridge/user-preferences.ts';
import { asOf, type Place, prepareStudy, type ToPrepare } from '../../viewport/prepared-study.ts';
import { bestPrior } from './best-prior.ts';
import { asksForViews, hangBy, ruleFor, rulesInOrder } from './hanging/hang.ts';
import { HangingRules, SHIPPED_HANGING } from './hanging/hanging-rule.ts';
import { bringFinding, firstPanes, placedIn, topFinding } from './panes.ts';
import { MOST_FILMS } from './use-hanging.ts';

/**
 * Asks for what a study opens with while its page is still being set up, so that neither waits for the other. Nothing is shown by
 * this; what cannot be had is asked for again by the page, which then says why.
 */
export async function beginStudy(cache: QueryClient, studyId: StudyId): Promise<void> {
  // Its page begins with what is known of it, if anything is.
  const known = cache.getQueryData(askedOf(studyId).queryKey);
  if (known === undefined) return makeReady(cache, studyId, 'opening');
  await prepare(cache, known, 'opening', beginTurn('opening'));
}

/** Makes a study ready as it is now: that one image which somebody about to open it sees first, or all that may be kept of the next one. */
export async function makeReady(cache: QueryClient, studyId: StudyId, place: Place): Promise<void> {
  const isWanted = beginTurn(place);
  const study = await cache.query(askedOf(studyId)).catch(() => null);
  if (study !== null) await prepare(cache, study, place, isWanted);
}

function askedOf(studyId: StudyId) {
  return station.studies.get.queryOptions({ input: { studyId } });
}

const turns: Record<Place, number> = { opening: 0, next: 0 };

/** Whether what is begun now is still wanted: by the same person, and no other study in its place since. */
function beginTurn(place: Place): () => boolean {
  turns[place] += 1;
  const turn = turns[place];
  const user = userOf(useSession.getState());
  return () => turn === turns[place] && user !== null && user === userOf(useSession.getState());
}

async function prepare(cache: QueryClient, study: StudyDetail, place: Place, isWanted: () => boolean): Promise<void> {
  // What is with the archive comes back first.
  if (study.letGo > 0) return;
  const { studyId, ai } = study.row;
  const findings =
    ai.state === 'flagged'
      ? await cache.query(station.studies.findings.queryOptions({ input: { studyId } })).catch(() => null)
      : [];
  if (!isWanted()) return;
  const preferences = cache.getQueryData(station.preferences.all.queryKey());
  const rules = preferenceIn(preferences, 'hanging-rules', HangingRules, SHIPPED_HANGING);
  const opening = opensWith(study, rules, findings);
  const wanted = place === 'next' ? { ...opening, images: Number.POSITIVE_INFINITY } : opening;
  await prepareStudy(asOf(study), place, wanted);
}

/**
 * The series a study needs to open, the one under the eye first, and the image it opens at: not before its films have said what they
 * are, nor where AI found something that is not known (null).
 */
export function opensWith(study: StudyDetail, rules: HangingRules, findings: readonly Finding[] | null): ToPrepare {
  const rule = ruleFor(rulesInOrder(rules), study, bestPrior(study) !== null);
  if (rule !== null && asksForViews(rule)) {
    const films = study.series.filter(({ displayable }) => displayable).slice(0, MOST_FILMS);
    return { series: films.map(({ seriesUid }) => seriesUid), images: 0 };
  }
  const hung = rule === null ? firstPanes(study) : hangBy(rule, { study, prior: null, stacks: new Map() });
  const panes = bringFinding(hung, study, findings ?? []);
  const active = panes.series[panes.active] ?? null;
  const series = new Set([active, ...panes.series].filter((one) => one !== null));
  const found = active === null ? undefined : topFinding(findings ?? [], active);
  const frame = placedIn(panes, panes.active)?.frame ?? found?.keyImage ?? null;
  return { series: [...series], images: findings === null ? 0 : 1, frame };
}
