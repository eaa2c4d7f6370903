"""Converts a row of each form with random weights, and says how far int8 is from float; for test_quick.py."""

import json
import sys
from pathlib import Path

from models.methods.export import exported  # first: it chooses TensorFlow for Keras

# isort: split
import numpy as np

from models.evaluation.heads import HeadNet, decode
from models.methods.networks import head_of, network
from models.methods.recipe import read
from models.quantization import quantize as quantizer

FACES = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), np.uint8)


def off(name: str, folder: Path) -> dict:
    """Mean difference of int8 and float labels, in years, and which operations are in float."""
    from models.quantization.delegation import delegation_report

    recipe = read(name)
    quantizer.keras.utils.set_random_seed(1)
    network(recipe).save_weights(folder / "w.weights.h5")
    model = exported(recipe, folder / "w.weights.h5")
    path = folder / f"{name}.tflite"
    path.write_bytes(quantizer.quantize(model, FACES))
    net = HeadNet(path, {"head": head_of(recipe), "range": recipe.range})
    outputs = model(FACES.astype(np.float32), training=False)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    said = [decode(head_of(recipe), [np.array(t)[i] for t in outputs], *recipe.range) for i in range(24)]
    found = [net.estimate(face) for face in FACES]
    return {"off": float(np.abs(np.array(said) - found).mean()), "floats": delegation_report(path).floats}


if __name__ == "__main__":
    where, *names = sys.argv[1:]
    for each in names:
        print(json.dumps({"name": each, **off(each, Path(where))}), flush=True)
