"""Steps of one's own: train_step, test_step, compute_loss, metrics as attributes, add_loss, regularizers, on_batch."""

from __future__ import annotations

import numpy as np
from cases import TRAIN, initial_weights, to_numpy, uniform

X, LABELS = TRAIN[0][:50], TRAIN[1][:50]
Y = uniform(83, 50, 1)
WEIGHTS = uniform(84, 50, low=0.0, high=2.0)


def stack(keras, **options):
    return [
        keras.layers.Dense(6, activation="relu", **options),
        keras.layers.Dense(1, **options),
    ]


def filled(model):
    model.build((None, 20))
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    return model


def fitted(model, x=X, y=Y, **options) -> dict:
    options = {"batch_size": 16, "epochs": 2, "shuffle": False, "validation_split": 0.4, "verbose": 0} | options
    history = model.fit(x, y, **options)
    evaluated = model.evaluate(x, y, batch_size=16, verbose=0)
    named = model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True)
    return {
        "keys": list(history.history),
        "values": np.concatenate(list(history.history.values())),
        "names": list(named),
        "named": np.array(list(named.values())),
        "evaluated": np.array(evaluated),
        "metrics": [m.name for m in model.metrics],
        "weights": np.concatenate([np.ravel(w)[::5] for w in model.get_weights()]),
    }


def subclass(keras, **methods):
    """A model of two layers with these methods."""

    def __init__(self, **options):
        keras.Model.__init__(self, **options)
        self.first, self.last = stack(keras)
        if "setup" in methods:
            methods["setup"](self)

    def call(self, inputs, training=False):
        return self.last(self.first(inputs))

    return type("Mine", (keras.Model,), {"__init__": __init__, "call": call, **methods})


def own_train_step(tf, keras, dtype):
    """Its own loss and metric, which are attributes of the model; nothing is compiled but the optimizer."""

    def setup(self):
        self.tracker, self.error = keras.metrics.Mean(name="loss"), keras.metrics.MeanAbsoluteError(name="error")

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = tf.reduce_mean(tf.square(y - y_pred))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.tracker.update_state(loss)
        self.error.update_state(y, y_pred)
        return {"loss": self.tracker.result(), "error": self.error.result()}

    def test_step(self, data):
        x, y = data
        self.tracker.update_state(tf.reduce_mean(tf.square(y - self(x, training=False))))
        self.error.update_state(y, self(x, training=False))
        return {m.name: m.result() for m in self.metrics}

    metrics = property(lambda self: [self.tracker, self.error])
    model = filled(subclass(keras, setup=setup, train_step=train_step, test_step=test_step, metrics=metrics)())
    model.compile(optimizer=keras.optimizers.SGD(0.05))
    return fitted(model)


def default_parts(tf, keras, dtype):
    """train_step of compute_loss, optimizer.apply and compute_metrics."""

    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    model = filled(subclass(keras, train_step=train_step)())
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"], weighted_metrics=["mse"])
    return fitted(model, sample_weight=WEIGHTS)


def own_loss(tf, keras, dtype):
    def setup(self):
        self.tracker = keras.metrics.Mean(name="squares")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = tf.reduce_mean((y_pred - y) ** 2) + sum(self.losses)
        self.tracker.update_state(loss)
        return loss

    model = filled(subclass(keras, setup=setup, compute_loss=compute_loss)())
    model.compile(keras.optimizers.SGD(0.05))
    return fitted(model)


def own_metrics(tf, keras, dtype):
    def compute_metrics(self, x, y, y_pred, sample_weight):
        found = keras.Model.compute_metrics(self, x, y, y_pred, sample_weight)
        return {**found, "largest": tf.reduce_max(tf.abs(y_pred - y))}

    model = filled(subclass(keras, compute_metrics=compute_metrics)())
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    return fitted(model)


def added_losses(tf, keras, dtype):
    """add_loss in layers and in the model, beside the compiled loss."""

    class Sparse(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(0.01 * tf.reduce_sum(tf.abs(inputs)))
            return inputs

    def setup(self):
        self.sparse = Sparse()

    def call(self, inputs):
        hidden = self.sparse(self.first(inputs))
        self.add_loss(tf.reduce_mean(hidden) / 10)
        return self.last(hidden)

    model = filled(subclass(keras, setup=setup, call=call)())
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    result = fitted(model)
    model(X[:5])
    return result | {"added": np.array([float(loss) for loss in model.losses])}


def only_added(tf, keras, dtype):
    """compile without a loss, fit without targets."""

    def call(self, inputs):
        outputs = self.last(self.first(inputs))
        self.add_loss(tf.reduce_mean(tf.square(outputs - 1)))
        return outputs

    model = filled(subclass(keras, call=call)())
    model.compile(keras.optimizers.SGD(0.05))
    return fitted(model, y=None, validation_split=0.0)


def regularized(tf, keras, dtype):
    model = filled(keras.Sequential(stack(
        keras, kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02), bias_regularizer="l2", activity_regularizer="l1"
    )))  # fmt: skip
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    result = fitted(model)
    model(X[:5])
    return result | {"added": np.array(sorted(float(loss) for loss in model.losses))}


