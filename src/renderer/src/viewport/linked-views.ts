import { facesAlike, nearestAt, nearestTo, type PlacedImage, placeAlong, shareSpace } from './crossing.ts';
import type { StackView } from './stack-view.ts';
import type { StackImage } from './stack.ts';
import { windowFor } from './window-presets.ts';

/** How far scrolling is followed: not at all, by position in one frame of reference, or also from where the others stood. */
export const SCROLL_LINKS = ['off', 'position', 'all'] as const;
export type ScrollLink = (typeof SCROLL_LINKS)[number];

/** What viewports do together. */
export type Links = { readonly scroll: ScrollLink; readonly window: boolean; readonly lines: boolean };

/** As delivered: nothing that says two studies lie alike. */
export const USUAL_LINKS: Links = { scroll: 'position', window: false, lines: true };

/** What viewports show of each other. */
export type LinkedState = {
  /** The picture under the eye: the others draw where it cuts them. */
  readonly leading: StackImage | null;
  /** Panes that follow it from where they stood, by no common space. */
  readonly byOffset: ReadonlySet<number>;
};

type Linked = { readonly view: StackView; readonly forget: () => void };

/** Lets the viewports of a grid follow the active one, and only that one, so that nothing runs in circles. */
export class LinkedViews {
  readonly #views = new Map<number, Linked>();
  readonly #listeners = new Set<() => void>();
  /** How far each pane's place lies from the active one's, mm along the normal, where no space is shared. */
  readonly #offsets = new Map<number, number>();
  /** Where each pane is on its way to as another window said: what comes of that is told to nobody. */
  readonly #sent = new Map<number, number>();
  /** Panes before their first picture: no reader went there, they were hung so. */
  readonly #opening = new Set<number>();
  readonly #leadListeners = new Set<(image: StackImage) => void>();
  #links: Links = USUAL_LINKS;
  #active = 0;
  /** The picture of the active pane that the others were last told of, and how it was drawn. */
  #seen: { readonly image: StackImage | null; readonly window: string } = { image: null, window: '' };
  /** The picture that they last went along with. */
  #led: StackImage | null = null;
  #state: LinkedState = { leading: null, byOffset: new Set() };

  readonly getState = (): LinkedState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The picture of the active pane; null while there is none. */
  readonly leading = (): StackImage | null => this.#leading()?.image ?? null;

  /** Calls back with each picture a reader goes to here; neither with those that another window sent, nor with what a pane opens with. */
  onLead(listener: (image: StackImage) => void): () => void {
    this.#leadListeners.add(listener);
    return () => this.#leadListeners.delete(listener);
  }

