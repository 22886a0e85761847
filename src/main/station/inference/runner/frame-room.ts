/** Memory for the values of frames, lent for one series at a time. */
export type FrameRoom = {
  /** So many numbers, whatever stands in them. */
  readonly take: (length: number) => Int16Array;
  /** Nobody looks any more at what was taken: the next series is given it. */
  readonly reclaim: () => void;
};

/**
 * Keeps up to `mostMb` MiB between series: memory that was used before costs the system no fresh pages, and does not count as
 * growth, for which V8 marks everything in memory again and again.
 */
export function keepFrameRoom(mostMb: number): FrameRoom {
  let free: Int16Array[] = [];
  let lent: Int16Array[] = [];
  return {
    take(length) {
      const at = free.findIndex((one) => one.length === length);
      const values = at < 0 ? new Int16Array(length) : (free.splice(at, 1)[0] as Int16Array);
      lent.push(values);
      return values;
    },
    reclaim() {
      let bytes = 0;
      free = [...lent, ...free].filter(({ byteLength }) => (bytes += byteLength) <= mostMb * 2 ** 20);
      lent = [];
    },
  };
}
