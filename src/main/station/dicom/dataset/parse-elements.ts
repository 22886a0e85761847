import { atOnce, inTurns } from '../../platform/in-turns.ts';
import type { TransferSyntax } from '../transfer-syntaxes.ts';
import { type CharacterSet, characterSet } from './character-sets.ts';
import type {
  Dataset,
  DatasetFailure,
  DatasetMark,
  Element,
  ElementExtent,
  Encoding,
  ItemExtent,
  PixelDataPosition,
  ReadDataset,
  ReadOptions,
} from './dataset.ts';
import { findResumption } from './find-resumption.ts';
import { isPrivate, lookUpTag, type Tag } from './dictionary.ts';
import { LONG_VRS } from './value-representations.ts';

const PIXEL_DATA = new Set<Tag>([0x7fe00008, 0x7fe00009, 0x7fe00010]);
const PIXELS_OF_IMAGE = 0x7fe00010;
const SPECIFIC_CHARACTER_SET = 0x00080005;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
const SHORT_VRS = new Set([
  'AE',
  'AS',
  'AT',
  'CS',
  'DA',
  'DS',
  'DT',
  'FD',
  'FL',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'SL',
  'SS',
  'ST',
  'TM',
  'UI',
  'UL',
  'US',
]);
const MAX_DEPTH = 64;
/** Four times what the richest enhanced multi-frame objects hold; each costs some 250 bytes while it is looked at. */
const MAX_ELEMENTS = 400_000;
const MOST_LOOKED_AHEAD = 50_000;
/** Elements between two looks at the clock. */
const TURN_ELEMENTS = 2_048;

/** Leaves the parse from any depth; never leaves this folder. */
export class Stop extends Error {
  readonly code: DatasetFailure['code'];
  constructor(code: DatasetFailure['code']) {
    super(code);
    this.code = code;
  }
}

/** Reads all elements of a data set, or throws `Stop`. */
export function parseElements(bytes: Uint8Array, syntax: TransferSyntax, options: ReadOptions): ReadDataset {
  return atOnce(new Parser(bytes, syntax, options).readAll());
}

/** As `parseElements`, giving the thread back whenever it has worked for some milliseconds. */
export function parseElementsInTurns(
  bytes: Uint8Array,
  syntax: TransferSyntax,
  options: ReadOptions,
): Promise<ReadDataset> {
  return inTurns(new Parser(bytes, syntax, options).readAll());
}

type Header = { readonly tag: Tag; readonly vr: string; readonly length: number };

