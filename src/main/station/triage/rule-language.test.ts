import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRule, compileRule, type RuleFacts } from './rule-language.ts';

const FACTS: RuleFacts = {
  study: {
    ...{ modality: 'CT', description: 'CT HEAD W/O', bodyPart: 'HEAD', laterality: '' },
    ...{ images: 40n, series: 2n, priors: 1n, isComplete: true },
  },
  patient: { sex: 'F' },
  order: { isMatched: false },
  ai: { state: 'flagged', reason: '' },
  findings: [
    {
      code: 'A1',
      name: 'Blood',
      category: 1n,
      score: 0.9,
      model: 'Bleed',
      isKnown: false,
      measurements: { vol: 12.5 },
    },
  ],
};

test.each<[string, unknown]>([
  ['study.modality == "CT" && study.images > 20', { state: 'holds', values: 'study.modality = CT; study.images = 40' }],
  ['study.images + 1 > 41', { state: 'does-not-hold' }],
  ['study.description.re2("(?i)head")', { state: 'holds', values: 'study.description = CT HEAD W/O' }],
  [
    'findings.exists(f, f.score > 0.8 && f.measurements["vol"] > 10.0)',
    { state: 'holds', values: 'findings = A1 0.90' },
  ],
  // What is unknown decides nothing, unless the rest decides it.
  ['patient.ageYears > 60', { state: 'not-decided', code: 'value-missing' }],
  [
    'patient.ageYears > 60 || study.modality == "CT"',
    { state: 'holds', values: 'patient.ageYears = unknown; study.modality = CT' },
  ],
  ['has(patient.ageYears) && patient.ageYears > 60', { state: 'does-not-hold' }],
  ['findings.exists(f, f.measurements["none"] > 1.0)', { state: 'not-decided', code: 'value-missing' }],
  ['findings.filter(f, f.score > 0.8).exists(f, f.isKnown)', { state: 'does-not-hold' }],
  ['study.images / (study.priors - 1) > 3', { state: 'not-decided', code: 'failed' }],
])('%s', (expression, outcome) => {
  expect(checkRule(expression)).toBeNull();
  expect(compileRule(expression).ask(FACTS)).toEqual(outcome);
});

test.each<[string, string, string]>([
  ['study.modaliy == "CT"', 'wrong-type', 'modaliy'],
  ['nobody > 2', 'wrong-type', 'nobody'],
  ['study.modality > 3', 'wrong-type', 'study.modality > 3'],
  ['study.modality ==', 'does-not-parse', '='],
  ['study.images + 1', 'not-a-question', 'study.images + 1'],
  ['dyn(study).images', 'not-a-question', 'dyn(study).images'],
  ['study.description.matches("x")', 'matches-not-allowed', 'study.description.matches("x")'],
  ['true || findings.exists(f, f.name.matches("x"))', 'matches-not-allowed', 'f.name.matches("x")'],
  // Nested, each look multiplies the steps; a bound value doubles with every line.
  ['[1, 2].all(a, [1, 2].exists(b, a == b))', 'takes-too-long', '[1, 2].exists(b, a == b)'],
  ['findings.map(f, findings.filter(g, true)).size() > 0', 'takes-too-long', 'findings.filter(g, true)'],
  [
    'cel.bind(a, study.modality + study.modality, a == "")',
    'takes-too-long',
    'cel.bind(a, study.modality + study.modality, a == "")',
  ],
  ['study.description.re2(study.modality)', 'pattern-not-literal', 'study.description.re2(study.modality)'],
  ['study.description.re2("a(")', 'pattern-not-valid', 'study.description.re2("a(")'],
  ['study.description.re2("(?=a)")', 'pattern-not-valid', 'study.description.re2("(?=a)")'],
])('%s is no rule: %s at %s', (expression, code, at) => {
  const fault = checkRule(expression);
  expect(fault?.code).toBe(code);
  expect(expression.slice(fault?.start, fault?.end)).toBe(at);
});

test('a rule knows whether it looks at what was flagged', () => {
  expect(compileRule('findings.size() > 0').looksAtFindings).toBe(true);
  expect(compileRule('ai.state == "not-run"').looksAtFindings).toBe(false);
});

test('what is no rule any more fails, and holds up nothing', () => {
  const rule = compileRule('findings.all(f, findings.all(g, f == g))');
  expect(rule.ask(FACTS)).toEqual({ state: 'not-decided', code: 'failed' });
});

test('a pattern that would take for ever elsewhere takes no time', () => {
  const rule = compileRule('study.description.re2("^(a+)+$")');
  const startedAtMs = performance.now();
  expect(rule.ask({ ...FACTS, study: { ...FACTS.study, description: `${'a'.repeat(2000)}!` } }).state).toBe(
    'does-not-hold',
  );
  expect(performance.now() - startedAtMs).toBeLessThan(1000);
});

test('whatever is written, checking ends with a fault inside it or a rule that answers', () => {
  const words = fc.constantFrom(
    ...[
      'study',
      '.',
      'modality',
      'images',
      '(',
      ')',
      '"CT"',
      '==',
      '&&',
      '1',
      'findings',
      'exists',
      'f',
      ',',
      '!',
      '[',
      ']',
      '? :',
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 60 }),
        fc.array(words, { maxLength: 14 }).map((all) => all.join(' ')),
      ),
      (text) => {
        const fault = checkRule(text);
        if (fault === null)
          expect(['holds', 'does-not-hold', 'not-decided']).toContain(compileRule(text).ask(FACTS).state);
        else expect(fault.start >= 0 && fault.end > fault.start).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
