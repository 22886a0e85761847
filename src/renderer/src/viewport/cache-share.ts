/** Decoded images kept at most, by all windows of a browser together: some thousand CT slices; the least recently used go first. */
export const CACHE_BYTES = 512 * 1024 * 1024;
/** However many windows there are, each keeps what a pane or two need. */
const LEAST_BYTES = 96 * 1024 * 1024;
/** Of a window's share, what is loaded ahead of the eye; the rest is left to what is passed by. */
const AHEAD = 0.75;

const LOCK = 'wetread-viewer-cache';
const ASK_EVERY_MS = 3000;

/** What each of so many windows may keep: a second monitor does not double what a desk takes. */
export function shareOf(windows: number): number {
  return Math.max(LEAST_BYTES, Math.floor(CACHE_BYTES / Math.max(1, windows)));
}

/**
 * How many images a view loads around the eye, by what one of them takes decoded: all views together stay within their window's
 * share, so that nothing loaded ahead drives out what was loaded before it. Never less than the one under the eye.
 */
export function imagesAhead(shareBytes: number, views: number, imageBytes: number): number {
  return Math.max(1, Math.floor((shareBytes * AHEAD) / Math.max(1, views) / Math.max(1, imageBytes)));
}

/** Tells a window's share whenever it changes, as windows with a viewer of this browser come and go; where the browser cannot count them it is one. */
export function followShare(onShare: (bytes: number) => void): void {
  let told = shareOf(1);
  onShare(told);
  const { locks } = navigator;
  if (locks === undefined) return;
  // Held until the window is gone, however it went. Refused where a page may hold no locks: then it counts itself as one.
  void locks.request(LOCK, { mode: 'shared' }, () => new Promise(() => undefined)).catch(() => undefined);
  const ask = async () => {
    const { held = [] } = await locks.query();
    const share = shareOf(held.filter(({ name }) => name === LOCK).length);
    if (share !== told) onShare(share);
    told = share;
  };
  // A browser that does not answer leaves the share as it is.
  setInterval(() => void ask().catch(() => undefined), ASK_EVERY_MS);
}
