/** One item or sub-item: a type and its value (PS3.8 §9.3.2). */
export type Item = { readonly type: number; readonly data: Buffer };

/** Splits bytes into items; null where one reaches past the end. */
export function readItems(bytes: Buffer): readonly Item[] | null {
  const items: Item[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) return null;
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return null;
    items.push({ type: bytes.readUInt8(at), data: bytes.subarray(at + 4, end) });
    at = end;
  }
  return items;
}

/** Frames one item or sub-item. */
export function item(type: number, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(data.length, 2);
  return Buffer.concat([header, data]);
}

/** A UID without the padding some peers add. */
export function uidText(data: Buffer): string {
  return data.toString('latin1').replace(/[\0 ]+$/, '');
}
