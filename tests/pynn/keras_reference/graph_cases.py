"""Models of graphs: what Model(inputs, outputs) computes, how it trains, what its layers and outputs are called."""

from __future__ import annotations

import numpy as np
from cases import TRAIN, initial_weights, to_numpy, uniform

ROWS = 60
X, LABELS = TRAIN[0][:ROWS], TRAIN[1][:ROWS]
A, B = X[:, :8], X[:, 8:]
Y = uniform(80, ROWS, 1)


def start(keras) -> None:
    """Names count from the beginning."""
    keras.backend.clear_session()


def filled(model):
    """The model with weights that are the same everywhere."""
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    return model


def described(model) -> dict:
    return {
        "name": model.name,
        "layers": [[layer.name, type(layer).__name__] for layer in model.layers],
        "weights": [list(w.shape) for w in model.get_weights()],
        "parameters": int(model.count_params()),
        "shapes": repr([model.input_shape, model.output_shape]),
        "outputs": list(model.output_names),
    }


def trained(model, x, y, **options) -> dict:
    """Three epochs, then evaluate and predict."""
    history = model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0, **options)
    evaluated = model.evaluate(x, y, batch_size=32, verbose=0, return_dict=True)
    predicted = model.predict(x, batch_size=32, verbose=0)
    leaves = predicted.values() if isinstance(predicted, dict) else predicted
    leaves = leaves if isinstance(predicted, (list, tuple, dict)) else [predicted]
    return {
        "keys": list(history.history),
        "values": np.array(list(history.history.values())),
        "evaluated": list(evaluated),
        "evaluate": np.array(list(evaluated.values())),
        "structure": type(predicted).__name__,
        **{f"predict {i}": np.asarray(leaf)[::11] for i, leaf in enumerate(leaves)},
        "trained": np.concatenate([np.ravel(w)[::7] for w in model.get_weights()]),
    }


def chain(tf, keras, dtype):
    start(keras)
    inputs = keras.Input((20,))
    x = keras.layers.Dense(8, activation="relu")(inputs)
    x = keras.layers.Dense(8, activation="relu")(x)
    model = filled(keras.Model(inputs, keras.layers.Dense(5)(x)))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return described(model) | trained(model, X, LABELS, validation_split=0.25)


def residual(tf, keras, dtype):
    """A layer used twice, and a way around it."""
    start(keras)
    inputs = keras.Input((20,), name="pixels")
    shared = keras.layers.Dense(20, activation="tanh", name="shared")
    x = shared(inputs)
    x = keras.layers.Add()([shared(x), inputs, x])
    x = keras.layers.LayerNormalization()(x)
    model = filled(keras.Model(inputs=inputs, outputs=keras.layers.Dense(1, name="head")(x), name="residual"))
    model.compile("sgd", "mse", metrics=["mae"])
    return described(model) | trained(model, X, Y)


def two_towers(keras):
    start(keras)
    a, b = keras.Input((8,), name="a"), keras.Input((12,), name="b")
    left = keras.layers.Dense(6, activation="relu", name="left")(a)
    right = keras.layers.Dense(6, activation="relu", name="right")(b)
    both = keras.layers.Concatenate(name="both")([left, right])
    return (a, b), (keras.layers.Dense(1, name="value")(both), keras.layers.Dense(5, name="label")(both))


def lists(tf, keras, dtype):
    ins, outs = two_towers(keras)
    model = filled(keras.Model(list(ins), list(outs)))
    model.compile(
        keras.optimizers.SGD(0.05),
        loss=["mse", keras.losses.SparseCategoricalCrossentropy(from_logits=True)],
        loss_weights=[0.5, 2.0],
        metrics=[["mae"], ["accuracy"]],
    )
    return described(model) | trained(model, [A, B], [Y, LABELS])


