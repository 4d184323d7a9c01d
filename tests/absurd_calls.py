"""Valid calls of everything public, by name: a function, what it is given, and what to change.

What is given is made anew for each call, by a function.
"""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor

X, Y = np.array([[0.0, 0.1], [0.3, 1.0], [1.0, 0.2], [0.9, 0.7]]), np.array([0, 1, 1, 0])
TABLE = pd.DataFrame(
    {
        "a": np.linspace(0, 1, 24),
        "b": np.linspace(1, 3, 24) ** 2,
        "y": np.tile([0.0, 1.0, 0.5], 8),
    }
)


def network(**changes):
    return cp.Network(**{"sizes": [2, 2, 2], "activations": "tanh", "output": "softmax"} | changes)


def _data():
    return {"network": network(), "X": X, "y": Y}


def _names(function):
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        name
        for name, p in inspect.signature(function).parameters.items()
        if name != "self" and p.kind not in kinds
    ]


def _and_trained(optimizer):
    def make(**settings):
        rule = optimizer(**settings)
        for engine in ("reference", "compiled"):
            cp.train(network(), X, Y, optimizer=rule, epochs=3, progress=False, engine=engine)
        return repr(rule)

    return make


def _and_run(schedule):
    def make(**settings):
        rate = schedule(**settings)
        assert all(rate(t, 10**6) >= 0 for t in (0, 1, 2, 100, 10**6))
        cp.train(network(), X, Y, optimizer=cp.SGD(rate), batch_size=2, **_quick())
        return repr(rate)

    return make


def _and_drawn(initializer):
    def make(**settings):
        return network(initializer=initializer(**settings), biases=initializer(**settings))

    return make


def _and_used(loss):
    def make(**settings):
        return cp.backprop(network(output="identity", loss=loss(**settings)), X, X)

    return make


def _streamed(**settings):
    for batch_size in (1, 2):
        given = {"batch_size": batch_size, "epochs": 1, "progress": False}
        cp.train(network(), cp.stream(**settings), **given)


def _train(**settings):
    return repr(cp.train(**settings))


def _steps(**settings):
    return list(cp.steps(**settings))


def _stopped(**settings):
    rule = cp.EarlyStopping(**settings)
    return cp.train(network(), X, Y, early_stopping=rule, epochs=2, progress=False)


def _estimator(kind, y):
    def fit(**settings):
        return kind(**settings).fit(np.tile(X, (5, 1)), np.tile(y, 5)).predict(X)

    return fit


def _logged(log):
    def make(**settings):
        made = log(**settings)
        return cp.train(network(), X, Y, callbacks=[made], epochs=1, progress=False)

    return make


def _model(**settings):
    return repr(cp.Model.fit(**settings))


def _folder():
    return Path(tempfile.mkdtemp())


def _quick():
    return {"epochs": 1, "progress": False}


