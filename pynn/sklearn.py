"""scikit-learn's MLPClassifier and MLPRegressor, computed by pynn: for pipelines, searches and cross-validation.

They are scikit-learn's own classes: parameters, checks, start weights, batches, stopping and attributes are theirs.
What takes the time is ours: gradients by a tape over fused operations, the updates of "adam" and "sgd", predictions.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

import kernels

from . import ops
from .engine.tape import GradientTape
from .engine.tensor import Tensor
from .keras.optimizers.base import KEPT_BY_MALLOC
from .support.extras import install

try:
    from scipy.sparse import issparse
    from sklearn import neural_network
    from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer
    from sklearn.utils import gen_batches
    from sklearn.utils.validation import validate_data

    _known = list(inspect.signature(neural_network.MLPClassifier._backprop).parameters)[1:4]
    if _known != ["X", "y", "sample_weight"]:
        raise ImportError("its MLPClassifier does not compute in `_backprop(X, y, sample_weight, ...)`")
except (ImportError, AttributeError) as error:
    found = getattr(sys.modules.get("sklearn"), "__version__", None)
    needs = "pynn.sklearn needs scikit-learn 1.7 or newer" + (f", found {found}" if found else "")
    raise ImportError(f"{needs}: {install('sklearn')}") from error

__all__ = ["MLPClassifier", "MLPRegressor"]

_ACTIVATIONS = {  # relu: in one pass with the product
    "exp": ops.exp, "identity": ops.identity, "logistic": ops.sigmoid, "softmax": ops.softmax, "tanh": ops.tanh
}  # fmt: skip
_ROWS = 1000  # are predicted at once: their activations stay in the caches


class _Updates:
    """An optimizer of scikit-learn's, with its state, whose update is one call of a kernel."""

    def __init__(self, theirs: Any) -> None:
        vars(self).update(vars(theirs))
        np.empty(KEPT_BY_MALLOC, np.uint8)  # as in Optimizer.build


class _Adam(_Updates, AdamOptimizer):
    def update_params(self, params: list[np.ndarray], grads: list[np.ndarray]) -> None:
        self.t += 1
        betas = self.beta_1, self.beta_2
        kernels.adam_update(params, self.ms, self.vs, grads, self.learning_rate_init, *betas, self.epsilon, self.t)


class _SGD(_Updates, SGDOptimizer):
    def update_params(self, params: list[np.ndarray], grads: list[np.ndarray]) -> None:
        kernels.momentum_update(params, self.velocities, grads, self.learning_rate, self.momentum, self.nesterov)


_OURS = {AdamOptimizer: _Adam, SGDOptimizer: _SGD}


class _Computed(BaseMultilayerPerceptron):
    """The methods of scikit-learn's classes that compute."""

    coefs_: list[np.ndarray]

    def _fit_stochastic(self, *arguments: Any) -> None:
        self.coefs_ = [np.ascontiguousarray(w) for w in self.coefs_]  # a user may have set others, to go on from
        super()._fit_stochastic(*arguments)

    def _backprop(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None, *buffers: Any) -> tuple[Any, Any, Any]:
        """The loss of a batch X (m, k), y (m, n), and its gradients by `coefs_` and `intercepts_`."""
        optimizer = vars(self).get("_optimizer")  # "lbfgs" has none
        if type(optimizer) in _OURS:
            self._optimizer = _OURS[type(optimizer)](optimizer)
        weights = [Tensor(w) for w in (*self.coefs_, *self.intercepts_)]
        n, dtype = len(self.coefs_), self.coefs_[0].dtype
        x = Tensor(_dense(X).astype(dtype, copy=False))
        target = Tensor(y.argmax(1) if self.out_activation_ == "softmax" else y.astype(dtype, copy=False))
        with GradientTape() as tape:
            tape.watch(weights)
            losses = self._losses(_before_output(x, weights, self.activation), target)
        share = np.ones(len(y)) if sample_weight is None else sample_weight
        rows = share.sum()
        loss = np.average(losses._array, weights=share)
        slopes = [g._array for g in tape.gradient(losses, weights, Tensor((share / rows).astype(dtype)))]
        if self.out_activation_ == "identity":
            loss /= y.shape[1]  # what is reported is the mean of the outputs' losses, what is minimized their sum
        if self.alpha:  # without the tape: g += alpha / rows * w in place
            loss += self.alpha / 2 / rows * sum(float(kernels.dot(w.ravel(), w.ravel())) for w in self.coefs_)
            kernels.sgd_update(slopes[:n], self.coefs_, -self.alpha / rows)
        return loss, slopes[:n], slopes[n:]

    def _losses(self, z: Tensor, y: Tensor) -> Tensor:
        """The loss of each row, by the outputs before their activation (m, n) and the targets."""
        if self.out_activation_ == "softmax":
            return ops.softmax_cross_entropy(z, y)
        if self.out_activation_ == "logistic":
            return ops.reduce_sum(ops.sigmoid_cross_entropy_with_logits(y, z), -1)
        if self.out_activation_ == "exp":  # half the deviance of Poisson's distribution
            return ops.reduce_sum(ops.exp(z) - y * z + (ops.xlogy(y, y) - y), -1)
        return ops.reduce_sum(ops.square(z - y), -1) / 2

    def _forward_pass_fast(self, X: Any, check_input: bool = True) -> np.ndarray:
        """The outputs for X (m, k) -> (m, n)."""
        if check_input:
            X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        weights, last = [*self.coefs_, *self.intercepts_], _ACTIVATIONS[self.out_activation_]
        parts = [_before_output(_dense(X[r]), weights, self.activation) for r in gen_batches(X.shape[0], _ROWS)]
        return np.concatenate([last(z)._array for z in parts])


