/** A run of text within a block. */
export type Inline = { readonly style: 'plain' | 'strong' | 'emphasis' | 'code'; readonly text: string };

/** A block of a text; nothing in it is ever markup of the page. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2; readonly inlines: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'code'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    };

const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,3})[.)])\s+(.*)$/;
const RULE = /^\s*\|?\s*:?-{2,}[-|:\s]*$/;
const FENCE = /^\s*(?:`{3}|~{3})/;

/**
 * Reads the part of Markdown that a model's card needs: headings, paragraphs, lists of one level, tables, code, bold and
 * italic. Everything else, HTML and links among it, stays the text it is.
 */
export function readMarkdown(text: string): readonly Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  const line = () => lines[at] ?? '';
  const isEnd = () => at >= lines.length;
  while (!isEnd()) {
    const heading = HEADING.exec(line());
    if (line().trim() === '') at++;
    else if (FENCE.test(line())) {
      const code: string[] = [];
      for (at++; !isEnd() && !FENCE.test(line()); at++) code.push(line());
      at++;
      blocks.push({ kind: 'code', text: code.join('\n') });
    } else if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1] === '#' ? 1 : 2, inlines: readInlines(heading[2] ?? '') });
      at++;
    } else if (line().includes('|') && RULE.test(lines[at + 1] ?? '')) {
      const head = cellsOf(line());
      const rows: (readonly (readonly Inline[])[])[] = [];
      for (at += 2; !isEnd() && line().includes('|'); at++) rows.push(cellsOf(line()));
      blocks.push({ kind: 'table', head, rows });
    } else if (ITEM.test(line())) {
      const isOrdered = ITEM.exec(line())?.[1] !== undefined;
      const items: string[] = [];
      for (; !isEnd() && line().trim() !== '' && !HEADING.test(line()); at++) {
        const item = ITEM.exec(line());
        // What goes on without a mark belongs to the item before.
        if (item === null) items.push(`${items.pop() ?? ''} ${line().trim()}`);
        else items.push(item[2] ?? '');
      }
      blocks.push({ kind: 'list', isOrdered, items: items.map(readInlines) });
    } else {
      const words: string[] = [];
      for (; !isEnd() && isOfParagraph(line(), lines[at + 1] ?? '', words.length); at++) words.push(line().trim());
      blocks.push({ kind: 'paragraph', inlines: readInlines(words.join(' ')) });
    }
  }
  return blocks;
}

function isOfParagraph(line: string, next: string, before: number): boolean {
  if (line.trim() === '') return false;
  const begins = HEADING.test(line) || FENCE.test(line) || ITEM.test(line) || (line.includes('|') && RULE.test(next));
  return before === 0 || !begins;
}

function cellsOf(line: string): readonly (readonly Inline[])[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split('|').map((cell) => readInlines(cell.trim()));
}

const STYLES = /(`[^`]+`|\*\*[^*]+\*\*|(?<![\p{L}\p{N}])_[^_]+_(?![\p{L}\p{N}])|(?<!\*)\*[^*\s][^*]*\*(?!\*))/u;

function readInlines(text: string): readonly Inline[] {
  return text.split(STYLES).flatMap((part, index): readonly Inline[] => {
    if (part === '') return [];
    if (index % 2 === 0) return [{ style: 'plain', text: part }];
    if (part.startsWith('`')) return [{ style: 'code', text: part.slice(1, -1) }];
    if (part.startsWith('**')) return [{ style: 'strong', text: part.slice(2, -2) }];
    return [{ style: 'emphasis', text: part.slice(1, -1) }];
  });
}
