"""Configurations: everything that has one comes back from JSON as it was, and a name means one thing of one kind."""

from __future__ import annotations

import functools
import inspect
import itertools
import json

import numpy as np
import pytest

import pynn as tf
from pynn import keras
from pynn.keras import layers
from pynn.keras.common.registry import OURS

RNG = np.random.default_rng(3)
X, W = RNG.random((6, 4), np.float32), RNG.standard_normal((4, 4)).astype(np.float32)
Y, P = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 1, 0]], np.array(keras.activations.softmax(W[[0, 1, 2, 3, 0, 1]]))
LABELS = {"SparseCategoricalCrossentropy", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"}
ARGUMENTS: dict[str, dict] = {
    "Dense": {"units": 3, "activation": "gelu", "kernel_regularizer": "l2", "bias_constraint": "non_neg"},
    "Embedding": {"input_dim": 5, "output_dim": 2}, "Activation": {"activation": "celu"}, "Dropout": {"rate": 0.25},
    "GaussianDropout": {"rate": 0.25}, "AlphaDropout": {"rate": 0.25}, "GaussianNoise": {"stddev": 0.5},
    "Reshape": {"target_shape": (2, 2)}, "Permute": {"dims": (1,)}, "RepeatVector": {"n": 3}, "Dot": {"axes": 1},
    "Rescaling": {"scale": 0.5, "offset": [1.0, 2.0, 3.0, 4.0]}, "CategoryEncoding": {"num_tokens": 3},
    "Normalization": {"mean": [1.0] * 4, "variance": np.full(4, 2.0)}, "Flatten": {"data_format": "channels_first"},
    "Lambda": {"function": keras.activations.relu}, "InputLayer": {"shape": (4,)}, "LeakyReLU": {"alpha": 0.1},
    "BatchNormalization": {"momentum": 0.9, "beta_initializer": "ones"}, "ELU": {"alpha": 0.5},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.9, "staircase": True},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.9},
    "PiecewiseConstantDecay": {"boundaries": [1, 2], "values": [0.1, 0.2, 0.3]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 9},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 9, "warmup_steps": 2, "warmup_target": 0.2},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 4},
    "LossFunctionWrapper": {"fn": keras.losses.huber}, "MeanMetricWrapper": {"fn": keras.losses.huber},
    "Constant": {"value": 0.5}, "RandomUniform": {"minval": 0.0}, "Orthogonal": {"gain": 2.0},
    "L1L2": {"l1": 0.1, "l2": 0.2}, "MinMaxNorm": {"max_value": 0.5, "rate": 0.5}, "Huber": {"delta": 0.5},
    "BinaryCrossentropy": {"label_smoothing": 0.1}, "FBetaScore": {"average": "macro", "beta": 2.0},
    "SGD": {"momentum": 0.9, "nesterov": True}, "RMSprop": {"momentum": 0.5, "centered": True, "clipnorm": 1.0},
    "Adam": {"amsgrad": True, "use_ema": True}, "AUC": {"curve": "PR", "num_thresholds": 20},
    "Precision": {"top_k": 2}, "R2Score": {"class_aggregation": None}, "TopKCategoricalAccuracy": {"k": 2},
}  # fmt: skip
ABSTRACT = {"Layer", "Loss", "Metric", "Optimizer", "Initializer", "Regularizer", "Constraint", "RandomInitializer",
            "LearningRateSchedule", "Operation", "Trainable", "Fitted", "FunctionLoss", "FunctionMetric", "CountMetric",
            "CompiledMetrics", "Model", "Functional", "Sequential"}  # fmt: skip
CLASSES = [key for key, thing in OURS.items() if isinstance(thing, type) and key[1] not in ABSTRACT]


def values(module, thing):
    """Numbers that show what the thing does."""
    if module == "keras.losses":
        return thing(Y.argmax(-1) if type(thing).__name__ in LABELS else Y, P)
    if module == "keras.metrics":
        if "update_state" in dir(thing) and type(thing).__name__ in ("Mean", "Sum"):
            return thing(P)
        return thing(Y.argmax(-1) if type(thing).__name__ in LABELS else Y, P)
    if module == "keras.optimizers":
        v = tf.Variable(W)
        for _ in range(2):
            thing.apply_gradients([(tf.constant(W[::-1].copy()), v)])
        return v
    if module == "keras.initializers":
        return thing((4, 4))
    if module == "keras.optimizers.schedules":
        return thing(5)
    return thing(tf.constant(W)) if module in ("keras.regularizers", "keras.constraints") else 0.0


@pytest.mark.parametrize("module, name", CLASSES)
def test_round_trip(module, name):
    given = ARGUMENTS.get(name, {})
    if "seed" in inspect.signature(OURS[module, name].__init__).parameters:
        given = given | {"seed": 5}  # without one, another is drawn
    first = OURS[module, name](**given)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(first)))
    again = keras.saving.deserialize_keras_object(config)
    assert (config["module"], config["class_name"], type(again)) == (module, name, type(first))
    assert json.dumps(again.get_config()) == json.dumps(first.get_config())
    np.testing.assert_array_equal(values(module, again), values(module, first))


