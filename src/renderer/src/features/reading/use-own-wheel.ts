import { type RefObject, useEffect, useRef } from 'react';

/** Keeps the wheel with Ctrl, and a touchpad's pinch, for the pictures of an element: without it the browser enlarges the whole page beside. */
export function useOwnWheel(): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const stage = element.current;
    // React's own wheel handlers may not prevent anything.
    const keep = (event: WheelEvent) => event.ctrlKey && event.preventDefault();
    stage?.addEventListener('wheel', keep, { passive: false });
    return () => stage?.removeEventListener('wheel', keep);
  }, []);
  return element;
}
