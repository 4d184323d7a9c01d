"""A softmax network under cross-entropy, as in the second note.

The backward sequence dz3, dW3, dh2, ... dW1 with its shapes, the network of 60,600
parameters, average against total cost, and which way and how far each parameter moves.
"""

import numpy as np
from sklearn.datasets import load_iris

import clearprop as cp

X, y = load_iris(return_X_y=True)

print("Cross-entropy of p = (0.8, 0.1, 0.1)")
logits = np.log([0.8, 0.1, 0.1])
for label in (0, 1):
    network = cp.Network.from_weights([logits[:, None]], activations="softmax")
    record = cp.backprop(network, [[1.0]], [label])
    print(f"  true class {label + 1}: -ln {record['a1'][0, label]:.1f} = {record['L']:.4f}")

print("\nThe gradients of a 4-5-4-3 network, from the output back (n = 150 iris flowers)")
network = cp.Network([4, 5, 4, 3], activations="sigmoid", output="softmax", seed=1)
record = cp.backprop(network, X, y)
for note, name in zip(
    ("dz3", "dW3", "dh2", "dz2", "dW2", "dh1", "dz1", "dW1"),
    ("delta3", "dW3", "da2", "delta2", "dW2", "da1", "delta1", "dW1"),
    strict=True,
):
    print(f"  {note} = record[{name!r}]".ljust(27), record[name].shape)
p_minus_y = record["a3"] - np.eye(3)[y]
print(f"  dz3 is p - y: {np.allclose(record['delta3'], p_minus_y, rtol=0, atol=1e-7)}")

print("\nFive hidden layers of 100 between 100 inputs and 100 outputs")
deep = cp.Network([100] * 7, activations="sigmoid", output="softmax")
weights, biases = sum(W.size for W in deep.weights), sum(b.size for b in deep.biases)
print(f"  {weights:,} weights + {biases} biases = {deep.n_parameters:,} parameters")

print("\nAverage and total cost")
single = [cp.backprop(network, X[i : i + 1], y[i : i + 1]) for i in range(len(X))]
total = sum(r["L"] for r in single)
gradients = np.sum([r.gradient for r in single], axis=0, dtype=float)
print(f"  L_1 + ... + L_150 = {total:.4f},  /150 = {total / 150:.6f},  L = {record['L']:.6f}")
ratio = gradients @ record.gradient / (record.gradient @ record.gradient)
print(
    f"  the total's gradient is {ratio:.3f} times the average's: the same way, so the same minimum"
)

print("\nWhich way, and how far")
gradient = np.array([0.45, -0.30, 1.2, 0.20, 0.00, 0.55])
# With no weights, identity outputs and targets of -gradient, dL/db is this gradient.
network = cp.Network([1, 6], activations="identity", initializer="zeros", dtype="float64")
step = next(cp.steps(network, [[0.0]], [-gradient], optimizer=cp.SGD(0.1)))
for j, (g, move) in enumerate(
    zip(step.record["db1"], network.unflatten(step.update)["b1"], strict=True), 1
):
    way = (
        "up"
        if move > 0
        else "down"
        if move < 0
        else "stays: near here the cost does not depend on it"
    )
    print(f"  dL/db_{j} = {g:+.2f}   b_{j} moves by {move + 0.0:+.3f}   {way}")

print("\nTrained")
network = cp.Network([4, 16, 3], output="softmax", seed=1)
history = cp.train(network, X, y, epochs=60, optimizer=cp.Adam(0.01), metrics=["accuracy"])
print(f"  cost {history.loss[0]:.2f} -> {history.loss[-1]:.2f}", end="")
print(f", {history.metrics['accuracy'][-1]:.0%} of the flowers right")