LOSSES = {
    "mse": ["mse", keras.metrics.MeanSquaredError, keras.metrics.RootMeanSquaredError],
    keras.losses.CosineSimilarity: [keras.metrics.CosineSimilarity, "cosine_similarity"],
    keras.losses.KLDivergence: [keras.metrics.KLDivergence, keras.metrics.Hinge, "accuracy"],
    keras.losses.categorical_crossentropy: [lambda: keras.metrics.F1Score("macro"), keras.metrics.Precision, "acc"],
    lambda: keras.losses.Huber(0.3, reduction="sum"): [lambda: keras.metrics.AUC(name="area", multi_label=True)],
    lambda: keras.losses.CategoricalCrossentropy(label_smoothing=0.2): [keras.metrics.Poisson, keras.losses.huber],
}
OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw", "adamax", "nadam", "adagrad", "adadelta", "ftrl", "lion")


def made(thing):
    return thing() if isinstance(thing, type) or getattr(thing, "__name__", "") == "<lambda>" else thing


@pytest.mark.parametrize("optimizer, loss", list(itertools.product(OPTIMIZERS, range(len(LOSSES)))))
def test_compiled_models(optimizer, loss, tmp_path):
    objective, metrics = list(LOSSES.items())[loss]
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, "softmax")])
    model.compile(optimizer, made(objective), metrics=[made(m) for m in metrics])
    model.fit(X, Y, batch_size=3, verbose=0)
    model.save(tmp_path / "a.keras")
    again = keras.models.load_model(tmp_path / "a.keras")
    assert again.evaluate(X, Y, verbose=0, return_dict=True) == model.evaluate(X, Y, verbose=0, return_dict=True)
    for one, two in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_a_name_means():
    get = keras.saving.deserialize_keras_object
    assert type(get({"module": "keras.initializers", "class_name": "Identity", "config": {}})).__module__.endswith(
        "initializers"
    )
    assert type(get({"module": "keras.layers", "class_name": "Identity", "config": {}})) is layers.Identity
    assert type(keras.losses.deserialize({"class_name": "MeanSquaredError", "config": {}})) is (
        keras.losses.MeanSquaredError
    )
    assert type(keras.metrics.deserialize({"class_name": "MeanSquaredError", "config": {}})) is (
        keras.metrics.MeanSquaredError
    )
    for module in ("keras.metrics", "mine", None):  # there is no Dense of this module
        with pytest.raises(TypeError, match="Could not locate 'Dense'"):
            get({"module": module, "class_name": "Dense", "config": {"units": 1}, "registered_name": "Dense"})


def test_a_registered_name_does_not_stand_before_a_class_of_ours():
    @keras.saving.register_keras_serializable("tests", "Shadow")
    class Shadow(layers.Layer):
        pass

    config = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}}
    for name in ("tests>Shadow", "anything"):
        with pytest.raises(ValueError, match="has no registered name"):
            keras.saving.deserialize_keras_object(config | {"registered_name": name})
    assert type(keras.saving.deserialize_keras_object(config | {"registered_name": "Dense"})) is layers.Dense


def test_what_occurs_twice_is_one_object():
    shared = layers.Dense(4, name="tied")
    one, two = (keras.Sequential([keras.Input((4,)), shared], name=name) for name in ("one", "two"))
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [one(inputs), two(inputs)])
    again = keras.models.model_from_json(model.to_json())
    assert again.get_layer("one").layers[0] is again.get_layer("two").layers[0] and len(again.weights) == 2


@pytest.mark.parametrize("make", [
    lambda **o: layers.Dense(2, **o), lambda **o: keras.Input((2,), **o), lambda **o: layers.BatchNormalization(**o),
    lambda **o: layers.Embedding(2, 2, **o), lambda **o: layers.CategoryEncoding(2, **o),
])  # fmt: skip
def test_options_that_ask_for_what_is_done(make):
    """Their names are those of the constructor's decorator; any other value of them is an error that names it."""
    names = {"Dense": {"lora_rank": 4}, "InputLayer": {"sparse": True}, "BatchNormalization": {"renorm": True},
             "Embedding": {"mask_zero": True}, "CategoryEncoding": {"sparse": True}}  # fmt: skip
    thing = make()
    ((name, other),) = names[type((getattr(thing, "node", None) and thing.node.layer) or thing).__name__].items()
    make(**{name: None if name == "lora_rank" else False})
    with pytest.raises(TypeError, match=f"{name}={other!r} is not supported"):
        make(**{name: other})


