import { expect, test } from 'vitest';
import { LinkedViews, USUAL_LINKS } from './linked-views.ts';
import { EMPTY_VIEW, type StackView, type StackViewState } from './stack-view.ts';
import type { Stack, StackImage } from './stack.ts';

function stackOf(name: string, frameOfReferenceUid: string, fromMm: number): Stack {
  const images = Array.from({ length: 10 }, (_, index) => {
    const plane = { originMm: [0, 0, fromMm + index], alongRow: [1, 0, 0], alongColumn: [0, 1, 0] };
    return {
      ...{ imageId: `${name}/${index}`, rows: 4, columns: 4, frameOfReferenceUid },
      plane: { ...plane, columnSpacing: 1, rowSpacing: 1 },
    } as unknown as StackImage;
  });
  return { seriesUid: name, modality: 'CT', images };
}

/** A view that is given an image when told, and draws it when told. */
function slowView(stack: Stack) {
  const [listeners, turns] = [new Set<() => void>(), new Set<(image: StackImage, index: number) => void>()];
  const asked: number[] = [];
  let state: StackViewState = { ...EMPTY_VIEW, stack };
  const imageAt = (index: number): StackImage => {
    const image = stack.images[index];
    if (image === undefined) throw new Error('no such image');
    return image;
  };
  const draw = (index: number) => {
    state = { ...state, image: imageAt(index), index };
    for (const listener of listeners) listener();
  };
  const turn = (index: number) => {
    for (const listener of turns) listener(imageAt(index), index);
  };
  const view = {
    getState: () => state,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onTurn(listener: (image: StackImage, index: number) => void) {
      turns.add(listener);
      return () => turns.delete(listener);
    },
    lookAt: (index: number) => void asked.push(index),
  } as unknown as StackView;
  return { view, asked, turn, draw, imageAt };
}

test('the others turn before the active pane is drawn, and are told of its picture once it is', () => {
  const [active, other] = [slowView(stackOf('a', '1.2', 0)), slowView(stackOf('b', '1.2', -3))];
  const linked = new LinkedViews();
  const led: (StackImage | undefined)[] = [];
  linked.onLead((image) => led.push(image));
  active.draw(0);
  linked.setView(0, active.view);
  linked.setView(1, other.view);
  other.draw(0);
  active.turn(4);
  expect([other.asked, led, linked.getState().leading]).toEqual([[7], [active.imageAt(4)], active.imageAt(0)]);
  active.draw(4);
  expect(linked.getState().leading).toBe(active.imageAt(4));
  // The same picture again, as after a change of its window, moves nothing.
  active.turn(4);
  other.turn(7);
  active.draw(4);
  expect([other.asked, led.length]).toEqual([[7], 1]);
});

test('a picture that another window sent is told to nobody, nor is anything where scrolling is not linked', () => {
  const [active, other] = [slowView(stackOf('a', '1.2', 0)), slowView(stackOf('b', '1.2', 0))];
  const linked = new LinkedViews();
  const led: number[] = [];
  linked.onLead(() => led.push(1));
  linked.setView(0, active.view);
  linked.setView(1, other.view);
  linked.followOutside(active.imageAt(5));
  active.turn(5);
  expect([active.asked, other.asked, led]).toEqual([[5], [5], []]);
  linked.setLinks({ ...USUAL_LINKS, scroll: 'off' });
  active.turn(6);
  expect([other.asked, led]).toEqual([[5], []]);
});

test('what a pane opens with leads no other window, however late it comes; what the reader goes to from there does', () => {
  const active = slowView(stackOf('a', '1.2', 0));
  const linked = new LinkedViews();
  const led: (StackImage | undefined)[] = [];
  linked.onLead((image) => led.push(image));
  linked.setView(0, active.view);
  active.turn(3);
  active.draw(3);
  active.turn(4);
  expect(led).toEqual([active.imageAt(4)]);
});

test('what a pane opens with because the reader went there leads the other windows', () => {
  const active = slowView(stackOf('a', '1.2', 0));
  const linked = new LinkedViews();
  const led: (StackImage | undefined)[] = [];
  linked.onLead((image) => led.push(image));
  linked.setView(0, active.view);
  linked.leadFromOpening(0);
  active.turn(3);
  expect(led).toEqual([active.imageAt(3)]);
});

test('a pane on its way to where another window was is called back to where it still stands, and tells nobody', () => {
  const active = slowView(stackOf('a', '1.2', 0));
  const linked = new LinkedViews();
  const led: unknown[] = [];
  linked.onLead((image) => led.push(image));
  active.draw(2);
  linked.setView(0, active.view);
  linked.followOutside(active.imageAt(5));
  linked.followOutside(active.imageAt(2));
  active.turn(2);
  expect([active.asked, led]).toEqual([[5, 2], []]);
});

test('a pane linked from where it stood keeps its distance while a third one is on its way', () => {
  const active = slowView(stackOf('a', '1.2', 0));
  const apart = slowView(stackOf('b', '9.9', 100));
  const beside = slowView(stackOf('c', '1.2', 0));
  const linked = new LinkedViews();
  for (const [pane, { view }] of [active, apart, beside].entries()) linked.setView(pane, view);
  active.draw(2);
  apart.draw(3);
  beside.draw(2);
  linked.setLinks({ ...USUAL_LINKS, scroll: 'all' });
  for (const index of [3, 4, 5]) {
    active.turn(index);
    // The one beside is there at once; the one apart is still fetched.
    active.draw(index);
    beside.draw(index);
  }
  expect([apart.asked, beside.asked]).toEqual([
    [4, 5, 6],
    [3, 4, 5],
  ]);
});