def _dense(X: Any) -> np.ndarray:
    return X.toarray() if issparse(X) else X


def _before_output(x: Any, weights: Any, activation: str) -> Tensor:
    """x (m, k) through the layers, without the last one's activation; weights: the kernels, then the biases."""
    *hidden, (w, b) = zip(weights[: len(weights) // 2], weights[len(weights) // 2 :], strict=True)
    for v, a in hidden:
        x = ops.dense(x, v, a, "relu") if activation == "relu" else _ACTIVATIONS[activation](ops.dense(x, v, a))
    return ops.dense(x, w, b)


_ARGUMENTS = """
    All that scikit-learn documents of its class of this name holds for this one, and the same `random_state` gives the
    same weights, to rounding. X (m, k) of float32 is computed in float32, all else in float64; batches of a sparse X
    become dense. One thing differs: a loss is that of the outputs before their activation; scikit-learn keeps the
    probabilities in it a distance of the type's epsilon from 0 and 1.

    hidden_layer_sizes: units of each hidden layer: an integer, or several; () for none
    activation: of the hidden layers: "identity", "logistic", "tanh" or "relu"
    solver: "adam", "sgd", or "lbfgs": SciPy's, of all rows at once
    alpha: adds alpha / 2 * sum(w^2) / rows of the batch to the loss, for all weights w but the intercepts
    batch_size: rows of a batch; "auto": 200, or all where there are fewer
    learning_rate: of sgd: "constant", "invscaling" (each epoch learning_rate_init / (t_ + 1)^power_t) or "adaptive"
        (divided by 5 where training would stop)
    learning_rate_init, power_t: numbers
    max_iter, max_fun: largest number of epochs; of lbfgs: iterations, and losses computed
    shuffle: whether each epoch has another order of the rows
    random_state: a seed or RandomState; None: NumPy's global one, as in all of scikit-learn
    tol, n_iter_no_change: training stops after more than n_iter_no_change epochs that were not better by tol
    verbose: whether each epoch's loss is printed
    warm_start: whether `fit` goes on from the weights of the last one
    momentum, nesterovs_momentum: of sgd
    early_stopping, validation_fraction: whether that share of the rows is scored after each epoch, to stop, and to
        keep the best weights
    beta_1, beta_2, epsilon: of adam
    """


class MLPClassifier(_Computed, neural_network.MLPClassifier):
    __doc__ = f"""Dense layers, then softmax; of two classes, or of several labels for a row, sigmoids.
    {_ARGUMENTS}"""


class MLPRegressor(_Computed, neural_network.MLPRegressor):
    __doc__ = f"""Dense layers, for one value or several.
    {_ARGUMENTS}
    loss: "squared_error", or "poisson", of exp(outputs), for y >= 0
    """
