import { expect, test } from 'vitest';
import { answerDesktopCalls, type Caller } from './desktop-calls.ts';

const ORIGIN = 'http://127.0.0.1:8642';

function answered() {
  const done: unknown[] = [];
  const handlers = new Map<string, (caller: Caller<string>, request: unknown) => unknown>();
  answerDesktopCalls<string>({ handle: (channel, listener) => handlers.set(channel, listener) }, () => ORIGIN, {
    notify: (notice, from) => {
      done.push(['notify', notice, from]);
      return 'shown';
    },
    openDialog: async (dialog, from) => {
      done.push(['open', dialog, from]);
      return ['/chosen'];
    },
    popOut: (path, from) => {
      done.push(['pop-out', path, from]);
      return 'opened';
    },
  });
  const call = (
    channel: string,
    request: unknown,
    frame: Caller<string>['senderFrame'] = { origin: ORIGIN, parent: null },
  ) => handlers.get(channel)?.({ sender: 'page', senderFrame: frame }, request);
  return { call, done, channels: [...handlers.keys()] };
}

test("answers three calls of the station's page", async () => {
  const { call, done, channels } = answered();
  const dialog = { kind: 'folder', title: 'Model package', extensions: [] };
  expect(channels).toEqual(['desktop:notify', 'desktop:open-dialog', 'desktop:pop-out']);
  expect(call('desktop:notify', { title: 'Critical', body: '' })).toBe('shown');
  expect(await call('desktop:open-dialog', dialog)).toEqual(['/chosen']);
  expect(call('desktop:pop-out', { path: '/worklist' })).toBe('opened');
  expect(done).toEqual([
    ['notify', { title: 'Critical', body: '' }, 'page'],
    ['open', dialog, 'page'],
    ['pop-out', '/worklist', 'page'],
  ]);
});

test.each([
  ['a frame that has gone', null],
  ['a page of another origin', { origin: 'https://evil.example', parent: null }],
  ['a frame inside the page', { origin: ORIGIN, parent: {} }],
  ['a page without an origin', { origin: 'null', parent: null }],
])('refuses %s', (_, frame) => {
  const { call, done } = answered();
  expect(() => call('desktop:pop-out', { path: '/worklist' }, frame)).toThrow('not a page of the station');
  expect(done).toEqual([]);
});

test('refuses what does not parse, without repeating it', () => {
  const { call, done } = answered();
  const refused = (): unknown => call('desktop:notify', { title: 'Doe^Jane', body: 7 });
  expect(refused).toThrow('desktop:notify: not understood');
  expect(refused).not.toThrow('Doe');
  expect(done).toEqual([]);
});
