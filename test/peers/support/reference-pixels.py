"""Decodes files as pydicom does with GDCM and Pillow, nothing of this product.

Usage: reference-pixels.py OUTPUT_FOLDER, paths on standard input. Prints for each file that it can decode one line of JSON: index,
transfer syntax, shape; the stored values lie in OUTPUT_FOLDER/INDEX as little-endian 64-bit floats.
"""

import json
import os
import sys
import warnings

import numpy as np
import pydicom

warnings.simplefilter("ignore")

for index, line in enumerate(sys.stdin):
    path = line.rstrip("\n")
    try:
        one = pydicom.dcmread(path)
        values = one.pixel_array
    except Exception:  # whatever it cannot read is no reference
        continue
    values.astype("<f8").tofile(os.path.join(sys.argv[1], str(index)))
    about = {"index": index, "syntax": one.file_meta.TransferSyntaxUID, "shape": list(values.shape)}
    print(json.dumps(about), flush=True)
