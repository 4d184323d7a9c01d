"""A model as an nn.Sequential: columns of numbers in, probabilities or a number out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clearprop.export.torch import to_torch
from clearprop.tables.encoding import FARTHEST, Encoding
from clearprop.tables.intervals import quantiles_of
from clearprop.tables.numeric_inputs import numeric_inputs

if TYPE_CHECKING:
    from clearprop.network import Network
    from clearprop.tables.target import Target


def as_torch(network: Network, encoding: Encoding, target: Target) -> Any:
    """Return the modules of a model; see `Model.to_torch`."""
    layers = to_torch(network.topology)
    inputs = numeric_inputs(encoding, "PyTorch")
    from torch import nn

    from clearprop.export.torch_modules import Ascending, Encode, Rescale

    made = [Encode(inputs, layers[0].weight.dtype, FARTHEST), *layers]
    if quantiles_of(network.loss):
        made.append(Ascending())
    if not target.classes:
        made.append(Rescale(target.mean, target.scale, target.transform))
    return nn.Sequential(*made)
