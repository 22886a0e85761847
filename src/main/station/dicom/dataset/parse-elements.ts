import type { TransferSyntax } from '../transfer-syntaxes.ts';
import { type CharacterSet, characterSet } from './character-sets.ts';
import type { Dataset, DatasetFailure, Element, PixelDataPosition, ReadDataset, ReadOptions } from './dataset.ts';
import { isPrivate, lookUpTag, type Tag } from './dictionary.ts';

const PIXEL_DATA = new Set<Tag>([0x7fe00008, 0x7fe00009, 0x7fe00010]);
const SPECIFIC_CHARACTER_SET = 0x00080005;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
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
const MAX_ELEMENTS = 2_000_000;

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
  return new Parser(bytes, syntax, options).readAll();
}

/** How the elements of one level are encoded. */
type Encoding = { readonly isExplicit: boolean; readonly isLittleEndian: boolean };
type Header = { readonly tag: Tag; readonly vr: string; readonly length: number };

class Parser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #encoding: Encoding;
  readonly #options: ReadOptions;
  #at = 0;
  #count = 0;
  #pixelData: PixelDataPosition | null = null;
  /** Where the zeros at the end begin; looked for once, and only where there may be some. */
  #zerosFrom: number | null = null;

  constructor(bytes: Uint8Array, syntax: TransferSyntax, options: ReadOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#encoding = { isExplicit: syntax.vr === 'explicit', isLittleEndian: syntax.byteOrder === 'little' };
    this.#options = options;
  }

  readAll(): ReadDataset {
    const elements = new Map<Tag, Element>();
    let stoppedAt: ReadDataset['stoppedAt'];
    try {
      this.#readElements(elements, this.#encoding, this.#bytes.length, characterSet([]), 0);
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
    };
  }

  /** Reads elements up to `end`, or to the item's delimiter; returns the character set in force at the end. */
  #readElements(
    elements: Map<Tag, Element>,
    encoding: Encoding,
    end: number,
    inherited: CharacterSet,
    depth: number,
  ): CharacterSet {
    let charset = inherited;
    while (this.#at < end) {
      const start = this.#at;
      const header = this.#readHeader(encoding, end);
      if (header.tag === ITEM_END || header.tag === SEQUENCE_END) {
        if (depth === 0) continue; // a stray delimiter; real files have them
        if (header.tag === ITEM_END) break;
        throw new Stop('malformed');
      }
      if (header.tag === ITEM) throw new Stop('malformed');
      if (header.tag === 0 && depth === 0 && this.#restIsZero(start)) {
        this.#at = end; // padding after the last element
        break;
      }
      if (depth === 0 && PIXEL_DATA.has(header.tag)) {
        const { vr, length } = header;
        this.#pixelData = { vr, offset: this.#at, length: length === UNDEFINED_LENGTH ? null : length };
        if (this.#options.untilPixelData) return charset;
        this.#skip(header, end);
        continue;
      }
      const element = this.#readValue(header, encoding, end, charset, depth);
      if (!elements.has(element.tag)) elements.set(element.tag, element);
      if (element.tag === SPECIFIC_CHARACTER_SET) charset = characterSetOf(elements, inherited);
    }
    return charset;
  }

  #readHeader(encoding: Encoding, end: number): Header {
    this.#need(8, end);
    this.#count += 1;
    if (this.#count > MAX_ELEMENTS) throw new Stop('too-large');
    const { isLittleEndian } = encoding;
    const at = this.#at;
    const tag = this.#view.getUint16(at, isLittleEndian) * 0x10000 + this.#view.getUint16(at + 2, isLittleEndian);
    if (!encoding.isExplicit || tag >= ITEM) {
      this.#at += 8;
      return { tag, vr: implicitVr(tag), length: this.#view.getUint32(at + 4, isLittleEndian) };
    }
    const vr = String.fromCharCode(this.#bytes[at + 4] ?? 0, this.#bytes[at + 5] ?? 0);
    if (SHORT_VRS.has(vr)) {
      this.#at += 8;
      return { tag, vr, length: this.#view.getUint16(at + 6, isLittleEndian) };
    }
    // A VR yet to be defined has a long length too, and is read as UN (PS3.5 §6.2.2).
    if (!/^[A-Z]{2}$/.test(vr)) throw new Stop('malformed');
    this.#need(12, end);
    this.#at += 12;
    return { tag, vr: LONG_VRS.has(vr) ? vr : 'UN', length: this.#view.getUint32(at + 8, isLittleEndian) };
  }

  #readValue(header: Header, encoding: Encoding, end: number, charset: CharacterSet, depth: number): Element {
    const { tag, length } = header;
    if (length === UNDEFINED_LENGTH) {
      if (PIXEL_DATA.has(tag)) return { tag, vr: header.vr, bytes: this.#skip(header, end), items: null };
      // Undefined length under UN means a sequence in implicit VR little endian (PS3.5 §6.2.2, note 4).
      const inner = header.vr === 'UN' ? { isExplicit: false, isLittleEndian: true } : encoding;
      return { tag, vr: 'SQ', bytes: EMPTY, items: this.#readItems(inner, end, true, charset, depth) };
    }
    if (header.vr === 'SQ' && !(length > 0 && !encoding.isExplicit && !this.#startsWithItem(encoding, end))) {
      this.#need(length, end);
      const items = this.#readItems(encoding, this.#at + length, false, charset, depth);
      return { tag, vr: 'SQ', bytes: EMPTY, items };
    }
    this.#need(length, end);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    const vr = header.vr === 'UN' || header.vr === 'SQ' ? (lookUpTag(tag)?.vr ?? 'UN') : header.vr;
    return { tag, vr: vr === 'SQ' ? 'UN' : vr, bytes, items: null };
  }

  #readItems(
    encoding: Encoding,
    end: number,
    isDelimited: boolean,
    charset: CharacterSet,
    depth: number,
  ): readonly Dataset[] {
    if (depth >= MAX_DEPTH) throw new Stop('too-deep');
    const items: Dataset[] = [];
    while (isDelimited || this.#at < end) {
      const header = this.#readHeader(encoding, end);
      if (header.tag === SEQUENCE_END) {
        if (isDelimited) return items;
        continue;
      }
      if (header.tag !== ITEM) throw new Stop('malformed');
      const elements = new Map<Tag, Element>();
      let itemEnd = end;
      if (header.length !== UNDEFINED_LENGTH) {
        this.#need(header.length, end);
        itemEnd = this.#at + header.length;
      }
      const own = this.#readElements(elements, encoding, itemEnd, charset, depth + 1);
      if (header.length !== UNDEFINED_LENGTH && this.#at !== itemEnd) throw new Stop('malformed');
      items.push({ elements, isLittleEndian: encoding.isLittleEndian, characterSet: own });
    }
    return items;
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

  /** In implicit VR the dictionary says sequence; the writer may have meant another VR, and then no item comes. */
  #startsWithItem({ isLittleEndian }: Encoding, end: number): boolean {
    this.#need(4, end);
    const first = this.#view.getUint16(this.#at, isLittleEndian);
    return first === ITEM >>> 16;
  }

  #restIsZero(start: number): boolean {
    this.#zerosFrom ??= this.#bytes.findLastIndex((byte) => byte !== 0) + 1;
    return start >= this.#zerosFrom;
  }
}

const EMPTY = new Uint8Array(0);

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
