"""What lies in the folder of one row and seed: runs/methods/NAME/seed-K/."""

RECIPE = "recipe.json"  # what is trained, and by which protocol
WEIGHTS = "float.weights.h5"  # the trained network
FLOAT = "float.json"  # what it says in float, and what it costs
INT8 = "int8.tflite"
MEASURED = "measured.json"  # what the int8 file says; the last to be written
