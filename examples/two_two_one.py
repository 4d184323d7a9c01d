"""The 2-2-1 network of the third note: six weights, no biases, E = (y - a)^2 / 2.

    z1 = x1 w1 + x2 w3      a1 = f(z1)
    z2 = x1 w2 + x2 w4      a2 = f(z2)      z3 = a1 w5 + a2 w6      a3 = f(z3)

All six partial derivatives for sigmoid, tanh and ReLU, beside central differences; and the
chain for w1 written out, then cheap: each delta is computed once and used again.
"""

import numpy as np

import clearprop as cp

w1, w2, w3, w4, w5, w6 = 0.1, 0.2, 0.3, 0.4, 0.5, 0.6
x, y = np.array([[0.5, 1.0]]), [1.0]
NAMES = {"w1": "W1[0,0]", "w2": "W1[1,0]", "w3": "W1[0,1]", "w4": "W1[1,1]",
         "w5": "W2[0,0]", "w6": "W2[0,1]"}  # fmt: skip


def two_two_one(f: str) -> cp.Network:
    """The note's network; row j of a matrix holds the weights that lead into neuron j."""
    weights = [[[w1, w3], [w2, w4]], [[w5, w6]]]
    return cp.Network.from_weights(weights, activations=f, loss="squared_error")


def central_difference(network: cp.Network, name: str, h: float = 1e-5) -> float:
    """(E(w + h) - E(w - h)) / 2h for one weight."""
    weight, costs = network[name], []
    for moved in (weight + h, weight - h):
        network[name] = moved
        costs.append(cp.backprop(network, x, y)["L"])
    network[name] = weight
    return (costs[0] - costs[1]) / (2 * h)


for f in ("sigmoid", "tanh", "relu"):
    network = two_two_one(f)
    record = cp.backprop(network, x, y)
    print(f"{f}: a3 = {record['a2'][0, 0]:.6f}, E = {record['L']:.6f}")
    for name, element in NAMES.items():
        by_backprop, by_difference = record[f"d{element}"], central_difference(network, element)
        print(f"  dE/d{name} = {by_backprop:+.8f}   central difference {by_difference:+.8f}")

network = two_two_one("sigmoid")
record = cp.backprop(network, x, y)
a1, a3 = record["a1"][0, 0], record["a2"][0, 0]
slope1, slope3 = a1 * (1 - a1), a3 * (1 - a3)
print("\nThe chain for w1, from the output to the input (sigmoid)")
print("  dE/dw1 = (a3 - y) * f'(z3) * w5 * f'(z1) * x1")
print(f"         = {a3 - y[0]:.6f} * {slope3:.6f} * {w5} * {slope1:.6f} * {x[0, 0]}", end="")
print(f" = {(a3 - y[0]) * slope3 * w5 * slope1 * x[0, 0]:.8f}")

delta3, delta1 = record["delta2[0]"][0], record["delta1[0]"][0]
print("\nThe same with what is known already")
print(f"  delta3 = (a3 - y) f'(z3) = {delta3:.8f}   used for w5, w6, delta1 and delta2")
print(f"  delta1 = delta3 w5 f'(z1) = {delta1:.8f}   used for w1 and w3")
print(f"  dE/dw1 = delta1 x1 = {delta1 * x[0, 0]:.8f}")
