"""A trained row as an int8 file, made as the shipped one is made."""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.quantization import quantize as quantizer  # first: it chooses TensorFlow for Keras

# isort: split
import keras

from models.methods.networks import file_head, network
from models.methods.recipe import Recipe
from models.methods.run_files import INT8, WEIGHTS
from models.network.xnnpack_ops import take_weights


def quantize_row(recipe: Recipe, folder: Path) -> None:
    """The trained network in `folder` as its int8 file, by the same faces and steps as what ships."""
    faces = quantizer.representative_faces()
    data = quantizer.quantize(exported(recipe, folder / WEIGHTS), faces)
    said = {
        "name": recipe.name, "about": recipe.about, "label": recipe.label, "range": recipe.range,
        "head": file_head(recipe), "normalisation": "uint8 RGB less 128",
        "weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
        "calibration_sha256": hashlib.sha256(faces.tobytes()).hexdigest(),
    }  # fmt: skip
    quantizer.write(folder / INT8, quantizer.with_metadata(data, said))


def exported(recipe: Recipe, weights: Path) -> keras.Model:
    """The trained network in its export form."""
    trained, export = network(recipe), network(recipe, export=True)
    trained.load_weights(weights)
    if recipe.network["name"] != "ssrnet":
        return trained
    take_weights(export, trained)
    return export
