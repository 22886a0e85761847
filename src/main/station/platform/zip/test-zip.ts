/** One entry as its packed bytes are and as the directory is to describe it, true or not. */
export type ToldEntry = {
  readonly name: string;
  readonly method: 0 | 8;
  readonly packed: Uint8Array;
  /** Of the unpacked bytes, as the checksum is. */
  readonly sizeBytes: number;
  readonly checksum: number;
};

/** A ZIP of one entry that says of it what it is told (APPNOTE 4.3.7, 4.3.12, 4.3.16); for tests only. */
export function aZipOf({ name, method, packed, sizeBytes, checksum }: ToldEntry): Buffer {
  const nameBytes = Buffer.from(name);
  const facts = Buffer.alloc(26); // the part that both headers share, from the version to the length of the extra field
  facts.writeUInt16LE(20, 0);
  facts.writeUInt16LE(method, 4);
  facts.writeUInt32LE(checksum, 10);
  facts.writeUInt32LE(packed.length, 14);
  facts.writeUInt32LE(sizeBytes, 18);
  facts.writeUInt16LE(nameBytes.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, nameBytes, packed]);
  const madeBy = Buffer.from([20, 3]);
  const directory = Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, facts, Buffer.alloc(14), nameBytes]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}
