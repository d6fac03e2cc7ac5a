"""Small models of every kind, written for Keras and for pynn alike: each function takes the `keras` to build with."""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(0)
X = RNG.standard_normal((8, 4)).astype(np.float32)
MATRICES = RNG.random((8, 5, 4)).astype(np.float32)
IMAGES = RNG.random((8, 3, 4, 2)).astype(np.float32)
WORDS = RNG.integers(0, 7, (8, 5))
ACTIVATIONS = ("relu", "sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "silu", "mish", "gelu", "exponential",
               "hard_sigmoid", "hard_silu", "hard_tanh", "linear", "leaky_relu", "relu6", "log_softmax", "celu",
               "log_sigmoid", "softmax")  # fmt: skip
INITIALIZERS = ("glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "orthogonal", "identity",
                "random_uniform", "truncated_normal", "ones", "zeros", "variance_scaling")  # fmt: skip


def stack(shape: tuple, *entries: tuple, **options: Any) -> Any:
    """A Sequential of layers (name, positional arguments, ..., {keyword arguments})."""

    def build(keras: Any) -> Any:
        made = [keras.Input(shape, **options)]
        for name, *arguments in entries:
            keywords = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
            made.append(getattr(keras.layers, name)(*arguments, **keywords))
        return keras.Sequential(made)

    return build


def graph(keras: Any) -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = keras.layers.Dense(3, activation="tanh", name="shared")
    x, y = shared(a), shared(b)
    z = keras.layers.Concatenate()([x, y])
    return keras.Model([a, b], [keras.layers.Dense(2, name="p")(z), keras.layers.Dropout(0.3, name="q")(z)])


def operators(keras: Any) -> Any:
    x = keras.Input((4,))
    y = keras.layers.Dense(4, activation="tanh")(x)
    parts = [x + y, x * y, x - 1.0, 2.0 / (y + 3.0), abs(x) ** 2, -y, x[:, :2], keras.layers.Reshape((4, 1))(x)[:, 0]]
    return keras.Model(x, keras.layers.Concatenate()(parts))


def dicts(keras: Any) -> Any:
    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((4,), name="b")}
    outputs = {"sum": keras.layers.Add(name="sum")(list(inputs.values())),
               "dense": keras.layers.Dense(2, name="dense")(inputs["b"])}  # fmt: skip
    return keras.Model(inputs, outputs)


def nested(keras: Any) -> Any:
    inner = stack((4,), ("Dense", 3, "relu"), ("BatchNormalization",))(keras)
    entry = keras.Input((4,))
    other = keras.Model(entry, keras.layers.Dense(2)(keras.layers.LayerNormalization()(entry)), name="other")
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Concatenate()([inner(x), other(x), keras.layers.Dense(1)(inner(x))]))


def compiled_inside(keras: Any) -> Any:
    inner = stack((4,), ("Dense", 3, "relu"))(keras)
    inner.compile("adam", "mse")
    inner.fit(X, X[:, :3], verbose=0)
    return keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(1)])


def merging(keras: Any) -> Any:
    pair = [keras.Input((4,)), keras.Input((4,))]
    names = ("Subtract", "Multiply", "Average", "Maximum", "Minimum")
    dots = [keras.layers.Dot(1)(pair), keras.layers.Dot(1, normalize=True)(pair)]
    return keras.Model(pair, [*(getattr(keras.layers, name)()(pair) for name in names), *dots])


def frozen(keras: Any) -> Any:
    model = stack((4,), ("Dense", 3), ("Dense", 2))(keras)
    model.layers[0].trainable = False
    return model


def own_names(keras: Any) -> Any:
    """A layer that stores its weight in two halves."""

    @keras.saving.register_keras_serializable("architectures")
    class Halves(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], 2), name="kernel")
            self.built = True

        def call(self, x: Any) -> Any:
            return x @ self.kernel

        def save_own_variables(self, store: Any) -> None:
            kernel = np.asarray(self.kernel)
            store["top"], store["bottom"], store["rows"] = kernel[:1], kernel[1:], np.int32(len(kernel))

        def load_own_variables(self, store: Any) -> None:
            self.kernel.assign(np.concatenate([store["top"][...], store["bottom"][...]])[: int(store["rows"][()])])

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Halves(), keras.layers.Dense(2)])


def insides(keras: Any) -> Any:
    """Layers inside a layer of one's own: private, in lists of lists and dicts, and one of them twice."""

    @keras.saving.register_keras_serializable("architectures")
    class Block(keras.layers.Layer):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            make = keras.layers.Dense
            self._private, self.several = make(4), [[make(4), make(3)], {"z": make(3), "a": make(3)}, make(3)]
            self.again = self.several[2]

        def call(self, x: Any) -> Any:
            (one, two), named, three = self.several
            return self.again(three(named["a"](named["z"](two(one(self._private(x)))))))

    return keras.Sequential([keras.Input((4,)), Block(), keras.layers.Dense(2)])


def subclassed(keras: Any) -> Any:
    """A model whose layers are attributes before and after "layers" in the alphabet, and private ones."""

    @keras.saving.register_keras_serializable("architectures")
    class Subclassed(keras.Model):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.output_layer, self.body, self._first = (keras.layers.Dense(n) for n in (2, 4, 4))
            self.norms = [keras.layers.BatchNormalization(), keras.layers.Dense(3)]

        def call(self, x: Any) -> Any:
            return self.output_layer(self.norms[1](self.norms[0](self.body(self._first(x)))))

    model = Subclassed()
    model(X)
    return model


