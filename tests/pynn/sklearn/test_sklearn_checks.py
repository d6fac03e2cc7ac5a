"""scikit-learn's own checks of estimators: its interface, errors, inputs, and what it asks of results."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from pynn.sklearn import MLPClassifier, MLPRegressor


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([MLPClassifier(max_iter=60), MLPRegressor(max_iter=60)])
def test_checks(estimator, check):
    check(estimator)
