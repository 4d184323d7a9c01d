"""Estimators with scikit-learn's interface: its multilayer perceptrons, and raw tables."""

from clearprop.estimators.classifier import MLPClassifier
from clearprop.estimators.on_dask import on_dask
from clearprop.estimators.regressor import MLPRegressor
from clearprop.estimators.table_models import TableClassifier, TableRegressor

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "TableClassifier",
    "TableRegressor",
    "on_dask",
    "register_with_skl2onnx",
]


def register_with_skl2onnx() -> None:
    """Tell skl2onnx how to convert these estimators, alone and in pipelines.

    Raises
    ------
    MissingExtraError
        If skl2onnx (the extra `onnx`) is not installed.

    Examples
    --------
    >>> from clearprop.estimators import MLPClassifier, register_with_skl2onnx
    >>> from skl2onnx import to_onnx
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> register_with_skl2onnx()
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=500, random_state=0))
    >>> row = X[:1].astype("float32")
    >>> proto = to_onnx(model.fit(X, y), row, options={"zipmap": False})
    >>> [one.name for one in proto.graph.output]
    ['label', 'probabilities']
    """
    from clearprop.export.skl2onnx import register

    register(MLPClassifier, MLPRegressor)
