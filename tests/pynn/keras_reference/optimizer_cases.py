"""Optimizers, their options and learning rate schedules, step by step on given gradients: run by Keras and by pynn."""

from __future__ import annotations

import numpy as np
from cases import to_numpy, uniform

# name -> (class, options, steps made with the option)
RULES = {
    "SGD weight decay": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.05}),
    "SGD clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
    "SGD large clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 50.0}),
    "SGD clipvalue": ("SGD", {"learning_rate": 0.1, "momentum": 0.5, "nesterov": True, "clipvalue": 0.3}),
    "SGD global_clipnorm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.7}),
    "SGD averages": ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8}),
    "SGD averages taken": (
        "SGD",
        {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    ),
    "RMSprop": ("RMSprop", {}),
    "RMSprop all": (
        "RMSprop",
        {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.9, "epsilon": 1e-3, "centered": True, "weight_decay": 0.1},
    ),
    "Adam": ("Adam", {}),
    "Adam all": (
        "Adam",
        {"learning_rate": 0.02, "beta_1": 0.7, "beta_2": 0.8, "epsilon": 0.01, "amsgrad": True, "clipnorm": 1.0},
    ),
    "AdamW": ("AdamW", {}),
    "AdamW options": ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.1, "amsgrad": True}),
    "Adagrad": ("Adagrad", {}),
    "Adagrad options": ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 0.1}),
    "Adadelta": ("Adadelta", {}),
    "Adadelta options": ("Adadelta", {"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-3}),
    "Adamax": ("Adamax", {}),
    "Adamax options": ("Adamax", {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.7, "epsilon": 0.01}),
    "Nadam": ("Nadam", {}),
    "Nadam options": ("Nadam", {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.01}),
    "Ftrl": ("Ftrl", {}),
    "Ftrl options": (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.75,
            "initial_accumulator_value": 0.2,
            "l1_regularization_strength": 0.05,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.1,
        },
    ),
    "Lion": ("Lion", {}),
    "Lion options": ("Lion", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.7, "weight_decay": 0.1}),
}
SCHEDULES = {
    "ExponentialDecay": ("ExponentialDecay", (0.1, 4, 0.5), {}),
    "ExponentialDecay staircase": ("ExponentialDecay", (0.1, 4, 0.5), {"staircase": True}),
    "PiecewiseConstantDecay": ("PiecewiseConstantDecay", ([3, 7], [0.1, 0.05, 0.01]), {}),
    "PiecewiseConstantDecay floats": ("PiecewiseConstantDecay", ([2.5, 7.0], [1.0, 0.5, 0.1]), {}),
    "PolynomialDecay": ("PolynomialDecay", (0.1, 8), {}),
    "PolynomialDecay cycle": ("PolynomialDecay", (0.1, 3), {"end_learning_rate": 0.02, "power": 2.0, "cycle": True}),
    "InverseTimeDecay": ("InverseTimeDecay", (0.1, 4, 0.5), {}),
    "InverseTimeDecay staircase": ("InverseTimeDecay", (0.1, 4, 0.5, True), {}),
    "CosineDecay": ("CosineDecay", (0.1, 8), {}),
    "CosineDecay warmup": ("CosineDecay", (0.01, 6, 0.1), {"warmup_target": 0.2, "warmup_steps": 4}),
    "CosineDecayRestarts": ("CosineDecayRestarts", (0.1, 3), {}),
    "CosineDecayRestarts all": ("CosineDecayRestarts", (0.1, 4), {"t_mul": 1.0, "m_mul": 0.8, "alpha": 0.1}),
}
SHAPES = [(7, 3), (3,)]


def variables_of(tf, dtype: str) -> list:
    return [tf.Variable(uniform(80 + i, *shape).astype(dtype)) for i, shape in enumerate(SHAPES)]


def gradients_of(tf, step: int, dtype: str) -> list:
    """Of norms about 1 to 4; some entries are 0."""
    draws = [uniform(100 + 2 * step + i, *shape, low=-2, high=2) for i, shape in enumerate(SHAPES)]
    return [tf.constant((g * (np.abs(g) > 0.25)).astype(dtype)) for g in draws]


def make(keras, kind: str, options: dict, dtype: str):
    """Keras rounds the betas to float32 also for float64 variables; in 1 - beta^t that shows."""
    optimizer = getattr(keras.optimizers, kind)(**options)
    for name in ("beta_1", "beta_2"):
        if dtype == "float64" and hasattr(optimizer, name):
            setattr(optimizer, name, np.float64(getattr(optimizer, name)))
    return optimizer


def steps(tf, optimizer, dtype: str, count: int = 7) -> list:
    """All variables after each step."""
    variables, after = variables_of(tf, dtype), []
    for step in range(count):
        optimizer.apply_gradients(zip(gradients_of(tf, step, dtype), variables, strict=True))
        after.append(np.concatenate([to_numpy(v).ravel() for v in variables]))
    optimizer.finalize_variable_values(variables)
    return [*after, np.concatenate([to_numpy(v).ravel() for v in variables])]