def regularized_by_hand(tf, keras, dtype):
    """A loop of one's own adds model.losses."""
    inputs = keras.Input((20,))
    hidden = keras.layers.Dense(6, "relu", kernel_regularizer="l2", activity_regularizer=keras.regularizers.L2(0.1))(
        inputs
    )
    model = filled(keras.Model(inputs, keras.layers.Dense(1, kernel_regularizer="l1")(hidden)))
    optimizer, losses = keras.optimizers.SGD(0.1), []
    for start in range(0, 48, 16):
        x, y = X[start : start + 16].astype(dtype), Y[start : start + 16].astype(dtype)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2) + tf.add_n(model.losses)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights, strict=True)
        )
        losses.append(float(loss))
    return {"losses": np.array(losses), "count": len(model.losses)}


def on_batch(tf, keras, dtype):
    model = filled(keras.Sequential(stack(keras)))
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"], weighted_metrics=["mse"])
    x, y, w = X.astype(dtype), Y.astype(dtype), WEIGHTS.astype(dtype)
    results = [
        model.train_on_batch(x[:20], y[:20]),
        model.train_on_batch(x[20:40], y[20:40], sample_weight=w[20:40]),
        model.test_on_batch(x[40:], y[40:], sample_weight=w[40:]),
    ]
    model.reset_metrics()
    named = model.train_on_batch(x[:7], y[:7], return_dict=True)
    return {
        "results": np.array(results),
        "names": list(named),
        "named": np.array([float(v) for v in named.values()]),
        "predict": to_numpy(model.predict_on_batch(x[:5])),
        "type": type(model.predict_on_batch(x[:5])).__name__,
        "metrics_kept": np.array([float(v) for v in model.get_metrics_result().values()]),
    }


def several_outputs(keras):
    inputs = keras.Input((20,))
    return keras.Model(inputs, [keras.layers.Dense(1, name="zoo")(inputs), keras.layers.Dense(5, name="ant")(inputs)])


def outputs_in_lists(tf, keras, dtype):
    model = filled(several_outputs(keras))
    model.compile(
        keras.optimizers.SGD(0.05),
        ["mse", keras.losses.SparseCategoricalCrossentropy(from_logits=True)],
        metrics=[["mae", "mse"], ["accuracy"]],
        loss_weights=[1.0, 0.25],
        weighted_metrics=[["mae"], None],
    )
    return fitted(model, y=[Y, LABELS], sample_weight=[WEIGHTS, 1 - WEIGHTS / 2]) | {
        "batch": np.array(model.test_on_batch(X.astype(dtype), [Y.astype(dtype), LABELS])),
    }


def one_of_two(tf, keras, dtype):
    """An output without a loss."""
    model = filled(several_outputs(keras))
    model.compile(keras.optimizers.SGD(0.05), [None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)])
    return fitted(model, y=[Y, LABELS])


def subclass_with_dicts(tf, keras, dtype):
    def call(self, inputs):
        hidden = self.first(inputs["x"])
        return {"value": self.last(hidden), "hidden": hidden}

    model = subclass(keras, call=call)()
    model({"x": X.astype(dtype)})
    model.set_weights(initial_weights([w.shape for w in model.get_weights()]))
    model.compile(keras.optimizers.SGD(0.05), {"value": "mse", "hidden": "mae"}, metrics={"value": ["mae"]})
    targets = {"value": Y, "hidden": np.abs(X[:, :6])}
    history = model.fit({"x": X}, targets, batch_size=16, epochs=2, shuffle=False, verbose=0)
    predicted = model.predict({"x": X[:5]}, verbose=0)
    return {
        "keys": list(history.history),
        "values": np.concatenate(list(history.history.values())),
        "predicted": sorted(predicted),
        "value": predicted["value"],
    }


CASES = {
    "own train_step": own_train_step,
    "train_step of the default's parts": default_parts,
    "own compute_loss": own_loss,
    "own compute_metrics": own_metrics,
    "add_loss": added_losses,
    "add_loss alone": only_added,
    "regularizers": regularized,
    "regularizers by hand": regularized_by_hand,
    "on batch": on_batch,
    "outputs in lists": outputs_in_lists,
    "one of two outputs": one_of_two,
    "subclass with dicts": subclass_with_dicts,
}
