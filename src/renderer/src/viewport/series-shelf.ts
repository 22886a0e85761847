import { err, type Result } from '../../../shared/domain/result.ts';
import type { Failure } from '../bridge/failure.ts';
import { fetchMask, fetchStack } from './dicomweb.ts';
import { forgetImages, registerImages } from './engine.ts';
import type { Mask, MaskLayout } from './mask.ts';
import type { SeriesAddress, Stack } from './stack.ts';

const CLOSED: Failure = { code: 'unreachable', detail: null, incidentId: null, retryAfterMs: null };

/**
 * The series of one study while it is read: each is fetched once and stays as it was, whatever arrives meanwhile;
 * closing aborts what is under way and frees every image.
 */
export class SeriesShelf {
  readonly #dicomwebPath: string;
  readonly #studyUid: string;
  readonly #stacks = new Map<string, Promise<Result<Stack, Failure>>>();
  readonly #masks = new Map<string, Promise<Result<Mask, Failure>>>();
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

  /** A mask, unpacked once. */
  mask(href: string, layout: MaskLayout): Promise<Result<Mask, Failure>> {
    return this.#once(this.#masks, href, () => fetchMask(href, layout, this.#leave.signal));
  }

  /** Ends it: nothing more is fetched, and no pixel stays in memory. */
  close(): void {
    this.#leave.abort();
    for (const stack of this.#stacks.values()) {
      void stack.then((one) => one.ok && forgetImages(one.value.images));
    }
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
