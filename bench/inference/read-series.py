"""Reads a series as others do: every *.dcm of a folder, decoded and rescaled, one after another.

Usage: read-series.py FOLDER ROUNDS. Prints one JSON object: milliseconds of each round, by reader.
"""

import json
import os
import sys
import time

import gdcm
import numpy as np
import pydicom


def by_pydicom(names):
    for name in names:
        one = pydicom.dcmread(name)
        one.pixel_array.astype(np.float32) * np.float32(one.RescaleSlope) + np.float32(one.RescaleIntercept)


def by_gdcm(names):
    for name in names:
        reader = gdcm.ImageReader()
        reader.SetFileName(name)
        if not reader.Read():
            raise SystemExit("gdcm does not read " + os.path.basename(name))
        image = reader.GetImage()
        stored = np.frombuffer(image.GetBuffer().encode("utf-8", "surrogateescape"), dtype=np.uint16)
        stored.astype(np.float32) * np.float32(image.GetSlope()) + np.float32(image.GetIntercept())


folder, rounds = sys.argv[1], int(sys.argv[2])
files = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".dcm"))
times = {}
for reader, read in (("pydicom", by_pydicom), ("gdcm", by_gdcm)):
    times[reader] = []
    for _ in range(rounds):
        began = time.perf_counter()
        read(files)
        times[reader].append((time.perf_counter() - began) * 1000)
print(json.dumps(times))
