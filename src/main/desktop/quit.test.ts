import { expect, test } from 'vitest';
import { openQuit } from './quit.ts';

function opened(answer: () => Promise<boolean>) {
  const steps: string[] = [];
  const quit = openQuit({
    confirm: () => {
      steps.push('asked');
      return answer();
    },
    stop: async () => {
      steps.push('stopped');
    },
    leave: () => steps.push('left'),
  });
  const beforeQuit = (): boolean => {
    let held = false;
    quit.beforeQuit({
      preventDefault: () => {
        held = true;
      },
    });
    return held;
  };
  return { quit, steps, beforeQuit };
}

test('asks, drains the station, then leaves', async () => {
  const { quit, steps, beforeQuit } = opened(async () => true);
  await quit.request({ ask: true });
  expect(steps).toEqual(['asked', 'stopped', 'left']);
  expect(beforeQuit()).toBe(false);
});

test('stays when the person says no, and asks again next time', async () => {
  const { quit, steps, beforeQuit } = opened(async () => false);
  await quit.request({ ask: true });
  expect(beforeQuit()).toBe(true);
  await Promise.resolve();
  expect(steps).toEqual(['asked', 'asked']);
});

test('asks once however often it is asked to quit', async () => {
  let agree: (answer: boolean) => void = () => {};
  const { quit, steps, beforeQuit } = opened(
    () =>
      new Promise((resolve) => {
        agree = resolve;
      }),
  );
  const first = quit.request({ ask: true });
  expect([beforeQuit(), beforeQuit()]).toEqual([true, true]);
  agree(true);
  await first;
  expect(steps).toEqual(['asked', 'stopped', 'left']);
});

test('does not wait for an answer when the machine shuts down', async () => {
  let agree: (answer: boolean) => void = () => {};
  const { quit, steps } = opened(
    () =>
      new Promise((resolve) => {
        agree = resolve;
      }),
  );
  const asking = quit.request({ ask: true });
  await quit.request({ ask: false });
  agree(true);
  await asking;
  expect(steps).toEqual(['asked', 'stopped', 'left']);
});

test('leaves even when stopping fails', async () => {
  const left: string[] = [];
  const quit = openQuit({
    confirm: async () => true,
    stop: async () => {
      throw new Error('the port is gone');
    },
    leave: () => left.push('left'),
  });
  await expect(quit.request({ ask: false })).rejects.toThrow('the port is gone');
  expect(left).toEqual(['left']);
});
