import { cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PatientId } from '../../../../../shared/domain/ids.ts';
import type { StackImage } from '../../../viewport/stack.ts';
import { MAIN_WINDOW } from './main-window.ts';
import { useInStep } from './use-in-step.ts';
import { PlacedPicture } from './window-messages.ts';

const patientId = '01930000-0000-7000-8000-00000000000a' as PatientId;

/** The other end of the line: what was told, and how to tell. */
let line: { told: { kind: string; picture?: unknown }[]; hear: (data: unknown) => void };
class Channel {
  postMessage = (data: { kind: string }) => void line.told.push(data);
  close = () => undefined;
  set onmessage(heard: (event: { data: unknown }) => void) {
    line.hear = (data) => heard({ data });
  }
}
beforeEach(() => {
  line = { told: [], hear: () => undefined };
  vi.useFakeTimers();
  vi.setSystemTime(1000);
  vi.stubGlobal('BroadcastChannel', Channel);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const at = (mm: number) =>
  PlacedPicture.parse({
    ...{ frameOfReferenceUid: '1.2', rows: 4, columns: 4 },
    plane: {
      ...{ originMm: [0, 0, mm], alongRow: [1, 0, 0], alongColumn: [0, 1, 0] },
      ...{ columnSpacing: 1, rowSpacing: 1 },
    },
  });
const place = (mm: number, toldAtMs: number, main: string = MAIN_WINDOW) => {
  return { kind: 'place', main, from: 'another', patientId, picture: at(mm), toldAtMs };
};

/** The views of a window: what a reader goes to, what is drawn, and where they were sent. */
function views() {
  const [leads, draws] = [new Set<(image: StackImage) => void>(), new Set<() => void>()];
  let shown: StackImage | null = null;
  const sent: unknown[] = [];
  const on = <T,>(all: Set<T>, listener: T) => {
    all.add(listener);
    return () => all.delete(listener);
  };
  const linked = {
    leading: () => shown,
    subscribe: (listener: () => void) => on(draws, listener),
    onLead: (listener: (image: StackImage) => void) => on(leads, listener),
    followOutside: (picture: unknown) => void sent.push(picture),
  };
  const draw = (mm: number) => {
    shown = at(mm) as unknown as StackImage;
    for (const listener of draws) listener();
  };
  const goTo = (mm: number) => {
    for (const listener of leads) listener(at(mm) as unknown as StackImage);
  };
  return { linked, sent, draw, goTo };
}

test('what another window told before the reader went on here moves nothing; what it tells after does', () => {
  const { linked, sent, goTo } = views();
  renderHook(() => useInStep(linked, MAIN_WINDOW, patientId));
  line.hear(place(1, 1000));
  vi.setSystemTime(2000);
  goTo(5);
  line.hear(place(2, 1990));
  line.hear(place(3, 2010));
  expect([sent, line.told.map(({ picture }) => picture)]).toEqual([[at(1), at(3)], [at(5)]]);
});

test('a window beside asks once where the main one is, as soon as it shows a picture, and tells it none of its own', () => {
  const { linked, sent, draw } = views();
  renderHook(() => useInStep(linked, 'elsewhere', patientId));
  expect(line.told).toEqual([]);
  draw(7);
  draw(8);
  line.hear(place(2, 1000, 'elsewhere'));
  expect([line.told, sent]).toEqual([[{ kind: 'where', main: 'elsewhere' }], [at(2)]]);
});

test('the main window says where it is to one that asks, and nothing before it shows a picture', () => {
  const { linked, draw } = views();
  renderHook(() => useInStep(linked, MAIN_WINDOW, patientId));
  line.hear({ kind: 'where', main: MAIN_WINDOW });
  draw(4);
  line.hear({ kind: 'where', main: MAIN_WINDOW });
  expect(line.told).toEqual([expect.objectContaining({ kind: 'place', picture: at(4), toldAtMs: 1000 })]);
});
