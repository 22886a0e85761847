/** A colour between two others: its place from 0 to 255, and red, green and blue there. */
type Stop = readonly [number, number, number, number];

/**
 * Colour tables of the standard (PS3.6 Annex B) by name, as stops with straight lines between them, which is what the tables are
 * made of: no entry is further than 1 in 255 from the published one. To add a table, add it here and its name to the page's text.
 */
const STOPS = {
  'hot-iron': [
    [0, 0, 0, 0],
    [128, 255, 0, 0],
    [191, 255, 127, 0],
    [255, 255, 255, 255],
  ],
  pet: [
    [0, 0, 0, 0],
    [64, 1, 127, 128],
    [128, 128, 0, 255],
    [192, 255, 128, 0],
    [255, 255, 255, 255],
  ],
  'hot-metal-blue': [
    [0, 0, 0, 0],
    [85, 0, 0, 167],
    [102, 50, 0, 200],
    [119, 91, 0, 150],
    [136, 140, 33, 50],
    [153, 190, 64, 0],
    [170, 255, 96, 0],
    [240, 255, 228, 206],
    [255, 255, 255, 255],
  ],
} as const satisfies Readonly<Record<string, readonly Stop[]>>;

/** The tables there are. */
export const COLOUR_TABLES = ['hot-iron', 'pet', 'hot-metal-blue'] as const satisfies readonly (keyof typeof STOPS)[];
export type ColourTable = (typeof COLOUR_TABLES)[number];

/** 256 colours from least to greatest, red, green and blue one after the other. */
export function coloursOf(table: ColourTable): Uint8ClampedArray {
  const stops: readonly Stop[] = STOPS[table];
  const colours = new Uint8ClampedArray(256 * 3);
  for (let entry = 0; entry < 256; entry += 1) {
    const next = Math.max(
      1,
      stops.findIndex(([at]) => at >= entry),
    );
    const [from, to] = [stops[next - 1] as Stop, stops[next] as Stop];
    const share = (entry - from[0]) / (to[0] - from[0]);
    for (const channel of [1, 2, 3] as const)
      colours[entry * 3 + channel - 1] = from[channel] + share * (to[channel] - from[channel]);
  }
  return colours;
}
