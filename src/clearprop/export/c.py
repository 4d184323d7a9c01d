"""C: a network as a header in C99 that allocates nothing and needs nothing but <math.h>."""

from __future__ import annotations

from collections.abc import Sequence

from clearprop.activations import ACTIVATIONS
from clearprop.export.activations import exported
from clearprop.export.c_source import array, check_name
from clearprop.export.layers import Layer, layers_of, version
from clearprop.topology import Topology


def to_c(network: Topology, name: str = "net") -> str:
    """Return a header in C99 with one function, ``void net_predict(const float *x, float *y)``.

    It allocates nothing, keeps no state and needs ``<math.h>`` alone (link with ``-lm``); the
    weights are constants, each layer's outputs lie on the stack. ``NET_INPUTS`` and
    ``NET_OUTPUTS`` say how long x and y are; they must not overlap. A network in float64 is
    computed in double.

    Parameters
    ----------
    network : Topology
        In float32 or float64; its activations are built-in ones.
    name : str
        What the names in the header begin with; those of two headers in one
        program are to differ in more than case.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError
        If an activation is the user's own, or `name` is no name in C.
    """
    layers = layers_of(network, "C")
    sizes = "-".join(map(str, network.sizes))
    about = [
        f"The network {sizes} ({', '.join(layer.activation for layer in layers)}).",
        "x and y must not overlap.",
    ]
    return header(
        check_name(name),
        about,
        network.sizes[0],
        network.sizes[-1],
        network_lines(layers, name, f"{name}_predict"),
    )


def header(
    name: str, about: Sequence[str], n_inputs: int, n_outputs: int, lines: Sequence[str]
) -> str:
    """Return a header: what it says of itself, its guard, its sizes, and `lines`."""
    guard = name.upper()
    first, *rest = about
    return "\n".join(
        [
            f"/* {first}",
            *(f"   {line}" for line in rest),
            "",
            f"   Written by Clearprop {version()}. C99; nothing is allocated; link with -lm. */",
            f"#ifndef {guard}_H",
            f"#define {guard}_H",
            "",
            "#include <math.h>",
            "",
            f"#define {guard}_INPUTS {n_inputs}",
            f"#define {guard}_OUTPUTS {n_outputs}",
            "",
            *lines,
            "",
            "#endif",
            "",
        ]
    )


def network_lines(layers: Sequence[Layer], name: str, function: str) -> list[str]:
    """Return the weights, the activations, and `function`, which computes the network."""
    real = real_of(layers)
    lines = [f"/* {name}_Wl[j][i] joins neuron i of layer l-1 to neuron j of layer l. */"]
    for number, (W, b, _) in enumerate(layers, 1):
        lines += array(f"{name}_W{number}", W)
        if b is not None:
            lines += array(f"{name}_b{number}", b)
    lines.append("")
    f = "f" if real == "float" else ""
    words = {"real": real, "f": f, "zero": f"0.0{f}", "one": f"1.0{f}", "name": name}
    for activation in sorted({layer.activation for layer in layers} - {"identity"}):
        lines += [exported(activation).c.format(**words), ""]
    lines += [f"static inline void {function}(const {real} *x, {real} *y)", "{"]
    hidden = [f"a{number}[{len(layer.W)}]" for number, layer in enumerate(layers[:-1], 1)]
    if hidden:
        lines.append(f"    {real} {', '.join(hidden)};")
    source = "x"
    for number, layer in enumerate(layers, 1):
        target = "y" if number == len(layers) else f"a{number}"
        lines += _layer_lines(layer, number, source, target, name, words)
        source = target
    return [*lines, "}"]


def _layer_lines(
    layer: Layer, number: int, source: str, target: str, name: str, words: dict[str, str]
) -> list[str]:
    n_out, n_in = layer.W.shape
    f = layer.activation
    z = "z" if layer.b is None else f"z + {name}_b{number}[j]"
    row_wise = ACTIVATIONS[f].row_wise
    a = z if f == "identity" or row_wise else f"{name}_{f}({z})"
    lines = [
        f"    for (int j = 0; j < {n_out}; j++) {{",
        f"        {words['real']} z = {words['zero']};",
        f"        for (int i = 0; i < {n_in}; i++)",
        f"            z += {name}_W{number}[j][i] * {source}[i];",
        f"        {target}[j] = {a};",
        "    }",
    ]
    if row_wise:
        lines.append(f"    {name}_{f}({target}, {n_out});")
    return lines


def real_of(layers: Sequence[Layer]) -> str:
    """Return "float" or "double": what C calls the type of these layers."""
    return "float" if layers[0].W.dtype.itemsize == 4 else "double"