def methods():
    """What the objects do that calls return."""
    one, made = network(), cp.Model.fit(TABLE, "y", task="regression", **_tiny())
    sorts = cp.Model.fit(TABLE, "y", task="classification", **_tiny())
    many = cp.Model.fit(TABLE, "y", quantiles=[0.1, 0.5], **_tiny())
    graph = cp.computation_graph(one, X[0], 1)
    record = cp.backprop(one, X, Y)
    compared = cp.compare_gradients(record, {"W1": record["dW1"]})
    check = cp.check_gradients(network(activations="relu"), X, Y)
    surface = cp.loss_surface(one, X, Y, "W1[0,0]", "W1[0,1]", points=2)
    search = cp.find_learning_rate(one, X, Y, steps=20)
    moving = cp.animate(cp.steps(network(), X, Y, epochs=2), frames=2)
    found = {
        "from_sklearn": (cp.Network.from_sklearn, {"mlp": one.to_sklearn()}),
        "getitem": (one.__getitem__, {"name": "W1"}),
        "setitem": (
            lambda name, value: network().__setitem__(name, value),
            {"name": "W1", "value": 1},
        ),
        "unflatten": (one.unflatten, {"vector": one.parameters}),
        "Record getitem": (record.__getitem__, {"name": "W1"}),
        "graph getitem": (graph.__getitem__, {"name": "W1[0,0]"}),
        "Derivation getitem": (
            cp.explain(cp.Network([1, 1]), [1.0], 1.0, of="W1[0,0]").__getitem__,
            {"name": "dW1[0,0]"},
        ),
        "Expression getitem": (cp.expression("a + a", a=1).__getitem__, {"name": "a"}),
        "Expression.explain": (cp.expression("a + a", a=1).explain, {"of": "a"}),
        "PerSampleGradients getitem": (
            cp.per_sample_gradients(one, X, Y).__getitem__,
            {"name": "dW1"},
        ),
        "GradientComparison getitem": (compared.__getitem__, {"name": "W1"}),
        "GradientComparison.points": (compared.points, {"most": 1.0, "carried": 1.0}),
        "GradientComparison.hint": (compared.hint, {"level": 1}),
        "GradientComparison.assert_right": (compared.assert_right, {"hint": 1}),
        "GradientComparison.to_dict": (compared.to_dict, {"most": 1.0, "carried": 1.0, "hint": 1}),
        "ladder": (check.ladder, {"name": None}),
        "GradientCheck.plot": (check.plot, {"name": None, "ax": None}),
        "ChainRuleCost.plot": (cp.chain_rule_cost(one).plot, {"ax": None}),
        "LossSurface.plot": (surface.plot, {"ax": None}),
        "LossSurface.plot_3d": (surface.plot_3d, {"ax": None}),
        "Animation.save": (moving.save, {"path": _folder() / "a.gif"}),
        "LearningRateSearch.plot": (search.plot, {"ax": None}),
        "History.plot": (made.history.plot, {"ax": None}),
        "to_frame": (made.history.to_frame, {"library": None}),
        "to_text": (cp.explain(one, X, Y, "W1[0,0]").to_text, {"width": 100}),
        "to_onnx": (one.to_onnx, {"path": None, "classes": None}),
        "to_c": (one.to_c, {"name": "net"}),
        "to_sklearn": (one.to_sklearn, {"classes": None}),
        "line": (made.history.epochs[0].line, {"of": None}),
        "Model.predict": (made.predict, {"table": TABLE}),
        "Model.predict_proba": (sorts.predict_proba, {"table": TABLE}),
        "Model.predict_interval": (made.predict_interval, {"table": TABLE, "level": 0.5}),
        "Model.predict_quantiles": (many.predict_quantiles, {"table": TABLE}),
        "Model.encode": (made.encode, {"table": TABLE}),
        "Model.encode_target": (made.encode_target, {"table": TABLE}),
        "Model.evaluate": (made.evaluate, {"table": TABLE, "drop_missing_target": False}),
        "Model.importance": (
            made.importance,
            {
                "table": TABLE,
                "repeats": 1,
                "seed": 0,
                "drop_missing_target": False,
                "progress": False,
            },
        ),
        "Model.explain": (made.explain, {"row": TABLE[:1], "baseline": TABLE[1:2]}),
        "Model.attributions": (
            sorts.attributions,
            {"table": TABLE, "baseline": None, "progress": None},
        ),
        "Model.why": (sorts.why, {"table": TABLE, "most": 3, "baseline": None, "progress": None}),
        "Attributions.plot": (made.explain(TABLE[:1]).plot, {"ax": None}),
        "Importance.plot": (made.importance(TABLE).plot, {"ax": None}),
        "Model.unusual": (made.unusual, {"table": TABLE}),
        "Model.to_c": (made.to_c, {"name": "net"}),
        "Model.to_onnx": (made.to_onnx, {"path": None}),
    }
    calls = {name: (call, given.copy, list(given)) for name, (call, given) in found.items()}

    def stored():
        path = _folder() / "a"
        made.save(path)
        return {"path": path, "activations": None}

    calls["Model.save"] = (made.save, lambda: {"path": _folder() / "a"}, ["path"])
    calls["Model.load"] = (cp.Model.load, stored, ["path", "activations"])
    calls["Model.read"] = (made.read, lambda: {"path": _written()}, ["path"])
    return calls


