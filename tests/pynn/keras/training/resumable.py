"""Networks and data of the tests of BackupAndRestore: each draws random numbers in a way of its own."""

import numpy as np

import pynn as tf
from pynn import keras
from pynn.keras import layers

rng = np.random.default_rng(0)
X, Y = rng.random((60, 10)).astype(np.float32), rng.integers(0, 3, 60)


class Noisy(keras.Model):
    def __init__(self, stack):
        super().__init__()
        self.stack, self.seeds = stack, {"noise": [keras.random.SeedGenerator(5)]}

    def call(self, x, training=False):
        for layer in self.stack:
            x = layer(x)
        return x + 0.01 * keras.random.normal((1,), seed=self.seeds["noise"][0])


class Stepping(Noisy):
    """Trains with an optimizer of its own beside the compiled one."""

    def __init__(self, stack):
        super().__init__(stack)
        self.own = keras.optimizers.Adam(0.01)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        variables = self.trainable_variables[:2]
        self.own.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}


class Measured(Noisy):
    """Has a step and a metric of its own."""

    def __init__(self, stack):
        super().__init__(stack)
        self.spread = keras.metrics.AUC(name="accuracy")

    def train_step(self, data):
        values, (x, y) = super().train_step(data), data
        self.spread.update_state(y > 0, tf.sigmoid(self(x))[:, 0])
        return {"loss": values["loss"], "accuracy": self.spread.result()}


def stack():
    return [
        layers.Dense(8, activation="relu"), layers.Dropout(0.3), layers.GaussianNoise(0.1, seed=4),
        layers.BatchNormalization(), layers.Dense(3),
    ]  # fmt: skip


MODELS = {
    "built": lambda: keras.Sequential([keras.Input((10,)), *stack()]),
    "not built": lambda: keras.Sequential(stack()),
    "subclass": lambda: Noisy(stack()),
    "own optimizer": lambda: Stepping(stack()),
    "own step": lambda: Measured(stack()),
}


def model(kind, optimizer, seed):
    keras.utils.set_random_seed(seed)
    made = MODELS[kind]()
    made.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return made


def arrays():
    return {"x": X, "y": Y, "batch_size": 16}


def dataset():
    rows = tf.data.Dataset.from_tensor_slices((X, Y))
    validated = {"validation_data": rows.shuffle(60, seed=4).batch(7), "validation_steps": 2}
    return {"x": rows.shuffle(60, seed=3).batch(16), "validation_freq": [2, 3, 4], **validated}


def endless():
    endless = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(30, seed=3).repeat().batch(16)
    return {"x": endless.map(lambda x, y: (x + tf.random.normal((), stddev=0.01), y)), "steps_per_epoch": 3}


def generator():
    def batches():
        rows = np.random.default_rng(1)
        while True:
            chosen = rows.integers(0, 60, 16)
            yield X[chosen], Y[chosen]

    both = batches()  # of one stream the training and the validation read in turn
    return {"x": both, "steps_per_epoch": 3, "validation_data": both, "validation_steps": 2}


class Reordered(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.rng, self.order = np.random.default_rng(2), np.arange(60)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        rows = self.order[16 * i : 16 * i + 16]
        return X[rows], Y[rows]

    def on_epoch_end(self):
        self.rng.shuffle(self.order)


def py_dataset():
    return {"x": Reordered(), "validation_data": Reordered()}
