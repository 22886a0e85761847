// Who may import whom, as rules. architecture.test.ts runs them over the tree and proves each with a fixture that breaks
// it. Every rule is written against a root, so that the fixtures can mirror the tree below theirs.
import type { ICruiseOptions, IForbiddenRuleType, IResolveOptions } from 'dependency-cruiser';

type Rule = Extract<IForbiddenRuleType, { to: object }> & { readonly name: string };

/** In the order the data flows: a capability may import the index of an earlier one only. */
export const CAPABILITIES: readonly string[] = [
  'access',
  'archive',
  'orders',
  'inference',
  'triage',
  'reading',
  'escalation',
  'followup',
  'worklist',
  'delivery',
  'quality',
  'audit',
];

const PROTOCOLS = ['dicom', 'hl7', 'fhir'];

const capability = `(?:${CAPABILITIES.join('|')})`;
const protocol = `(?:${PROTOCOLS.join('|')})`;
/** The entries and what puts the station together. */
const composition = '(?:index|compose[-a-z]*|reader)\\.ts$';

/** Tests stand beside the code and obey the same layers; only gates and development packages are open to them. */
const TESTS = '\\.test\\.tsx?$';

const packages = (...names: readonly string[]): string => `(?:^|/)node_modules/(?:${names.join('|')})(?:/|$)`;

