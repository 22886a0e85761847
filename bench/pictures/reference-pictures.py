"""Draws one frame of each file as PS3.3 and PS3.4 Annex N ask, with nothing of this product: DCMTK's dcm2pnm where it can, else
pydicom with GDCM and Pillow for the stored values, and NumPy for the rest.

Usage: reference-pictures.py OUTPUT_FOLDER; on standard input a line of JSON for each: {"index", "path", "frame"}, and for a frame
less the mean of others {"less": {"frames", "centre", "width"}}, which is windowed as PS3.4 §N.2.5 has it. Prints for each
that can be drawn one line of JSON: index, by, rows, columns, channels, syntax, photometric; 8-bit pixels lie in OUTPUT_FOLDER/INDEX.
"""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pydicom
from pydicom.pixel_data_handlers.util import apply_modality_lut

warnings.simplefilter("ignore")


def group(one, frame, keyword):
    """The item of a functional group that holds for a frame; the data set itself where there is none."""
    shared = one.get("SharedFunctionalGroupsSequence") or [None]
    own = one.get("PerFrameFunctionalGroupsSequence") or []
    for where in ([own[frame - 1]] if len(own) >= frame else []) + [shared[0]]:
        if where is not None and where.get(keyword):
            return where[keyword].value[0]
    return one


def first(value):
    return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)


def window_of(one):
    if one.get("WindowCenter") in (None, "") or one.get("WindowWidth") in (None, ""):
        return None
    width = first(one.WindowWidth)
    shape = one.get("VOILUTFunction") or "LINEAR"
    return (first(one.WindowCenter), width, shape) if width >= 1 or (shape != "LINEAR" and width > 0) else None


def by_dcmtk(path, one, frame, target):
    """None where DCMTK cannot, or where it does not know what is asked: functional groups, LINEAR_EXACT, float and 32-bit pixels."""
    syntax = one.file_meta.TransferSyntaxUID
    if "SharedFunctionalGroupsSequence" in one or syntax.endswith((".4.90", ".4.91", ".201", ".202", ".203")):
        return None
    if window_of(one) is None and not one.get("VOILUTSequence") and "PixelPaddingValue" in one:
        return None
    # DCMTK rounds rescaled values to whole ones before it looks for the least and the greatest.
    if window_of(one) is None and float(one.get("RescaleSlope") or 1) % 1 != 0:
        return None
    if one.BitsAllocated not in (1, 8, 16) or one.get("VOILUTFunction") == "LINEAR_EXACT":
        return None
    window = window_of(one)
    voi = ["+Wi", "1"] if window else ["+Wl", "1"] if one.get("VOILUTSequence") else ["+Wm"]
    if one.SamplesPerPixel != 1 or not one.PhotometricInterpretation.startswith("MONOCHROME"):
        voi = []
    tool = "dcml2pnm" if syntax.endswith((".4.80", ".4.81")) else "dcmj2pnm"
    overlays = ["+O", "0", "+Omr"]
    done = subprocess.run([tool, "-q", *overlays, "-S", "+F", str(frame), *voi, "+op", path, target], capture_output=True)
    if done.returncode != 0 or not os.path.exists(target):
        return None
    return pnm(target)


def pnm(path):
    with open(path, "rb") as file:
        data = file.read()
    words, at = [], 0
    while len(words) < 4:
        while data[at : at + 1].isspace():
            at += 1
        if data[at : at + 1] == b"#":
            at = data.index(b"\n", at)
            continue
        end = at
        while not data[end : end + 1].isspace():
            end += 1
        words.append(data[at:end])
        at = end
    columns, rows = int(words[1]), int(words[2])
    channels = 3 if words[0] == b"P6" else 1
    pixels = np.frombuffer(data[at + 1 :], np.uint8)[: rows * columns * channels]
    return pixels.reshape(rows, columns, channels)


