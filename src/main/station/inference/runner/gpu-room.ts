import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** MiB of a device's memory that are free; null where nobody can say. */
export type MeasureGpu = () => Promise<number | null>;

/**
 * Bounds what models take of a device by measuring it: the binding of the library takes no limit for its arena, which grows as
 * runs need and gives nothing back until its session is closed. So no model is loaded into less than it was seen to hold.
 */
export type GpuRoom = {
  /** Whether a model may be loaded; `closeOldest` closes another one that is there, false where there is none. */
  make(
    model: { readonly key: string; readonly isLoaded: boolean; readonly expectedMb: number },
    closeOldest: () => Promise<boolean>,
  ): Promise<boolean>;
  /** After a run: what the device lost since `make`, where that loaded the model, is what the model holds. */
  note(key: string): Promise<void>;
};

/** Left free for whatever else draws on the device, and for what a run needs beside the last one. */
const RESERVE_MB = 512;
const ON_DEVICE: ReadonlySet<string> = new Set(['cuda', 'tensorrt']);

/** Whether a provider takes memory of a device that is measured here. Of others nothing can be asked. */
export function isMeasuredProvider(provider: string): boolean {
  return ON_DEVICE.has(provider);
}

/** Nothing was seen yet: until it was, a model is expected to hold what its manifest says. */
export function keepGpuRoom(measure: MeasureGpu = askDriver): GpuRoom {
  const seenMb = new Map<string, number>();
  let before: { readonly key: string; readonly freeMb: number } | null = null;
  return {
    async make({ key, isLoaded, expectedMb }, closeOldest) {
      const needMb = RESERVE_MB + (isLoaded ? 0 : (seenMb.get(key) ?? expectedMb));
      for (;;) {
        const freeMb = await measure();
        before = freeMb === null || isLoaded ? null : { key, freeMb };
        if (freeMb === null || freeMb >= needMb) return true;
        if (!(await closeOldest())) return false;
      }
    },
    async note(key) {
      const freeMb = before?.key === key ? await measure() : null;
      if (freeMb === null || before === null) return;
      seenMb.set(key, Math.max(seenMb.get(key) ?? 0, before.freeMb - freeMb));
      before = null;
    },
  };
}

/** Of the first device, as the driver's own tool says: the one that the library takes. */
async function askDriver(): Promise<number | null> {
  try {
    const asked = ['--query-gpu=memory.free', '--format=csv,noheader,nounits', '--id=0'];
    const { stdout } = await promisify(execFile)('nvidia-smi', asked, { timeout: 5000 });
    const freeMb = Number(stdout.trim());
    return stdout.trim() === '' || Number.isNaN(freeMb) ? null : freeMb;
  } catch {
    return null; // no such tool: the library says it when there is no room
  }
}
