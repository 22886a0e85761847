import type { Steps } from './in-turns.ts';

/** Text of this length is parsed at once: a fraction of a millisecond. */
const AT_ONCE = 64 * 1024;
/** What ends or begins something, outside of strings. */
const STRUCTURE = /["{}[\]]/g;

/**
 * As `JSON.parse`, of text that `JSON.stringify` wrote, giving way after every 64 KB: long lists are parsed piece by piece, and
 * what is in them is the same.
 */
export function* parseJsonInSteps(text: string): Steps<unknown> {
  if (text.length <= AT_ONCE || (text[0] !== '{' && text[0] !== '[')) return JSON.parse(text);
  if (text.at(-1) !== (text[0] === '{' ? '}' : ']')) throw new SyntaxError('JSON that does not end');
  return text[0] === '{' ? yield* parseObject(text) : yield* parseArray(text);
}

function* parseObject(text: string): Steps<unknown> {
  const members: [string, unknown][] = [];
  yield* cut(text, function* (from, to) {
    const nameEnd = stringEnd(text, from);
    const name = JSON.parse(text.slice(from, nameEnd)) as string;
    members.push([name, yield* parseJsonInSteps(text.slice(nameEnd + 1, to))]);
  });
  return Object.fromEntries(members);
}

/** Items short enough are parsed together. */
function* parseArray(text: string): Steps<unknown> {
  const items: unknown[] = [];
  let runFrom = 1;
  let runTo = 1;
  const parseRun = () => {
    if (runTo > runFrom) items.push(...(JSON.parse(`[${text.slice(runFrom, runTo)}]`) as unknown[]));
  };
  yield* cut(text, function* (from, to) {
    if (to - from > AT_ONCE) {
      parseRun();
      yield;
      items.push(yield* parseJsonInSteps(text.slice(from, to)));
      runFrom = to + 1;
    } else if (to - runFrom > AT_ONCE) {
      parseRun();
      yield;
      runFrom = from;
    }
    runTo = to;
  });
  parseRun();
  return items;
}

/** Calls with where each member of an object, or item of an array, begins and ends. */
function* cut(text: string, each: (from: number, to: number) => Steps<void>): Steps<void> {
  let depth = 0;
  let from = 1;
  let yieldAt = AT_ONCE;
  for (let at = 1; at < text.length; ) {
    const next = nextOf(text, at, depth === 0);
    const sign = text[next];
    if (sign === '"') {
      at = stringEnd(text, next);
      continue;
    }
    at = next + 1;
    if (sign === '{' || sign === '[') depth += 1;
    else if (depth > 0 && (sign === '}' || sign === ']')) depth -= 1;
    else {
      if (next > from) yield* each(from, next);
      from = at;
    }
    if (at >= yieldAt) {
      yieldAt = at + AT_ONCE;
      yield;
    }
  }
  if (from < text.length) throw new SyntaxError('JSON that does not end');
}

/** The next sign that structures the text; commas count between members alone. */
function nextOf(text: string, at: number, isBetween: boolean): number {
  if (!isBetween) {
    STRUCTURE.lastIndex = at;
    return STRUCTURE.exec(text)?.index ?? text.length;
  }
  for (let index = at; index < text.length; index += 1) if ('",{}[]'.includes(text[index] ?? '')) return index;
  return text.length;
}

/** Behind the string that begins here. */
function stringEnd(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new SyntaxError('a string that does not end');
}
