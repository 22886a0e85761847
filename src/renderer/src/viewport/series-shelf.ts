import type { HeatmapOverlay, MaskOverlay } from '../../../shared/contract/studies.ts';
import { err, type Result } from '../../../shared/domain/result.ts';
import type { Failure } from '../bridge/failure.ts';
import { fetchHeatmap, fetchMask, fetchStack } from './dicomweb.ts';
import { forgetImages, registerImages } from './engine.ts';
import type { Heatmap } from './heatmap.ts';
import type { Mask } from './mask.ts';
import type { SeriesAddress, Stack } from './stack.ts';

const CLOSED: Failure = { code: 'unreachable', detail: null, incidentId: null, retryAfterMs: null };

/** Masks and heatmaps that nobody looks at are kept up to so many bytes together: the packed bits of some 4,000 CT slices. */
const KEPT_BYTES = 128 * 1024 * 1024;

/**
 * The series of one study while it is read: each is fetched once and stays as it was, whatever arrives meanwhile;
 * closing aborts what is under way and frees every image.
 */
export class SeriesShelf {
  readonly #dicomwebPath: string;
  readonly #studyUid: string;
  readonly #stacks = new Map<string, Promise<Result<Stack, Failure>>>();
  readonly #masks = new Map<string, Promise<Result<Mask, Failure>>>();
  readonly #heatmaps = new Map<string, Promise<Result<Heatmap, Failure>>>();
  /** Bytes of what has come, the one asked for longest ago first. */
  readonly #kept = new Map<string, number>();
  readonly #leave = new AbortController();

  constructor(dicomwebPath: string, studyUid: string) {
    this.#dicomwebPath = dicomwebPath;
    this.#studyUid = studyUid;
  }

  /** The series' stack, ready to be shown; a failure is forgotten, so that asking again tries again. */
  stack(seriesUid: string): Promise<Result<Stack, Failure>> {
    return this.#once(this.#stacks, seriesUid, async () => {
      const address: SeriesAddress = { dicomwebPath: this.#dicomwebPath, studyUid: this.#studyUid, seriesUid };
      const stack = await fetchStack(address, this.#leave.signal);
      if (this.#leave.signal.aborted) return err(CLOSED);
      if (stack.ok) registerImages(stack.value.images);
      return stack;
    });
  }

  /** A mask, fetched once for as long as there is room. */
  mask(overlay: MaskOverlay): Promise<Result<Mask, Failure>> {
    const asked = this.#once(this.#masks, overlay.href, () => fetchMask(overlay, this.#leave.signal));
    return this.#keep(overlay.href, asked);
  }

  /** A heatmap, fetched once for as long as there is room. */
  heatmap(overlay: HeatmapOverlay): Promise<Result<Heatmap, Failure>> {
    const asked = this.#once(this.#heatmaps, overlay.href, () => fetchHeatmap(overlay, this.#leave.signal));
    return this.#keep(overlay.href, asked);
  }

  /** True once it was ended. */
  get isClosed(): boolean {
    return this.#leave.signal.aborted;
  }

  /** Ends it: nothing more is fetched, and no pixel stays in memory. */
  close(): void {
    this.#leave.abort();
    for (const stack of this.#stacks.values()) {
      void stack.then((one) => one.ok && forgetImages(one.value.images));
    }
    for (const kept of [this.#stacks, this.#masks, this.#heatmaps, this.#kept]) kept.clear();
  }

  /** Lets go of what was asked for longest ago when there is too much; who still draws it holds it. */
  async #keep<T extends { readonly sizeBytes: number }>(
    href: string,
    asked: Promise<Result<T, Failure>>,
  ): Promise<Result<T, Failure>> {
    const answer = await asked;
    if (!answer.ok) return answer;
    this.#kept.delete(href);
    this.#kept.set(href, answer.value.sizeBytes);
    let bytes = [...this.#kept.values()].reduce((sum, one) => sum + one, 0);
    for (const [oldest, size] of this.#kept) {
      if (bytes <= KEPT_BYTES || oldest === href) break;
      bytes -= size;
      for (const kept of [this.#kept, this.#masks, this.#heatmaps]) kept.delete(oldest);
    }
    return answer;
  }

  #once<T>(kept: Map<string, Promise<Result<T, Failure>>>, key: string, fetch: () => Promise<Result<T, Failure>>) {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const asked = fetch().then((answer) => {
      if (!answer.ok) kept.delete(key);
      return answer;
    });
    kept.set(key, asked);
    return asked;
  }
}