def test_options_of_functions():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(tf.map_fn(lambda row: 2 * row, x, parallel_iterations=4, back_prop=True), 2 * x)
    np.testing.assert_array_equal(tf.transpose(x, conjugate=False), x.numpy().T)
    for name, use in {
        "adjoint": lambda: tf.linalg.inv(x, adjoint=True), "k": lambda: tf.linalg.diag_part(x, k=1),
        "swap_memory": lambda: tf.scan(lambda a, b: a + b, x, swap_memory=True),
        "filename": lambda: tf.data.Dataset.range(3).cache(filename="here"),
        "safe_mode": lambda: keras.saving.deserialize_keras_object({}, safe_mode=False),
        "expand_nested": lambda: keras.Sequential([layers.Dense(1)]).summary(expand_nested=True),
        "recursive": lambda: keras.models.clone_model(keras.Sequential([layers.Dense(1)]), recursive=True),
    }.items():  # fmt: skip
        with pytest.raises(TypeError, match=f"{name}=.* is not supported"):
            use()


@pytest.mark.parametrize(("family", "argument", "described", "thing"), [
    ("layers", "layer", "config", layers.Dense(2)), ("losses", "loss", "name", keras.losses.Huber(2.0)),
    ("metrics", "metric", "config", keras.metrics.AUC(20)),
    ("optimizers", "optimizer", "config", keras.optimizers.SGD()),
    ("initializers", "initializer", "config", keras.initializers.Constant(3.0)),
    ("regularizers", "regularizer", "config", keras.regularizers.L2(0.5)),
    ("constraints", "constraint", "config", keras.constraints.MaxNorm(3.0)),
    ("activations", "activation", "config", keras.activations.relu),
    ("optimizers.schedules", "learning_rate_schedule", "config", keras.optimizers.schedules.CosineDecay(0.1, 10)),
])  # fmt: skip
def test_keywords_of_serialize(family, argument, described, thing):
    """As Keras names them."""
    module = functools.reduce(getattr, family.split("."), keras)
    again = module.deserialize(**{described: module.serialize(**{argument: thing})}, custom_objects=None)
    if family == "activations":
        assert again is thing
    else:
        assert type(again) is type(thing) and again.get_config() == thing.get_config()
        plain = {"class_name": type(thing).__name__, "config": thing.get_config()}  # as older programs write it
        assert type(module.deserialize(plain)) is type(thing)
        assert keras.saving.serialize_keras_object(obj=thing) == module.serialize(thing)


@keras.saving.register_keras_serializable("tests")
class Wrapping(layers.Layer):
    """Its configuration adds to the base's by dict(**base, ...), as Keras's guides write it, and holds an object."""

    def __init__(self, inner, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.inner, self.factor = inner, factor

    def call(self, x):
        return self.inner(x) * self.factor

    def get_config(self):
        return dict(**super().get_config(), inner=self.inner, factor=self.factor)


def test_what_a_subclass_adds_to_the_base_class_configuration(tmp_path):
    model = keras.Sequential([keras.Input((4,)), Wrapping(layers.Dense(3), 3.0, name="w")])
    assert layers.Layer.get_config(model.layers[0]).keys() == {"name", "trainable", "dtype"}
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[0].factor == 3.0 and again.layers[0].name == "w"
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_small_print():
    assert keras.optimizers.get(None) is None and keras.constraints.Constraint()(3) == 3
    assert keras.optimizers.get({"class_name": "adam", "config": {"beta_1": 0.5}}).get_config()["beta_1"] == 0.5
    assert keras.optimizers.deserialize({"class_name": "adam", "config": {"beta_1": 0.5}}).beta_1 == 0.5
    assert keras.metrics.AUC(num_thresholds=None, thresholds=[0.5]).num_thresholds == 3
    for make in (
        lambda: layers.ReLU(threshold=None),
        lambda: keras.Input((2,), batch_shape=(None, 2)),
        lambda: layers.Dense(2, trainable="yes"),
    ):
        with pytest.raises(ValueError, match=r"None|both|boolean"):
            make()


@pytest.mark.parametrize("module", ["activations", "losses", "metrics"])
def test_every_function_is_found_again(module):
    for name in getattr(keras, module).__all__:
        function = getattr(getattr(keras, module), name)
        if inspect.isfunction(function) and name not in ("deserialize", "get", "serialize"):
            config = json.loads(json.dumps(keras.saving.serialize_keras_object(function)))
            assert keras.saving.deserialize_keras_object(config) is function


def test_neutral_values_are_equal_ones():
    assert tf.math.top_k([1.0, 2.0], 1, index_type=tf.int32).indices[0] == 1
    assert tf.linalg.diag_part(tf.eye(2), padding_value=0.0).shape == (2,)
    keras.backend.clear_session(free_memory=False)
    keras.Sequential([layers.Dense(1)]).compile("sgd", "mse", steps_per_execution=2, jit_compile=True)
    with tf.GradientTape() as tape:
        x = tf.Variable([1.0, 2.0])
        y = x * x
    assert tape.jacobian(y, x, experimental_use_pfor=False, parallel_iterations=4).shape == (2, 2)
    for value in (tf.int64, np.zeros(2)):
        with pytest.raises(TypeError, match="index_type can only be"):
            tf.math.top_k([1.0], 1, index_type=value)
    with pytest.raises(TypeError, match="mask_zero can only be False"):
        layers.Embedding(3, 2, mask_zero=0)