class Parser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #encoding: Encoding;
  readonly #options: ReadOptions;
  readonly #marks = new Set<DatasetMark>();
  #at = 0;
  #count = 0;
  readonly #mostElements: number;
  #pixelData: PixelDataPosition | null = null;
  /** Headers that may be looked at to find where an unreadable sequence ends: bounds the time of all such looks. */
  readonly #budget = { headers: MOST_LOOKED_AHEAD };
  /** Where the zeros at the end begin; looked for once, and only where there may be some. */
  #zerosFrom: number | null = null;
  /** Where elements stand, of the level being read; null where nobody asks. */
  #level: ElementExtent[] | null;
  readonly #itemExtents = new Map<readonly Dataset[], readonly ItemExtent[]>();

  constructor(bytes: Uint8Array, syntax: TransferSyntax, options: ReadOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const isExplicit = syntax.vr === 'explicit' || this.#beginsExplicit();
    if (isExplicit !== (syntax.vr === 'explicit')) this.#marks.add('vr-encoding-differs');
    this.#encoding = { isExplicit, isLittleEndian: syntax.byteOrder === 'little' };
    this.#options = options;
    this.#mostElements = Math.min(MAX_ELEMENTS, options.mostElements ?? MAX_ELEMENTS);
    this.#level = options.outline?.elements ?? null;
    if (options.outline) options.outline.encoding = this.#encoding;
  }

  *readAll(): Generator<undefined, ReadDataset> {
    const elements = new Map<Tag, Element>();
    let stoppedAt: ReadDataset['stoppedAt'];
    try {
      yield* this.#readElements(elements, this.#encoding, this.#bytes.length, characterSet([]), 0, false);
      stoppedAt = this.#pixelData !== null && this.#options.untilPixelData ? 'pixel-data' : 'end';
    } catch (error) {
      if (!(error instanceof Stop && error.code === 'truncated' && this.#options.isHead)) throw error;
      stoppedAt = 'cut';
    }
    return {
      elements,
      isLittleEndian: this.#encoding.isLittleEndian,
      characterSet: characterSetOf(elements, characterSet([])),
      stoppedAt,
      pixelData: this.#pixelData,
      marks: [...this.#marks],
    };
  }

  /** Reads elements up to `end`, or to the item's delimiter; returns the character set in force at the end. */
  *#readElements(
    elements: Map<Tag, Element>,
    encoding: Encoding,
    end: number,
    inherited: CharacterSet,
    depth: number,
    isDelimited: boolean,
  ): Generator<undefined, CharacterSet> {
    let charset = inherited;
    let last = -1;
    while (this.#at < end) {
      if (this.#count % TURN_ELEMENTS === 0) yield;
      const start = this.#at;
      const header = this.#readHeader(encoding, end);
      const { tag } = header;
      if (tag === ITEM_END || tag === SEQUENCE_END) {
        if (depth > 0 && tag === ITEM_END) return charset;
        if (depth > 0 && !isDelimited) throw new Stop('malformed');
        this.#marks.add(depth === 0 ? 'stray-delimiter' : 'delimiter-missing');
        if (depth === 0) continue; // real files have them
        this.#at = start; // it ends the sequence; the item's own is missing
        return charset;
      }
      if (tag === ITEM) {
        if (depth === 0 || !isDelimited) throw new Stop('malformed');
        this.#marks.add('delimiter-missing');
        this.#at = start; // the next item begins
        return charset;
      }
      if (tag === 0 && depth === 0 && this.#restIsZero(start)) {
        this.#at = end; // padding after the last element
        break;
      }
      if (tag < last) this.#marks.add('out-of-order');
      last = tag;
      if (depth === 0 && this.#options.outline)
        this.#options.outline.last = { tag, isSequence: header.vr === 'SQ' || isOpen(header), start };
      const valueStart = this.#at;
      if (depth === 0 && PIXEL_DATA.has(tag)) {
        const { vr, length } = header;
        this.#pixelData = { vr, offset: this.#at, length: length === UNDEFINED_LENGTH ? null : length };
        if (this.#options.untilPixelData) return charset;
        this.#skip(header, end);
        this.#note(header, start, valueStart, null);
        continue;
      }
      const element = this.#isSequence(header, encoding, end)
        ? yield* this.#readSequence(header, encoding, end, charset, depth, isDelimited)
        : this.#readValue(header, end);
      this.#note({ ...header, vr: element.vr }, start, valueStart, element.items);
      if (elements.has(tag)) this.#marks.add('duplicate-element');
      else elements.set(tag, element);
      if (tag === SPECIFIC_CHARACTER_SET) charset = characterSetOf(elements, inherited);
    }
    // Read to the end as if it were of an item, the top level's pixel data would be hidden.
    if (isDelimited && depth > 0 && elements.has(PIXELS_OF_IMAGE)) throw new Stop('malformed');
    if (isDelimited) this.#endWithoutDelimiter(end);
    return charset;
  }

  #note(header: Header, start: number, valueStart: number, items: readonly Dataset[] | null): void {
    this.#level?.push({
      ...{ tag: header.tag, vr: header.vr, start, valueStart, end: this.#at, hasLength: !isOpen(header) },
      items: items === null ? null : (this.#itemExtents.get(items) ?? []),
    });
  }

  #readHeader(encoding: Encoding, end: number): Header {
    this.#need(8, end);
    this.#count += 1;
    if (this.#count > this.#mostElements) throw new Stop('too-large');
    const { isLittleEndian } = encoding;
    const at = this.#at;
    const tag = this.#view.getUint16(at, isLittleEndian) * 0x10000 + this.#view.getUint16(at + 2, isLittleEndian);
    if (!encoding.isExplicit || tag >= ITEM) {
      this.#at += 8;
      return { tag, vr: implicitVr(tag), length: this.#view.getUint32(at + 4, isLittleEndian) };
    }
    const vr = this.#vrAt(at + 4);
    if (SHORT_VRS.has(vr)) {
      this.#at += 8;
      return { tag, vr, length: this.#view.getUint16(at + 6, isLittleEndian) };
    }
    if (!/^[A-Z]{2}$/.test(vr)) {
      // Some writers slip an element without a VR among those with one; its length must make sense then.
      const length = this.#view.getUint32(at + 4, isLittleEndian);
      const isLikely = lookUpTag(tag) !== null || (isPrivate(tag) && tag >= 0x00090000);
      if (!isLikely || (length !== UNDEFINED_LENGTH && at + 8 + length > end)) {
        if (tag === 0 && this.#restIsZero(at)) return { tag, vr: 'UN', length: 0 };
        throw new Stop('malformed');
      }
      this.#marks.add('vr-missing');
      this.#at += 8;
      return { tag, vr: implicitVr(tag), length };
    }
    // A VR yet to be defined has a long length too, and is read as UN (PS3.5 §6.2.2).
    this.#need(12, end);
    this.#at += 12;
    return { tag, vr: LONG_VRS.has(vr) ? vr : 'UN', length: this.#view.getUint32(at + 8, isLittleEndian) };
  }

  #vrAt(at: number): string {
    return String.fromCharCode(this.#bytes[at] ?? 0, this.#bytes[at + 1] ?? 0);
  }

  /** An implicit data set whose first element plainly names its VR was written as explicit. */
  #beginsExplicit(): boolean {
    const vr = this.#vrAt(4);
    return this.#bytes.length >= 8 && (SHORT_VRS.has(vr) || LONG_VRS.has(vr));
  }

  #isSequence({ tag, vr, length }: Header, encoding: Encoding, end: number): boolean {
    if (length === UNDEFINED_LENGTH) return !PIXEL_DATA.has(tag);
    if (vr !== 'SQ') return false;
    // In implicit VR the dictionary says sequence; the writer may have meant another VR, and then no item comes.
    return length === 0 || encoding.isExplicit || this.#startsWithItem(encoding, end);
  }

  *#readSequence(
    { tag, vr, length }: Header,
    encoding: Encoding,
    end: number,
    charset: CharacterSet,
    depth: number,
    isDelimited: boolean,
  ): Generator<undefined, Element> {
    const start = this.#at;
    const level = this.#level;
    if (length === UNDEFINED_LENGTH) {
      // Undefined length under UN means a sequence in implicit VR little endian (PS3.5 §6.2.2, note 4).
      const inner = vr === 'UN' ? { isExplicit: this.#itemIsExplicit(), isLittleEndian: true } : encoding;
      try {
        return { tag, vr: 'SQ', bytes: EMPTY, items: yield* this.#readItems(inner, end, true, charset, depth) };
      } catch (error) {
        if (!(error instanceof Stop && (error.code === 'malformed' || error.code === 'truncated'))) throw error;
        const isHead = this.#options.isHead === true && end === this.#bytes.length;
        const around = { around: encoding, end, isInItem: depth > 0, isDelimited: depth > 0 && isDelimited };
        const unread = { bytes: this.#bytes, tag, inner, from: start, isHead, budget: this.#budget, ...around };
        const found = findResumption(unread);
        if (found === 'cut') throw new Stop('truncated');
        if (found === null) throw error;
        this.#marks.add('sequence-not-read');
        this.#level = level;
        this.#at = found.resumeAt;
        return { tag, vr: 'UN', bytes: this.#bytes.subarray(start, found.contentEnd), items: null };
      }
    }
    this.#need(length, end);
    try {
      const items = yield* this.#readItems(encoding, start + length, false, charset, depth);
      return { tag, vr: 'SQ', bytes: EMPTY, items };
    } catch (error) {
      if (!(error instanceof Stop && error.code === 'malformed')) throw error;
      // Lengths inside that do not add up cost this sequence, not the object: its own length leads past it.
      this.#marks.add('sequence-not-read');
      this.#level = level;
      this.#at = start + length;
      return { tag, vr: 'UN', bytes: this.#bytes.subarray(start, this.#at), items: null };
    }
  }

  #readValue(header: Header, end: number): Element {
    const { tag, length } = header;
    if (length === UNDEFINED_LENGTH) return { tag, vr: header.vr, bytes: this.#skip(header, end), items: null };
    this.#need(length, end);
    if (length % 2 === 1) this.#marks.add('odd-length');
    const bytes = length === 0 ? EMPTY : this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    const vr = header.vr === 'UN' || header.vr === 'SQ' ? (lookUpTag(tag)?.vr ?? 'UN') : header.vr;
    return { tag, vr: vr === 'SQ' ? 'UN' : vr, bytes, items: null };
  }

  *#readItems(
    encoding: Encoding,
    end: number,
    isDelimited: boolean,
    charset: CharacterSet,
    depth: number,
  ): Generator<undefined, readonly Dataset[]> {
    if (depth >= MAX_DEPTH) throw new Stop('too-deep');
    const items: Dataset[] = [];
    const level = this.#level;
    const extents: ItemExtent[] = [];
    if (level !== null) this.#itemExtents.set(items, extents);
    while (this.#at < end) {
      if (this.#count % TURN_ELEMENTS === 0) yield; // items may be empty
      const start = this.#at;
      const header = this.#readHeader(encoding, end);
      if (header.tag === SEQUENCE_END) {
        if (isDelimited) return items;
        continue;
      }
      if (header.tag !== ITEM) {
        if (!isDelimited || header.tag === ITEM_END) throw new Stop('malformed');
        this.#marks.add('delimiter-missing');
        this.#at = start; // the elements around the sequence go on
        return items;
      }
      const elements = new Map<Tag, Element>();
      const hasLength = header.length !== UNDEFINED_LENGTH;
      if (hasLength) this.#need(header.length, end);
      const itemEnd = hasLength ? this.#at + header.length : end;
      const contentStart = this.#at;
      const within: ElementExtent[] = [];
      if (level !== null) this.#level = within;
      const own = yield* this.#readElements(elements, encoding, itemEnd, charset, depth + 1, !hasLength);
      this.#level = level;
      if (hasLength && this.#at !== itemEnd) throw new Stop('malformed');
      if (level !== null)
        extents.push({
          ...{ start, contentStart, end: this.#at, hasLength, encoding, characterSet: own, elements: within },
        });
      items.push({ elements, isLittleEndian: encoding.isLittleEndian, characterSet: own });
    }
    if (isDelimited) this.#endWithoutDelimiter(end);
    return items;
  }

  /** Everything open ends where the bytes do; of a head they may go on. */
  #endWithoutDelimiter(end: number): void {
    if (this.#options.isHead && end === this.#bytes.length) throw new Stop('truncated');
    this.#marks.add('delimiter-missing');
  }

  /** Passes over a value, fragments included (PS3.5 §A.4), and gives its bytes. */
  #skip({ length }: Header, end: number): Uint8Array {
    const start = this.#at;
    if (length !== UNDEFINED_LENGTH) {
      this.#need(length, end);
      this.#at += length;
      return this.#bytes.subarray(start, this.#at);
    }
    for (;;) {
      const fragment = this.#readHeader({ isExplicit: false, isLittleEndian: true }, end);
      if (fragment.tag === SEQUENCE_END) return this.#bytes.subarray(start, this.#at);
      if (fragment.tag !== ITEM || fragment.length === UNDEFINED_LENGTH) throw new Stop('malformed');
      this.#need(fragment.length, end);
      this.#at += fragment.length;
    }
  }

  /** There are `length` more bytes; past the whole input is truncated, past an enclosing item is malformed. */
  #need(length: number, end: number): void {
    if (this.#at + length <= end) return;
    throw new Stop(end === this.#bytes.length ? 'truncated' : 'malformed');
  }

  #startsWithItem({ isLittleEndian }: Encoding, end: number): boolean {
    this.#need(4, end);
    const first = this.#view.getUint16(this.#at, isLittleEndian);
    return first === ITEM >>> 16;
  }

  /** Some writers put explicit elements under UN: then the item's first element names its VR. */
  #itemIsExplicit(): boolean {
    const vr = this.#vrAt(this.#at + 12);
    return SHORT_VRS.has(vr) || LONG_VRS.has(vr);
  }

  #restIsZero(start: number): boolean {
    this.#zerosFrom ??= this.#bytes.findLastIndex((byte) => byte !== 0) + 1;
    return start >= this.#zerosFrom;
  }
}

const EMPTY = new Uint8Array(0);

function isOpen({ length }: Header): boolean {
  return length === UNDEFINED_LENGTH;
}

function implicitVr(tag: Tag): string {
  const known = lookUpTag(tag);
  if (known) return known.vr;
  if (isPrivate(tag)) return (tag & 0xff00) === 0 && (tag & 0xff) >= 0x10 ? 'LO' : 'UN'; // private creators are LO
  return (tag & 0xffff) === 0 ? 'UL' : 'UN'; // group lengths
}

function characterSetOf(elements: ReadonlyMap<Tag, Element>, otherwise: CharacterSet): CharacterSet {
  const named = elements.get(SPECIFIC_CHARACTER_SET);
  if (!named) return otherwise;
  const text = String.fromCharCode(...named.bytes.subarray(0, 256));
  return characterSet(text.split('\\').map((term) => term.replace(/\0/g, '').trim()));
}