  /** Shows the place that a reader went to in another window, where scrolling is linked and the space is shared. */
  followOutside(picture: PlacedImage): void {
    if (this.#links.scroll === 'off') return;
    for (const [pane, { view }] of this.#views) {
      const { stack, index: now } = view.getState();
      const index = stack && nearestTo(stack, picture);
      // One that is on its way elsewhere is not where it is drawn any more.
      if (index === null || index === (this.#sent.get(pane) ?? now)) continue;
      this.#sent.set(pane, index);
      view.lookAt(index);
    }
  }

  /** Takes a pane's view in, or lets it go. */
  setView(pane: number, view: StackView | null): void {
    this.#views.get(pane)?.forget();
    this.#views.delete(pane);
    this.#offsets.delete(pane);
    this.#sent.delete(pane);
    this.#opening.delete(pane);
    if (view !== null) {
      if (view.getState().image === null) this.#opening.add(pane);
      const forgets = [
        view.onTurn((image, index) => this.#goAlong(pane, image, index)),
        view.subscribe(() => this.#follow(pane)),
      ];
      this.#views.set(pane, { view, forget: () => forgets.forEach((forget) => forget()) });
    }
    this.#tell();
  }

  /** What this pane opens with is where the reader went, as to a finding in a series that was not hung: the other windows go along. */
  leadFromOpening(pane: number): void {
    this.#opening.delete(pane);
  }

  /** Makes a pane the one that the others follow. */
  setActive(pane: number): void {
    if (pane === this.#active) return;
    this.#active = pane;
    this.#offsets.clear();
    this.#remember();
    this.#tell();
  }

  /** Changes what is done together; `all` starts from where the panes stand now. */
  setLinks(links: Links): void {
    this.#links = links;
    this.#offsets.clear();
    this.#remember();
    if (links.window) this.#copyWindow();
    this.#tell();
  }

  #remember(): void {
    const leading = this.#leading();
    this.#led = leading?.image ?? null;
    this.#seen = { image: this.#led, window: windowKey(leading?.window ?? null) };
    for (const pane of this.#views.keys()) this.#noteOffset(pane);
  }

  /** Where a pane stands from the active one, where both are linked by nothing else. */
  #noteOffset(pane: number): void {
    const [leading, image] = [this.#leading()?.image, this.#views.get(pane)?.view.getState().image];
    if (this.#links.scroll !== 'all' || pane === this.#active || leading == null || image == null) return;
    const [from, at] = [placeAlong(leading), placeAlong(image)];
    if (at === null || from === null || shareSpace(image, leading) || !facesAlike(image, leading)) return;
    this.#offsets.set(pane, at - from);
  }

  /** The active pane is given another picture: the others turn to their own before any is drawn. */
  #goAlong(pane: number, image: StackImage, index: number): void {
    const wasSent = this.#sent.get(pane) === index;
    this.#sent.delete(pane);
    const isFirst = this.#opening.delete(pane);
    if (pane !== this.#active || image === this.#led) return;
    this.#led = image;
    if (wasSent || this.#links.scroll === 'off') return;
    this.#copyPlace(image);
    if (isFirst) return;
    for (const listener of this.#leadListeners) listener(image);
  }

  #follow(pane: number): void {
    if (pane !== this.#active) {
      // A pane that came or was hung anew after the link was made takes its offset from where it stands.
      if (!this.#offsets.has(pane)) this.#noteOffset(pane);
      return;
    }
    const leading = this.#leading();
    if (leading?.image == null) return;
    const isOther = leading.image !== this.#seen.image;
    const isOtherWindow = windowKey(leading.window) !== this.#seen.window;
    this.#seen = { image: leading.image, window: windowKey(leading.window) };
    if (isOtherWindow && this.#links.window) this.#copyWindow();
    if (isOther) this.#tell();
  }

  #copyPlace(image: StackImage): void {
    const from = placeAlong(image);
    for (const [pane, { view }] of this.#views) {
      const { stack } = view.getState();
      if (pane === this.#active || stack === null) continue;
      const offset = this.#offsets.get(pane);
      const index = offset === undefined || from === null ? nearestTo(stack, image) : nearestAt(stack, from + offset);
      if (index !== null) view.lookAt(index);
    }
  }

  #copyWindow(): void {
    const leading = this.#leading();
    if (leading?.window == null || leading.image === null) return;
    for (const [pane, { view }] of this.#views) {
      const { stack, image } = view.getState();
      if (pane === this.#active || image === null || stack?.modality !== leading.stack?.modality) continue;
      const window = windowFor(leading.window, leading.image.rescale, image.rescale);
      if (window !== null) view.setWindow(window);
    }
  }

  #leading() {
    return this.#views.get(this.#active)?.view.getState();
  }

  #tell(): void {
    const leading = this.#links.lines ? (this.#leading()?.image ?? null) : null;
    this.#state = { leading, byOffset: new Set(this.#offsets.keys()) };
    for (const listener of this.#listeners) listener();
  }
}

function windowKey(window: { readonly centre: number; readonly width: number } | null): string {
  return window === null ? '' : `${window.centre}/${window.width}`;
}
