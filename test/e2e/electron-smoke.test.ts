import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** The Electron binary that is already here, or null: its package fetches none by itself. */
function findElectron(): string | null {
  const home = path.join(root, 'node_modules/electron');
  const named = path.join(home, 'path.txt');
  const program = existsSync(named) ? readFileSync(named, 'utf8').trim() : 'electron';
  const binary = path.join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(home, 'dist'), program);
  return existsSync(binary) ? binary : null;
}

/** Why the app cannot be started here, or null. */
function whySkipped(electron: string | null): string | null {
  if (electron === null) return 'no Electron binary';
  if (!existsSync(path.join(root, 'out/main/index.js'))) return 'the desktop app is not built ("npm run build")';
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
  return hasDisplay ? null : 'no display';
}

const electron = findElectron();
const skipped = whySkipped(electron);
if (skipped !== null) console.log(`skipped: ${skipped}`);

describe.skipIf(skipped !== null)('the desktop app in Electron', () => {
  let app: ElectronApplication;
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'wetread-electron-'));
    // A demo keeps its own key, so that no keychain of this machine is asked.
    const args = [root, `--user-data-dir=${folder}`, '--demo', '--http-port', '0', '--dicom-port', '0'];
    app = await _electron.launch({ ...(electron ? { executablePath: electron } : {}), args, timeout: 60_000 });
  });
  afterAll(async () => {
    // Closing asks whether to stop receiving; nobody is here to answer, and the station survives a kill.
    app?.process().kill('SIGTERM');
    await new Promise((resolve) => app?.process().once('exit', resolve) ?? resolve(null));
    rmSync(folder, { recursive: true, force: true });
  });

  test('opens a window on the origin of the station it started', async () => {
    const page = await app.firstWindow({ timeout: 60_000 });
    await page.waitForLoadState('domcontentloaded');
    expect(new URL(page.url()).origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await page.title()).toContain('Wetread');
  });

  test('gives the page the wire and nothing of Node', async () => {
    const page = await app.firstWindow();
    const seen = await page.evaluate(() => ({
      desktop: Object.keys((window as { desktop?: object }).desktop ?? {}).toSorted(),
      node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in window),
    }));
    expect(seen).toEqual({
      desktop: ['notify', 'onOpenStudy', 'openDialog', 'platform', 'popOutWindow'],
      node: [],
    });
  });

  test('keeps the page on the station and opens no other window', async () => {
    const page = await app.firstWindow();
    const before = page.url();
    await page.evaluate(() => {
      window.open('https://example.org/');
      window.location.href = 'https://example.org/';
    });
    await page.waitForTimeout(500);
    expect({ url: page.url(), windows: app.windows().length }).toEqual({ url: before, windows: 1 });
  });

  test('keeps its windows sandboxed and its session in memory', async () => {
    const facts = await app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      return {
        storage: contents?.session.getStoragePath() ?? null,
        spelling: contents?.session.isSpellCheckerEnabled(),
      };
    });
    expect(facts).toEqual({ storage: null, spelling: false });
  });
});
