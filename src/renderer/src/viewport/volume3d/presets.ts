/** A value with red, green and blue from 0 to 1. */
type ColourStop = readonly [value: number, red: number, green: number, blue: number];
/** A value with how opaque it is, 0 to 1. */
type OpacityStop = readonly [value: number, opacity: number];

/**
 * How a body is drawn: colours and opacity by value, with straight lines between. Values are Hounsfield units (`HU`), or shares of the
 * series' own usual range from 0 to 1 (`share`), where they mean nothing by themselves. `mip`: the greatest value along each ray.
 */
export type VolumePreset = {
  readonly name: string;
  readonly modalities: readonly string[];
  readonly values: 'HU' | 'share';
  readonly blend: 'composite' | 'mip';
  readonly isShaded: boolean;
  readonly colours: readonly ColourStop[];
  readonly opacity: readonly OpacityStop[];
};

const GREY: readonly ColourStop[] = [
  [0, 0, 0, 0],
  [1, 1, 1, 1],
];

/** The presets by name, in the order their digits have. To add one, add it here and its name to the page's text. */
export const VOLUME_PRESETS: readonly VolumePreset[] = [
  {
    ...{ name: 'ct-bone', modalities: ['CT'], values: 'HU', blend: 'composite', isShaded: true },
    colours: [
      [-1000, 0.2, 0.1, 0.08],
      [150, 0.62, 0.32, 0.22],
      [350, 0.9, 0.8, 0.62],
      [1500, 1, 1, 0.96],
    ],
    opacity: [
      [-1000, 0],
      [160, 0],
      [280, 0.35],
      [700, 0.8],
      [1500, 0.95],
    ],
  },
  {
    ...{ name: 'ct-soft-tissue', modalities: ['CT'], values: 'HU', blend: 'composite', isShaded: true },
    colours: [
      [-1000, 0.3, 0.2, 0.16],
      [-160, 0.72, 0.52, 0.4],
      [40, 0.86, 0.58, 0.48],
      [200, 0.95, 0.85, 0.75],
      [1500, 1, 1, 1],
    ],
    opacity: [
      [-1000, 0],
      [-220, 0],
      [-100, 0.25],
      [60, 0.7],
      [1500, 0.9],
    ],
  },
  {
    ...{ name: 'ct-lung', modalities: ['CT'], values: 'HU', blend: 'composite', isShaded: true },
    colours: [
      [-1000, 0.2, 0.3, 0.4],
      [-800, 0.35, 0.5, 0.62],
      [-600, 0.75, 0.82, 0.85],
      [-300, 0.95, 0.7, 0.6],
      [1500, 1, 1, 1],
    ],
    opacity: [
      [-1000, 0],
      [-950, 0],
      [-850, 0.02],
      [-650, 0.1],
      [-450, 0.16],
      [-350, 0],
      [1500, 0],
    ],
  },
  {
    ...{ name: 'ct-angiography', modalities: ['CT'], values: 'HU', blend: 'composite', isShaded: true },
    colours: [
      [-1000, 0.2, 0, 0],
      [120, 0.55, 0.06, 0.04],
      [250, 0.9, 0.28, 0.2],
      [450, 1, 0.85, 0.72],
      [1500, 1, 1, 0.96],
    ],
    opacity: [
      [-1000, 0],
      [130, 0],
      [220, 0.45],
      [400, 0.8],
      [1500, 0.9],
    ],
  },
  {
    ...{ name: 'ct-mip', modalities: ['CT'], values: 'HU', blend: 'mip', isShaded: false },
    colours: [
      [-200, 0, 0, 0],
      [900, 1, 1, 1],
    ],
    opacity: [
      [-200, 0],
      [900, 1],
    ],
  },
  {
    ...{ name: 'pet-mip', modalities: ['PT', 'NM'], values: 'share', blend: 'mip', isShaded: false },
    colours: GREY,
    opacity: [
      [0, 0],
      [1, 1],
    ],
  },
  {
    ...{ name: 'mr-mip', modalities: ['MR'], values: 'share', blend: 'mip', isShaded: false },
    colours: GREY,
    opacity: [
      [0, 0],
      [1, 1],
    ],
  },
  {
    ...{ name: 'surface', modalities: ['MR', 'PT', 'NM'], values: 'share', blend: 'composite', isShaded: true },
    colours: [
      [0, 0.2, 0.15, 0.12],
      [0.3, 0.75, 0.6, 0.5],
      [1, 1, 0.97, 0.92],
    ],
    opacity: [
      [0, 0],
      [0.12, 0],
      [0.3, 0.35],
      [1, 0.9],
    ],
  },
];

/** What a modality can be drawn as; every other one as those whose values mean nothing by themselves. */
export function volumePresetsOf(modality: string): readonly VolumePreset[] {
  const own = VOLUME_PRESETS.filter(({ modalities }) => modalities.includes(modality));
  return own.length > 0 ? own : VOLUME_PRESETS.filter(({ values }) => values === 'share');
}

/**
 * A preset as the engine reads it: lists of numbers as text, each led by its length, with values in what the texture holds. The engine
 * moves the colours' range to lie about zero, so it is given one that does: from -most to most, with the colours of the ends.
 */
export function presetForEngine(
  { name, colours, opacity, isShaded }: VolumePreset,
  toStored: (value: number) => number,
) {
  const stored = colours.map(([value, ...colour]) => [toStored(value), ...colour]);
  const [first = [0], last = [0]] = [stored[0], stored.at(-1)];
  const most = Math.max(...stored.map(([value = 0]) => Math.abs(value)));
  const whole = [
    ...((first[0] ?? 0) > -most ? [[-most, ...first.slice(1)]] : []),
    ...stored,
    ...((last[0] ?? 0) < most ? [[most, ...last.slice(1)]] : []),
  ];
  const list = (stops: readonly (readonly number[])[]) => [stops.flat().length, ...stops.flat()].join(' ');
  return {
    ...{ name, colorTransfer: list(whole), gradientOpacity: '4 0 1 255 1' },
    scalarOpacity: list(opacity.map(([value, share]) => [toStored(value), share])),
    ...{ shade: isShaded ? '1' : '0', interpolation: '1' },
    ...{ ambient: '0.25', diffuse: '0.85', specular: '0.25', specularPower: '12' },
  };
}
