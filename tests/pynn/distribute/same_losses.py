"""Trains networks of many parts; prints what fit, evaluate and predict give: run by one process and by several."""

import json
import sys

import numpy as np

import pynn as tf
from pynn import keras

ROWS = 53  # of 3 ranks, all have other numbers; the last batch of 5 leaves 3 rows

rng = np.random.default_rng(1)
rank = 0
x = rng.random((ROWS, 6), np.float32)
y = (x[:, 0] * 3).astype(int)
weights = rng.random(ROWS).astype(np.float32)
given = {"x": x, "y": y, "batch_size": 5, "epochs": 2, "verbose": 0}


def of_labels(reduction="sum_over_batch_size"):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)


def dense(*middle, **compiled):
    ends = [keras.Input((6,)), keras.layers.Dense(8, "relu")], keras.layers.Dense(3)
    model = keras.Sequential([*ends[0], *middle, ends[1]], name=compiled.pop("name", None))
    model.compile(**{"optimizer": "adam", "loss": of_labels(), "metrics": ["accuracy"]} | compiled)
    return model


def several_outputs():
    inputs = keras.Input((6,))
    h = keras.layers.Dense(8, "tanh")(inputs)
    outputs = {"a": keras.layers.Dense(1, name="a")(h), "b": keras.layers.Dense(3, "softmax", name="b")(h)}
    model = keras.Model(inputs, outputs)
    model.compile(
        "rmsprop",
        {"a": "mse", "b": "sparse_categorical_crossentropy"},
        metrics={"a": ["mae", keras.metrics.R2Score()], "b": ["accuracy"]},
    )
    return model


def binary():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, "sigmoid")])
    found = keras.metrics.AUC(), keras.metrics.Precision(), keras.metrics.F1Score(threshold=0.5), Hits()
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", *found], weighted_metrics=["accuracy"])
    return model


class Hits(keras.metrics.Metric):
    """A metric of the user's, whose result is its variable itself."""

    def __init__(self):
        super().__init__()
        self.hits = self.add_weight(name="hits", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.hits.assign_add(tf.reduce_sum(tf.cast(y_pred > 0.5, "float32")))

    def result(self):
        return self.hits


class Own(keras.Model):
    """A model with a step of its own, and dropout by a function."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, inputs, training=False):
        return self.dense(tf.nn.dropout(inputs, 0.3) if training else inputs)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}


class OwnMetrics(Own):
    """As Keras's guide has it."""

    def train_step(self, data):
        super().train_step(data)
        x, y = data
        y_pred = self(x, training=False)
        for metric in self.metrics:
            metric.update_state(*[self.compute_loss(y=y, y_pred=y_pred)] if metric.name == "loss" else (y, y_pred))
        return {m.name: m.result() for m in self.metrics}


def own(kind=Own):
    model = kind()
    model.compile("sgd", of_labels(), metrics=["accuracy"])
    return model


def built_in_fit():
    kernel = keras.initializers.GlorotUniform(seed=rank)  # a rank's own, until they train together
    model = keras.Sequential([keras.layers.Dense(3, kernel_initializer=kernel)])
    model.compile("adam", of_labels())
    return model


def dataset():
    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(20).batch(5)


class PerBatch(keras.callbacks.Callback):
    def __init__(self):
        self.losses = []

    def on_train_batch_begin(self, batch, logs=None):
        if rank == 0:  # what one rank's callback computes is its own affair
            keras.Sequential([keras.layers.BatchNormalization()])(x[:2], training=True)
        if batch == 3 and self.model.name == "evaluated":
            self.model.evaluate(x[:7], y[:7], verbose=0)

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


layers, losses = keras.layers, keras.losses
CASES = {
    "dense": (dense, {}),
    "dropout": (lambda: dense(layers.Dropout(0.4), layers.GaussianNoise(0.1, seed=3)), {}),
    "other noise": (lambda: dense(layers.AlphaDropout(0.2), layers.GaussianDropout(0.2)), {}),
    "noise shape": (lambda: dense(layers.Dropout(0.4, (1, None)), layers.Dropout(0.4, (None, 1))), {}),
    "reshaped": (lambda: dense(layers.Reshape((2, 4)), layers.Dropout(0.3), layers.Flatten()), {}),
    "normalized": (lambda: dense(layers.BatchNormalization(), layers.LayerNormalization(), optimizer="sgd"), {}),
    "regularized": (lambda: dense(layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l1")), {}),
    "clipped": (lambda: dense(optimizer=keras.optimizers.Adam(0.1, global_clipnorm=0.01, use_ema=True)), {}),
    "accumulated": (lambda: dense(optimizer=keras.optimizers.SGD(0.1, 0.9, gradient_accumulation_steps=2)), {}),
    "two dtypes": (lambda: dense(layers.Dense(4, dtype="float64"), optimizer="rmsprop"), {}),
    "sum": (lambda: dense(loss=of_labels("sum")), {}),
    "weights": (lambda: dense(weighted_metrics=["accuracy"]), {"sample_weight": weights}),
    "mean by weights": (lambda: dense(loss=of_labels("mean_with_sample_weight")), {"sample_weight": weights}),
    "evaluated": (lambda: dense(name="evaluated"), {}),
    "class weights": (dense, {"class_weight": {0: 2.0, 1: 0.5}}),
    "outputs": (several_outputs, {"y": {"a": x[:, 1], "b": y}}),
    "metrics": (binary, {"y": (y > 0)[:, None].astype(int)}),
    "validation": (dense, {"validation_split": 0.3}),
    "dataset": (dense, {"x": dataset, "y": None, "batch_size": None}),
    "steps": (dense, {"x": lambda: dataset().repeat(), "y": None, "batch_size": None, "steps_per_epoch": 7}),
    "own step": (own, {}),
    "own metrics": (lambda: own(OwnMetrics), {}),
    "built in fit": (built_in_fit, {}),
}


def run(name):
    make, more = CASES[name]
    keras.utils.set_random_seed(4)
    model = make()
    arguments = {key: value() if callable(value) else value for key, value in (given | more).items()}
    per_batch = PerBatch()
    history = model.fit(**arguments, callbacks=[per_batch]).history
    found = {"history": history, "batches": per_batch.losses, "weights": [w.tolist() for w in model.get_weights()]}
    if isinstance(arguments["x"], np.ndarray):
        found["evaluate"] = model.evaluate(arguments["x"], arguments["y"], batch_size=7, verbose=0)
        on_batch = model.train_on_batch(arguments["x"], arguments["y"])
        found["on batch"] = on_batch
        found["predict"] = np.sum([np.sum(p) for p in tf.nest.flatten(model.predict(x, verbose=0))]).item()
    return found


if __name__ == "__main__":
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank = strategy.cluster_resolver.task_id
    with strategy.scope():
        found = {name: run(name) for name in sys.argv[2:] or CASES}
    if rank == 0:
        with open(sys.argv[1], "w") as file:
            json.dump(found, file, default=lambda value: np.asarray(value).tolist())
