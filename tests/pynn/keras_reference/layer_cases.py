"""Layers beyond Dense: outputs and gradients in training and inference, weights and errors, by Keras and by pynn."""

from __future__ import annotations

import numpy as np
from cases import TRAIN, VALID, initial_weights, to_numpy, uniform

# name -> (class, positional arguments, options, shapes of the inputs: one, or a list for a list of inputs)
LAYERS = {
    "batch normalization": ("BatchNormalization", (), {}, (9, 4)),
    "batch normalization options": ("BatchNormalization", (1, 0.8, 0.01), {"center": False}, (5, 3, 4)),
    "batch normalization plain": ("BatchNormalization", (), {"center": False, "scale": False}, (9, 4)),
    "batch normalization of stacks": ("BatchNormalization", (), {"momentum": 0.5}, (5, 3, 4)),
    "batch normalization frozen": ("BatchNormalization", (), {"trainable": False}, (9, 4)),
    "layer normalization": ("LayerNormalization", (), {}, (5, 7)),
    "layer normalization axes": ("LayerNormalization", ([-1, 1],), {"epsilon": 0.1}, (3, 4, 5)),
    "layer normalization first": ("LayerNormalization", (1,), {"center": False}, (3, 4, 5)),
    "unit normalization": ("UnitNormalization", (), {}, (3, 5)),
    "unit normalization axes": ("UnitNormalization", ([1, 2],), {}, (2, 3, 5)),
    "leaky relu": ("LeakyReLU", (), {}, (3, 5)),
    "leaky relu slope": ("LeakyReLU", (0.1,), {}, (3, 5)),
    "elu": ("ELU", (), {}, (3, 5)),
    "elu alpha": ("ELU", (0.5,), {}, (3, 5)),
    "prelu": ("PReLU", (), {}, (3, 5)),
    "prelu shared": ("PReLU", (), {"shared_axes": [1]}, (3, 4, 5)),
    "reshape": ("Reshape", ((2, -1),), {}, (3, 4, 5)),
    "permute": ("Permute", ((2, 1),), {}, (3, 4, 5)),
    "repeat vector": ("RepeatVector", (3,), {}, (2, 4)),
    "identity": ("Identity", (), {}, (2, 4)),
    "rescaling": ("Rescaling", (0.5,), {"offset": -1.0}, (2, 4)),
    "rescaling by entry": ("Rescaling", ([0.5, 2.0],), {"offset": [1.0, 0.0]}, (3, 2)),
    "normalization": ("Normalization", (), {"mean": [1.0, 0.0, -1.0], "variance": [4.0, 1.0, 0.25]}, (4, 3)),
    "normalization inverted": ("Normalization", (None, 2.0, 4.0, True), {}, (4, 3)),
    "noise": ("GaussianNoise", (0.0,), {}, (2, 4)),
    "gaussian dropout": ("GaussianDropout", (0.0,), {}, (2, 4)),
    "alpha dropout": ("AlphaDropout", (0.0,), {}, (2, 4)),
    "activity regularization": ("ActivityRegularization", (0.1, 0.2), {}, (4, 3)),
    "add": ("Add", (), {}, [(3, 4), (3, 4), (3, 1)]),
    "add of other ranks": ("Add", (), {}, [(3, 4), (3, 2, 4)]),
    "subtract": ("Subtract", (), {}, [(3, 4), (3, 4)]),
    "multiply": ("Multiply", (), {}, [(3, 4), (3, 4), (3, 4)]),
    "average": ("Average", (), {}, [(3, 4), (3, 4), (3, 4)]),
    "maximum": ("Maximum", (), {}, [(3, 4), (3, 4)]),
    "minimum": ("Minimum", (), {}, [(3, 4), (3, 4)]),
    "concatenate": ("Concatenate", (), {}, [(3, 4), (3, 2)]),
    "concatenate first": ("Concatenate", (1,), {}, [(3, 4, 2), (3, 1, 2)]),
    "dot": ("Dot", (1,), {}, [(3, 4), (3, 4)]),
    "dot normalized": ("Dot", (-1,), {"normalize": True}, [(3, 2, 4), (3, 5, 4)]),
    "dot of two axes": ("Dot", ((2, 1),), {}, [(3, 2, 4), (3, 4)]),
}
FUNCTIONS = ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot")


def positive(weights: list) -> list:
    """Weights that are no layer's first ones; all above 0, as variances are."""
    return [np.abs(w) + np.float32(0.25) if w.dtype.kind == "f" else w for w in weights]


def inputs_of(tf, shapes, dtype: str):
    if isinstance(shapes, list):
        return [one(tf, i, s, dtype) for i, s in enumerate(shapes)]
    return one(tf, 0, shapes, dtype)


def one(tf, i: int, shape: tuple, dtype: str):
    return tf.constant(uniform(200 + i, *shape, low=-2, high=2).astype(dtype))


