import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import { beforeAll, describe, expect, test } from 'vitest';
import { LEFT_OUT, READING, RESOLVING, rulesBelow } from './import-rules.ts';

const root = path.resolve(import.meta.dirname, '../..');
const FIXTURES = 'test/architecture/fixtures/imports/';
const LEGAL = 'nothing-broken';
const CODE = ['src', 'demo', 'bench', 'scripts', 'test'];

type Cruised = {
  readonly moduleCount: number;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
};

async function cruiseTree(folders: readonly string[], options: Parameters<typeof cruise>[1]): Promise<Cruised> {
  const { output } = await cruise([...folders], { ...READING, ...options, baseDir: root, validate: true }, RESOLVING);
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered text: ${output.slice(0, 200)}`);
  return {
    moduleCount: output.modules.filter((module) => !module.source.includes('node_modules')).length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

test('the tree keeps every rule about who may import whom', async () => {
  const present = new Set(readdirSync(root));
  const { moduleCount, violations } = await cruiseTree(
    CODE.filter((folder) => present.has(folder)),
    { ruleSet: { forbidden: [...rulesBelow('')] }, exclude: LEFT_OUT },
  );
  expect(violations).toEqual([]);
  // With TypeScript 7 alone dependency-cruiser reads nothing, and nothing breaks no rule.
  expect(moduleCount).toBeGreaterThan(20);
});

describe('every rule about who may import whom catches the fixture that breaks it', () => {
  const ruleNames = rulesBelow('').map(({ name }) => name);
  const caught = new Map<string, Set<string>>();
  let moduleCount = 0;

  beforeAll(async () => {
    const cruised = await cruiseTree([FIXTURES], { ruleSet: { forbidden: [...rulesBelow(`${FIXTURES}[^/]+/`)] } });
    moduleCount = cruised.moduleCount;
    for (const { rule, from } of cruised.violations) {
      const fixture = from.slice(FIXTURES.length).split('/')[0] ?? '';
      caught.set(fixture, (caught.get(fixture) ?? new Set()).add(rule));
    }
  });

  test('there is one fixture for each rule, and one tree that breaks none', () => {
    expect(readdirSync(path.join(root, FIXTURES)).toSorted()).toEqual([...ruleNames, LEGAL].toSorted());
    expect(moduleCount).toBeGreaterThan(ruleNames.length);
  });

  test.each(ruleNames)('%s', (name) => {
    expect([...(caught.get(name) ?? [])]).toEqual([name]);
  });

  test('what is allowed breaks no rule', () => {
    expect([...(caught.get(LEGAL) ?? [])]).toEqual([]);
  });
});
