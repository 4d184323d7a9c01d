"""A sigmoid network under the squared error E = 1/(2n) sum (o - e)^2, as in the first note.

Its bias as a weight, its first update by hand, descent on the full batch and row by row,
and what no network can do without a hidden layer.
"""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression

import clearprop as cp

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
xor = np.array([0, 1, 1, 0], dtype=float)


def sigmoid_network(sizes: list[int]) -> cp.Network:
    """A network of sigmoid neurons with random biases, as the note has it."""
    return cp.Network(
        sizes,
        activations="sigmoid",
        loss="squared_error",
        initializer=cp.normal(1.0),
        biases=cp.normal(1.0),
        dtype="float64",
        seed=2,
    )


print("A bias is the weight from a neuron that always gives 1")
network = sigmoid_network([2, 4, 1])
augmented = np.column_stack([network["W1"], network["b1"]])
z1 = cp.backprop(network, X, xor)["z1"]
same = np.allclose(z1, np.column_stack([X, np.ones(4)]) @ augmented.T, rtol=0, atol=1e-15)
print(f"  W1 x + b1 = [W1 b1] (x, 1): {same}")

print("\nThe first update by hand: Delta w = -alpha o delta")
alpha = 0.5
step = next(cp.steps(network, X[1:], xor[1:], optimizer=cp.SGD(alpha), batch_size=1, shuffle=False))
o, delta = step.record["a1"][0], step.record["delta2"][0, 0]
output, expected = step.record["a2"][0, 0], step.record.y[0, 0]
print(f"  delta = (o - e) o (1 - o) = ({output:.6f} - {expected:.0f})", end="")
print(f" * {output:.6f} * {1 - output:.6f} = {delta:.6f}")
for i, change in enumerate(network.unflatten(step.update)["W2"][0]):
    print(f"  Delta W2[0,{i}] = -{alpha} * {o[i]:.6f} * {delta:+.6f} = {change:+.6f}")

print("\nXOR, n = 4")
for name, sizes, batch_size in (
    ("full batch, hidden layer of 4", [2, 4, 1], None),
    ("row by row, hidden layer of 4", [2, 4, 1], 1),
    ("full batch, no hidden layer  ", [2, 1], None),
):
    network = sigmoid_network(sizes)
    history = cp.train(
        network, X, xor, optimizer=cp.SGD(4.0 if batch_size is None else 0.5),
        batch_size=batch_size, epochs=2000,
    )  # fmt: skip
    outputs = "  ".join(f"{value:.3f}" for value in network.predict(X)[:, 0])
    print(f"  {name}  E = {history.loss[-1]:.5f}  o = {outputs}")
print("  Without a hidden layer the best is to say 1/2 everywhere: E = 1/(2n) * 4 * 1/4 = 0.125")

print("\nWithout a hidden layer a network is a regression")
X, y = load_diabetes(return_X_y=True)
X, y = X[:, :3] / X[:, :3].std(axis=0), (y - y.mean()) / y.std()
linear = cp.Network([3, 1], activations="identity", dtype="float64")
cp.train(linear, X, y, optimizer=cp.SGD(0.3, momentum=0.5), batch_size=None, epochs=300)
exact = np.linalg.lstsq(np.column_stack([X, np.ones(len(X))]), y)[0]
found = np.append(linear["W1"][0], linear["b1"])
print(f"  linear:   least squares says {np.round(exact, 6) + 0.0}")
print(f"            the network says   {np.round(found, 6) + 0.0}")

logistic = cp.Network([3, 1], output="sigmoid", dtype="float64")
cp.train(logistic, X, y > 0, optimizer=cp.SGD(1.0, momentum=0.5), batch_size=None, epochs=300)
model = LogisticRegression(C=np.inf, tol=1e-10).fit(X, y > 0)
exact = np.append(model.coef_[0], model.intercept_)
found = np.append(logistic["W1"][0], logistic["b1"])
print(f"  logistic: scikit-learn says  {np.round(exact, 6)}")
print(f"            the network says   {np.round(found, 6)}")
