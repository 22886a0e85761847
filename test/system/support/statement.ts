/** A table of the conformance statement: its rows as cells, code marks taken off. */
export type StatementTable = readonly (readonly string[])[];

/** The conformance statement as its tables; captions are `**Table 4.2-1 Storage SOP classes**`, each before its table. */
export type Statement = (title: string) => StatementTable;

/** Reads the statement's Markdown. Asking for a table that is not there, or is empty, throws: a renamed one is no pass. */
export function readStatement(markdown: string): Statement {
  const tables = new Map<string, StatementTable>();
  for (const part of markdown.split(/^\*\*Table /m).slice(1)) {
    const [caption = ''] = part.split('**', 1);
    const lines = part.split('\n');
    const first = lines.findIndex((line) => line.startsWith('|'));
    const length = lines.slice(first).findIndex((line) => !line.startsWith('|'));
    const rows = lines.slice(first + 2, length < 0 ? undefined : first + length).map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    );
    tables.set(caption.slice(caption.indexOf(' ') + 1), rows);
  }
  return (title) => {
    const table = tables.get(title);
    if (table === undefined || table.length === 0) throw new Error(`the statement has no table "${title}"`);
    return table;
  };
}

/** The words of a cell that lists some. */
export function listed(cell = ''): readonly string[] {
  return cell.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

/** What one side has and the other has not, in words for a failing test. */
export function differences(what: string, stated: Iterable<string>, found: Iterable<string>): readonly string[] {
  const [said, seen] = [new Set(stated), new Set(found)];
  return [
    ...[...said].filter((one) => !seen.has(one)).map((one) => `${what}: stated, not so: ${one}`),
    ...[...seen].filter((one) => !said.has(one)).map((one) => `${what}: so, not stated: ${one}`),
  ];
}

/** The statement with one passage changed: what a slip of the pen would make of it. Throws where the passage is not there. */
export function misstate(markdown: string, passage: string, slip: string): Statement {
  if (!markdown.includes(passage)) throw new Error(`the statement does not say "${passage}"`);
  return readStatement(markdown.replace(passage, slip));
}
