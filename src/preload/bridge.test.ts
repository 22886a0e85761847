import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { makeDesktopBridge } from './bridge.ts';

class ScriptedWire extends EventEmitter {
  readonly invoked: unknown[] = [];
  async invoke(channel: string, request: unknown): Promise<unknown> {
    this.invoked.push([channel, request]);
    return 'answer';
  }
}

test('each call is one message, and the answer comes back', async () => {
  const wire = new ScriptedWire();
  const desktop = makeDesktopBridge(wire, 'linux');
  const dialog = { kind: 'file', title: 'Open', extensions: ['json'] } as const;
  expect(await desktop.notify({ title: 'Critical', body: '' })).toBe('answer');
  expect(await desktop.openDialog({ ...dialog, extensions: [...dialog.extensions] })).toBe('answer');
  expect(await desktop.popOutWindow({ path: '/worklist' })).toBe('answer');
  expect(wire.invoked).toEqual([
    ['desktop:notify', { title: 'Critical', body: '' }],
    ['desktop:open-dialog', dialog],
    ['desktop:pop-out', { path: '/worklist' }],
  ]);
  expect(desktop.platform).toBe('linux');
});

test('tells which study to open until nobody listens any more, and hands over no event', () => {
  const wire = new ScriptedWire();
  const heard: unknown[][] = [];
  const stop = makeDesktopBridge(wire, 'linux').onOpenStudy((...told) => heard.push(told));
  wire.emit('desktop:open-study', { sender: 'secret' }, { studyId: 'one' });
  stop();
  wire.emit('desktop:open-study', { sender: 'secret' }, { studyId: 'two' });
  expect(heard).toEqual([['one']]);
  expect(wire.listenerCount('desktop:open-study')).toBe(0);
});
