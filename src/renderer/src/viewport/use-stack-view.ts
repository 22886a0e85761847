import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react';
import type { History } from './history.ts';
import { EMPTY_VIEW, StackView, type StackViewState } from './stack-view.ts';

const silent = () => () => undefined;
const nothing = () => EMPTY_VIEW;

/** A view on the element for as long as the component lives, and what it shows. */
export function useStackView(
  element: RefObject<HTMLDivElement | null>,
  history: History,
): readonly [StackView | null, StackViewState] {
  const [view, setView] = useState<StackView | null>(null);
  useEffect(() => {
    if (element.current === null) return;
    const opened = new StackView(element.current, history);
    setView(opened);
    return () => {
      setView(null);
      opened.destroy();
    };
  }, [element, history]);
  return [view, useSyncExternalStore(view?.subscribe ?? silent, view?.getState ?? nothing)];
}