def layer(tf, keras, dtype: str, name: str) -> dict:
    """Outputs and gradients of a weighted sum of them, in training and then in inference; the weights afterwards."""
    kind, arguments, options, shapes = LAYERS[name]
    made, x = getattr(keras.layers, kind)(*arguments, **options), inputs_of(tf, shapes, dtype)
    made(x)
    made.set_weights(positive(initial_weights([w.shape for w in made.get_weights()])))
    result = {"names": [w.name for w in made.weights], "trainable": [w.name for w in made.trainable_weights]}
    for training in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = made(x, training=training) if takes_training(kind) else made(x)
            weight = tf.constant(uniform(210, *to_numpy(y).shape).astype(dtype))
            loss = tf.reduce_sum(y * y * weight) + sum(made.losses)
        gradients = tape.gradient(loss, [x, made.trainable_variables])
        flat = [*(gradients[0] if isinstance(x, list) else gradients[:1]), *gradients[1]]
        when = "training" if training else "inference"
        result[when] = to_numpy(y)
        result |= {f"{when} gradient {i}": to_numpy(g) for i, g in enumerate(flat)}
    result |= {f"weight {i}": w for i, w in enumerate(made.get_weights())}
    return result | {"shape": list(made.compute_output_shape(tuple(shapes)))} if isinstance(shapes, tuple) else result


def takes_training(kind: str) -> bool:
    return kind in ("BatchNormalization", "GaussianNoise", "GaussianDropout", "AlphaDropout")


def functions(tf, keras, dtype: str) -> dict:
    """The merging layers as functions of a list."""
    x = inputs_of(tf, [(3, 4), (3, 4)], dtype)
    return {name: to_numpy(getattr(keras.layers, name)(x)) for name in FUNCTIONS}


def second_derivative(tf, keras, dtype: str) -> dict:
    """The gradient of a gradient's norm, through both normalizations."""
    result = {}
    for kind in ("BatchNormalization", "LayerNormalization"):
        made, x = getattr(keras.layers, kind)(epsilon=0.5), one(tf, 0, (4, 3), dtype)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = made(x, training=True) if kind[0] == "B" else made(x)
                loss = tf.reduce_sum(y * y * y)
            square = tf.reduce_sum(inner.gradient(loss, x) ** 2)
        result[kind] = to_numpy(outer.gradient(square, x))
    return result


def embedding(tf, keras, dtype: str) -> dict:
    """Rows and their gradients, in which a row that is taken twice counts twice; then trained."""
    made, indices = keras.layers.Embedding(5, 3), np.array([[0, 2, 2], [4, 0, 1]])
    made(indices)
    made.set_weights(initial_weights([(5, 3)]))
    with tf.GradientTape() as tape:
        y = made(indices)
        loss = tf.reduce_sum(y * tf.constant(uniform(220, 2, 3, 3).astype(dtype)))
    gradient = tape.gradient(loss, made.trainable_variables[0])
    given = keras.layers.Embedding(2, 2, weights=[np.eye(2)])
    return {
        "rows": to_numpy(y),
        "gradient": to_numpy(tf.convert_to_tensor(gradient)),
        "given": to_numpy(given(np.array([[1.0, 0.0]]))),
        "name": made.weights[0].name,
    }


def trained_embedding(tf, keras, dtype: str) -> dict:
    """Rows that a batch does not name move on with Adam's momentum. No batch names a row twice (see Embedding)."""
    model = keras.Sequential([keras.layers.Embedding(7, 3), keras.layers.Flatten(), keras.layers.Dense(1)])
    x = np.array([[(3 * i + j) % 7 for j in range(3)] for i in range(20)], "int32")
    model(x)
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
    losses = model.fit(x, TRAIN[0][:20, :1], batch_size=2, epochs=3, shuffle=False, verbose=0).history["loss"]
    return {"losses": np.array(losses), "weights": model.get_weights()[0]}


