"""Converts a row of each form with random weights, and says how far int8 is from float; for test_quick.py."""

import json
import sys
from pathlib import Path

from models.methods.export import exported  # first: it chooses TensorFlow for Keras

# isort: split
import numpy as np

from models.evaluation.heads import HeadNet
from models.methods.networks import file_head, network
from models.methods.recipe import read
from models.quantization import quantize as quantizer

FACES = np.random.default_rng(0).integers(0, 256, (24, 64, 64, 3), np.uint8)


def off(name: str, folder: Path) -> dict:
    """How far the worst of the int8 outputs is off, as a share of its range; what is computed in float."""
    from models.quantization.delegation import delegation_report

    recipe = read(name)
    quantizer.keras.utils.set_random_seed(1)
    drawn = network(recipe)
    for layer in drawn.layers:
        if layer.name.startswith("stage") and layer.weights:  # or whole layers are dead
            layer.bias.assign(layer.bias + 0.5)
    drawn.save_weights(folder / "w.weights.h5")
    model = exported(recipe, folder / "w.weights.h5")
    path = folder / f"{name}.tflite"
    path.write_bytes(quantizer.quantize(model, FACES))
    net = HeadNet(path, {"head": file_head(recipe), "range": recipe.range})
    outputs = model(FACES.astype(np.float32), training=False)
    expected = [np.array(t) for t in (outputs if isinstance(outputs, list) else [outputs])]
    found = [np.stack(column) for column in zip(*(net.values(face) for face in FACES), strict=True)]
    shares = []
    for ours, theirs in zip(found, expected, strict=True):
        wide = max(np.ptp(theirs), 0.1 * np.abs(theirs).max())  # a tanh may be nearly 1 on every face
        shares.append(float(np.abs(ours - theirs).mean() / wide))
    return {"name": name, "off": max(shares), "floats": delegation_report(path).floats}


if __name__ == "__main__":
    where, *names = sys.argv[1:]
    for each in names:
        print(json.dumps(off(each, Path(where))), flush=True)
