import { RE2JS } from '@bufbuild/re2';
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { RULE_VARIABLES, type RuleFault } from '../../../shared/domain/triage-rule.ts';

/** What a rule is asked about: values under the names of RULE_VARIABLES, whole numbers as BigInt; unknown ones are left out. */
export type RuleFacts = Readonly<
  Record<'study' | 'patient' | 'order' | 'ai', Readonly<Record<string, string | bigint | boolean>>>
> & {
  readonly findings: readonly Readonly<Record<string, unknown>>[];
};

/** How a rule came out: it holds, with the values that made it so; it does not; or it could not be asked. */
export type RuleOutcome =
  | { readonly state: 'holds'; readonly values: string }
  | { readonly state: 'does-not-hold' }
  | { readonly state: 'not-decided'; readonly code: 'value-missing' | 'failed' };

const LONGEST_VALUES = 300;
const LONGEST_TEXT = 2000;

const fieldsOf = (fields: Readonly<Record<string, { readonly type: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, type]));

const environment = new Environment({
  limits: { maxAstNodes: 400, maxDepth: 32, maxListElements: 100, maxMapEntries: 0 },
})
  .registerVariable({ name: 'study', schema: fieldsOf(RULE_VARIABLES.study) })
  .registerVariable({ name: 'patient', schema: fieldsOf(RULE_VARIABLES.patient) })
  .registerVariable({ name: 'order', schema: fieldsOf(RULE_VARIABLES.order) })
  .registerVariable({ name: 'ai', schema: fieldsOf(RULE_VARIABLES.ai) })
  .registerType('Finding', { fields: fieldsOf(RULE_VARIABLES.finding) })
  .registerVariable('findings', 'list<Finding>')
  .registerFunction('string.re2(string): bool', (text: string, pattern: string) => patternOf(pattern).test(text));

/** Patterns stand in rules as they are written, so there are few. */
const patterns = new Map<string, RE2JS>();
const MOST_KEPT = 500;
function patternOf(source: string): RE2JS {
  const kept = patterns.get(source);
  if (kept !== undefined) return kept;
  const pattern = new RE2JS(source);
  // Whoever writes a rule has it checked at every few letters.
  if (patterns.size >= MOST_KEPT) patterns.clear();
  patterns.set(source, pattern);
  return pattern;
}

/** Why an expression is no rule, with where; null where it is one. */
export function checkRule(expression: string): RuleFault | null {
  const checked = environment.check(expression);
  if (!checked.valid) {
    const { error } = checked;
    const range = error?.range ?? { start: 0, end: expression.length };
    const code = error?.name === 'ParseError' ? 'does-not-parse' : 'wrong-type';
    return { code, message: error?.summary ?? '', ...boundsIn(expression, range) };
  }
  const { ast } = environment.parse(expression);
  const endless = endlessIn(ast, false);
  if (endless !== null) return { code: 'takes-too-long', message: '', ...boundsIn(expression, endless) };
  for (const node of nodesOf(ast)) {
    const fault = faultOfCall(node);
    if (fault !== null) return { ...fault, ...boundsIn(expression, node) };
  }
  if (checked.type !== 'bool')
    return { code: 'not-a-question', message: checked.type ?? '', start: 0, end: expression.length };
  return null;
}

/** Looks at every item of a list. */
const EACH_ITEM = new Set<unknown>(['all', 'exists', 'exists_one', 'map', 'filter']);

/**
 * The first part whose work grows as a power: a look at every item within another (six short ones are a million steps, and the
 * station waits for each rule), or a name for a value, by which a text doubles with every word. Null where there is none.
 */
function endlessIn(node: ASTNode, isWithin: boolean): ASTNode | null {
  const named = node.op === 'rcall' ? node.args[0] : null;
  const isEach = EACH_ITEM.has(named);
  if (named === 'bind' || (isEach && isWithin)) return node;
  const [inside, beside] = node.op === 'rcall' && isEach ? [node.args[2], node.args[1]] : [[], node.args];
  for (const child of childrenIn(beside)) {
    const found = endlessIn(child, isWithin);
    if (found !== null) return found;
  }
  for (const child of childrenIn(inside)) {
    const found = endlessIn(child, true);
    if (found !== null) return found;
  }
  return null;
}

