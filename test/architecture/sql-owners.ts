import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { CAPABILITIES } from './import-rules.ts';

/** Which folder below the station owns each table, and each view that others may read. */
export type Owners = {
  readonly tables: Readonly<Record<string, string>>;
  readonly views: Readonly<Record<string, string>>;
};

/** One name in one statement that its file may not use. */
export type Trespass = { readonly file: string; readonly line: number; readonly name: string; readonly why: string };

const STATEMENT =
  /^\s*(?:--[^\n]*\n\s*)*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|FROM|(?:LEFT |INNER |CROSS )?JOIN|WHERE|AND|OR|UNION|EXISTS)\b/;
const NAME = '("?)([a-z_][a-z0-9_]*|\\$\\{)';
const NAMED = new RegExp(`\\b(FROM|JOIN|INTO|UPDATE(?:\\s+OR\\s+\\w+)?)\\s+(?:main\\.)?${NAME}`, 'gi');
const NEXT_IN_LIST = new RegExp(`^"?(?:\\s+(?:AS\\s+)?\\w+)?\\s*,\\s*${NAME}`, 'i');
const WITH_NAME =
  /(?:\bWITH(?:\s+RECURSIVE)?|,)\s*([a-z_][a-z0-9_]*)\s*(?:\([^()]*\)\s*)?AS\s*(?:(?:NOT\s+)?MATERIALIZED\s*)?\(/gi;
/** SQLite's own: no one owns them. */
const BUILT_IN = /^(?:sqlite_|pragma_|json_each$|json_tree$|fts5vocab$)/;

type Named = { readonly name: string; readonly writes: boolean; readonly at: number };

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** The tables and views one SQL text names, as read or written; names it defines itself (WITH) are left out. */
export function namesIn(sql: string): readonly Named[] {
  const bare = sql.replace(/--[^\n]*|'[^']*'/g, blank);
  const own = new Set([...bare.matchAll(WITH_NAME)].map(([, name]) => name?.toLowerCase()));
  const named: Named[] = [];
  for (const match of bare.matchAll(NAMED)) {
    const verb = (match[1] ?? '').toUpperCase();
    const before = bare.slice(0, match.index).trimEnd();
    if (/\bDISTINCT$/i.test(before)) continue; // IS DISTINCT FROM compares
    const writes = verb !== 'JOIN' && (verb !== 'FROM' || /\bDELETE$/i.test(before));
    let name = (match[3] ?? '').toLowerCase();
    let end = match.index + match[0].length;
    if (name === 'set') continue; // DO UPDATE SET names no table
    named.push({ name, writes, at: match.index });
    for (let next = NEXT_IN_LIST.exec(bare.slice(end)); verb === 'FROM' && next !== null; ) {
      name = (next[2] ?? '').toLowerCase();
      named.push({ name, writes: false, at: end });
      end += next[0].length;
      next = NEXT_IN_LIST.exec(bare.slice(end));
    }
  }
  return named.filter(({ name }) => !own.has(name) && !BUILT_IN.test(name));
}

/** The folder that owns a file's SQL: a capability or protocol, or one folder of the platform. */
function ownerOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'platform' ? `${first}/${second}` : first;
}

function mayRead(reader: string, owner: string): boolean {
  if (reader === owner || owner.startsWith('platform/')) return true;
  const from = CAPABILITIES.indexOf(owner);
  return from >= 0 && from < CAPABILITIES.indexOf(reader);
}

function trespass(reader: string, { name, writes }: { name: string; writes: boolean }, owners: Owners): string | null {
  if (name === '${') return 'a computed name has no owner: spell it out';
  const table = owners.tables[name];
  const view = owners.views[name];
  if (table !== undefined) return table === reader ? null : `the table belongs to ${table}`;
  if (view === undefined) return 'no table or view of that name has an owner';
  if (writes) return `a view of ${view} is only read`;
  return mayRead(reader, view) ? null : `the view belongs to ${view}, which comes later`;
}

type Statement = { readonly sql: string; readonly lineAt: (offset: number) => number };

/** Every SQL text in a TypeScript file: literals that begin as SQL does, with the file's own text constants put in their places. */
function statementsIn(source: ts.SourceFile): readonly Statement[] {
  const constants = new Map<string, string>();
  const found: Statement[] = [];
  const textOf = (node: ts.Node): string => {
    if (ts.isStringLiteralLike(node)) return node.getText(source).slice(1, -1);
    if (!ts.isTemplateExpression(node)) return '${}';
    const spans = node.templateSpans.map(({ expression, literal }) => {
      const known = ts.isIdentifier(expression) ? constants.get(expression.text) : undefined;
      return `${known ?? '${}'}${literal.getText(source).replace(/^\}|(?:\$\{|`)$/g, '')}`;
    });
    return node.head.getText(source).slice(1, -2) + spans.join('');
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTemplateExpression(node) || ts.isStringLiteralLike(node)) {
      const sql = textOf(node);
      const start = node.getStart(source) + 1;
      // Where a constant was put in, places no longer match: the statement's first line stands for all of it.
      const isAsWritten = node.getText(source).slice(1, -1) === sql;
      const lineAt = (offset: number): number =>
        source.getLineAndCharacterOfPosition(start + (isAsWritten ? offset : 0)).line + 1;
      if (STATEMENT.test(sql)) found.push({ sql, lineAt });
    }
    ts.forEachChild(node, visit);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
      const text = textOf(node.initializer);
      if (text !== '${}') constants.set(node.name.text, text);
    }
  };
  visit(source);
  return found;
}

/** The SQL of every station file below `folder` held against the owners; migrations and tests, which own nothing, are left out. */
export function findTrespasses(
  folder: string,
  owners: Owners,
): { readonly statements: number; readonly trespasses: readonly Trespass[] } {
  const trespasses: Trespass[] = [];
  let statements = 0;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter(
      (file) =>
        file.endsWith('.ts') &&
        !file.endsWith('.test.ts') &&
        !/\/test-[^/]+\.ts$/.test(file) &&
        !file.includes('/migrations/'),
    )
    .filter((file) => statSync(path.join(folder, file)).isFile());
  for (const file of files) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
    for (const { sql, lineAt } of statementsIn(source)) {
      statements += 1;
      for (const named of namesIn(sql)) {
        const why = trespass(ownerOf(file), named, owners);
        if (why !== null) trespasses.push({ file, line: lineAt(named.at), name: named.name, why });
      }
    }
  }
  return { statements, trespasses };
}

/** The tables and views that the migrations in `folder` leave behind. */
export function migratedNames(folder: string): readonly string[] {
  const names = new Set<string>();
  for (const file of readdirSync(folder)
    .filter((name) => /^\d.*(?<!\.test)\.ts$/.test(name))
    .toSorted()) {
    const sql = readFileSync(path.join(folder, file), 'utf8');
    for (const [, verb, name = '', renamed] of sql.matchAll(
      /\b(CREATE|DROP|ALTER)\s+(?:VIRTUAL\s+)?(?:TABLE|VIEW)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?([a-z_]\w*)(?:\s+RENAME\s+TO\s+(\w+))?/g,
    )) {
      if (verb === 'CREATE') names.add(name);
      if (verb === 'DROP' || renamed !== undefined) names.delete(name);
      if (renamed !== undefined) names.add(renamed);
    }
  }
  return [...names].toSorted();
}