def trained_network(tf, keras, dtype: str) -> dict:
    """fit, evaluate and predict with layers that behave differently in training, and constraints on weights."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape=(20,)),
            layers.Dense(12, use_bias=False, kernel_constraint=keras.constraints.MaxNorm(1.0)),
            layers.BatchNormalization(momentum=0.7),
            layers.LeakyReLU(),
            layers.Dense(8, kernel_constraint="non_neg", bias_constraint=keras.constraints.UnitNorm()),
            layers.LayerNormalization(gamma_constraint=keras.constraints.MinMaxNorm(0.5, 2.0, rate=0.5)),
            layers.PReLU(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    first = initial_weights([w.shape for w in model.get_weights()])
    model.set_weights([*first[:3], first[3], np.abs(first[4]) + np.float32(0.5), *first[5:]])
    model.compile(
        optimizer=keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.2, 20), momentum=0.5),
        loss="sparse_categorical_crossentropy",
    )
    history = model.fit(*TRAIN, batch_size=50, epochs=3, shuffle=False, validation_data=VALID, verbose=0).history
    return {
        "losses": np.array([history["loss"], history["val_loss"]]),
        **{f"weight {i}": w for i, w in enumerate(model.get_weights())},
        "predict": np.asarray(model.predict(VALID[0][:5], verbose=0)),
        "count": model.count_params(),
    }


def adapted(tf, keras, dtype: str) -> dict:
    """Normalization that learns its means from arrays, from batches of other sizes, and along other axes."""
    x = uniform(230, 7, 3, low=-4, high=4)
    stacks = uniform(231, 4, 3, 5)
    result = {}
    for name, options, data, inputs in (
        ("array", {}, x, x),
        ("tensor", {}, tf.constant(x.astype(dtype)), x),
        ("batches", {}, [x[:4], x[4:6], x[6:]], x),
        ("pairs", {}, [(x[:4], 1), (x[4:], 2)], x),
        ("dataset", {}, tf.data.Dataset.from_tensor_slices(x).batch(3), x),
        ("samples", {}, tf.data.Dataset.from_tensor_slices((x, x)), x),
        ("one number", {"axis": None}, x[:, 0], x[:, :1]),
        ("axes", {"axis": (1, 2)}, stacks, stacks),
        ("inner axis", {"axis": 1}, stacks, stacks),
        ("integers", {}, np.arange(12).reshape(4, 3), np.arange(6).reshape(2, 3)),
        ("inverted", {"invert": True}, x, x),
    ):
        made = keras.layers.Normalization(**options)
        made.adapt(data)
        result[name] = to_numpy(made(inputs))
        result[f"{name} mean"], result[f"{name} variance"] = to_numpy(made.mean), to_numpy(made.variance)
    return result | {"weights": [[w.name, list(w.shape)] for w in made.weights]}


def encoded(tf, keras, dtype: str) -> dict:
    layer_of = keras.layers.CategoryEncoding
    tokens = np.array([[1, 3], [0, 0], [7, 2]])
    return {
        "multi_hot": to_numpy(layer_of(4)(tokens)),
        "multi_hot of one": to_numpy(layer_of(4)(np.array([1, 3, 3]))),
        "one_hot": to_numpy(layer_of(4, "one_hot")(np.array([1, 3, 9]))),
        "one_hot of a column": to_numpy(layer_of(4, "one_hot")(np.array([[1], [3]]))),
        "one_hot of rows": to_numpy(layer_of(4, output_mode="one_hot")(tokens)),
        "count": to_numpy(layer_of(4, "count")(tokens)),
        "weighted": to_numpy(layer_of(4, "count")(tokens, count_weights=uniform(240, 3, 2))),
    }


def simple(tf, keras, dtype: str) -> dict:
    """Lambda with its arguments; bytes that become floats."""
    layers = keras.layers
    x = one(tf, 0, (2, 3), dtype)
    flagged = layers.Lambda(lambda x, k, training=None: x * k if training else x, arguments={"k": 2.0})
    pixels = np.array([[0, 51, 255]], np.uint8)
    return {
        "lambda": to_numpy(layers.Lambda(lambda x: x * x)(x)),
        "training": to_numpy(flagged(x, training=True)),
        "inference": to_numpy(flagged(x, training=False)),
        "rescaled": to_numpy(layers.Rescaling(1 / 255)(pixels)),
        "batch normalized": to_numpy(layers.BatchNormalization()(pixels)),
    }


def penalties(tf, keras, dtype: str) -> dict:
    """Regularizers and constraints as functions of a weight."""
    w = tf.constant(uniform(250, 5, 4, low=-2, high=2).astype(dtype))
    regularizers, constraints = keras.regularizers, keras.constraints
    functions = {
        "l1": regularizers.L1(),
        "l1 of None": regularizers.L1(None),
        "l2": regularizers.l2(0.1),
        "l1 and l2": regularizers.L1L2(0.2, 0.3),
        "orthogonal": regularizers.OrthogonalRegularizer(),
        "orthogonal columns": regularizers.OrthogonalRegularizer(0.5, mode="columns"),
        "by name": regularizers.get("l2"),
        "non-negative": constraints.NonNeg(),
        "unit norm": constraints.UnitNorm(),
        "unit norm of rows": constraints.UnitNorm(axis=1),
        "max norm": constraints.max_norm(1.5),
        "min max norm": constraints.min_max_norm(0.5, 1.5, rate=0.5, axis=[0, 1]),
    }
    for function in functions.values():
        if hasattr(function, "factor"):  # Keras keeps it as a float32 tensor, which does not go with float64
            function.factor = float(function.factor)
    return {name: to_numpy(function(w)) for name, function in functions.items()}


CASES = {
    **{f"layer {n}": lambda tf, keras, dtype, n=n: layer(tf, keras, dtype, n) for n in LAYERS},
    "merging functions": functions,
    "second derivative of normalization": second_derivative,
    "regularizers and constraints": penalties,
    "embedding": embedding,
    "trained embedding": trained_embedding,
    "trained network": trained_network,
    "adapted normalization": adapted,
    "encoded categories": encoded,
    "simple layers": simple,
}