/** JavaScript's own expressions may take for ever (`matches`); RE2's take as long as the text is. */
function faultOfCall(node: ASTNode): Pick<RuleFault, 'code' | 'message'> | null {
  const named = (node.op === 'rcall' || node.op === 'call') && node.args[0];
  if (named === 'matches') return { code: 'matches-not-allowed', message: '' };
  if (node.op !== 'rcall' || named !== 're2') return null;
  const [pattern] = node.args[2];
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') return { code: 'pattern-not-literal', message: '' };
  try {
    patternOf(pattern.args);
    return null;
  } catch (error) {
    return { code: 'pattern-not-valid', message: error instanceof Error ? error.message : '' };
  }
}

/** A rule that was checked, ready to be asked. */
export type CompiledRule = {
  readonly ask: (facts: RuleFacts) => RuleOutcome;
  /** It looks at what was flagged: its class is bound by what that may raise to. */
  readonly looksAtFindings: boolean;
};

const compiled = new Map<string, CompiledRule>();

/**
 * Makes a rule's expression ready to be asked. One that is no rule, or no longer (what is refused may grow after it was signed),
 * fails at every study: it must not keep what a model flagged from raising.
 */
export function compileRule(expression: string): CompiledRule {
  const kept = compiled.get(expression);
  if (kept !== undefined) return kept;
  const rule = checkRule(expression) === null ? compile(expression) : NO_RULE;
  if (compiled.size >= MOST_KEPT) compiled.clear();
  compiled.set(expression, rule);
  return rule;
}

const NO_RULE: CompiledRule = { ask: () => ({ state: 'not-decided', code: 'failed' }), looksAtFindings: true };

function compile(expression: string): CompiledRule {
  const parsed = environment.parse(expression);
  const paths = pathsIn(parsed.ast);
  return {
    ask: (facts) => askRule(parsed, paths, facts),
    looksAtFindings: [...nodesOf(parsed.ast)].some((node) => node.op === 'id' && node.args === 'findings'),
  };
}

function askRule(parsed: ParseResult, paths: readonly string[], facts: RuleFacts): RuleOutcome {
  try {
    const holds: unknown = parsed(facts);
    if (typeof holds !== 'boolean') return { state: 'not-decided', code: 'failed' };
    return holds ? { state: 'holds', values: valuesOf(paths, facts) } : { state: 'does-not-hold' };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'no_such_key';
    return { state: 'not-decided', code: isMissing ? 'value-missing' : 'failed' };
  }
}

/** The variables that an expression names, in its own order, each once. */
function pathsIn(ast: ASTNode): readonly string[] {
  const paths = new Set<string>();
  for (const node of nodesOf(ast)) {
    if (node.op === '.' && node.args[0].op === 'id' && Object.hasOwn(RULE_VARIABLES, node.args[0].args))
      paths.add(`${node.args[0].args}.${node.args[1]}`);
    if (node.op === 'id' && node.args === 'findings') paths.add('findings');
  }
  return [...paths];
}

function valuesOf(paths: readonly string[], facts: RuleFacts): string {
  const said = paths.map((path) => {
    if (path === 'findings')
      return `findings = ${facts.findings.map(({ code, score }) => `${String(code)} ${Number(score).toFixed(2)}`).join(', ') || 'none'}`;
    const [name = '', field = ''] = path.split('.');
    const value = facts[name as 'study' | 'patient' | 'order' | 'ai']?.[field];
    return `${path} = ${value === undefined ? 'unknown' : value}`;
  });
  return said.join('; ').slice(0, LONGEST_VALUES);
}

/** Texts of images may be as long as anybody likes; a rule looks at so much of them. */
export function boundedText(text: string | null): string {
  return (text ?? '').slice(0, LONGEST_TEXT);
}

function* nodesOf(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenIn(node.args)) yield* nodesOf(child);
}

function childrenIn(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenIn);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

function boundsIn(expression: string, { start, end }: { readonly start: number; readonly end: number }) {
  const from = Math.min(start, Math.max(0, expression.length - 1));
  return { start: from, end: Math.max(from + 1, Math.min(end, expression.length)) };
}
