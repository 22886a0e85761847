import { Enums, eventTarget, StackViewport, type Types, utilities } from '@cornerstonejs/core';
import type { KeyImage } from '../../../shared/contract/studies.ts';
import { changedParts } from './changed-parts.ts';
import { Cine, cineRateOf, otherRate } from './cine.ts';
import { imagesAhead } from './cache-share.ts';
import { getEngine, shareNow } from './engine.ts';
import { coordinateOn } from './frame-marks.ts';
import { type ImageToCanvas, imageCoordinateOf, imageToCanvas, placeOf, type Vector3 } from './geometry.ts';
import { type Placement, fitIn, type Turned } from './hung-picture.ts';
import { isWhole, loadAhead, valueAt } from './loaded-image.ts';
import { Prefetch } from './prefetch.ts';
import { isSameLie, isSameWindow, type Lie } from './same-drawing.ts';
import { findImage, type Stack, type StackImage } from './stack.ts';
import type { Presented } from './third-party/presented-image.ts';
import { attachTools, detachTools } from './tools.ts';
import type { PixelValue } from './measurements/pixel-statistics.ts';
import type { History } from './history.ts';
import { findPreset, type GreyWindow, rangeOf, windowOf, windowOfRange } from './window-presets.ts';

/** What a reader may tell a viewport. */
export type ViewportCommand =
  | { readonly type: 'preset'; readonly key: string }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'go'; readonly to: 'first' | 'last' }
  | { readonly type: 'cine-rate'; readonly step: 1 | -1 }
  | { readonly type: 'reset' | 'invert' | 'rotate' | 'flip' | 'flip-vertical' | 'cine' };

/** How a series is drawn when it comes on the screen, and when the reader asks for that again. */
export type FirstDrawing = Partial<Turned> &
  Placement & {
    readonly preset?: string | null;
    /** How the presentation state that is applied wants an image to stand; null of those it does not name. */
    readonly presentedOn?: (image: StackImage) => Presented | null;
  };

/** How a picture is drawn: what `reset` gives up and what can be taken back. */
type Drawing = { readonly place: Types.ViewPresentation; readonly properties: Types.StackViewportProperties };

/** An image the engine was given: what the next drawing shows. */
type Held = { readonly image: StackImage; readonly index: number };

/** What is under the mouse: the image coordinate and its value after rescale; value null where pixels are colours. */
export type Probe = { readonly column: number; readonly row: number; readonly value: ReturnType<PixelValue> };

/** What a viewport shows at this moment; `image` is the one whose pixels are on the screen. */
export type StackViewState = {
  readonly stack: Stack | null;
  readonly image: StackImage | null;
  readonly index: number;
  readonly map: ImageToCanvas | null;
  readonly window: GreyWindow | null;
  readonly inverted: boolean;
  readonly probe: Probe | null;
  /** Images a second while they are played; null while they stand. */
  readonly cineRate: number | null;
  /** The image that was asked for and could not be loaded. */
  readonly missing: number | null;
};

/** A view before its first image. */
export const EMPTY_VIEW: StackViewState = {
  stack: null,
  image: null,
  index: 0,
  map: null,
  window: null,
  inverted: false,
  probe: null,
  cineRate: null,
  missing: null,
};

const { Events } = Enums;
let created = 0;
/** Views on the screen: they share the cache. */
let openViews = 0;

