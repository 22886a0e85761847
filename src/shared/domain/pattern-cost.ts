/** As long as a description may be (LO, PS3.5 §6.2). */
const USUAL_LENGTH = 64;
/** Some senders write longer ones; beyond this is no description. */
const MOST_TEXT_LENGTH = 256;

/** Escapes that take more than the next character. */
const ESCAPE = /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|k<[^>]*>|.)/suy;
const CLASS = /\[(?:\\.|[^\]\\])*\]/suy;
const OPENING = /\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/suy;
const REPEAT = /(?:[*+?]|\{(?<least>\d+)(?<open>,(?<most>\d*))?\})\??/suy;

/**
 * In how many ways a regular expression can be tried from one place of a text of usual length, at most: what bounds the time it
 * can take. Alternatives add, what follows one another multiplies; a repeated group that can itself match in several ways is
 * without bound. The expression must be a valid one in Unicode mode.
 */
export function patternCost(pattern: string): number {
  let at = 0;
  const take = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at;
    const found = expression.exec(pattern);
    if (found !== null) at += found[0].length;
    return found;
  };

  function alternatives(): number {
    let sum = 0;
    for (;;) {
      sum += sequence();
      if (pattern[at] !== '|') return sum;
      at += 1;
    }
  }

  function sequence(): number {
    let product = 1;
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') {
      const ways = atom();
      const repeat = take(REPEAT);
      product *= repeat === null ? ways : repeated(ways, repeat);
    }
    return product;
  }

  function atom(): number {
    if (take(OPENING) !== null) {
      const ways = alternatives();
      at += 1;
      return ways;
    }
    if (take(ESCAPE) === null && take(CLASS) === null) at += 1;
    return 1;
  }

  return alternatives();
}

function repeated(ways: number, { 0: text, groups }: RegExpExecArray): number {
  if (text.startsWith('?')) return ways + 1;
  const least = Number(groups?.['least'] ?? 0);
  const most =
    groups?.['least'] !== undefined && groups['open'] === undefined ? least : Number(groups?.['most'] || Infinity);
  if (ways > 1) return most <= 1 ? ways + 1 : Infinity;
  return Math.min(most, USUAL_LENGTH) - Math.min(least, USUAL_LENGTH) + 1;
}

/** Whether a manifest's pattern is found in a text, without regard to case; of a text of no sensible length only its beginning is asked. */
export function matchesPattern(pattern: string, text: string): boolean {
  return new RegExp(pattern, 'iu').test(text.slice(0, MOST_TEXT_LENGTH));
}