def rule(tf, keras, dtype: str, name: str) -> dict:
    optimizer = make(keras, *RULES[name], dtype)
    kind, options = RULES[name]
    config, after = getattr(keras.optimizers, kind)(**options).get_config(), steps(tf, optimizer, dtype)
    return {
        "weights": np.array(after),
        "iterations": int(optimizer.iterations),
        "variables": sorted(list(to_numpy(v).shape) for v in optimizer.variables),
        "config": [[k, v] for k, v in sorted(config.items()) if k not in ("name", "learning_rate", *ABSENT)],
    }


ABSENT = ("loss_scale_factor", "gradient_accumulation_steps")


def excluded(tf, keras, dtype: str) -> dict:
    """Weight decay for some variables only: by the list, and by the name."""
    result = {}
    for key in ("list", "names"):
        a, b = [tf.Variable(uniform(80 + i, 3).astype(dtype), name=n) for i, n in enumerate(("kernel", "bias"))]
        optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
        if key == "list":
            optimizer.exclude_from_weight_decay(var_list=[a])
        else:
            optimizer.exclude_from_weight_decay(var_names=["bias", "gamma"])
        zero = tf.constant(np.zeros(3, dtype))
        optimizer.apply_gradients([(zero, a), (zero, b)])
        result[key] = np.array([to_numpy(a), to_numpy(b)])
    return result


def schedule(tf, keras, dtype: str, name: str) -> dict:
    """The rates themselves, and SGD with them; each is read at the step before it counts."""
    kind, arguments, options = SCHEDULES[name]
    make_schedule = getattr(keras.optimizers.schedules, kind)
    rates = make_schedule(*arguments, **options)
    optimizer = keras.optimizers.SGD(make_schedule(*arguments, **options), momentum=0.5)
    before = float(optimizer.learning_rate)
    after = steps(tf, optimizer, dtype, 12)
    again = make_schedule.from_config(rates.get_config())
    return {
        "rates": np.array([float(rates(i)) for i in range(30)]),
        "weights": np.array(after),
        "read": np.array([before, float(optimizer.learning_rate), float(again(tf.constant(5)))]),
        "config": [[k, v] for k, v in rates.get_config().items()],
    }


def function_as_rate(tf, keras, dtype: str) -> dict:
    """A function without arguments is asked at each step; a number may be set between steps; a schedule, too."""
    halves = iter(0.5**i for i in range(9))
    first = steps(tf, keras.optimizers.Adam(lambda: next(halves)), dtype, 4)
    optimizer, variables, after = keras.optimizers.SGD(0.1), variables_of(tf, dtype), []
    rates = (0.5, np.float32(0.25), keras.optimizers.schedules.ExponentialDecay(0.4, 1, 0.5))
    for step, rate in enumerate(rates):
        optimizer.learning_rate = rate
        optimizer.apply_gradients(zip(gradients_of(tf, step, dtype), variables, strict=True))
        after.append([float(optimizer.learning_rate), *to_numpy(variables[1])])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.learning_rate.assign(0.75)
    return {"function": np.array(first), "set": np.array(after), "assigned": float(optimizer.learning_rate)}


def own_rule(tf, keras, dtype: str) -> dict:
    """A program's own optimizer, with state for each variable."""

    class SignMomentum(keras.optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, decay_of_mean=0.5, name="sign", **kwargs):
            super().__init__(learning_rate=learning_rate, name=name, **kwargs)
            self.decay_of_mean = decay_of_mean

        def build(self, variables):
            super().build(variables)
            self.means = self.add_optimizer_variables(variables, "mean")
            self.counts = [self.add_variable_from_reference(v, name="count", initializer="ones") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            index = self._get_variable_index(variable)
            mean, rate = self.means[index], tf.cast(learning_rate, variable.dtype)
            self.assign(mean, mean * self.decay_of_mean + gradient)
            self.assign_add(self.counts[index], tf.abs(gradient))
            self.assign_sub(variable, rate * tf.sign(mean) / self.counts[index])

    optimizer = SignMomentum(0.25, weight_decay=0.01, clipvalue=1.5)
    return {"weights": np.array(steps(tf, optimizer, dtype)), "variables": len(optimizer.variables)}


CASES = {
    **{f"rule {n}": lambda tf, keras, dtype, n=n: rule(tf, keras, dtype, n) for n in RULES},
    **{f"schedule {n}": lambda tf, keras, dtype, n=n: schedule(tf, keras, dtype, n) for n in SCHEDULES},
    "no decay for some": excluded,
    "function as rate": function_as_rate,
    "own rule": own_rule,
}