/** One viewport on one element: shows a stack, follows the mouse and commands, and says after each drawing what it shows. */
export class StackView {
  readonly #element: HTMLDivElement;
  readonly #id: string;
  readonly #viewport: StackViewport;
  readonly #listeners = new Set<() => void>();
  readonly #turnListeners = new Set<(image: StackImage, index: number) => void>();
  readonly #resizes: ResizeObserver;
  readonly #history: History;
  #prefetch: Prefetch | null = null;
  #cine: Cine | null = null;
  #rate: number | null = null;
  #isGone = false;
  #hung: FirstDrawing = {};
  /** Where the picture lay when it was fitted: while it still does, it is fitted anew to a pane of another size. */
  #fitted = { zoom: 1, pan: [0, 0] as readonly number[] };
  /** Of its pane, as the engine has it. */
  #size: ReturnType<typeof sizeOf>;
  #isSet: Promise<void> = Promise.resolve();
  #state: StackViewState = EMPTY_VIEW;
  /** Where each image of the stack stands. */
  #places: ReadonlyMap<string, number> = new Map();
  /** What the engine holds; it is on the screen once it was drawn. */
  #held: Held | null = null;
  #drawn: Held | null = null;
  /** How it lay when the map was told last. */
  #lay: Lie | null = null;
  #presentedOn: NonNullable<FirstDrawing['presentedOn']> = () => null;
  #presented: Presented | null = null;
  /** How the reader left this series when it was shown otherwise, as by a presentation state: where it stood, and the shades of its values and of differences. */
  #left: { readonly place: Drawing['place']; readonly shades: Partial<Record<Shades, Drawing['properties']>> } | null =
    null;
  /** The first image is drawn as its stack wants: what the next ones change, they change from there. */
  #isStacked = false;

