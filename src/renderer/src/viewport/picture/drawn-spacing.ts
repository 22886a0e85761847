import { type DicomJson, numbersOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';

/**
 * How far apart pixels are drawn, between two rows and between two columns: by the patient's millimetres, else at the detector, else
 * by the shape of a pixel (height to width, PS3.3 §C.7.6.3.1.7), else as squares. Only its ratio is to be trusted: what lengths
 * mean is `spacingOf`.
 */
export function drawnSpacing(dataSet: DicomJson): { readonly rowSpacing: number; readonly columnSpacing: number } {
  for (const tag of [TAG.PixelSpacing, TAG.ImagerPixelSpacing, TAG.PixelAspectRatio]) {
    const [rowSpacing, columnSpacing] = numbersOf(dataSet, tag);
    if (rowSpacing !== undefined && columnSpacing !== undefined && rowSpacing > 0 && columnSpacing > 0)
      return tag === TAG.PixelSpacing
        ? { rowSpacing, columnSpacing }
        : { rowSpacing: rowSpacing / columnSpacing, columnSpacing: 1 };
  }
  return { rowSpacing: 1, columnSpacing: 1 };
}