def lists_by_name(tf, keras, dtype):
    """List outputs, but losses, metrics and targets in dicts."""
    ins, outs = two_towers(keras)
    model = filled(keras.Model(list(ins), list(outs)))
    model.compile(
        keras.optimizers.SGD(0.05),
        loss={"value": "mse", "label": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        loss_weights={"value": 0.5, "label": 2.0},
        metrics={"label": ["accuracy"], "value": "mae"},
    )
    return trained(model, {"a": A, "b": B}, {"label": LABELS, "value": Y})


def dicts(tf, keras, dtype):
    ins, outs = two_towers(keras)
    model = filled(keras.Model(dict(zip("ab", ins, strict=True)), dict(zip(("value", "label"), outs, strict=True))))
    model.compile(
        keras.optimizers.SGD(0.05),
        loss={"value": "mse", "label": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        metrics={"label": ["accuracy"], "value": ["mae", "mse"]},
    )
    return described(model) | trained(model, {"a": A, "b": B}, {"label": LABELS, "value": Y})


def one_loss_for_all(tf, keras, dtype):
    start(keras)
    inputs = keras.Input((20,))
    outs = [keras.layers.Dense(1, name=n)(inputs) for n in ("zebra", "ant")]
    model = filled(keras.Model(inputs, outs))
    model.compile("sgd", ["mse", "mae"])
    return described(model) | trained(model, X, [Y, -Y])


def part_without_loss(tf, keras, dtype):
    start(keras)
    inputs = keras.Input((20,))
    first = keras.layers.Dense(8, name="first", activation="relu")(inputs)
    model = filled(keras.Model(inputs, {"hidden": first, "last": keras.layers.Dense(1, name="out")(first)}))
    model.compile("sgd", loss={"last": "mse"}, metrics={"last": ["mae"]})
    history = model.fit(X, {"last": Y, "hidden": A}, batch_size=16, epochs=2, shuffle=False, verbose=0)
    return {"keys": list(history.history), "values": np.array(list(history.history.values()))}


def nested(tf, keras, dtype):
    """Models as layers: a Sequential and a graph, the latter called twice."""
    start(keras)
    inner_in = keras.Input((8,))
    inner = keras.Model(inner_in, keras.layers.Dense(8, activation="tanh")(inner_in), name="inner")
    first = keras.Sequential([keras.Input((20,)), keras.layers.Dense(8, activation="relu")], name="first")
    inputs = keras.Input((20,))
    x = inner(inner(first(inputs)))
    model = filled(keras.Model(inputs, keras.layers.Dense(1)(x)))
    model.compile("sgd", "mse")
    return described(model) | trained(model, X, Y)


def features(tf, keras, dtype):
    """A new model that ends in the middle of a trained one, with the same weights."""
    start(keras)
    model = filled(keras.Sequential([
        keras.Input((20,)), keras.layers.Dense(4, activation="relu", name="hidden"),
        keras.layers.Dense(1)]))  # fmt: skip
    middle = keras.Model(model.inputs, model.layers[0].output)
    every = keras.Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=20, epochs=2, shuffle=False, verbose=0)
    outputs = every.predict(X, verbose=0)
    return {
        "middle": np.asarray(middle.predict(X, verbose=0))[::9],
        "hidden": np.asarray(outputs[0])[::9],
        "last": np.asarray(outputs[1])[::9],
        "layers": [[layer.name, type(layer).__name__] for layer in every.layers],
        "same": model.get_layer("hidden") is model.layers[0],
    }


def operators(tf, keras, dtype):
    start(keras)
    a = keras.Input((8,))
    x = keras.layers.Dense(8)(a)
    y = (2.0 * x + 1 - a) / 4.0 * x - x**2
    y = -y + abs(x)
    model = filled(keras.Model(a, [y, y[:, 2:5], 1.0 - x]))
    values = model(A[:5].astype(dtype))
    return {
        "shapes": repr([tuple(t.shape) for t in model.outputs]),
        **{str(i): to_numpy(v) for i, v in enumerate(values)},
        "predict": np.asarray(model.predict(A[:5], verbose=0)[1]),
    }


def custom_step(tf, keras, dtype):
    """A subclass of Model that is made of a graph and trains in its own way."""
    start(keras)

    class Custom(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    inputs = keras.Input((20,))
    model = filled(Custom(inputs, keras.layers.Dense(1)(keras.layers.Dense(6, activation="relu")(inputs))))
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    return described(model) | {
        "keys": list(history.history),
        "loss": np.array(history.history["loss"]),
        "trained": np.concatenate([np.ravel(w)[::7] for w in model.get_weights()]),
    }


def order_of_layers(tf, keras, dtype):
    """By depth, and in a depth by the walk from the outputs."""
    start(keras)
    layers = keras.layers
    a, b, c = keras.Input((4,), name="a"), keras.Input((4,), name="b"), keras.Input((4,), name="c")
    p = layers.Dense(4, name="p")(c)
    q = layers.Dense(4, name="q")(a)
    r = layers.Add(name="r")([q, b])
    s = layers.Concatenate(name="s")([p, r, a])
    t = layers.Dense(2, name="t")(r)
    model = keras.Model([b, a, c], [t, layers.Dense(2, name="u")(s), layers.Dense(3, name="v")(p)])
    return described(model)


def dropout_modes(tf, keras, dtype):
    """training= reaches the layers of a graph; Keras's BatchNormalization moves its averages only then."""
    start(keras)
    inputs = keras.Input((20,))
    x = keras.layers.BatchNormalization(momentum=0.5)(keras.layers.Dense(6)(inputs))
    model = keras.Model(inputs, keras.layers.Dropout(0.0)(x))
    model.layers[1].set_weights(initial_weights([(20, 6), (6,)]))
    before = to_numpy(model(X, training=False))[::9]
    trained_ = to_numpy(model(X, training=True))[::9]
    return {"before": before, "training": trained_, "after": to_numpy(model(X))[::9]}


CASES = {
    "chain": chain,
    "residual with a shared layer": residual,
    "lists": lists,
    "lists, targets by name": lists_by_name,
    "dicts": dicts,
    "one loss for all": one_loss_for_all,
    "part without loss": part_without_loss,
    "nested": nested,
    "features": features,
    "operators": operators,
    "custom step": custom_step,
    "order of layers": order_of_layers,
    "training flag": dropout_modes,
}
