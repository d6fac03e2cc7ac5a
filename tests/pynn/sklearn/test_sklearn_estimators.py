"""pynn.sklearn against sklearn.neural_network, number by number, and in scikit-learn's tools."""

from __future__ import annotations

import copy
import os
import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

import kernels
from pynn import sklearn as ours
from pynn.engine.generator import generator
from pynn.support.extras import install

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

R = np.random.RandomState(0)
X = R.normal(size=(150, 6))
CLASSES = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int) + (X[:, 3] > 0.5)
TARGETS = {
    "classes": ("MLPClassifier", CLASSES, {}),
    "two words": ("MLPClassifier", np.array(["no", "yes"])[(CLASSES > 0).astype(int)], {}),
    "labels": ("MLPClassifier", (X[:, :3] > 0).astype(int), {}),
    "values": ("MLPRegressor", X @ R.normal(size=(6, 2)), {}),
    "counts": ("MLPRegressor", R.poisson(np.exp(X[:, 0] / 2)), {"loss": "poisson"}),
}
STOPS = {"tol": 0.1, "n_iter_no_change": 1}
SGD = {"solver": "sgd", "batch_size": 50, "learning_rate_init": 0.02, "alpha": 0.1}
SETTINGS = {
    "adam": {
        "learning_rate_init": 3e-3,
        "beta_1": 0.8,
        "beta_2": 0.9,
        "epsilon": 1e-3,
        "alpha": 0.5,
        "activation": "tanh",
    },
    "no alpha, no hidden layer": {"alpha": 0, "hidden_layer_sizes": ()},
    "own order": {"shuffle": False, "batch_size": 40, "activation": "logistic"},
    "constant": SGD | {"momentum": 0, "activation": "identity"},
    "invscaling": SGD | {"learning_rate": "invscaling", "power_t": 0.3, "nesterovs_momentum": False},
    "adaptive": SGD | STOPS | {"learning_rate": "adaptive", "max_iter": 40},
    "lbfgs": {"solver": "lbfgs", "alpha": 0.1, "max_iter": 8},
}


def pair(name, y, weight=None, x=X, **settings):
    """scikit-learn's and ours, fitted to the same."""
    settings = {"hidden_layer_sizes": (7, 5), "max_iter": 12, "random_state": 3} | settings
    return [getattr(module, name)(**settings).fit(x, y, weight) for module in (theirs, ours)]


def assert_alike(a, b, x=X, rtol=1e-11):
    assert (a.n_iter_, a.out_activation_, a.coefs_[0].dtype) == (b.n_iter_, b.out_activation_, b.coefs_[0].dtype)
    scale = max(np.abs(w).max() for w in a.coefs_)
    for v, w in zip([*a.coefs_, *a.intercepts_], [*b.coefs_, *b.intercepts_], strict=True):
        np.testing.assert_allclose(v, w, rtol, rtol * scale)
    np.testing.assert_allclose(a.loss_, b.loss_, rtol)
    np.testing.assert_allclose(getattr(a, "loss_curve_", ()), getattr(b, "loss_curve_", ()), rtol)
    p, q = (getattr(m, "predict_proba", m.predict)(x) for m in (a, b))
    assert p.dtype == q.dtype
    np.testing.assert_allclose(p, q, rtol * 100, rtol)
    if hasattr(a, "classes_"):
        np.testing.assert_array_equal(a.predict(x), b.predict(x))


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("target", TARGETS)
def test_same_weights_and_losses(target, settings):
    name, y, more = TARGETS[target]
    a, b = pair(name, y, **more, **SETTINGS[settings])
    assert_alike(a, b)
    if settings == "adaptive":
        assert b._optimizer.learning_rate == a._optimizer.learning_rate < SGD["learning_rate_init"]


@pytest.mark.parametrize("target", TARGETS)
def test_same_with_weights_and_early_stopping(target):
    name, y, more = TARGETS[target]
    y = CLASSES > 0 if target == "two words" else y  # of words scikit-learn itself could not do this before 1.9
    a, b = pair(name, y, R.random(len(X)), early_stopping=True, batch_size=30, **STOPS, **more)
    assert_alike(a, b)
    assert len(b.validation_scores_) == b.n_iter_ and b.best_loss_ is None
    np.testing.assert_allclose(a.validation_scores_, b.validation_scores_, 1e-9)
    assert b.best_validation_score_ == max(b.validation_scores_)


@pytest.mark.parametrize("target", TARGETS)
def test_float32(target):
    name, y, more = TARGETS[target]
    a, b = pair(name, y, x=X.astype(np.float32), **more)
    assert b.coefs_[0].dtype == np.float32
    assert_alike(a, b, X.astype(np.float32), rtol=2e-5)
    assert_alike(a, b, X, rtol=2e-5)  # float64 for weights of float32
    for model in (a, b):
        model.partial_fit(X, y)
    assert_alike(a, b, rtol=2e-5)


def test_sparse_is_dense():
    x = X * (X > 0)
    _, dense = pair("MLPClassifier", CLASSES, x=x, batch_size=40)
    for form in (sparse.csr_matrix, sparse.csc_array):
        a, b = pair("MLPClassifier", CLASSES, x=form(x), batch_size=40)
        assert_alike(a, b, form(x))
        assert_alike(dense, b, x)
    np.testing.assert_array_equal(dense.predict_proba(sparse.coo_array(x)), dense.predict_proba(x))


def test_predicts_in_parts(monkeypatch):
    model = pair("MLPClassifier", CLASSES)[1]
    whole = model.predict_proba(X)
    monkeypatch.setattr(ours, "_ROWS", 7)
    np.testing.assert_array_equal(model.predict_proba(X), whole)


