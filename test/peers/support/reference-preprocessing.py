"""Prepares real series for models as their makers do: pydicom, NumPy, SciPy and Pillow, nothing of this product.

Usage: reference-preprocessing.py CASE FOLDER_OR_FILE OUTPUT. Writes float32 numbers and prints their shape as JSON.
"""

import json
import os
import sys

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_windowing
from scipy import ndimage


def objects(folder):
    files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    return [pydicom.dcmread(name) for name in files if name.endswith(".dcm")]


def volume(folder):
    """Slices in order of place, rescaled, with the objects they come from."""
    found = objects(folder)
    cosines = np.array(found[0].ImageOrientationPatient, dtype=float)
    normal = np.cross(cosines[:3], cosines[3:])
    found.sort(key=lambda one: float(np.dot(np.array(one.ImagePositionPatient, dtype=float), normal)))
    values = np.stack([rescaled(one) for one in found])
    return values, found, cosines, normal


def rescaled(one):
    values = apply_modality_lut(one.pixel_array, one).astype(float)
    if "PixelPaddingValue" in one:
        values[one.pixel_array == one.PixelPaddingValue] = -1024
    return values


def heights(found, axis):
    return np.array([np.dot(np.array(one.ImagePositionPatient, dtype=float), axis) for one in found])


def pixel_mm(found):
    return [float(mm) for mm in found[0].PixelSpacing]


def centred(cells, scale):
    """Places of new cells of one axis on the old one, middle on middle, and how many they are."""
    count = max(1, int(np.floor(cells / scale + 0.5)))
    return (np.arange(count) - (count - 1) / 2) * scale + (cells - 1) / 2


def at(values, *places):
    grid = np.meshgrid(*places, indexing="ij")
    return ndimage.map_coordinates(values, grid, order=1, mode="nearest")


def area(values, axis, scale):
    """The mean of what each new cell covers, by way of the running sum."""
    moved = np.moveaxis(values, axis, -1)
    cells = moved.shape[-1]
    centres = centred(cells, scale)
    edge = int(np.ceil(abs(scale))) + 1
    padded = np.concatenate([moved[..., :1].repeat(edge, -1), moved, moved[..., -1:].repeat(edge, -1)], axis=-1)
    total = np.concatenate([np.zeros(padded.shape[:-1] + (1,)), np.cumsum(padded, axis=-1)], axis=-1)

    def until(place):
        whole = np.floor(place).astype(int)
        part = place - whole
        return total[..., whole] * (1 - part) + total[..., np.minimum(whole + 1, total.shape[-1] - 1)] * part

    low, high = centres + 0.5 - scale / 2 + edge, centres + 0.5 + scale / 2 + edge
    return np.moveaxis((until(high) - until(low)) / scale, -1, axis)


def fitted(values, axis, count, fill):
    """Cut off or filled on both sides, an odd cell at the end."""
    cells = values.shape[axis]
    if cells > count:
        start = (cells - count) // 2
        return np.take(values, np.arange(start, start + count), axis=axis)
    before = (count - cells) // 2
    sides = [(0, 0)] * values.ndim
    sides[axis] = (before, count - cells - before)
    return np.pad(values, sides, constant_values=fill)


def window(values, centre, width):
    return np.clip((values - (centre - width / 2)) / width, 0, 1)


def ct_head_area(folder):
    values, found, _, _ = volume(folder)
    rows, columns = pixel_mm(found)
    values = area(area(values, 1, 1 / rows), 2, 1 / columns)
    values = fitted(fitted(values, 1, 256, -1024), 2, 256, -1024)
    return np.stack([window(values, 40, 80), window(values, 600, 2800)])