  constructor(element: HTMLDivElement, history: History) {
    created += 1;
    openViews += 1;
    this.#history = history;
    this.#id = `viewport-${created}`;
    this.#element = element;
    const engine = getEngine();
    engine.enableElement({ viewportId: this.#id, element, type: Enums.ViewportType.STACK });
    const viewport = engine.getViewport(this.#id);
    if (!(viewport instanceof StackViewport)) throw new Error('The engine gave no stack viewport.');
    this.#viewport = viewport;
    attachTools(this.#id);
    element.addEventListener(Events.STACK_NEW_IMAGE, this.#onNewImage);
    element.addEventListener(Events.IMAGE_RENDERED, this.#onRendered);
    element.addEventListener('wheel', this.#stopCine, { passive: true });
    element.addEventListener('mousemove', this.#onMouseMove);
    element.addEventListener('mouseleave', this.#onMouseLeave);
    eventTarget.addEventListener(Events.IMAGE_LOAD_ERROR, this.#onLoadError);
    this.#size = sizeOf(element);
    this.#resizes = new ResizeObserver(this.#onResize);
    this.#resizes.observe(element);
  }

  /** What it shows now; the same object until something changes. */
  readonly getState = (): StackViewState => this.#state;

  /** The place of the image that was asked for last, which may not be drawn yet. */
  get wantedIndex(): number {
    return this.#viewport.getTargetImageIdIndex();
  }

  /** Calls back after every change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Calls back with each image as the engine is given it, before it is drawn in the same frame, until the returned function is
   * called: what moves along with it is then drawn with it.
   */
  onTurn(listener: (image: StackImage, index: number) => void): () => void {
    this.#turnListeners.add(listener);
    return () => this.#turnListeners.delete(listener);
  }

  /**
   * Shows a stack from this index on, mirrored and in the window of a digit where it was hung so. Images near the eye load first,
   * then outwards, within what the cache may hold.
   */
  async show(stack: Stack, index: number, drawing: FirstDrawing = {}): Promise<void> {
    this.#prefetch?.stop();
    this.#stopCine();
    this.#rate = null;
    this.#prefetch = new Prefetch((next) => loadAhead(stack.images[next]));
    if (this.#state.stack?.seriesUid !== stack.seriesUid) this.#left = null;
    else if (this.#isStacked && this.#hung.presentedOn === undefined) {
      const { place, properties } = this.#readersDrawing();
      this.#left = { place, shades: { ...this.#left?.shades, [shadesOf(this.#state.stack)]: properties } };
    }
    this.#presentedOn = drawing.presentedOn ?? (() => null);
    // The engine would turn the next stack as it turned this one.
    if (this.#presented !== null) this.#standUpright();
    this.#presented = null;
    this.#isStacked = false;
    this.#held = null;
    this.#drawn = null;
    this.#lay = null;
    const imageIds = stack.images.map((image) => image.imageId);
    this.#places = new Map(imageIds.map((imageId, place) => [imageId, place]));
    this.#change({ ...EMPTY_VIEW, stack, index });
    this.#isSet = this.#viewport.setStack(imageIds, index).then(
      () => {
        // The reader may have left meanwhile, or hung another.
        if (this.#isGone || this.#state.stack !== stack) return;
        this.#hung = drawing;
        this.#hang();
        this.#presented = this.#held && this.#presentedOn(this.#held.image);
        const shades = drawing.presentedOn === undefined ? this.#left?.shades[shadesOf(stack)] : undefined;
        if (shades !== undefined) this.#viewport.setProperties(shades);
        else if (this.#presented === null && shadesOf(stack) === 'values') this.#drawHungPreset();
        if (this.#left !== null && drawing.presentedOn === undefined)
          this.#viewport.setViewPresentation(this.#left.place);
        this.#isStacked = true;
        this.#standAsPresented();
        this.#viewport.render();
      },
      () => {
        // Whatever else was waiting for the same image may have been told first, and this viewport by nothing but this.
        if (!this.#isGone && this.#state.stack === stack) this.#change({ ...this.#state, missing: index });
      },
    );
    await this.#isSet;
  }

  /**
   * Goes to a frame and brings what it shows to the middle: a pixel of it (column and row, whole numbers at pixel centres), or a
   * place in the patient where that lies on the frame; false when the stack does not hold it.
   */
  async goTo(key: KeyImage, pixel: readonly [number, number] | null): Promise<boolean> {
    const index = this.#state.stack && findImage(this.#state.stack, key);
    const image = index === null ? undefined : this.#state.stack?.images[index];
    if (index === null || image === undefined) return false;
    await this.#isSet;
    if (this.#isGone) return false;
    await this.#scrollTo(index);
    if (this.#isGone) return false;
    const at = pixel ?? coordinateOn(image, key);
    if (at !== null) this.#centre(placeOf(image.drawnPlane, ...at));
    return true;
  }

  /** Goes to an image by its place in the stack, as when another viewport is scrolled; none beyond its ends. */
  lookAt(index: number): void {
    if (index !== this.#viewport.getTargetImageIdIndex()) void this.#scrollTo(index);
  }

  /** Draws with this window, as another viewport does; nothing to take back here. */
  setWindow(window: GreyWindow): void {
    this.#viewport.setProperties({ voiRange: rangeOf(window, this.#isExact()) });
    this.#viewport.render();
  }

  /** The value of a pixel of the image on the screen after rescale, or that it is padding; null of colours, and of an image that is not there. */
  readonly valueAt: PixelValue = (column, row) => {
    const { image } = this.#state;
    return image === null ? null : valueAt(this.#viewport.getCornerstoneImage(), image, column, row);
  };

  /** Carries out one command. */
  perform(command: ViewportCommand): void {
    const { stack } = this.#state;
    if (stack === null) return;
    switch (command.type) {
      case 'scroll':
        this.#stopCine();
        return void this.#scrollTo(this.#viewport.getTargetImageIdIndex() + command.by);
      case 'go':
        this.#stopCine();
        return void this.#scrollTo(command.to === 'first' ? 0 : stack.images.length - 1);
      case 'cine':
        return this.#cine === null ? this.#startCine() : this.#stopCine();
      case 'cine-rate':
        this.#rate = otherRate(this.#cineRate(), command.step);
        if (this.#cine !== null) this.#cine.rate = this.#rate;
        return this.#change({ ...this.#state, cineRate: this.#cine && this.#rate });
      default:
        return this.#redraw(() => this.#draw(command, stack.modality));
    }
  }

  /** Frees the element; the view is not used again. */
  destroy(): void {
    if (!this.#isGone) openViews -= 1;
    this.#isGone = true;
    this.#prefetch?.stop();
    this.#cine?.stop();
    this.#resizes.disconnect();
    eventTarget.removeEventListener(Events.IMAGE_LOAD_ERROR, this.#onLoadError);
    this.#element.removeEventListener(Events.STACK_NEW_IMAGE, this.#onNewImage);
    this.#element.removeEventListener(Events.IMAGE_RENDERED, this.#onRendered);
    this.#element.removeEventListener('wheel', this.#stopCine);
    this.#element.removeEventListener('mousemove', this.#onMouseMove);
    this.#element.removeEventListener('mouseleave', this.#onMouseLeave);
    detachTools(this.#id);
    getEngine().disableElement(this.#id);
    this.#listeners.clear();
    this.#turnListeners.clear();
  }

  /** What changes how the picture is drawn can be taken back, for as long as the same series is shown. */
  #redraw(draw: () => void): void {
    const before = this.#drawing();
    draw();
    this.#viewport.render();
    const [after, { stack }] = [this.#drawing(), this.#state];
    // What the reader has done by mouse since, as a window or a zoom, is theirs and stays.
    const change = (from: Drawing, to: Drawing) => () => {
      if (this.#isGone || this.#state.stack !== stack) return false;
      this.#viewport.setProperties(changedParts(from.properties, to.properties));
      this.#viewport.setViewPresentation(changedParts(from.place, to.place));
      this.#viewport.render();
      return true;
    };
    this.#history.note({ undo: change(after, before), redo: change(before, after) });
  }

  #drawing(): Drawing {
    const { voiRange, invert } = this.#viewport.getProperties();
    const properties = { ...(voiRange && { voiRange: { ...voiRange } }), invert: invert ?? false };
    return { place: this.#viewport.getViewPresentation(), properties };
  }

  /** What the reader set; the image's own window is none of it, for every image has its own. */
  #readersDrawing(): Drawing {
    const { place, properties } = this.#drawing();
    const { voiRange, invert } = properties;
    const own = this.#ownWindow();
    const range = own && rangeOf(own, this.#isExact());
    const isOwn = voiRange && range && near(voiRange.lower, range.lower) && near(voiRange.upper, range.upper);
    return { place, properties: isOwn ? { invert: invert ?? false } : properties };
  }

  #drawHungPreset(): void {
    const { stack } = this.#state;
    if (this.#hung.preset && stack !== null) this.#draw({ type: 'preset', key: this.#hung.preset }, stack.modality);
  }

  #draw(command: ViewportCommand, modality: string): void {
    switch (command.type) {
      case 'preset': {
        const preset = findPreset(modality, command.key);
        const told = this.#held?.image.rescale ?? { unit: null };
        const window = preset && windowOf(preset, this.#ownWindow(), this.#valueRange(), told);
        return window === null ? undefined : this.setWindow(window);
      }
      case 'reset':
        this.#viewport.resetCamera();
        this.#resetShades();
        this.#hang();
        return this.#standAsPresented();
      case 'invert':
        return this.#viewport.setProperties({ invert: !this.#viewport.getProperties().invert });
      case 'rotate':
        return this.#viewport.setViewPresentation({
          rotation: (this.#viewport.getViewPresentation().rotation ?? 0) + 90,
        });
      case 'flip':
        return this.#viewport.setCamera({ flipHorizontal: !this.#viewport.getCamera().flipHorizontal });
      case 'flip-vertical':
        return this.#viewport.setCamera({ flipVertical: !this.#viewport.getCamera().flipVertical });
      default:
        return undefined;
    }
  }

  /** The window the image came with, or the decoder's for one that came with none. */
  #ownWindow(): GreyWindow | null {
    const loaded = this.#viewport.getCornerstoneImage();
    const [centre, width] = [[loaded?.windowCenter].flat()[0], [loaded?.windowWidth].flat()[0]];
    if (centre === undefined || width === undefined) return null;
    return windowOfRange(rangeOf({ centre, width }, this.#isOwnExact()), this.#isExact());
  }

  #isOwnExact(): boolean {
    return this.#viewport.getCornerstoneImage()?.voiLUTFunction === Enums.VOILUTFunctionType.LINEAR_EXACT;
  }

  /** Whether windows go from edge to edge of values, which have no steps of one: the image's own do (LINEAR_EXACT), or it shows uptake. */
  #isExact(): boolean {
    return this.#isOwnExact() || this.#held?.image.rescale.factor !== undefined;
  }

  #valueRange(): { readonly min: number; readonly max: number } | null {
    const loaded = this.#viewport.getCornerstoneImage();
    return loaded === undefined || loaded.color ? null : { min: loaded.minPixelValue, max: loaded.maxPixelValue };
  }

  #cineRate(): number {
    return this.#rate ?? cineRateOf(this.#state.image?.framesPerSecond ?? null);
  }

  #startCine(): void {
    const count = this.#state.stack?.images.length ?? 0;
    if (count < 2) return;
    const rate = this.#cineRate();
    this.#cine = new Cine(() => this.#scrollTo((this.#viewport.getTargetImageIdIndex() + 1) % count), rate);
    this.#cine.start();
    this.#change({ ...this.#state, cineRate: rate });
  }

  readonly #stopCine = (): void => {
    if (this.#cine === null) return;
    this.#cine.stop();
    this.#cine = null;
    this.#change({ ...this.#state, cineRate: null });
  };

  /** Where a presentation state says more of this image than of the one before, or less, it is drawn anew: as said, or as it is. */
  #present(image: StackImage): void {
    const [before, now] = [this.#presented, this.#presentedOn(image)];
    if (!this.#isStacked || (before?.turn === now?.turn && before?.area === now?.area)) return;
    this.#presented = now;
    this.#standUpright();
    this.#viewport.resetCamera();
    this.#resetShades();
    if (now === null) {
      this.#hang();
      this.#drawHungPreset();
    }
    this.#standAsPresented();
  }

  /** The image's own window, its shades the right way round: the engine forgets to turn those of an image whose low values are bright. */
  #resetShades(): void {
    this.#viewport.resetProperties();
    const image = this.#held?.image ?? null;
    const { invert = false, voiRange } = this.#viewport.getProperties();
    const property = this.#viewport.getDefaultActor()?.actor.getProperty();
    if (image === null || !voiRange || !property || !('getRGBTransferFunction' in property)) return;
    const shades = property.getRGBTransferFunction(0);
    const isTurned = shades.getRedValue(voiRange.lower) > shades.getRedValue(voiRange.upper);
    if (isTurned !== invert) utilities.invertRgbTransferFunction(shades);
    if (invert !== image.monochrome1) this.#viewport.setProperties({ invert: image.monochrome1 });
  }

  #standUpright(): void {
    this.#viewport.setViewPresentation({ rotation: 0 });
    this.#viewport.setCamera({ flipHorizontal: false, flipVertical: false });
  }

  /** Turns, flips and frames the picture as the presentation state says (PS3.3 §C.10.4, §C.10.6). */
  #standAsPresented(): void {
    const image = this.#held?.image ?? null;
    if (this.#presented === null || image === null) return;
    const { turn, area } = this.#presented;
    this.#viewport.setCamera({ flipHorizontal: turn.isFlipped, flipVertical: false });
    // What is flipped turns the other way round.
    this.#viewport.setViewPresentation({ rotation: turn.isFlipped ? (360 - turn.degrees) % 360 : turn.degrees });
    if (area === null) return;
    const corner = (column: number, row: number) =>
      this.#viewport.worldToCanvas([...placeOf(image.drawnPlane, column, row)]);
    const [[x1, y1], [x2, y2]] = [corner(area.left, area.top), corner(area.right, area.bottom)];
    const { clientWidth, clientHeight } = this.#element;
    const [width, height] = [Math.abs(x2 - x1), Math.abs(y2 - y1)];
    if (!(width > 0 && height > 0)) return;
    const magnified = (area.magnification ?? 0) / window.devicePixelRatio;
    const factor =
      area.magnification === null
        ? Math.min(clientWidth / width, clientHeight / height)
        : (magnified * (area.right - area.left + area.bottom - area.top)) / (width + height);
    this.#viewport.setZoom(this.#viewport.getZoom() * factor);
    this.#centre(placeOf(image.drawnPlane, (area.left + area.right) / 2, (area.top + area.bottom) / 2));
  }

  async #scrollTo(index: number): Promise<void> {
    const last = (this.#state.stack?.images.length ?? 0) - 1;
    await this.#viewport.setImageIdIndex(Math.max(0, Math.min(last, index)));
  }

  #centre(place: Vector3): void {
    const [x, y] = this.#viewport.worldToCanvas([...place]);
    const [panX, panY] = this.#viewport.getPan();
    const { clientWidth, clientHeight } = this.#element;
    this.#viewport.setPan([panX + clientWidth / 2 - x, panY + clientHeight / 2 - y]);
    this.#viewport.render();
  }

  readonly #onNewImage = (event: Event): void => {
    const { imageId, image: loaded } = (event as CustomEvent<{ imageId: string; image: Types.IImage }>).detail;
    const images = this.#state.stack?.images ?? [];
    const index = this.#places.get(imageId) ?? -1;
    const image = images[index];
    if (image === undefined) return;
    this.#held = null;
    if (!isWhole(loaded, image)) return this.#change({ ...this.#state, image: null, index, missing: index });
    this.#held = { image, index };
    this.#present(image);
    for (const listener of this.#turnListeners) listener(image, index);
  };

  /** Only now are its pixels on the screen: what lies over them comes with the same frame, and the page is drawn once for an image. */
  readonly #onRendered = (): void => {
    const held = this.#held;
    if (held === null) return;
    const isOther = held !== this.#drawn;
    this.#drawn = held;
    if (isOther) this.#lookAhead(held);
    const before = this.#state;
    const { voiRange, invert } = this.#viewport.getProperties();
    const window = voiRange ? windowOfRange(voiRange, this.#isExact()) : null;
    const inverted = Boolean(invert) !== held.image.monochrome1;
    const lie = { map: this.#mapOf(held.image), ...sizeOf(this.#element) };
    // The same ones where nothing moved: what is drawn by them need not be drawn again.
    const [isStill, isShadedAlike] = [isSameLie(this.#lay, lie), isSameWindow(before.window, window)];
    if (!isOther && isStill && isShadedAlike && inverted === before.inverted) return;
    if (!isStill) this.#lay = lie;
    this.#change({
      ...before,
      ...(isOther && { ...held, missing: null, probe: null }),
      ...(!isStill && { map: lie.map }),
      ...(!isShadedAlike && { window }),
      inverted,
    });
  };

  /** What lies around comes once the image under the eye is drawn: nothing takes the processor from that. */
  #lookAhead({ image, index }: Held): void {
    // By what it takes decoded, which may be twice what its header says.
    const bytes = Math.max(image.bytes, this.#viewport.getCornerstoneImage()?.sizeInBytes ?? 0);
    const count = this.#state.stack?.images.length ?? 0;
    this.#prefetch?.lookAt(index, count, imagesAhead(shareNow(), openViews, bytes));
  }

  readonly #onLoadError = (event: Event): void => {
    const { imageId } = (event as CustomEvent<{ imageId?: string }>).detail;
    const missing = this.#places.get(imageId ?? '');
    const wanted = this.#viewport.getTargetImageIdIndex();
    if (missing !== undefined && missing === wanted) this.#change({ ...this.#state, missing });
  };

  readonly #onMouseMove = (event: MouseEvent): void => {
    const { image } = this.#state;
    if (image === null) return;
    const { left, top } = this.#element.getBoundingClientRect();
    const place = this.#viewport.canvasToWorld([event.clientX - left, event.clientY - top]);
    const [column, row] = imageCoordinateOf(image.drawnPlane, place as unknown as Vector3).map(Math.round);
    if (column === undefined || row === undefined) return;
    const inside = column >= 0 && row >= 0 && column < image.columns && row < image.rows;
    const value = valueAt(this.#viewport.getCornerstoneImage(), image, column, row);
    this.#change({ ...this.#state, probe: inside ? { column, row, value } : null });
  };

  /** A picture the reader has not moved fits its pane again; any other stays as it was. */
  readonly #onResize = (): void => {
    const [before, now] = [this.#size, sizeOf(this.#element)];
    // Told once when it begins to look, too: an empty pane is not drawn for that.
    if (now.width === before.width && now.height === before.height) return;
    this.#size = now;
    const [panX, panY] = this.#viewport.getPan();
    const { zoom, pan } = this.#fitted;
    const moved = Math.hypot(panX - (pan[0] ?? 0), panY - (pan[1] ?? 0));
    const isAsFitted = Math.abs(this.#viewport.getZoom() / zoom - 1) < 1e-3 && moved < 1;
    getEngine().resize(true, true);
    if (isAsFitted && this.#held !== null) {
      this.#viewport.resetCamera();
      this.#hang();
    }
    this.#viewport.render();
  };

  /** Lays the picture as it was hung: mirrored, turned, at its edge and as large as its neighbours. */
  #hang(): void {
    const { isMirrored = false, quarterTurns = 0, edge = null, fitMm = null } = this.#hung;
    this.#viewport.setCamera({ flipHorizontal: isMirrored, flipVertical: false });
    // A picture that is mirrored is turned the other way by the engine.
    const clockwise = isMirrored ? -quarterTurns : quarterTurns;
    this.#viewport.setViewPresentation({ rotation: (360 + 90 * clockwise) % 360 });
    const image = this.#state.stack?.images[this.#viewport.getCurrentImageIdIndex()];
    if (image !== undefined && (edge !== null || fitMm !== null || quarterTurns % 2 === 1)) {
      const size = sizeOf(this.#element);
      const { zoom } = fitIn(this.#mapOf(image), image, size, { edge, fitMm });
      this.#viewport.setZoom(this.#viewport.getZoom() * zoom);
      // Zoomed about the middle, it is moved from where it then is.
      const { move } = fitIn(this.#mapOf(image), image, size, { edge, fitMm });
      const [panX, panY] = this.#viewport.getPan();
      this.#viewport.setPan([panX + move[0], panY + move[1]]);
    }
    this.#fitted = { zoom: this.#viewport.getZoom(), pan: this.#viewport.getPan() };
  }

  #mapOf(image: StackImage): ImageToCanvas {
    const drawn = (column: number, row: number) =>
      this.#viewport.worldToCanvas([...placeOf(image.drawnPlane, column, row)]) as readonly [number, number];
    return imageToCanvas(drawn(0, 0), drawn(1, 0), drawn(0, 1));
  }

  readonly #onMouseLeave = (): void => this.#change({ ...this.#state, probe: null });

  #change(state: StackViewState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** What a window is of: values as they were stored, or what is left of them less a mask. */
type Shades = 'values' | 'differences';

function shadesOf({ images }: Stack): Shades {
  return images.some(({ subtracted }) => subtracted !== undefined) ? 'differences' : 'values';
}

/** Of an element's inside, in CSS pixels. */
function sizeOf({ clientWidth: width, clientHeight: height }: Element): {
  readonly width: number;
  readonly height: number;
} {
  return { width, height };
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a));
}
