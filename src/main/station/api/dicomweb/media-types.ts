/** One media range of an Accept header: parameters by lower-case name, and how much it is wanted, from 0 (refused) to 1. */
export type MediaRange = {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
};

/** What a request of the web takes: its Accept header, and its query, of which `accept` may say it too. */
type Asked = { readonly headers: { readonly accept?: string | undefined }; readonly query: unknown };

/** How little a header counts against the query: only where the query names nothing we have. */
const BEHIND_THE_QUERY = 0.001;

/**
 * The media ranges a request takes: those of its `accept` query parameter first, then those of its Accept header
 * (PS3.18 §8.3.3.1, §8.7.8).
 */
export function acceptedBy({ headers, query }: Asked): readonly MediaRange[] {
  const { accept } = query as { readonly accept?: string | readonly string[] };
  // A plus that was not escaped comes as a space.
  const asked = [accept ?? []]
    .flat()
    .join(',')
    .replaceAll(/(?<=\/[\w.-]+) (?=[\w.-]+)/g, '+');
  if (asked.trim() === '') return parseAccept(headers.accept);
  const behind = headers.accept === undefined ? [] : parseAccept(headers.accept);
  return [...parseAccept(asked), ...behind.map((one) => ({ ...one, weight: one.weight * BEHIND_THE_QUERY }))];
}

/** The ranges of an Accept header (RFC 9110 §12.5.1); everything where there is no header. */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  return splitOutsideQuotes(header?.trim() || '*/*', ',').map((text) => {
    const range = parseMediaType(text);
    const weight = Number(range.parameters.get('q') ?? 1);
    return { ...range, weight: weight >= 0 && weight <= 1 ? weight : 0 };
  });
}

/** A Content-Type: its type in lower case and its parameters by lower-case name; an empty type where there is none. */
export function parseMediaType(header: string): MediaRange {
  const [type = '', ...rest] = splitOutsideQuotes(header, ';').map((part) => part.trim());
  const parameters = new Map(rest.map((parameter) => parseParameter(parameter)));
  return { type: type.toLowerCase(), parameters, weight: 1 };
}

/** True when a type falls within a range such as `image/*`. */
export function isWithin(type: string, range: string): boolean {
  if (range === '*/*' || range === type) return true;
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1));
}

function parseParameter(parameter: string): [string, string] {
  const at = parameter.indexOf('=');
  if (at < 0) return [parameter.toLowerCase(), ''];
  return [
    parameter.slice(0, at).trim().toLowerCase(),
    parameter
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    if (letter === separator && !quoted) {
      parts.push(part);
      part = '';
    } else {
      part += letter;
    }
  }
  return [...parts, part].filter((one) => one.trim() !== '');
}
