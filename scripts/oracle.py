"""Trains LightGBM on the matrix it is given, and says how it did: the other side of scripts/test-oracle.ts."""

import json
import sys
import time

import lightgbm
import numpy
from peak_memory import peak_megabytes

folder = sys.argv[1]
with open(f"{folder}/task.json", encoding="utf8") as file:
    task = json.load(file)
columns = [numpy.fromfile(f"{folder}/column{index}.f32", numpy.float32) for index in range(task["columns"])]
matrix = numpy.stack(columns, axis=1)
labels = numpy.fromfile(f"{folder}/labels.u8", numpy.uint8)
train = task["trainRows"]
started = time.monotonic()
booster = lightgbm.train(
    {
        "objective": "binary",
        "num_leaves": task["leaves"],
        "max_depth": task["depth"],
        "learning_rate": task["learningRate"],
        "feature_fraction": task["featureFraction"],
        "min_data_in_leaf": task["minLeafRows"],
        "lambda_l2": task["l2"],
        "num_threads": 2,
        "seed": task["seed"],
        "deterministic": True,
        "verbosity": -1,
    },
    lightgbm.Dataset(matrix[:train], labels[:train]),
    task["trees"],
)
seconds = time.monotonic() - started
booster.save_model(f"{folder}/model.txt")
booster.predict(matrix[train:]).astype(numpy.float64).tofile(f"{folder}/scores.f64")
with open(f"{folder}/took.json", "w", encoding="utf8") as file:
    json.dump({"seconds": seconds, "peakMb": peak_megabytes()}, file)
