import { create } from 'zustand';
import { client } from '../../bridge/client.ts';
import type { Picked, PickedFile } from './gather-files.ts';

/** Files on their way to an import; it goes on whatever page is shown. */
export type Upload = {
  readonly importId: string;
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
  readonly unread: number;
  readonly isSending: boolean;
};

/** How sending one file ended: `ended` means that the import takes no more. */
type Sent = 'sent' | 'failed' | 'ended';

const AT_ONCE = 4;
const MOST_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/** Uploads of this page by the id of their import. */
export const useUploads = create<{ readonly [importId: string]: Upload }>(() => ({}));

/** Begins an import and sends the files, some at a time. Gives its id as soon as it has begun. */
export async function sendFiles({ files, unread }: Picked): Promise<string> {
  const { importId } = await client.imports.start({ from: { source: 'upload' } });
  useUploads.setState({
    [importId]: { importId, total: files.length, sent: 0, failed: 0, unread, isSending: true },
  });
  void sendAll(importId, files);
  return importId;
}

async function sendAll(importId: string, files: readonly PickedFile[]): Promise<void> {
  const note = (change: (upload: Upload) => Partial<Upload>) =>
    useUploads.setState((all) => {
      const upload = all[importId];
      return upload === undefined ? all : { [importId]: { ...upload, ...change(upload) } };
    });
  let next = 0;
  let hasEnded = false;
  const turn = async () => {
    while (!hasEnded && next < files.length) {
      const file = files[next++];
      if (file === undefined) return;
      const sent = await sendFile(importId, file);
      if (sent === 'ended') hasEnded = true;
      else note((upload) => (sent === 'sent' ? { sent: upload.sent + 1 } : { failed: upload.failed + 1 }));
    }
  };
  const staying = (event: BeforeUnloadEvent) => event.preventDefault();
  window.addEventListener('beforeunload', staying);
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, turn));
    // Ended by somebody else meanwhile, or out of reach: the station ends it by itself.
    if (!hasEnded) await client.imports.finish({ importId }).catch(() => null);
  } finally {
    window.removeEventListener('beforeunload', staying);
    note(() => ({ isSending: false }));
  }
}

/** Sends one file; tries again where nothing says that it was not taken, for a file that came twice is only a duplicate. */
async function sendFile(importId: string, { name, file }: PickedFile): Promise<Sent> {
  for (let attempt = 1; ; attempt += 1) {
    const status = await putFile(importId, name, file);
    if (status === 200) return 'sent';
    if (status === 404 || status === 409 || status === 507 || status === 401 || status === 403) return 'ended';
    if (status === 400 || attempt === MOST_ATTEMPTS) return 'failed';
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
  }
}

async function putFile(importId: string, name: string, file: File): Promise<number | null> {
  try {
    const answer = await fetch(`/api/v1/imports/${importId}/files`, {
      method: 'PUT',
      body: file,
      headers: { 'content-type': 'application/octet-stream', 'wetread-file-name': encodeURIComponent(name) },
    });
    return answer.status;
  } catch {
    return null; // TypeError: out of reach, or the file cannot be read any more
  }
}