def _written():
    path = _folder() / "a.csv"
    TABLE.to_csv(path)
    return path


def _tiny():
    return {"compare": False, "hidden": 2, **_quick()}


def _calls():
    calls = {
        "Network": (cp.Network, lambda: {"sizes": [2, 2, 2]}, _names(cp.Network)),
        "from_weights": (
            cp.Network.from_weights,
            lambda: {"weights": [np.eye(2)], "biases": [np.zeros(2)]},
            _names(cp.Network.from_weights),
        ),
        "predict": (network().predict, lambda: {"X": X}, ["X", "engine"]),
        "astype": (network().astype, lambda: {"dtype": "float64"}, ["dtype", "loss"]),
        "backprop": (cp.backprop, _data, _names(cp.backprop)),
        "train": (_train, lambda: _data() | _quick(), _names(cp.train)),
        "train reference": (
            _train,
            lambda: _data() | _quick() | {"engine": "reference", "precision": "float64"},
            [name for name in _names(cp.train) if name not in ("X", "y", "network", "engine")],
        ),
        "train lbfgs": (
            _train,
            lambda: _data() | _quick() | {"optimizer": "lbfgs"},
            ["l2", "threads", "shards", "callbacks", "metrics", "epochs", "batch_size"],
        ),
        "mpi": (cp.cluster.mpi, dict, _names(cp.cluster.mpi)),
        "stream": (
            _streamed,
            lambda: {"data": X, "y": Y, "sample_weight": [1.0] * len(X), "window": 2},
            _names(cp.stream),
        ),
        "stream of batches": (_streamed, lambda: {"data": [(X, Y)] * 2}, ["data", "window"]),
        "train on a stream": (
            _train,
            lambda: {"network": network(), "X": cp.stream(X, Y, window=2), **_quick()},
            [name for name in _names(cp.train) if name not in ("network", "X")],
        ),
        "steps": (_steps, lambda: _data() | {"epochs": 1}, _names(cp.steps)),
        "EarlyStopping": (_stopped, dict, _names(cp.EarlyStopping)),
        "check_gradients": (cp.check_gradients, _data, _names(cp.check_gradients)),
        "check_gradient_function": (
            cp.check_gradient_function,
            lambda: {
                "f": lambda x: (x**2).sum(),
                "gradient": lambda x: 2 * x,
                "parameters": [1.0, -3.0],
            },
            _names(cp.check_gradient_function),
        ),
        "compare_gradients": (
            cp.compare_gradients,
            lambda: {"record": cp.backprop(network(), X, Y), "theirs": {"W1": np.zeros((2, 2))}},
            _names(cp.compare_gradients),
        ),
        "explain": (
            lambda **s: str(cp.explain(**s)),
            lambda: {"network": network(), "x": X, "y": Y, "of": "W1[0,0]", "optimizer": "sgd"},
            _names(cp.explain),
        ),
        "worksheet": (
            lambda **s: str(cp.worksheet(**s)),
            lambda: {"network": network(), "x": X[0], "y": 1, "of": "W1[0,0]", "seed": 1},
            _names(cp.worksheet),
        ),
        "computation_graph": (
            lambda **s: cp.computation_graph(**s).svg(),
            lambda: {"network": network(), "x": X[0], "y": 1},
            _names(cp.computation_graph),
        ),
        "expression": (
            lambda text, a: repr(cp.expression(text, a=a)),
            lambda: {"text": "a + a", "a": 1.0},
            ["text", "a"],
        ),
        "diagnose": (lambda **s: str(cp.diagnose(**s)), _data, _names(cp.diagnose)),
        "find_learning_rate": (
            cp.find_learning_rate,
            lambda: _data() | {"steps": 20},
            _names(cp.find_learning_rate),
        ),
        "plot_boundary": (
            cp.plot_boundary,
            lambda: _data() | {"hidden": False},
            _names(cp.plot_boundary),
        ),
        "animate": (
            lambda **s: repr(cp.animate(**s)),
            lambda: {"steps": cp.steps(network(), X, Y, epochs=1), "frames": 2},
            _names(cp.animate),
        ),
        "loss_surface": (
            lambda **s: repr(cp.loss_surface(**s)),
            lambda: _data() | {"first": "W1[0,0]", "second": "W1[0,1]", "points": 2},
            _names(cp.loss_surface),
        ),
        "per_sample_gradients": (
            cp.per_sample_gradients,
            _data,
            _names(cp.per_sample_gradients),
        ),
        "chain_rule_cost": (cp.chain_rule_cost, lambda: {"network": network()}, ["network"]),
        "plot_weights": (
            cp.plot_weights,
            lambda: {"network": network()},
            _names(cp.plot_weights),
        ),
        "plot_gradient_flow": (
            cp.plot_gradient_flow,
            lambda: {"record": cp.backprop(network(), X, Y)},
            _names(cp.plot_gradient_flow),
        ),
        "Activation": (
            cp.Activation,
            lambda: {"name": "cube", "f": lambda z: z**3, "derivative": lambda z: 3 * z**2},
            _names(cp.Activation),
        ),
        "Loss": (
            cp.Loss,
            lambda: {
                "name": "own",
                "value": lambda a, y: ((a - y) ** 2).sum(),
                "derivative": lambda a, y: 2 * (a - y),
            },
            _names(cp.Loss),
        ),
        "save": (network().save, lambda: {"path": _folder() / "a"}, ["path"]),
        "load": (cp.Network.load, _saved, _names(cp.Network.load)),
        "Model.fit": (
            _model,
            lambda: {
                "table": TABLE,
                "target": "y",
                "task": "regression",
                **_tiny(),
            },
            _names(cp.Model.fit),
        ),
        "CSVLog": (_logged(cp.CSVLog), lambda: {"path": _folder() / "a"}, _names(cp.CSVLog)),
        "JSONLinesLog": (
            _logged(cp.JSONLinesLog),
            lambda: {"path": _folder() / "a"},
            _names(cp.JSONLinesLog),
        ),
        "TensorBoardLog": (
            _logged(cp.TensorBoardLog),
            lambda: {"folder": _folder()},
            _names(cp.TensorBoardLog),
        ),
    }
    for kind in (cp.SGD, cp.Adam, cp.AdamW, cp.RMSprop, cp.RProp, cp.LBFGS):
        calls[f"{kind.__name__}"] = (_and_trained(kind), dict, _names(kind))
    for kind, given in (
        (cp.constant, {"value": 0.1}),
        (cp.step, {"initial": 0.1, "every": 2}),
        (cp.exponential, {"initial": 0.1, "factor": 0.9}),
        (cp.cosine, {"initial": 0.1}),
        (cp.warmup_cosine, {"initial": 0.1, "warmup": 2}),
        (cp.inverse_scaling, {"initial": 0.1}),
    ):
        calls[f"{kind.__name__}"] = (_and_run(kind), given.copy, _names(kind))
    for kind in (cp.uniform, cp.normal):
        calls[f"{kind.__name__}"] = (_and_drawn(kind), dict, _names(kind))
    for kind in (cp.huber, cp.quantile):
        calls[f"{kind.__name__}"] = (_and_used(kind), dict, _names(kind))
    for kind, y, solver in (
        (MLPClassifier, Y, "adam"),
        (MLPRegressor, Y * 0.5, "sgd"),
        (MLPClassifier, Y, "lbfgs"),
    ):
        given = {"solver": solver, "max_iter": 2, "tol": 1e9, "n_iter_no_change": 1}
        given["hidden_layer_sizes"] = 2
        name = f"estimator {kind.__name__} {solver}"
        calls[name] = (_estimator(kind, y), given.copy, _names(kind))
    for kind, y in ((TableClassifier, Y), (TableRegressor, Y * 0.5)):
        given = {"hidden": 2, "epochs": 1}
        calls[f"estimator {kind.__name__}"] = (_estimator(kind, y), given.copy, _names(kind))
    return calls


