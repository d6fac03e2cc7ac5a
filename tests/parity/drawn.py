"""A random network, how it is trained and on what: plain data, drawn from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

ACTIVATIONS = [
    "relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus", "softsign", "celu", "leaky_relu", "mish",
    "relu6", "hard_sigmoid", "hard_silu", "hard_tanh", "log_sigmoid", "linear", "softmax", "log_softmax",
]  # fmt: skip
MERGES = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"]
OPERATORS = ["add", "subtract", "multiply", "maximum", "minimum", "where"]  # of two, in keras.ops
FUNCTIONS = ["square", "sin", "negative", "absolute", "tanh", "sigmoid", "relu", "log1p", "sqrt", "reciprocal"]
OPTIMIZERS: dict[str, dict[str, list[Any]]] = {
    "SGD": {"momentum": [0.0, 0.9], "nesterov": [False, True]},
    "RMSprop": {"rho": [0.9, 0.5], "momentum": [0.0, 0.5], "centered": [False, True], "epsilon": [1e-7, 1e-3]},
    "Adam": {"beta_1": [0.9, 0.5], "beta_2": [0.999, 0.9], "epsilon": [1e-7, 1e-3], "amsgrad": [False, True]},
    "AdamW": {"beta_1": [0.9, 0.5], "amsgrad": [False, True], "weight_decay": [0.004, 0.1]},
    "Adamax": {"beta_1": [0.9, 0.5]},
    "Nadam": {"beta_1": [0.9, 0.5], "epsilon": [1e-7, 1e-3]},
    "Adagrad": {"initial_accumulator_value": [0.1, 0.5]},
    "Adadelta": {"rho": [0.95, 0.5], "epsilon": [1e-7, 1e-3]},
    "Ftrl": {"l1_regularization_strength": [0.0, 0.01], "l2_regularization_strength": [0.0, 0.01],
             "l2_shrinkage_regularization_strength": [0.0, 0.01], "beta": [0.0, 0.1],
             "learning_rate_power": [-0.5, -0.25]},
    "Lion": {"beta_1": [0.9, 0.5], "beta_2": [0.99, 0.9]},
}  # fmt: skip
RATES = [
    None, 0.05, ["ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5}],
    ["InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True}],
    ["PiecewiseConstantDecay", {"boundaries": [1, 3], "values": [0.1, 0.01, 0.05]}],
    ["PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "power": 2.0, "cycle": True}],
    ["CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 4, "warmup_target": 0.1, "warmup_steps": 2}],
    ["CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 2, "m_mul": 0.5}],
]  # fmt: skip
COMMON: list[dict[str, Any]] = [
    {}, {}, {"clipnorm": 0.1}, {"clipvalue": 0.01}, {"global_clipnorm": 0.1}, {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}, {"use_ema": True},
    {"gradient_accumulation_steps": 2}, {"gradient_accumulation_steps": 3, "global_clipnorm": 0.1},
    {"clipnorm": 0.1, "weight_decay": 0.1, "use_ema": True, "ema_momentum": 0.5},
]  # fmt: skip
CROSSENTROPIES = {"label_smoothing": [0.0, 0.0, 0.25]}
# loss: what its targets are, the activations that give its predictions, its options, metrics that suit it
LOSSES: dict[str, tuple[str, list[str], dict[str, list[Any]], list[str]]] = {
    "SparseCategoricalCrossentropy": ("labels", ["softmax", "logits"], {"ignore_class": [None, None, 1]}, [
        "accuracy", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy"]),
    "CategoricalCrossentropy": ("one-hot", ["softmax", "logits", "sigmoid"], CROSSENTROPIES, [
        "accuracy", "CategoricalAccuracy", "TopKCategoricalAccuracy", "CategoricalCrossentropy", "F1Score",
        "MeanSquaredError", "CategoricalHinge"]),
    "BinaryCrossentropy": ("bits", ["sigmoid", "logits"], CROSSENTROPIES, [
        "accuracy", "BinaryAccuracy", "Precision", "Recall", "AUC", "TruePositives", "FalseNegatives",
        "BinaryCrossentropy"]),
    "BinaryFocalCrossentropy": ("bits", ["sigmoid", "logits"], CROSSENTROPIES | {
        "apply_class_balancing": [False, True], "gamma": [2.0, 3.0]}, ["BinaryAccuracy", "AUC", "FalsePositives"]),
    "KLDivergence": ("shares", ["softmax"], {}, ["KLDivergence", "CosineSimilarity"]),
    "Poisson": ("numbers", ["softplus"], {}, ["Poisson", "MeanAbsoluteError"]),
    "MeanSquaredError": ("numbers", ["linear"], {}, ["MeanSquaredError", "RootMeanSquaredError", "R2Score"]),
    "MeanAbsoluteError": ("numbers", ["linear", "relu"], {}, ["MeanAbsoluteError", "MeanSquaredLogarithmicError"]),
    "MeanAbsolutePercentageError": ("numbers", ["linear"], {}, ["MeanAbsolutePercentageError"]),
    "MeanSquaredLogarithmicError": ("numbers", ["softplus"], {}, ["MeanSquaredLogarithmicError"]),
    "Huber": ("numbers", ["linear"], {"delta": [1.0, 0.25]}, ["MeanAbsoluteError", "LogCoshError"]),
    "LogCosh": ("numbers", ["linear"], {}, ["LogCoshError"]),
    "CosineSimilarity": ("numbers", ["linear"], {}, ["CosineSimilarity"]),
    "Hinge": ("bits", ["tanh", "linear"], {}, ["Hinge"]),
    "SquaredHinge": ("bits", ["tanh"], {}, ["SquaredHinge"]),
    "CategoricalHinge": ("one-hot", ["linear", "softmax"], {}, ["CategoricalHinge", "CategoricalAccuracy"]),
}  # fmt: skip
REGULARIZERS = [["L1", {"l1": 0.01}], ["L2", {"l2": 0.01}], ["L1L2", {"l1": 0.01, "l2": 0.02}]]
CONSTRAINTS = [
    ["NonNeg", {}], ["UnitNorm", {"axis": 0}], ["MaxNorm", {"max_value": 0.5, "axis": 0}],
    ["MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.5, "axis": 0}],
]  # fmt: skip


class Drawing:
    """Draws the layers of one network: each is [kind, options, places of its inputs among all tensors so far]."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.layers: list[list[Any]] = []
        self.shapes: list[tuple[int, ...]] = []  # of the tensors, without the batch's axis

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one(self, choices: Any) -> Any:
        return choices[self.rng.integers(len(choices))]

    def options(self, choices: dict[str, list[Any]]) -> dict[str, Any]:
        return {name: self.one(values) for name, values in choices.items() if self.chance(0.7)}

    def add(self, kind: str, options: Any, inputs: list[int], shape: tuple[int, ...]) -> int:
        self.layers.append([kind, options, inputs])
        self.shapes.append(shape)
        return len(self.shapes) - 1

    def dense(self, x: int, units: int, activation: str | None = None) -> int:
        options = {"units": units, "activation": activation or self.one(ACTIVATIONS), "use_bias": self.chance(0.8)}
        options |= {
            name: self.one(choices)
            for name, choices in (
                ("kernel_regularizer", REGULARIZERS), ("bias_regularizer", REGULARIZERS),
                ("activity_regularizer", REGULARIZERS),
                ("kernel_constraint", CONSTRAINTS), ("bias_constraint", CONSTRAINTS[:1]),
            )
            if self.chance(0.08)
        }  # fmt: skip
        return self.add("Dense", options, [x], (*self.shapes[x][:-1], units))

    def layer(self, x: int) -> int:
        """A layer on tensor x."""
        shape = self.shapes[x]
        axis = int(self.rng.integers(1, len(shape) + 1))
        affine = {"center": [True, False], "scale": [True, False], "epsilon": [1e-3, 1e-2]}
        same = [
            ("BatchNormalization", {"axis": axis} | self.options(affine | {"momentum": [0.99, 0.5]})),
            ("BatchNormalization", self.options({"trainable": [False]})),
            ("LayerNormalization", {"axis": axis} | self.options(affine)), ("UnitNormalization", {"axis": axis}),
            ("Activation", {"activation": self.one(ACTIVATIONS)}), ("PReLU", {}), ("Softmax", {"axis": axis}),
            ("ReLU", self.options({"max_value": [6.0, 0.5], "negative_slope": [0.25], "threshold": [0.5, 0.0]})),
            ("LeakyReLU", self.options({"negative_slope": [0.1]})), ("ELU", self.options({"alpha": [1.0, 0.5]})),
            ("Dropout", {"rate": 0.0}), ("GaussianNoise", {"stddev": 0.0}), ("Identity", {}),
            ("Rescaling", {"scale": 0.5, "offset": self.one([0.0, 0.25])}),
            ("ActivityRegularization", {"l1": 0.01, "l2": self.one([0.0, 0.02])}), ("function", self.one(FUNCTIONS)),
        ]  # fmt: skip
        if self.chance(0.5):
            kind, options = self.one(same)
            return self.add(kind, options, [x], shape)
        if len(shape) == 1 and self.chance(0.3):
            parts = self.one([n for n in (1, 2, 3, 4) if shape[0] % n == 0])
            reshaped = (parts, shape[0] // parts)
            return self.add("Reshape", {"target_shape": list(reshaped)}, [x], reshaped)
        if len(shape) == 1 and self.chance(0.1):
            return self.add("RepeatVector", {"n": 2}, [x], (2, *shape))
        if len(shape) == 2 and self.chance(0.5):
            return self.add("Permute", {"dims": [2, 1]}, [x], shape[::-1])
        return self.dense(x, int(self.rng.integers(1, 8)))

    def flat(self, x: int) -> int:
        shape = self.shapes[x]
        return x if len(shape) == 1 else self.add("Flatten", {}, [x], (int(np.prod(shape)),))

    def merged(self, x: int, y: int) -> int:
        """Two tensors as one; where their shapes differ, dense layers make them alike."""
        kind = self.one([*MERGES, *OPERATORS])
        x, y = self.flat(x), self.flat(y)
        if kind == "Concatenate":
            return self.add(kind, {}, [x, y], (self.shapes[x][0] + self.shapes[y][0],))
        width = self.shapes[x][0]
        y = y if self.shapes[y] == (width,) else self.dense(y, width)
        if kind == "Dot":
            return self.add(kind, {"axes": 1, "normalize": self.chance(0.5)}, [x, y], (1,))
        kind, options = ("operator", kind) if kind in OPERATORS else (kind, {})
        return self.add(kind, options, [x, y], (width,))

    def head(self, x: int) -> dict[str, Any]:
        """An output with its loss and metrics; targets: of what kind."""
        loss = self.one(list(LOSSES))
        targets, activations, options, metrics = LOSSES[loss]
        activation, width = self.one(activations), int(self.rng.integers(2, 6))
        if targets in ("bits", "numbers") and loss != "CosineSimilarity" and self.chance(0.3):
            width = 1
        chosen = self.options(options) | ({"from_logits": True} if activation == "logits" else {})
        chosen |= {"reduction": self.one(["sum", "mean", "mean_with_sample_weight"])} if self.chance(0.3) else {}
        output = self.dense(self.flat(x), width, "linear" if activation == "logits" else activation)
        drawn = [[m for m in metrics if self.chance(0.5)] for _ in range(2)]
        return {
            "output": output, "width": width, "targets": targets, "loss": loss, "options": chosen,
            "metrics": drawn[0], "weighted_metrics": drawn[1] if self.chance(0.5) else [],
        }  # fmt: skip


def draw(seed: int) -> dict[str, Any]:
    """The description of the network of this seed."""
    d = Drawing(seed)
    inputs = [
        d.add("Input", {"shape": shape}, [], shape) for shape in [(4,), (7,), (3, 4), (1,)] if d.chance(0.35)
    ] or [d.add("Input", {"shape": (5,)}, [], (5,))]  # fmt: skip
    tips = list(inputs)
    for _ in range(d.rng.integers(1, 9)):
        if d.chance(0.25) and len(d.shapes) > 1:
            x, y = (int(i) for i in d.rng.integers(0, len(d.shapes), 2))
            tips.append(d.merged(x, y))
        else:
            tips.append(d.layer(d.one(tips[-2:])))
    x = tips[-1]
    for i in inputs:  # that nothing used
        if all(i not in of for _, _, of in d.layers):
            x = d.merged(x, i)
    heads = [d.head(x if d.chance(0.7) else d.one(tips)) for _ in range(d.one([1, 1, 1, 2]))]
    optimizer = d.one(list(OPTIMIZERS))
    options = d.options(OPTIMIZERS[optimizer]) | d.one(COMMON)
    rate = d.one(RATES)
    batch_size, samples = d.one([(1, 8), (4, 8), (16, 11), (5, 11)] if len(heads) == 1 else [(1, 8), (4, 8), (16, 8)])
    return {
        "seed": seed, "layers": d.layers, "inputs": inputs, "heads": heads, "optimizer": optimizer,
        "options": options | ({} if rate is None else {"learning_rate": rate}),
        "loss_weights": d.one([None, None, [0.5, 2.0][: len(heads)]]),
        "sample_weight": d.chance(0.4), "class_weight": d.chance(0.3), "validation": d.chance(0.5),
        "batch_size": batch_size, "samples": samples, "epochs": d.one([1, 2]),
    }  # fmt: skip


def data(description: dict[str, Any], dtype: str) -> dict[str, Any]:
    """x, y, and the weights of samples and classes: arrays of the dtype."""
    rng, n = np.random.default_rng([description["seed"], 1]), description["samples"]
    shapes = {
        "labels": lambda w: rng.integers(0, w, n), "one-hot": lambda w: np.eye(w)[rng.integers(0, w, n)],
        "bits": lambda w: rng.integers(0, 2, (n, w)), "shares": lambda w: rng.dirichlet(np.ones(w), n),
        "numbers": lambda w: rng.uniform(0.1, 2, (n, w)),
    }  # fmt: skip
    y = [shapes[h["targets"]](h["width"]) for h in description["heads"]]
    weighted = [rng.choice([0.0, 0.5, 1.0, 2.0], n) for _ in y]
    inputs = [description["layers"][i][1]["shape"] for i in description["inputs"]]
    return {
        "x": [rng.standard_normal((n, *shape)).astype(dtype) for shape in inputs],
        "y": [a if h["targets"] == "labels" else a.astype(dtype) for a, h in zip(y, description["heads"], strict=True)],
        "sample_weight": [w.astype(dtype) for w in weighted],
        "class_weight": {i: float(w) for i, w in enumerate(rng.choice([0.25, 1.0, 3.0], 8))},
    }
