"""Says of each file what has to be measured on one frame of it, by pydicom and PS3.3 alone, with nothing of this product.

On standard input a line of JSON for each: {"index", "path", "frame"}, and "less" where the mean of these frames is taken away; prints one for each: index, and measures: kind, points in
columns and rows, unit and value as the page has to say them.
"""

import json
import math
import sys
import warnings

import pydicom
from pydicom.pixel_data_handlers.util import apply_modality_lut

warnings.simplefilter("ignore")

PROJECTIONS = ("CR", "DX", "MG", "RF", "XA", "IO", "PX", "RG")
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"


def found(one, frame, keyword):
    """An attribute of a frame: of its functional groups, of the shared ones, or of the object."""
    own = one.get("PerFrameFunctionalGroupsSequence") or []
    shared = one.get("SharedFunctionalGroupsSequence") or []
    for groups in ([own[frame - 1]] if len(own) >= frame else []) + list(shared[:1]):
        for element in groups:
            if element.VR == "SQ" and element.tag.group % 2 == 0 and len(element.value) and keyword in element.value[0]:
                return element.value[0].get(keyword)
    return one.get(keyword)


def pair(one, frame, keyword):
    """Two numbers above nothing: of rows, of columns."""
    value = found(one, frame, keyword)
    if value is None or not isinstance(value, (list, pydicom.multival.MultiValue)) or len(value) < 2:
        return None
    rows, columns = float(value[0]), float(value[1])
    return (rows, columns) if rows > 0 and columns > 0 else None


def spacing(one, frame):
    """(unit, height, width) of a pixel, PS3.3 section 10.7."""
    pixel, imager = pair(one, frame, "PixelSpacing"), pair(one, frame, "ImagerPixelSpacing")
    calibrated = bool(found(one, frame, "PixelSpacingCalibrationType"))
    sop = str(one.get("SOPClassUID", ""))
    shape = pixel or imager or pair(one, frame, "PixelAspectRatio") or (1.0, 1.0)
    plain = ("px", shape[0] / shape[1], 1.0)
    if sop == SECONDARY or sop.startswith(SECONDARY + "."):
        return ("mm", *pixel) if pixel and calibrated else plain
    if str(one.get("Modality", "")) not in PROJECTIONS:
        return ("mm", *pixel) if pixel else plain
    if pixel and (calibrated or (imager and max(abs(a - b) for a, b in zip(pixel, imager)) >= 1e-6)):
        return ("mm", *pixel)
    detector = imager or pixel
    return ("mm-at-detector", *detector) if detector else plain


def region_of(one):
    """The place and scale of tissue in an ultrasound picture; None where it names no region, False where none is of tissue."""
    regions = one.get("SequenceOfUltrasoundRegions") if one.get("Modality") == "US" else None
    if not regions:
        return None
    for item in regions:
        units = (item.get("PhysicalUnitsXDirection"), item.get("PhysicalUnitsYDirection"))
        if item.get("RegionSpatialFormat") == 1 and units == (3, 3):
            box = [item.get(f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
            return box, ("mm", abs(item.PhysicalDeltaY) * 10, abs(item.PhysicalDeltaX) * 10)
    return False


def value_at(one, frame, column, row, less):
    """The rescaled value of a grey pixel; None of colours, padding and what pydicom does not decode."""
    if one.get("SamplesPerPixel", 1) != 1 or not one.PhotometricInterpretation.startswith("MONOCHROME"):
        return None
    if one.get("PixelPaddingValue") is not None or one.get("Modality") == "PT":
        return None
    pixels = one.pixel_array
    stored = pixels[frame - 1] if pixels.ndim == 3 else pixels
    if less:
        return float(stored[row, column]) - sum(float(pixels[other - 1][row, column]) for other in less) / len(less)
    if "ModalityLUTSequence" in one:
        return float(apply_modality_lut(stored, one)[row, column])
    slope = float(found(one, frame, "RescaleSlope") or 1)
    return float(stored[row, column]) * slope + float(found(one, frame, "RescaleIntercept") or 0)


def measures(path, frame, less):
    one = pydicom.dcmread(path, force=True)
    region = region_of(one)
    if region is False or not all(isinstance(one.get(size), int) for size in ("Rows", "Columns")):
        return []
    box, (unit, height, width) = region or ([0, 0, one.Columns - 1, one.Rows - 1], spacing(one, frame))
    left, top, right, bottom = box
    reach = max(1, min(right - left, bottom - top) // 3)
    column, row = left + reach, top + reach
    corner = [column, row]
    beside, below, aside = [column + reach, row], [column, row + reach], [column + reach, row + reach]
    said = [
        {"kind": "length", "points": [corner, beside], "unit": unit, "value": reach * width},
        {"kind": "length", "points": [corner, below], "unit": unit, "value": reach * height},
        {"kind": "length", "points": [corner, aside], "unit": unit, "value": reach * math.hypot(width, height)},
        {"kind": "angle", "points": [beside, corner, aside], "unit": "°", "value": math.degrees(math.atan2(height, width))},
    ]
    try:
        value = value_at(one, frame, column, row, less)
    except Exception:  # what pydicom cannot decode is compared as a picture, where DCMTK can
        value = None
    if value is not None and math.isfinite(value):
        said.append({"kind": "probe", "points": [corner], "unit": "value", "value": value})
    return said


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"index": asked["index"], "measures": measures(asked["path"], asked["frame"], asked.get("less"))}))
