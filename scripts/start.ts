import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildDesktopIfStale, buildPageIfStale } from './build.ts';
import { ROOT } from './run-command.ts';

const options = process.argv.slice(2);

/** The Electron binary that is already here (its package fetches none by itself), or null. */
function findElectron(): string | null {
  const home = path.join(ROOT, 'node_modules/electron');
  const named = path.join(home, 'path.txt');
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const byPlatform: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  };
  const program = existsSync(named) ? readFileSync(named, 'utf8').trim() : (byPlatform[process.platform] ?? 'electron');
  const binary = path.join(override ?? path.join(home, 'dist'), program);
  return existsSync(binary) ? binary : null;
}

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return [process.env['DISPLAY'], process.env['WAYLAND_DISPLAY']].some(
    (display) => display !== undefined && display !== '',
  );
}

/** The options as the station takes them: a data directory of its own where none is named, apart for the demo. */
function stationOptions(): readonly string[] {
  const named = options.some((option) => option === '--data' || option.startsWith('--data='));
  return named ? options : ['--data', options.includes('--demo') ? './data-demo' : './data', ...options];
}

/** Hands the signals to the child and ends as it ends. A terminal's Ctrl-C reaches the child by itself. */
function endWith(child: ReturnType<typeof spawn>): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on('close', (code) => process.exit(code ?? 1));
}

function startDesktop(electron: string): void {
  endWith(spawn(electron, [ROOT, ...options], { cwd: ROOT, stdio: 'inherit' }));
}

function startHeadless(why: string): void {
  console.log(`${why}: starting the station without a window.`);
  const child = spawn(process.execPath, ['src/main/station/index.ts', ...stationOptions()], {
    cwd: ROOT,
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  endWith(child);
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(line);
    const address = readyAddress(line);
    if (address !== null) console.log(`Wetread is ready. Open ${address} in a browser; Ctrl-C stops it.`);
  });
}

function readyAddress(line: string): string | null {
  if (!line.startsWith('{"ready":true')) return null;
  const ready = JSON.parse(line) as { readonly http: string };
  return ready.http;
}

/** npm keeps an option to itself unless `--` stands before it: without this, whoever wanted the demo would start a real station. */
function refuseSwallowedDemo(): void {
  if (process.env['npm_config_demo'] === undefined || options.includes('--demo')) return;
  console.error('npm kept --demo to itself. Write: npm start -- --demo');
  process.exit(2);
}

const tellBuilding = (what: string) => () =>
  console.log(`Building ${what}: only the first time, and after changes. This may take a minute.`);

refuseSwallowedDemo();
const electron = findElectron();
if (electron !== null && hasDisplay()) {
  if (await buildDesktopIfStale(tellBuilding('the desktop app'))) console.log('Built the desktop app.');
  startDesktop(electron);
} else {
  if (await buildPageIfStale(tellBuilding('the page'))) console.log('Built the page.');
  startHeadless(electron === null ? 'No Electron binary here ("npm run desktop" fetches one)' : 'No display here');
}
