import type { TFunction } from 'i18next';
import type { Finding, QualityRemark } from '../../../../shared/contract/studies.ts';
import { formatMeasure, formatScore } from '../../ui/measure-text.ts';

type Judged = Pick<Finding | QualityRemark, 'score' | 'threshold' | 'judgedBy'>;

/** What stands on a scale of its own model, and is no quantity. */
const SCORES: ReadonlySet<string> = new Set(['probability', 'best-box', 'peak']);
/** What several stacks add up to; of anything else the highest counts. */
const SUMS: ReadonlySet<string> = new Set(['volume-ml', 'cells', 'boxes']);

/** What a finding was judged by, in words: the score or quantity, from where it is flagged, and of how many parts it is the sum. */
export function judgedText(
  { score, threshold, judgedBy }: Judged,
  standing: Finding['standing'] | 'remark',
  t: TFunction,
): string {
  const by = judgedBy?.score ?? 'probability';
  const write = (value: number) => (SCORES.has(by) ? formatScore(value) : formatMeasure(value, judgedBy?.unit ?? null));
  const flagFrom = judgedBy === null ? threshold : judgedBy.flagFrom;
  const limit =
    standing !== 'uncertain'
      ? t(standing === 'remark' ? 'findings.remarksFrom' : 'findings.flagsFrom', { from: write(threshold) })
      : flagFrom === null
        ? t('findings.uncertainNever', { from: write(threshold) })
        : t('findings.uncertainBelow', { from: write(threshold), flags: write(flagFrom) });
  const stacks = judgedBy?.stacks ?? 1;
  return [
    `${t(`findings.judgedBy.${by}`, { value: write(score) })} (${limit})`,
    ...(stacks > 1 ? [t(SUMS.has(by) ? 'findings.sumOf' : 'findings.highestOf', { count: stacks })] : []),
  ].join(', ');
}