def by_numpy(one, frame):
    values = one.pixel_array
    if int(one.get("NumberOfFrames") or 1) > 1:
        values = values[frame - 1]
    photometric = one.PhotometricInterpretation
    if one.SamplesPerPixel == 3:
        if photometric.startswith("YBR_FULL") and one.file_meta.TransferSyntaxUID.is_compressed is False:
            values = pydicom.pixel_data_handlers.util.convert_color_space(values, photometric, "RGB")
        if one.BitsStored > 8:
            values = np.round(values.astype(float) * 255 / (2**one.BitsStored - 1))
        return values.astype(np.uint8)
    if photometric == "PALETTE COLOR":
        coloured = pydicom.pixel_data_handlers.util.apply_color_lut(values, one)
        return (coloured / 257).round().astype(np.uint8) if coloured.dtype == np.uint16 else coloured
    values = values.astype(float)
    padding = np.zeros(values.shape, bool)
    if "PixelPaddingValue" in one:
        signed = lambda value: value - 0x10000 if one.PixelRepresentation == 1 and value > 0x7FFF else value
        ends = [signed(one.PixelPaddingValue), signed(one.get("PixelPaddingRangeLimit", one.PixelPaddingValue))]
        padding = (values >= min(ends)) & (values <= max(ends))
    if one.get("ModalityLUTSequence"):
        values = apply_modality_lut(one.pixel_array, one).astype(float)
    else:
        by = group(one, frame, "PixelValueTransformationSequence")
        slope = by.get("RescaleSlope")
        values = values * float(slope if slope not in (None, "", 0) else 1) + float(by.get("RescaleIntercept") or 0)
    window = window_of(group(one, frame, "FrameVOILUTSequence"))
    if window is None:
        real = values[np.isfinite(values) & ~padding]
        low, high = (float(real.min()), float(real.max())) if real.size else (0, 1)
        shown = (values - low) / (high - low) if high > low else (values > 0).astype(float)
    else:
        centre, width, shape = window
        if shape == "SIGMOID":
            shown = 1 / (1 + np.exp(-4 * (values - centre) / width))
        elif shape == "LINEAR_EXACT":
            shown = (values - centre) / width + 0.5
        elif width == 1:
            shown = (values > centre - 0.5).astype(float)
        else:
            shown = (values - (centre - 0.5)) / (width - 1) + 0.5
    shown = np.clip(np.nan_to_num(shown), 0, 1)
    shape = one.get("PresentationLUTShape")
    if shape == "INVERSE" or (not shape and photometric == "MONOCHROME1"):
        shown = 1 - shown
    shown[padding] = np.minimum(shown[padding], 0) if shape == "INVERSE" or photometric == "MONOCHROME1" else shown[padding]
    for group_number in range(0x6000, 0x6020, 2):
        if (group_number, 0x3000) in one:
            top, left = (int(at) - 1 for at in one[group_number, 0x0050].value)
            bits = one.overlay_array(group_number)
            shown[top : top + bits.shape[0], left : left + bits.shape[1]][bits == 1] = 1
    return np.round(shown * 255).astype(np.uint8)


def by_subtraction(one, frame, less):
    values = one.pixel_array.astype(float)
    values = values[frame - 1] - np.mean([values[other - 1] for other in less["frames"]], axis=0)
    shown = (values - (less["centre"] - 0.5)) / (less["width"] - 1) + 0.5
    return np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8)


def main():
    folder = sys.argv[1]
    for line in sys.stdin:
        asked = json.loads(line)
        target = os.path.join(folder, str(asked["index"]))
        try:
            one = pydicom.dcmread(asked["path"], force=True)
            by, pixels = "dcmtk", None
            if asked.get("less"):
                by, pixels = "pydicom", by_subtraction(one, asked["frame"], asked["less"])
            else:
                pixels = by_dcmtk(asked["path"], one, asked["frame"], target)
            if pixels is None:
                by, pixels = "pydicom", by_numpy(one, asked["frame"])
        except Exception as why:  # whatever it cannot read is no reference
            print(json.dumps({"index": asked["index"], "why": f"{type(why).__name__}: {why}"[:160]}), flush=True)
            continue
        pixels = pixels.reshape(pixels.shape[0], pixels.shape[1], -1)
        pixels.tofile(target)
        rows, columns, channels = pixels.shape
        about = {"rows": rows, "columns": columns, "channels": channels}
        print(json.dumps({"index": asked["index"], "by": by, **about}), flush=True)


main()