def test_any_layout_and_weights_of_ones_own():
    a, b = pair("MLPClassifier", CLASSES[::2], x=np.asfortranarray(X[::-2]), warm_start=True)
    for model in (a, b):
        model.coefs_ = [np.asfortranarray(w) / 2 for w in model.coefs_]
        model.fit(X, CLASSES)
    assert_alike(a, b)
    assert_alike(a, b, (9 * X).astype(int))


def test_partial_fit_goes_on_after_a_copy():
    def both(module):
        model = module.MLPClassifier((9,), random_state=1, batch_size=60)
        return model.partial_fit(X[:99], CLASSES[:99], classes=[0, 1, 2])

    def stored(model, path="model.joblib"):
        joblib.dump(model, path)
        return joblib.load(path)

    a, b = both(theirs), both(ours)
    copies = [copy.deepcopy(b), pickle.loads(pickle.dumps(b)), stored(b)]
    for model in (a, b, *copies):
        model.partial_fit(X, CLASSES)
    assert_alike(a, b)
    for model in copies:
        np.testing.assert_array_equal(model.predict_proba(X), b.predict_proba(X))
    with pytest.raises(ValueError, match="classes not in"):
        b.partial_fit(X, CLASSES + 1)
    with pytest.raises(ValueError, match="early_stopping"):
        b.set_params(early_stopping=True).partial_fit(X, CLASSES)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_in_scikit_learn_s_tools():
    x, y = load_digits(n_class=4, return_X_y=True)
    settings = {"hidden_layer_sizes": (16,), "max_iter": 8, "batch_size": 20, "random_state": 0}
    pipes = [make_pipeline(StandardScaler(), module.MLPClassifier(**settings)) for module in (theirs, ours)]
    grid = {"mlpclassifier__alpha": [1e-4, 1000.0]}
    before = kernels.get_num_threads()
    searches = [GridSearchCV(pipe, grid, n_jobs=2, cv=2).fit(x, y) for pipe in pipes]
    assert kernels.get_num_threads() == before
    share = int(os.environ.get("OMP_NUM_THREADS", max(joblib.cpu_count() // 2, 1)))
    assert joblib.Parallel(2)(joblib.delayed(kernels.get_num_threads)() for _ in range(2)) == [share, share]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    assert searches[1].best_params_ == {"mlpclassifier__alpha": 1e-4} and scores[1][0] > 0.9
    np.testing.assert_array_equal(*(cross_val_score(pipe, x, y, cv=2) for pipe in pipes))
    for whole in (VotingClassifier([("a", pipes[1])], voting="soft"), CalibratedClassifierCV(pipes[1], cv=2)):
        assert whole.fit(x, y).score(x, y) > 0.9
    assert clone(pipes[1]).get_params()["mlpclassifier"].get_params() == pipes[0][1].get_params()


def test_a_seed_fixes_the_bits_and_touches_no_other_random_numbers():
    states = check_random_state(None).get_state()[1].copy(), copy.deepcopy(generator().bit_generator.state)
    threads = kernels.get_num_threads()
    wide = np.tile(X, (20, 20)).astype(np.float32)
    models = []
    try:
        for n in (1, 2, 2):
            kernels.set_num_threads(n)
            models.append(ours.MLPClassifier((300,), max_iter=2, random_state=5).fit(wide, np.tile(CLASSES, 20)))
    finally:
        kernels.set_num_threads(threads)
    for model in models[1:]:
        np.testing.assert_array_equal(model.predict_proba(wide), models[0].predict_proba(wide))
    np.testing.assert_array_equal(check_random_state(None).get_state()[1], states[0])
    assert generator().bit_generator.state == states[1]


def test_pynn_computes():
    """What is overridden is what scikit-learn calls; and a saturated loss is the true one."""
    for name in ("_fit_stochastic", "_backprop", "_forward_pass_fast"):
        assert name in vars(ours._Computed) and callable(getattr(theirs.MLPClassifier, name))
    with pytest.warns(ConvergenceWarning):
        models = [ours.MLPRegressor(solver=s, max_iter=1).fit(X, CLASSES) for s in ("adam", "sgd")]
    assert [type(model._optimizer) for model in models] == [ours._Adam, ours._SGD]
    far = ours.MLPClassifier((), solver="sgd", warm_start=True, max_iter=1).fit([[0.0], [1.0]], [0, 1])
    far.coefs_, far.intercepts_ = [np.array([[-800.0]])], [np.array([0.0])]
    far.set_params(alpha=0).fit([[0.0], [1.0]], [0, 1])
    np.testing.assert_allclose(far.loss_, (np.log(2) + 800) / 2)  # scikit-learn: 18.4


@pytest.mark.parametrize("case", ["missing", "older", "other"])
def test_no_scikit_learn_or_another(case, monkeypatch):
    if case == "missing":
        monkeypatch.setitem(sys.modules, "sklearn", None)
    elif case == "older":
        old = lambda self, X, y, activations, deltas, coef_grads, intercept_grads: None  # noqa: E731
        monkeypatch.setattr(theirs.MLPClassifier, "_backprop", old)
    else:
        monkeypatch.delattr(theirs.MLPClassifier.__mro__[2], "_backprop")
    monkeypatch.setattr(sklearn, "__version__", "1.6.1")
    with pytest.raises(ImportError) as caught:
        exec(Path(ours.__file__).read_text(), {"__name__": "again", "__package__": "pynn"})
    found = "" if case == "missing" else ", found 1.6.1"
    assert str(caught.value) == f"pynn.sklearn needs scikit-learn 1.7 or newer{found}: {install('sklearn')}"
