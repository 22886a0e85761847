import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright';

const root = path.resolve(import.meta.dirname, '..');

const SYSTEM_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** WebGL 2 in software, and a browser that fetches nothing on its own behalf. */
const FLAGS = [
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  // Only what asks for WebGL gets it: the page itself drawn through WebGL in software takes a fifth more of the processors.
  '--disable-gpu-rasterization',
  '--disable-gpu-compositing',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
];

/** Where a browser is, and what its process needs in its environment. */
export type FoundChromium = {
  readonly from: 'CHROMIUM_PATH' | 'system' | 'package';
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
};

/** Says which browser the tests use: the one of CHROMIUM_PATH, else the system's, else the one in the npm package. */
export function findChromium(options: { readonly packagedOnly?: boolean } = {}): FoundChromium {
  const chosen = process.env['CHROMIUM_PATH'];
  if (options.packagedOnly !== true) {
    if (chosen !== undefined && chosen !== '') return { from: 'CHROMIUM_PATH', executablePath: chosen, env: {} };
    const system = SYSTEM_BROWSERS.find((file) => existsSync(file));
    if (system !== undefined) return { from: 'system', executablePath: system, env: {} };
  }
  return unpackChromium();
}

/** Starts a headless Chromium with WebGL 2; the caller closes it. */
export async function launchChromium(options: { readonly packagedOnly?: boolean } = {}): Promise<Browser> {
  const { executablePath, env } = findChromium(options);
  const asRoot = process.getuid?.() === 0; // Chromium's sandbox refuses to run as root
  return chromium.launch({
    executablePath,
    headless: true,
    args: asRoot ? [...FLAGS, '--no-sandbox'] : FLAGS,
    env: { ...definedEnvironment(), ...env },
  });
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Unpacks the npm package's browser once for each version, into a folder of our own: it trusts whatever lies in TMPDIR. */
function unpackChromium(): FoundChromium {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('No Chromium here: install one, or name it in CHROMIUM_PATH (the packaged one is for Linux x64).');
  }
  const { version } = JSON.parse(
    readFileSync(path.join(root, 'node_modules/@sparticuz/chromium/package.json'), 'utf8'),
  );
  const home = path.join(root, '.cache/chromium', String(version));
  if (!existsSync(home)) {
    mkdirSync(path.dirname(home), { recursive: true });
    const staging = mkdtempSync(`${home}-`);
    // In a process of its own: on import the package changes the environment it runs in. The runtime's name makes it
    // unpack its own libraries too. Its args are never used: they switch web security off.
    const unpack = `import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())`;
    execFileSync(process.execPath, ['--input-type=module', '--eval', unpack], {
      cwd: root,
      env: { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' },
    });
    writeFileSync(path.join(staging, 'fonts/fonts.conf'), fontsConfiguration(home));
    putInPlace(staging, home);
  }
  return {
    from: 'package',
    executablePath: path.join(home, 'chromium'),
    env: { LD_LIBRARY_PATH: path.join(home, 'al2023/lib'), FONTCONFIG_PATH: path.join(home, 'fonts') },
  };
}

function putInPlace(staging: string, home: string): void {
  try {
    renameSync(staging, home);
  } catch (cause) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(home)) throw new Error('The packaged Chromium could not be unpacked.', { cause });
    // Another test process was faster; its copy is as good.
  }
}

function fontsConfiguration(home: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${home}/fonts</dir>
  <cachedir>${home}/fonts-cache</cachedir>
</fontconfig>
`;
}