def within():
    """What stands inside a setting, or is returned by a function that is one."""
    right = {"W1": np.zeros((2, 2))}
    found = {
        "sizes": (lambda v: cp.Network([2, v, 2]), 2),
        "weights": (lambda v: cp.Network.from_weights([v]), np.eye(2)),
        "activations": (lambda v: network(activations=[v, "softmax"], output=None), "tanh"),
        "names": (lambda v: str(cp.explain(network(), X, Y, names={"W1[0,0]": v})), "w"),
        "theirs": (
            lambda v: cp.compare_gradients(cp.backprop(network(), X, Y), right | {"b1": v}),
            [0, 0],
        ),
        "validation": (lambda v: _now(validation=(v, Y)), X),
        "metrics": (lambda v: _now(metrics=[v]), "accuracy"),
        "frozen": (lambda v: _now(frozen=["W1[0,0]", v]), "b1"),
        "shared": (lambda v: _now(shared=[v]), ("b1[0]", "b1[1]")),
        "a name in shared": (lambda v: _now(shared=[("b1[0]", v)]), "b1[1]"),
        "callbacks": (lambda v: _now(callbacks=[v]), print),
        "a metric's value": (lambda v: _now(metrics=lambda y, a: v), 0.5),
        "a callback's value": (lambda v: _now(callbacks=lambda epoch: v), None),
        "a rate": (lambda v: _now(optimizer=cp.SGD(lambda t, total: v)), 0.1),
        "a rate, reference": (
            lambda v: _now(optimizer=cp.Adam(lambda t, total: v), engine="reference"),
            0.1,
        ),
        "a momentum": (lambda v: _now(optimizer=cp.SGD(0.1, momentum=lambda t, total: v)), 0.1),
        "an activation's value": (lambda v: cp.Activation("own", lambda z: v, lambda z: 0.0), 1.0),
        "a slope": (lambda v: cp.Activation("own", lambda z: 1.0, lambda z: v), 0.0),
        "a loss's value": (lambda v: cp.Loss("own", lambda a, y: v, lambda a, y: 0 * a), 1.0),
        "a loss's slope": (lambda v: cp.Loss("own", lambda a, y: 1.0, lambda a, y: 0 * a + v), 0.0),
        "a cost": (lambda v: cp.check_gradient_function(lambda p: v, lambda p: 0 * p, [1.0]), 1.0),
        "a gradient": (lambda v: cp.check_gradient_function(np.sum, lambda p: v, [1.0]), [1.0]),
        "hidden": (
            lambda v: cp.Model.fit(TABLE, "y", task="regression", **_tiny() | {"hidden": [v]}),
            2,
        ),
        "class_weight": (
            lambda v: cp.Model.fit(
                TABLE, "y", task="classification", class_weight={0.5: v}, **_tiny()
            ),
            2.0,
        ),
        "quantiles": (lambda v: cp.Model.fit(TABLE, "y", quantiles=[0.5, v], **_tiny()), 0.9),
        "quantile": (lambda v: _and_used(cp.quantile)(q=[v, 0.5]), 0.9),
        "drop": (lambda v: cp.Model.fit(TABLE, "y", task="regression", drop=[v], **_tiny()), "a"),
        "classes": (lambda v: network().to_onnx(classes=["a", v]), "b"),
        "a path": (
            lambda v: cp.loss_surface(
                network(), X, Y, path=[np.zeros(12), v, np.ones(12)], points=2
            ),
            np.arange(12.0),
        ),
        "estimator class_weight": (
            lambda v: MLPClassifier(2, class_weight={0: v}, max_iter=2).fit(X, Y),
            1.0,
        ),
        "estimator hidden": (lambda v: MLPClassifier([v], max_iter=2).fit(X, Y), 2),
        "estimator activation": (lambda v: MLPClassifier(2, [v], max_iter=2).fit(X, Y), "tanh"),
    }
    return {name: (call, lambda v=v: {"v": v}, ["v"]) for name, (call, v) in found.items()}


def _now(**settings):
    return cp.train(network(), X, Y, **_quick() | settings)


def _saved():
    path = _folder() / "a"
    network().save(path)
    return {"path": path}


CALLS = _calls()
