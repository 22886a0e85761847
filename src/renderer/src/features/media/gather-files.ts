/** A file to be sent, under its path from where it was picked. */
export type PickedFile = { readonly name: string; readonly file: File };

/** What was dropped or picked, and how many folders the browser could not read. */
export type Picked = { readonly files: readonly PickedFile[]; readonly unread: number };

/** The files that somebody chose; of a folder, with their paths in it. */
export function pickedFiles(list: FileList): Picked {
  const files = [...list].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
  return { files, unread: 0 };
}

/** Everything dropped, folders walked. Must be called while the drop is handled: the browser forgets it afterwards. */
export async function droppedFiles(items: DataTransferItemList): Promise<Picked> {
  const entries = [...items].flatMap((item) => (item.kind === 'file' ? (item.webkitGetAsEntry() ?? []) : []));
  const files: PickedFile[] = [];
  let unread = 0;
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    try {
      if (entry instanceof FileSystemFileEntry) {
        const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
        files.push({ name: entry.fullPath.replace(/^\//, ''), file });
      } else if (entry instanceof FileSystemDirectoryEntry) {
        for (const inner of await listFolder(entry)) await walk(inner);
      }
    } catch {
      unread += 1; // DOMException: the browser may not read it, or it has gone
    }
  };
  for (const entry of entries) await walk(entry);
  return { files, unread };
}

/** A browser gives a hundred at a time, and none when that was all. */
async function listFolder(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
