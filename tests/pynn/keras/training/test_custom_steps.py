"""Users' train_step, test_step, compute_loss, ..., in fit and evaluate. Values: test_against_keras.py."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers

X = np.random.default_rng(0).random((40, 6), np.float32)
Y = X[:, :1]


def network(optimizer="sgd", seed=0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(3, "relu"), layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(model, **options):
    return model.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0, **options)


def test_the_users_history_is_used():
    model, own = network(), keras.callbacks.History()
    assert fit(model, callbacks=[own]) is own is model.history
    assert len(own.history["loss"]) == 3


def test_evaluate_and_predict_inside_fit():
    params = []

    class Looker(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(X[:10], Y[:10], verbose=0, callbacks=[Inner()])
            self.model.predict(X[:2], verbose=0)

        def on_train_batch_end(self, batch, logs=None):
            self.model.predict(X[:2], verbose=0)

    class Inner(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            params.append(self.params["epochs"])

    plain, watched = network(), network()
    assert fit(plain).history == fit(watched, callbacks=[Looker()]).history
    for one, two in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert params == [1, 1, 1]


def test_an_error_in_call_leaves_nothing_behind():
    class Failing(keras.Model):
        broken = True

        def __init__(self):
            super().__init__()
            self.last = layers.Dense(1)

        def call(self, inputs, training=None):
            outputs = self.last(inputs)
            self.add_loss(0.0 * outputs[0, 0])
            if self.broken:
                raise RuntimeError("broken")
            assert training is expected
            return outputs

    model = Failing()
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match="broken"):
        fit(model)
    model.broken, expected = False, True
    assert len(fit(model).history["loss"]) == 3
    expected = None
    model(X)
    assert len(model.losses) == 1


@pytest.mark.parametrize("step", ["train_step", "test_step"])
def test_a_step_gives_a_dict(step):
    model = network()
    setattr(model, step, lambda data: 3.0)
    with pytest.raises(ValueError, match=f"`{step}` must return a dict"):
        fit(model, validation_data=(X, Y))


def test_threads_train_models_of_their_own():
    optimizers = ["sgd", "rmsprop", "adam", "adagrad"]
    expected, found = ([network(name, seed) for seed, name in enumerate(optimizers)] for _ in "12")
    for model in expected:
        fit(model)
    threads = [threading.Thread(target=fit, args=(model,)) for model in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, two in zip(expected, found, strict=True):
        assert one.history.history == two.history.history
        for x, y in zip(one.get_weights(), two.get_weights(), strict=True):
            np.testing.assert_array_equal(x, y)


def test_on_batch_starts_anew():
    model = network()
    first = model.test_on_batch(X, Y)
    assert model.test_on_batch(X, Y) == first and len(first) == 2
    with pytest.raises(ValueError, match="compile"):
        keras.Sequential([layers.Dense(1)]).train_on_batch(X, Y)


def test_what_compile_refuses():
    model = network()
    for bad in ({"loss": "msee"}, {"optimizer": "foo"}, {"metrics": "mae"}):
        with pytest.raises(ValueError):
            model.compile(**bad)
    with pytest.raises(TypeError):
        model.compile("sgd", "mse", colour=1)


def test_a_loss_without_training():
    """compute_loss had no `training` before Keras 3.3."""

    class Older(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return tf.reduce_mean((y - y_pred) ** 2)

    class Newer(keras.Sequential):
        def compute_loss(self, x, y, y_pred, sample_weight, training):
            seen.append(training)
            return tf.reduce_mean((y - y_pred) ** 2)

    seen: list[bool] = []
    x, y = np.ones((4, 3), np.float32), np.ones((4, 1), np.float32)
    for cls in (Older, Newer):
        model = cls([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, y, verbose=0)
        assert model.evaluate(x, y, verbose=0) == model.test_on_batch(x, y) == pytest.approx(float(
            tf.reduce_mean((model(x) - y) ** 2)), rel=1e-6)  # fmt: skip
    assert seen == [True, False, False]


def test_a_compiled_model_inside_another():
    """What the inner one tracks for its own training is not the outer one's, as in Keras."""
    x, y = np.ones((4, 3), np.float32), np.ones((4, 1), np.float32)
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    inner.compile("adam", "mse", metrics=["mae"])
    inner.fit(x, x[:, :2], verbose=0)
    outer = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1)])
    outer.compile("sgd", "mse", metrics=["mse"])
    history = outer.fit(x, y, verbose=0).history
    assert list(history) == ["loss", "mse"] and history["loss"] == history["mse"] != [0.0]
    loss, mse = outer.evaluate(x, y, verbose=0)
    assert loss == mse == pytest.approx(float(tf.reduce_mean((outer(x) - y) ** 2)), rel=1e-6)


def test_callback_list_in_a_loop_of_ones_own():
    """Keras's form: the hooks as methods, the logs by place or by name, the History as the model's."""
    heard = []

    class Hears(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append(("train", self.params, logs))

        callbacks = "an attribute of its own"

        def on_test_batch_end(self, batch, logs=None):
            heard.append((batch, logs))

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    call = keras.callbacks.CallbackList(Hears(), add_history=True, model=model, epochs=1)
    call.on_train_begin()
    call.on_test_batch_end(batch=3, logs={"loss": np.float32(0.5)})
    call.on_epoch_begin(0)
    call.on_epoch_end(0, logs={"loss": 0.25})
    assert heard == [("train", {"epochs": 1}, {}), (3, {"loss": 0.5})]
    assert model.history is call.history and model.history.history == {"loss": [0.25]}
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0, callbacks=call)
    assert heard[2][1]["epochs"] == 1 and heard[2][1]["steps"] == 1 and len(model.history.history["loss"]) == 2
    with pytest.raises(AttributeError, match="no 'on_lunch'"):
        call.on_lunch()


def test_a_model_may_have_attributes_of_common_names():
    class Own(keras.Sequential):
        def __init__(self, *stack):
            super().__init__()
            for name in ("step", "epoch", "batch", "measure", "names", "loss", "metrics", "history", "run", "training"):
                setattr(self, f"_{name}", 0)
            for layer in stack:
                self.add(layer)

    model = Own(layers.Dense(3), layers.Dense(1))
    model.pop()
    model.add(layers.Dense(1))
    model.compile("sgd", "mse", metrics=["mae"])
    assert len(fit(model, validation_data=(X, Y)).history["val_mae"]) == 3
    assert model._step == model._epoch == model._measure == 0


def test_fit_calls_the_optimizers_apply_gradients():
    class Halved(keras.optimizers.SGD):
        def apply_gradients(self, grads_and_vars):
            return super().apply_gradients([(0.5 * g, v) for g, v in grads_and_vars])

    losses = []
    for optimizer in (Halved(0.5), keras.optimizers.SGD(0.25)):
        model = network()
        model.compile(optimizer, "mse")
        losses.append(fit(model).history["loss"])
    assert losses[0] == losses[1]


def test_outputs_without_axes_are_predicted_by_batch():
    x = keras.Input((2,))
    model = keras.Model(x, keras.ops.mean(x))
    data = np.arange(10, dtype=np.float32).reshape(5, 2)
    assert model.predict(data, verbose=0) == 4.5
    assert model.predict(data, batch_size=2, verbose=0).tolist() == [1.5, 5.5, 8.5]
