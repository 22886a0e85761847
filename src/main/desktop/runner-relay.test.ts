import { expect, test } from 'vitest';
import { relayRunner } from './runner-relay.ts';
import type { ChildListeners } from './utility-child.ts';

function relayed() {
  const told: unknown[] = [];
  const runners: { readonly listeners: ChildListeners; readonly sent: unknown[]; kills: number }[] = [];
  const relay = relayRunner(
    (listeners) => {
      const runner = { listeners, sent: [] as unknown[], kills: 0 };
      runners.push(runner);
      return {
        send: (message) => runner.sent.push(message),
        kill: () => {
          runner.kills += 1;
        },
      };
    },
    (news) => told.push(news),
  );
  return { relay, runners, told };
}

test('passes messages both ways unread and tells the end once', () => {
  const { relay, runners, told } = relayed();
  relay.take({ type: 'runner-start' });
  relay.take({ type: 'runner-send', message: { type: 'ping', nonce: 1 } });
  runners[0]?.listeners.onMessage({ type: 'pong', nonce: 1 });
  relay.take({ type: 'runner-kill' });
  runners[0]?.listeners.onExit({ code: null });
  expect(runners[0]).toMatchObject({ sent: [{ type: 'ping', nonce: 1 }], kills: 1 });
  expect(told).toEqual([
    { type: 'runner-message', message: { type: 'pong', nonce: 1 } },
    { type: 'runner-exit', code: null },
  ]);
});

test('runs one runner at a time, and another when that one has ended', () => {
  const { relay, runners } = relayed();
  relay.take({ type: 'runner-start' });
  relay.take({ type: 'runner-start' });
  expect(runners).toHaveLength(1);
  runners[0]?.listeners.onExit({ code: 1 });
  relay.take({ type: 'runner-start' });
  expect(runners).toHaveLength(2);
});

test('orders without a runner do nothing', () => {
  const { relay, runners, told } = relayed();
  relay.take({ type: 'runner-send', message: 1 });
  relay.take({ type: 'runner-kill' });
  expect({ runners, told }).toEqual({ runners: [], told: [] });
});

test('when its station has ended it kills the runner, tells nobody and starts no other', () => {
  const { relay, runners, told } = relayed();
  relay.take({ type: 'runner-start' });
  relay.stop();
  runners[0]?.listeners.onMessage('late');
  runners[0]?.listeners.onExit({ code: null });
  relay.take({ type: 'runner-start' });
  expect({ kills: runners[0]?.kills, started: runners.length, told }).toEqual({ kills: 1, started: 1, told: [] });
});