/** The rules for a tree that stands below `root`, a regular expression that ends in a slash or is empty. */
export function rulesBelow(root: string): readonly Rule[] {
  const below = (path: string): string => `^${root}${path}`;
  const station = (path: string): string => below(`src/main/station/${path}`);
  const rule = (name: string, comment: string, from: Rule['from'], to: Rule['to']): Rule => ({
    name,
    comment,
    severity: 'error',
    from,
    to,
  });

  const layers = [
    rule(
      'shared-stands-alone',
      'src/shared runs anywhere and is imported by everything, so it imports nothing of ours.',
      { path: below('src/shared/') },
      { path: below('(?:src/(?!shared/)|demo/|bench/|soak/|scripts/|test/)') },
    ),
    rule(
      'shared-without-node',
      'src/shared also runs in the page, where there is no Node.',
      { path: below('src/shared/'), pathNot: TESTS },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'product-without-scaffold',
      'What ships does not import the demo, benchmarks, scripts or tests around it; how the page is built does not ship.',
      { path: below('src/'), pathNot: [TESTS, below('src/shared/'), below('src/renderer/vite\\.config\\.ts$')] },
      { path: below('(?:demo|bench|soak|scripts|test)/') },
    ),
    rule(
      'platform-for-the-station',
      "The platform is the station's own: scripts keep out of it too (page, shell, demo and tests: their own rules).",
      { path: below('scripts/') },
      { path: station('platform/') },
    ),
    rule(
      'platform-without-meaning',
      'The platform has no clinical meaning: of ours it imports only src/shared and itself.',
      { path: station('platform/') },
      { path: below('src/'), pathNot: [below('src/shared/'), station('platform/')] },
    ),
    rule(
      'protocols-apart',
      'Protocols never import each other: DICOM, HL7 and FHIR meet in the capabilities.',
      { path: station(`(${protocol})/`) },
      { path: station(`${protocol}/`), pathNot: station('$1/') },
    ),
    rule(
      'protocols-below-capabilities',
      'Protocols are wire formats and network: they know platform and shared, no capability, api or composition.',
      { path: station(`${protocol}/`) },
      { path: below('src/'), pathNot: [below('src/shared/'), station(`(?:platform|${protocol})/`)] },
    ),
    ...CAPABILITIES.slice(0, -1).map((name, place) =>
      rule(
        `${name}-never-later`,
        `Data flows on from ${name}: it never imports a later capability, but publishes events or a verb for it.`,
        { path: station(`${name}/`) },
        { path: station(`(?:${CAPABILITIES.slice(place + 1).join('|')})/`) },
      ),
    ),
    rule(
      'capability-by-its-index',
      "A capability is used through its index.ts: nobody imports another's inside.",
      { path: station(`(${capability}|api)/`) },
      { path: station(`${capability}/`), pathNot: [station('$1/'), station('[^/]+/index\\.ts$')] },
    ),
    rule(
      'capability-below-api',
      'A capability does not know who asks: it imports neither api nor the composition.',
      { path: station(`${capability}/`) },
      { path: station(`(?:api/|${composition})`) },
    ),
    rule(
      'api-below-composition',
      'api is handed what it binds; it does not import the composition or the entry.',
      { path: station('api/') },
      { path: station(composition), dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'composition-knows-all',
      'The composition knows every module: compose.ts and its parts, with the entries, what it joins (reader, reception, status, command) and the test of what is stated of all; the tables beside it know none.',
      {
        path: station('[^/]+\\.ts$'),
        pathNot: station(
          '(?:compose[-a-z]*|command|conformance|index|reader|reception|station-status)(?:\\.test)?\\.ts$',
        ),
      },
      { path: station(`(?:${protocol}|${capability}|api)/`) },
    ),
    rule(
      'runner-alone',
      'The runner is its own process: it reads pixels and objects, and knows no store, no ledger and no capability.',
      { path: station('inference/runner/'), pathNot: TESTS },
      {
        path: below('src/'),
        pathNot: [
          below('src/shared/'),
          station(
            'inference/(?:runner/|(?:runner-protocol|run-answer|package-digest|read-manifest|read-package)\\.ts$)',
          ),
          station('dicom/(?:pixel|dataset)/'),
          station('dicom/(?:frames|part10|implementation|transfer-syntaxes|storage-classes)\\.ts$'),
          station('platform/(?:objects/|parent-port\\.ts$)'),
        ],
      },
    ),
    rule(
      'station-not-in-desktop',
      'The station imports no shell and no page: it runs headless.',
      { path: station('(?!platform/|dicom/|hl7/|fhir/)') },
      { path: below('src/(?:preload|renderer|main/desktop|main/index\\.ts)') },
    ),
    rule(
      'desktop-stays-thin',
      'Electron main starts the station as a process and imports none of it, nor the page.',
      { path: below('src/main/(?:desktop/|index\\.ts$)') },
      { path: below('src/(?:renderer|preload|main/station)/') },
    ),
    rule(
      'preload-is-a-wire',
      'The preload is a wire and nothing else: of ours it imports only shared.',
      { path: below('src/preload/') },
      { path: below('src/(?!shared/|preload/)') },
    ),
    rule(
      'outside-by-protocols',
      'Demo, tests and benchmarks talk to the station from outside: they import its protocols and shared only. One benchmark takes the runner apart, stage by stage; one fills a worklist and times its reads; two show images by the viewer itself. One test holds what the viewer works out of volumes against what the phantoms really are, and one presses every key that the reading page answers.',
      {
        path: below('(?:demo|bench|test)/'),
        pathNot: [
          below('test/architecture/[^/]+$'),
          below('bench/(?:inference|worklist|pictures|viewer)(?:/|\\.ts$)'),
          below('test/system/planes-truth\\.test\\.ts$'),
          below('test/e2e/support/every-reading-key\\.ts$'),
        ],
      },
      { path: below('src/'), pathNot: [below('src/shared/'), station(`${protocol}/`)] },
    ),
    rule(
      'demo-stands-alone',
      'The pretend hospital serves tests and benchmarks, and imports neither.',
      { path: below('demo/'), pathNot: TESTS },
      { path: below('(?:bench|scripts|test)/') },
    ),
  ];

  const page = [
    rule(
      'page-only-shared',
      'The page reaches the station over the wire: of ours it imports shared and itself.',
      { path: below('src/renderer/') },
      { path: below('src/'), pathNot: below('src/(?:shared|renderer)/') },
    ),
    rule(
      'page-without-node',
      'The page runs in a browser, where there is no Node.',
      { path: below('src/renderer/src/'), pathNot: TESTS },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'features-apart',
      'Features never import one another: what two share moves to ui, viewport or bridge.',
      { path: below('src/renderer/src/features/([^/]+)/') },
      { path: below('src/renderer/src/features/'), pathNot: below('src/renderer/src/features/$1/') },
    ),
    rule(
      'ui-without-data',
      'ui presents what it is given: it imports no bridge, feature or viewport.',
      { path: below('src/renderer/src/ui/') },
      { path: below('src/renderer/src/(?:bridge|features|viewport)/') },
    ),
    rule(
      'ui-without-queries',
      'ui has no data access: it neither queries nor caches.',
      { path: below('src/renderer/src/ui/') },
      { path: packages('@tanstack/react-query') },
    ),
    rule(
      'viewport-below-features',
      'The viewport shows pixels: it knows no feature and no shell; its tests stand in the page that all of them share.',
      { path: below('src/renderer/src/viewport/') },
      { path: below('src/renderer/src/(?:features|app)/'), pathNot: [below('src/renderer/src/app/test-page\\.tsx$')] },
    ),
    rule(
      'bridge-at-the-bottom',
      'The bridge talks to the station and knows nothing of what shows its answers.',
      { path: below('src/renderer/src/bridge/') },
      { path: below('src/renderer/src/(?:features|app|ui|viewport)/') },
    ),
    rule(
      'bridge-gate',
      'The bridge is the only place in the page that calls the station.',
      { path: below('src/renderer/src/'), pathNot: [below('src/renderer/src/bridge/'), TESTS] },
      { path: packages('@orpc/(?:client|openapi-client|tanstack-query|contract|openapi)') },
    ),
  ];

  const gate = (name: string, comment: string, names: readonly string[], inside: readonly string[]): Rule =>
    rule(
      name,
      comment,
      { path: below('(?:src|demo|bench|scripts)/'), pathNot: [...inside.map(below), TESTS] },
      { path: packages(...names) },
    );

  const gates = [
    gate(
      'sqlite-gate',
      'SQLite has one gate, platform/store, where brands, keying and transactions are.',
      ['better-sqlite3', 'better-sqlite3-multiple-ciphers', '@types/better-sqlite3'],
      ['src/main/station/platform/store/'],
    ),
    gate(
      'dcmjs-gate',
      'dcmjs and its kin are loosely typed: station/dicom wraps them and exports our own types.',
      ['dcmjs', 'dcmjs-dimse', 'dcmjs-codecs'],
      ['src/main/station/dicom/'],
    ),
    gate(
      'onnx-gate',
      'onnxruntime lives in the runner, where a native crash takes nobody else down; a benchmark runs it bare, for comparison.',
      ['onnxruntime-node', 'onnxruntime-common'],
      ['src/main/station/inference/runner/', 'bench/inference/bare-session\\.ts$'],
    ),
    gate(
      'cornerstone-gate',
      'cornerstone keeps its globals in src/renderer/src/viewport; its codecs alone also serve the station, in dicom/pixel, one file of the pretend hospital, which encodes, and the pages of two benchmarks, which look at the canvas and into the cache.',
      ['@cornerstonejs'],
      [
        'src/renderer/src/viewport/',
        'src/main/station/dicom/pixel/',
        'demo/phantoms/compress-record\\.ts$',
        'bench/pictures/picture-page\\.ts$',
        'bench/viewer/(?:watched-page|bare-page|watch)\\.ts$',
      ],
    ),
    gate(
      'pdf-gate',
      'What a PDF holds is drawn by one folder of the viewport, which says what of it is never run.',
      ['pdfjs-dist'],
      ['src/renderer/src/viewport/documents/pdf/'],
    ),
    gate(
      'electron-gate',
      'Electron is imported by the shell and its preload only; everything else runs headless.',
      ['electron'],
      ['src/main/desktop/', 'src/main/index\\.ts$', 'src/preload/'],
    ),
  ];

  const health = [
    rule(
      'onnx-out-of-the-station',
      'The station process never loads onnxruntime, not even through others: only the runner process may crash of it.',
      { path: station(composition) },
      { path: packages('onnxruntime-node'), reachable: true },
    ),
    rule(
      'no-circles',
      'Files that need each other at run time are one file, or miss a third; cycles of types alone do no harm.',
      { path: root === '' ? '' : below('') },
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    rule(
      'ships-what-it-needs',
      'What ships in the station and the shell is a dependency, not a development dependency.',
      { path: below('src/(?:main|preload|shared)/'), pathNot: TESTS },
      {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: packages('electron', '@types/[^/]+'),
      },
    ),
    rule(
      'declares-what-it-imports',
      'A package that package.json does not name may vanish with the next install.',
      { path: below('(?:src|demo|bench|soak|scripts|test)/') },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'resolves',
      'An import that leads nowhere would also pass every other rule unseen.',
      { path: below('(?:src|demo|bench|soak|scripts|test)/') },
      { couldNotResolve: true, pathNot: '^virtual:' },
    ),
  ];

  return [...layers, ...page, ...gates, ...health];
}

/** How the tree is read, whichever part of it: types count as imports, packages are named but not entered. */
export const READING: ICruiseOptions = { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true };

/** How an import finds its file or package. */
export const RESOLVING: Partial<IResolveOptions> = {
  exportsFields: ['exports'],
  conditionNames: ['import', 'types', 'node', 'default'],
  extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.d.ts'],
};

/** What is not the tree: fixtures that break the rules on purpose, and built files. */
export const LEFT_OUT = ['^test/architecture/fixtures/', '^out/'];
