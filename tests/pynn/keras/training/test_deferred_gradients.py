"""fit hands optimizers gradients that are not computed yet: the weights get the bits of a user's own loop."""

from __future__ import annotations

import numpy as np
import pytest

import kernels
import pynn as tf
from pynn import keras
from pynn.keras import optimizers

ROWS, PIXELS, UNITS, BATCH = 160, 200, 300, 64  # the last batch has half of the rows


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((ROWS, PIXELS), np.float32)
    return x * (rng.random(x.shape) < 0.2), rng.integers(0, 10, ROWS)


def network(twice: bool = False) -> keras.Model:
    keras.utils.set_random_seed(1)
    hidden = keras.layers.Dense(PIXELS if twice else UNITS, activation="relu")
    x = keras.Input((PIXELS,))
    h = hidden(hidden(x)) if twice else hidden(x)
    return keras.Model(x, keras.layers.Dense(10)(h))


LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
RULES = {
    "rmsprop": lambda: optimizers.RMSprop(),
    "rmsprop, momentum": lambda: optimizers.RMSprop(momentum=0.5),
    "rmsprop, centered": lambda: optimizers.RMSprop(centered=True),
    "adam": lambda: optimizers.Adam(),
    "adam, amsgrad": lambda: optimizers.Adam(amsgrad=True),
    "adam, clipnorm": lambda: optimizers.Adam(clipnorm=0.1),
    "adam, global_clipnorm": lambda: optimizers.Adam(global_clipnorm=0.1),
    "adam, accumulation": lambda: optimizers.Adam(gradient_accumulation_steps=2),
    "adam, averages": lambda: optimizers.Adam(use_ema=True),
    "adamw": lambda: optimizers.AdamW(),
    "sgd": lambda: optimizers.SGD(momentum=0.9),
    "lion": lambda: optimizers.Lion(),
}


@pytest.mark.parametrize("twice", [False, True], ids=["", "a layer twice"])
@pytest.mark.parametrize("rule", RULES)
def test_fit_gives_the_bits_of_a_users_loop(rule, twice):
    x, y = data()
    fitted, own = network(twice), network(twice)
    fitted.compile(RULES[rule](), LOSS)
    fitted.fit(x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0)
    optimizer = RULES[rule]()
    for first in 2 * [*range(0, ROWS, BATCH)]:
        with tf.GradientTape() as tape:
            loss = LOSS(y[first : first + BATCH], own(x[first : first + BATCH]))
        variables = own.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    if optimizer.use_ema:
        optimizer.finalize_variable_values(own.trainable_variables)
    for a, b in zip(fitted.get_weights(), own.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize(("rule", "update"), [("rmsprop", "rmsprop_update"), ("adam", "adam_update")])
def test_the_kernel_gets_the_matrices_of_a_product(rule, update, monkeypatch):
    x, y = data()
    model, seen, kernel = network(), [], getattr(kernels, update)

    def noting(w, *rest):
        seen.append([type(g) for g in rest[-4 if rule == "rmsprop" else -6]])
        return kernel(w, *rest)

    monkeypatch.setattr(kernels, update, noting)
    model.compile(RULES[rule](), LOSS)
    model.train_on_batch(x, y)
    assert seen == [[tuple, np.ndarray, tuple, np.ndarray]]


class OwnApply(optimizers.RMSprop):
    def apply(self, grads, trainable_variables=None):
        self.seen = [type(g) for g in grads]
        super().apply(grads, trainable_variables)


class OwnApplyGradients(optimizers.RMSprop):
    def apply_gradients(self, grads_and_vars):
        pairs = list(grads_and_vars)
        self.seen = [type(g) for g, _ in pairs]
        return super().apply_gradients(pairs)


class OwnStep(optimizers.Adam):
    seen = ()

    def update_step(self, gradient, variable, learning_rate):
        self.seen = (*self.seen, type(gradient))
        super().update_step(gradient, variable, learning_rate)


@pytest.mark.parametrize("rule", [OwnApply, OwnApplyGradients, OwnStep])
def test_a_users_rule_gets_tensors(rule):
    x, y = data()
    model = network()
    model.compile(rule(), LOSS)
    model.train_on_batch(x, y)
    assert [*model.optimizer.seen] == 4 * [tf.Tensor]


def test_a_gradient_that_is_not_finite_reaches_the_weights():
    x, y = data()
    model = network()
    model.compile("rmsprop", LOSS)
    _, hidden, last = model.layers
    last.kernel.assign(np.full((UNITS, 10), np.inf, np.float32))
    model.train_on_batch(x, y)
    assert np.isnan(hidden.kernel.numpy()).any()


@pytest.mark.parametrize("rule", [optimizers.SGD, optimizers.RMSprop, optimizers.Adam])
def test_a_gradient_may_be_a_tuple_of_numbers(rule):
    by_tuple, by_tensor = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    rule(0.5).apply_gradients([((3.0, 4.0), by_tuple)])
    rule(0.5).apply_gradients([(tf.constant([3.0, 4.0]), by_tensor)])
    assert by_tuple.numpy().tobytes() == by_tensor.numpy().tobytes() != np.float32([1, 2]).tobytes()
