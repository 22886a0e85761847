import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { type UtilityChild, watchChild } from './utility-child.ts';

/** Electron's process object as the documentation describes it: no id before `spawn`, none after `exit`. */
class ScriptedUtilityChild extends EventEmitter implements UtilityChild {
  pid: number | undefined = undefined;
  readonly posted: unknown[] = [];
  politeKills = 0;

  postMessage(message: unknown): void {
    if (this.pid === undefined) throw new Error('not spawned');
    this.posted.push(message);
  }
  kill(): boolean {
    if (this.pid === undefined) throw new Error('not spawned');
    this.politeKills += 1;
    return true;
  }
  spawned(): void {
    this.pid = 4711;
    this.emit('spawn');
  }
  ended(code: number): void {
    this.pid = undefined;
    this.emit('exit', code);
  }
}

function watched() {
  const child = new ScriptedUtilityChild();
  const heard: unknown[] = [];
  const exits: (number | null)[] = [];
  const hardKills: number[] = [];
  const listeners = {
    onMessage: (message: unknown) => heard.push(message),
    onExit: ({ code }: { readonly code: number | null }) => exits.push(code),
  };
  return { child, watch: watchChild(child, listeners, (pid) => hardKills.push(pid)), heard, exits, hardKills };
}

test('keeps what is sent before the process is there, in order', () => {
  const { child, watch } = watched();
  watch.send(1);
  watch.send(2);
  child.spawned();
  watch.send(3);
  expect(child.posted).toEqual([1, 2, 3]);
});

test('kills politely and hard at once, and its end has no code', () => {
  const { child, watch, exits, hardKills, heard } = watched();
  child.spawned();
  watch.kill();
  watch.kill();
  child.emit('message', 'a last word');
  watch.send('too late');
  child.ended(15);
  expect({ polite: child.politeKills, hardKills, exits, heard, posted: child.posted }).toEqual({
    polite: 1,
    hardKills: [4711],
    exits: [null],
    heard: [],
    posted: [],
  });
});

test('a kill before the process is there takes effect as soon as it is', () => {
  const { child, watch, hardKills } = watched();
  watch.send('never read');
  watch.kill();
  child.spawned();
  expect({ hardKills, posted: child.posted }).toEqual({ hardKills: [4711], posted: [] });
});

test('tells the code of an end of its own, once, and takes nothing more', () => {
  const { child, watch, exits } = watched();
  child.spawned();
  child.ended(139);
  child.emit('exit', 0);
  watch.send('nobody there');
  watch.kill();
  expect({ exits, posted: child.posted, kills: child.politeKills }).toEqual({ exits: [139], posted: [], kills: 0 });
});
