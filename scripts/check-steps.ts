import { commandStep, type Step, testStep } from './step.ts';

/** What `npm run check` runs, in two lanes for two cores: the tests beside the code, and everything else. */
export const CHECK_LANES: readonly [readonly Step[], readonly Step[]] = [
  [testStep('unit', 'unit', ['src/shared', 'src/main', 'src/preload', 'demo', 'scripts'])],
  [
    commandStep('types', 'tsc', ['-b']),
    commandStep('lint', 'oxlint', []),
    commandStep('format', 'biome', ['format', '.']),
    commandStep('unused', 'knip', ['--no-progress']),
    testStep('architecture', 'architecture', ['test/architecture']),
    testStep('page', 'page', ['src/renderer']),
  ],
];