def ct_head_upright(folder):
    values, found, cosines, normal = volume(folder)
    rows, columns = pixel_mm(found)
    z = heights(found, normal)
    down = (heights(found, cosines[3:]) - heights(found, cosines[3:])[0]) / rows
    across = (heights(found, cosines[:3]) - heights(found, cosines[:3])[0]) / columns
    top, bottom = int(np.floor(min(0, down.min()))), int(np.ceil(max(0, down.max())))
    left, right = int(np.floor(min(0, across.min()))), int(np.ceil(max(0, across.max())))
    y = np.arange(top, values.shape[1] + bottom, dtype=float)
    x = np.arange(left, values.shape[2] + right, dtype=float)
    upright = []
    for index, one in enumerate(values):
        moved = at(one, y - down[index], x - across[index])
        outside_y = (y - down[index] < -0.5) | (y - down[index] > one.shape[0] - 0.5)
        outside_x = (x - across[index] < -0.5) | (x - across[index] > one.shape[1] - 0.5)
        moved[outside_y, :] = -1024
        moved[:, outside_x] = -1024
        upright.append(moved)
    upright = np.stack(upright)
    steps = np.diff(z)
    step = np.sort(steps)[len(steps) // 2]
    count = int(np.floor((z[-1] - z[0]) / step + 0.5)) + 1
    even = z[0] + ((z[-1] - z[0]) - (count - 1) * step) / 2 + np.arange(count) * step
    places = np.interp(even, z, np.arange(len(z)))
    evened = at(upright, places, np.arange(len(y)), np.arange(len(x)))
    resampled = at(
        evened, centred(count, 3 / step), centred(len(y), 1 / rows), centred(len(x), 1 / columns)
    )
    return fitted(fitted(resampled, 1, 220, -1024), 2, 220, -1024)[None]


def ct_chest_linear(folder):
    values, found, _, normal = volume(folder)
    if normal[2] < 0:
        values = values[::-1]
    rows, columns = pixel_mm(found)
    step = np.diff(heights(found, normal)).mean()
    places = [centred(cells, mm / was) for cells, mm, was in zip(values.shape, (2.5, 1.5, 1.5), (step, rows, columns))]
    resampled = np.clip(fitted(fitted(at(values, *places), 1, 200, -1024), 2, 224, -1024), -1000, 400)
    return ((resampled - resampled.mean()) / resampled.std())[None]


def ct_chest_cubic(folder):
    """Catmull-Rom by its four polynomials, upside down: slices from head to foot."""
    values, found, _, normal = volume(folder)
    values = values[::-1] if normal[2] > 0 else values
    matrix = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    for axis, was in ((1, pixel_mm(found)[0]), (2, pixel_mm(found)[1])):
        places = centred(values.shape[axis], 1.25 / was)
        whole = np.floor(places).astype(int)
        part = places - whole
        weights = np.stack([np.ones_like(part), part, part**2, part**3]).T @ matrix
        neighbours = [np.take(values, np.clip(whole + tap, 0, values.shape[axis] - 1), axis=axis) for tap in (-1, 0, 1, 2)]
        shape = [1, 1, 1]
        shape[axis] = -1
        values = sum(one * weights[:, tap].reshape(shape) for tap, one in enumerate(neighbours))
    return values[None]


def ct_chest_pillow(folder):
    """As a training loader shrinks slices: Pillow's bicubic."""
    values, _, _, normal = volume(folder)
    values = values[::-1] if normal[2] < 0 else values
    small = [Image.fromarray(one.astype(np.float32)).resize((200, 180), Image.BICUBIC) for one in values]
    return (np.stack([np.array(one) for one in small]) / 1000)[None]


def mr_fit(folder):
    values, _, _, _ = volume(folder)
    scale = min(256 / values.shape[1], 256 / values.shape[2])
    size = [int(np.floor(cells * scale + 0.5)) for cells in values.shape[1:]]
    try:
        from skimage.transform import resize

        grown = np.stack([resize(one, size, order=1, mode="edge", anti_aliasing=False) for one in values])
    except ImportError:
        factors = [1] + [new / old for new, old in zip(size, values.shape[1:])]
        grown = ndimage.zoom(values, factors, order=1, mode="nearest", grid_mode=True)
    grown = fitted(fitted(grown, 1, 256, 0), 2, 256, 0)
    low, high = np.percentile(grown, [0.5, 99.5])
    scaled = np.clip((grown - low) / (high - low), 0, 1)
    inside = scaled[scaled > 0]
    return ((scaled - inside.mean()) / inside.std())[None]


def mr_sagittal(folder):
    """Seen from the side: slices towards the left, rows towards the feet, columns towards the back."""
    values, found, _, normal = volume(folder)
    if normal[2] < 0:
        values = values[::-1]
    rows, columns = pixel_mm(found)
    step = np.diff(heights(found, normal)).mean()
    side = np.transpose(values[::-1], (2, 0, 1))
    for axis, (mm, was) in enumerate(((2, columns), (4, step), (1.5, rows))):
        side = area(side, axis, mm / was)
    low, high = side.min(axis=(1, 2), keepdims=True), side.max(axis=(1, 2), keepdims=True)
    return np.where(high > low, (side - low) / np.where(high > low, high - low, 1), 0)[None]


def cxr(file):
    """As it is shown, in a square of 384, Pillow's bilinear."""
    one = pydicom.dcmread(file)
    stored = one.pixel_array
    if "WindowWidth" in one:
        high = 2 ** int(one.BitsStored) - 1
        shown = apply_windowing(stored, one) / high
    else:
        stored = stored.astype(float)
        shown = (stored - stored.min()) / (stored.max() - stored.min())
    if one.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    scale = min(384 / shown.shape[0], 384 / shown.shape[1])
    size = [int(np.floor(cells * scale + 0.5)) for cells in shown.shape]
    small = np.array(Image.fromarray(shown.astype(np.float32)).resize((size[1], size[0]), Image.BILINEAR))
    small = fitted(fitted(small, 0, 384, 0), 1, 384, 0) * 255
    colours = [(small / 255 - mean) / deviation for mean, deviation in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]
    return np.stack(colours)[:, None]


CASES = {
    function.__name__: function
    for function in (
        ct_head_area,
        ct_head_upright,
        ct_chest_linear,
        ct_chest_cubic,
        ct_chest_pillow,
        mr_fit,
        mr_sagittal,
        cxr,
    )
}

if __name__ == "__main__":
    case, source, output = sys.argv[1:]
    prepared = CASES[case](source)
    prepared.astype("<f4").tofile(output)
    print(json.dumps(list(prepared.shape)))
