import type { TFunction } from 'i18next';
import type { Finding, QualityRemark } from '../../../../shared/contract/studies.ts';
import { formatMeasure, formatScore } from '../../ui/measure-text.ts';

type Judged = Pick<Finding | QualityRemark, 'score' | 'threshold' | 'judgedBy'>;

/** What stands on a scale of its own model, and is no quantity. */
const SCORES: ReadonlySet<string> = new Set(['probability', 'best-box', 'peak']);
/** What is said of a limit, by the side from which it is reached. */
const WORDS = {
  'at-least': {
    flags: 'findings.flagsFrom',
    remarks: 'findings.remarksFrom',
    uncertain: 'findings.uncertainBelow',
    never: 'findings.uncertainNever',
    worst: 'findings.highestOf',
  },
  'at-most': {
    flags: 'findings.flagsAtMost',
    remarks: 'findings.remarksAtMost',
    uncertain: 'findings.uncertainAbove',
    never: 'findings.uncertainNeverLow',
    worst: 'findings.lowestOf',
  },
} as const;
/** What several stacks add up to; of anything else the worst counts: the highest, or the lowest where small is bad. */
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
  const words = WORDS[judgedBy?.flagWhen ?? 'at-least'];
  const limit =
    standing !== 'uncertain'
      ? t(standing === 'remark' ? words.remarks : words.flags, { from: write(threshold) })
      : flagFrom === null
        ? t(words.never, { from: write(threshold) })
        : t(words.uncertain, { from: write(threshold), flags: write(flagFrom) });
  const stacks = judgedBy?.stacks ?? 1;
  return [
    `${t(`findings.judgedBy.${by}`, { value: write(score) })} (${limit})`,
    ...(stacks > 1 ? [t(SUMS.has(by) ? 'findings.sumOf' : words.worst, { count: stacks })] : []),
  ].join(', ');
}
