import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type AppWindow, openWindows } from './windows.ts';

const ORIGIN = 'http://127.0.0.1:8642';

class ScriptedWindow extends EventEmitter implements AppWindow {
  readonly loaded: string[] = [];
  readonly told: unknown[] = [];
  readonly steps: string[] = [];
  minimized = false;
  readonly webContents = Object.assign(new EventEmitter(), {
    send: (channel: string, news: unknown) => {
      this.told.push([channel, news]);
    },
    getURL: () => this.loaded.at(-1) ?? '',
  });
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
  }
  show(): void {
    this.steps.push('show');
  }
  focus(): void {
    this.steps.push('focus');
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  restore(): void {
    this.steps.push('restore');
  }
}

function opened() {
  const made: ScriptedWindow[] = [];
  const clock = { ms: 0 };
  const windows = openWindows(
    () => {
      const window = new ScriptedWindow();
      made.push(window);
      return window;
    },
    ORIGIN,
    () => clock.ms,
  );
  const at = (place: number): ScriptedWindow => {
    const window = made[place];
    if (!window) throw new Error('no such window');
    return window;
  };
  return { windows, made, at, clock };
}

describe('the windows', () => {
  test('there is one main window: painted before it shows, brought to the front when asked for again', () => {
    const { windows, made, at } = opened();
    windows.showMain();
    expect(at(0).steps).toEqual([]);
    at(0).emit('ready-to-show');
    at(0).minimized = true;
    windows.showMain();
    expect(made).toHaveLength(1);
    expect(at(0).loaded).toEqual([`${ORIGIN}/`]);
    expect(at(0).steps).toEqual(['show', 'restore', 'show', 'focus']);
  });

  test('closing the main window leaves it to be opened anew', () => {
    const { windows, made, at } = opened();
    windows.showMain();
    at(0).emit('closed');
    windows.showMain();
    expect(made).toHaveLength(2);
  });

  test('at most eight pages stand in windows of their own', () => {
    const { windows, made, at } = opened();
    windows.showMain();
    const outcomes = Array.from({ length: 9 }, (_, place) => windows.popOut(`/studies/${place}`));
    expect(outcomes).toEqual([...Array.from({ length: 8 }, () => 'opened'), 'too-many-windows']);
    expect(made).toHaveLength(9);
    at(3).emit('closed');
    expect(windows.popOut('/worklist')).toBe('opened');
    expect(at(9).loaded).toEqual([`${ORIGIN}/worklist`]);
  });

  test('a clicked notice tells the open main page its study, and opens the window where it was closed', () => {
    const { windows, made, at } = opened();
    windows.openStudy('one');
    windows.openStudy('two');
    expect(made).toHaveLength(1);
    expect(at(0).told).toEqual([['desktop:open-study', { studyId: 'two' }]]);
  });

  test('a station ready again at the same place leaves pages alone, but for those that failed', () => {
    const { windows, at } = opened();
    windows.showMain();
    windows.popOut('/worklist?page=2');
    at(0).webContents.emit('did-fail-load', {}, -3, '', '', true);
    at(1).webContents.emit('did-fail-load', {}, -102, '', '', true);
    windows.stationIsReady(ORIGIN);
    expect([at(0).loaded.length, at(1).loaded]).toEqual([
      1,
      [`${ORIGIN}/worklist?page=2`, `${ORIGIN}/worklist?page=2`],
    ]);
    windows.stationIsReady(ORIGIN);
    expect(at(1).loaded).toHaveLength(2);
  });

  test('a station ready at another place takes every page along, each where it was', () => {
    const { windows, at } = opened();
    windows.showMain();
    at(0).loaded.push(`${ORIGIN}/reading/7?pane=report`);
    windows.stationIsReady('http://127.0.0.1:50001');
    expect(at(0).loaded.at(-1)).toBe('http://127.0.0.1:50001/reading/7?pane=report');
  });

  test('a page that crashed loads again, but not for ever', () => {
    const { windows, at, clock } = opened();
    windows.showMain();
    at(0).webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    at(0).webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(at(0).loaded).toHaveLength(2);
    clock.ms = 10_000;
    at(0).webContents.emit('render-process-gone', {}, { reason: 'oom' });
    at(0).webContents.emit('render-process-gone', {}, { reason: 'clean-exit' });
    expect(at(0).loaded).toHaveLength(3);
  });
});
