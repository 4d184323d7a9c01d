"""Estimators with the interface of scikit-learn's multilayer perceptrons, on Clearprop's engine."""

from clearprop.estimators.classifier import MLPClassifier
from clearprop.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
