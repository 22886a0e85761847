import { type DicomJson, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';
import { drawnSpacing } from './drawn-spacing.ts';
import { isGrey, isInverted, pixelFormatOf } from './pixel-format.ts';

/** A data set as the engine has to know it: what it is given is grey, light or dark first, or red, green and blue, its pixels shaped as they are drawn. */
export function shownAs(dataSet: DicomJson): DicomJson {
  const isColour = !isGrey(pixelFormatOf(dataSet));
  const photometric = isColour ? 'RGB' : isInverted(dataSet) ? 'MONOCHROME1' : 'MONOCHROME2';
  const { rowSpacing, columnSpacing } = drawnSpacing(dataSet);
  return {
    ...dataSet,
    [TAG.PhotometricInterpretation]: { vr: 'CS', Value: [photometric] },
    // The engine stumbles over an image that names no modality.
    [TAG.Modality]: { vr: 'CS', Value: [textOf(dataSet, TAG.Modality) ?? 'OT'] },
    ...(isColour && { [TAG.SamplesPerPixel]: { vr: 'US', Value: [3] } }),
    ...(rowSpacing !== columnSpacing && { [TAG.PixelSpacing]: { vr: 'DS', Value: [rowSpacing, columnSpacing] } }),
  };
}
