/** A window of grey values: what is drawn between black and white, by centre and width (PS3.3 §C.11.2.1.2). */
export type GreyWindow = { readonly centre: number; readonly width: number };

/** A window a reader calls up with a digit; the name is a code for the page's text. */
export type WindowPreset = GreyWindow & { readonly key: string; readonly name: string };

/** Windows by modality, in Hounsfield units. To add one, add a line; other modalities start from the image's own window. */
export const WINDOW_PRESETS: Readonly<Record<string, readonly WindowPreset[]>> = {
  CT: [
    { key: '1', name: 'brain', centre: 40, width: 80 },
    { key: '2', name: 'subdural', centre: 75, width: 215 },
    { key: '3', name: 'stroke', centre: 40, width: 40 },
    { key: '4', name: 'bone', centre: 600, width: 2800 },
    { key: '5', name: 'soft-tissue', centre: 40, width: 400 },
    { key: '6', name: 'lung', centre: -600, width: 1500 },
    { key: '7', name: 'mediastinum', centre: 50, width: 350 },
    { key: '8', name: 'liver', centre: 60, width: 160 },
    { key: '9', name: 'angiography', centre: 300, width: 600 },
  ],
};

/** The presets of a modality; none where grey values mean nothing by themselves (MR, projection). */
export function presetsOf(modality: string): readonly WindowPreset[] {
  return WINDOW_PRESETS[modality] ?? [];
}

/** The preset on a digit key, or null where that modality has none. */
export function findPreset(modality: string, key: string): WindowPreset | null {
  return presetsOf(modality).find((preset) => preset.key === key) ?? null;
}