PENALIZED = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "activity_regularizer": "l2",
             "kernel_constraint": "max_norm", "bias_constraint": "non_neg"}  # fmt: skip
ARCHITECTURES: dict[str, tuple[Any, Any]] = {  # name: (function of keras, data)
    "digits": (stack((5, 4), ("Flatten",), ("Dense", 6, "relu"), ("Dense", 3, {"activation": "softmax"})), MATRICES),
    "channels_first": (stack((3, 4, 2), ("Flatten", {"data_format": "channels_first"}), ("Dense", 3)), IMAGES),
    "normalizations": (stack((4,), ("Dense", 6), ("BatchNormalization", {"momentum": 0.9, "center": False}),
                             ("LayerNormalization", {"epsilon": 1e-4}), ("UnitNormalization",)), X),
    "noise": (stack((4,), ("GaussianNoise", 0.1), ("Dropout", 0.5), ("GaussianDropout", 0.2), ("AlphaDropout", 0.1),
                    ("Dense", 2)), X),
    "activation_layers": (stack((4,), ("LeakyReLU", {"negative_slope": 0.2}), ("ELU", {"alpha": 0.5}), ("PReLU",),
                                ("ReLU", {"max_value": 6.0}), ("Softmax",)), X),
    "activations": (stack((4,), *(("Activation", name) for name in ACTIVATIONS)), X),
    "initializers": (stack((4,), *(("Dense", 4, {"kernel_initializer": name}) for name in INITIALIZERS)), X),
    "shapes": (stack((5, 4), ("Permute", (2, 1)), ("Reshape", (10, 2)), ("Flatten",), ("RepeatVector", 3),
                     ("Flatten",), ("Identity",), ("ActivityRegularization", 0.1, 0.2)), MATRICES),
    "words": (stack((5,), ("Embedding", 7, 3), ("Flatten",), ("Dense", 2), dtype="int32"), WORDS),
    "categories": (stack((5,), ("CategoryEncoding", 7, {"output_mode": "count"}), ("Dense", 2), dtype="int32"), WORDS),
    "penalized": (stack((None, 4), ("Dense", 3, PENALIZED)), MATRICES),
    "scaled": (stack((4,), ("Rescaling", 0.5, {"offset": -0.5}),
                     ("Normalization", {"mean": [0.1] * 4, "variance": [0.2] * 4}), ("Dense", 2)), X),
    "doubles": (stack((4,), ("Dense", 3, {"dtype": "float64"}), dtype="float64"), X),
    "graph": (graph, [X, X[:, ::-1].copy()]), "operators": (operators, X), "dicts": (dicts, {"a": X, "b": X + 1}),
    "nested": (nested, X), "compiled_inside": (compiled_inside, X), "merging": (merging, [X, X + 1]),
    "frozen": (frozen, X), "own_names": (own_names, X), "insides": (insides, X),
    "subclassed": (subclassed, X),
}  # fmt: skip

OPTIMIZERS: dict[str, Any] = {  # name: function of keras, which gives compile's arguments
    "adam": lambda keras: {"optimizer": "adam", "loss": "mse", "metrics": ["mae", keras.metrics.MeanSquaredError()]},
    "rmsprop": lambda keras: {
        "optimizer": keras.optimizers.RMSprop(0.01, momentum=0.9, centered=True),
        "loss": keras.losses.MeanSquaredError(), "metrics": [keras.metrics.RootMeanSquaredError()],
    },
    "amsgrad": lambda keras: {
        "optimizer": keras.optimizers.Adam(
            keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.9), amsgrad=True, clipnorm=1.0
        ),
        "loss": keras.losses.CosineSimilarity(), "metrics": [keras.metrics.CosineSimilarity()],
    },
    "ema": lambda keras: {
        "optimizer": keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, use_ema=True),
        "loss": keras.losses.LogCosh(),
    },
    "accumulating": lambda keras: {
        "optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2), "loss": keras.losses.mean_squared_error,
    },
    **{name: lambda keras, name=name: {"optimizer": name, "loss": "mae"}
       for name in ("sgd", "nadam", "ftrl", "adadelta", "adagrad", "adamax", "adamw", "lion")},
}  # fmt: skip


def compiled(keras: Any, name: str, epochs: int) -> Any:
    """A small network, compiled and trained for so many epochs."""
    model = stack((4,), ("Dense", 5, "tanh"), ("Dense", 2))(keras)
    model.compile(**OPTIMIZERS[name](keras))
    train(model, epochs)
    return model


def train(model: Any, epochs: int) -> list[float]:
    """Its losses."""
    history = model.fit(X, X[:, :2], batch_size=4, epochs=epochs, shuffle=False, verbose=0).history if epochs else {}
    return history.get("loss", [])


def leaves(predicted: Any) -> list[np.ndarray]:
    """Arrays of what predict gives."""
    parts = predicted.values() if isinstance(predicted, dict) else predicted
    return [np.asarray(part) for part in (parts if isinstance(parts, (list, tuple, type({}.values()))) else [parts])]
