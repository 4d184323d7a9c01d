"""from_torch takes what computes as a network does, and refuses by name what would compute otherwise.

Each refusal is of a module that PyTorch runs with other outputs, or trains otherwise, than its
class, settings and weights say.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import clearprop as cp
from export_tables import assert_near

torch = pytest.importorskip("torch")
nn = torch.nn
parametrize = torch.nn.utils.parametrize


def plain() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(6, 6), nn.Tanh(), nn.Dropout(0.5),
        nn.Sequential(nn.Linear(6, 6), nn.Identity()), nn.ReLU(), nn.Linear(6, 3),
    ).double()  # fmt: skip


def refused(module, message: str, error: type = cp.ArgumentError) -> None:
    with pytest.raises(error, match=message) as caught:
        cp.Network.from_torch(module)
    assert "\n" not in str(caught.value)


def taken(module) -> cp.Network:
    """A network with the outputs that PyTorch computes."""
    X = np.random.default_rng(0).normal(size=(20, 6))
    network = cp.Network.from_torch(module)
    with torch.no_grad():
        expected = copy.deepcopy(module).eval()(torch.from_numpy(X)).numpy()
    assert_near(network.predict(X), expected, 1e-12)
    return network


def twice(module, given, *result):
    return None if not result else 2 * result[-1]


def twice_before(module, given):
    return (2 * given[0],)


EVERYWHERE = ["", "0", "1", "2", "3", "4", "4.0", "4.1", "5", "6"]
"""The places of `plain`: itself, modules of every kind, a Sequential within, and what is in it."""


class TestHooks:
    @pytest.mark.parametrize("place", EVERYWHERE)
    def test_of_the_forward_pass(self, place):
        name = rf"module {place} \(\w+\)" if place else "the nn.Sequential"
        for settings in ({}, {"prepend": True}, {"always_call": True}):
            module = plain()
            handle = module.get_submodule(place).register_forward_hook(twice, **settings)
            refused(module, f"{name} has a forward hook, twice, which may change what it gives")
            handle.remove()
            taken(module)
        module = plain()
        handle = module.get_submodule(place).register_forward_pre_hook(twice_before)
        refused(
            module, f"{name} has a forward pre-hook, twice_before, which may .*: remove it first"
        )
        handle.remove()
        taken(module)

    def test_with_keywords_and_of_other_kinds_of_callables(self):
        module = plain()
        module[1].register_forward_hook(lambda m, a, k, r: 2 * r, with_kwargs=True)
        refused(module, r"module 1 \(Linear\) has a forward hook, <lambda>, which")

    def test_of_all_modules(self):
        from torch.nn.modules import module as of_all

        for register, kind in (
            (of_all.register_module_forward_hook, "forward hook"),
            (of_all.register_module_forward_pre_hook, "forward pre-hook"),
        ):
            handle = register(twice)
            try:
                refused(plain(), f"PyTorch has a {kind} on all modules, twice, which may change")
            finally:
                handle.remove()
        taken(plain())

    def test_of_the_backward_pass_and_of_files_change_no_output(self):
        module = plain()
        for one in (module, module[1], module[2], module[4]):
            one.register_full_backward_hook(lambda m, i, o: None)
            one.register_full_backward_pre_hook(lambda m, o: None)
            one.register_state_dict_pre_hook(lambda m, prefix, keep: None)
            one.register_load_state_dict_post_hook(lambda m, keys: None)
        module[1].weight.register_hook(lambda g: 2 * g)
        taken(module)

    def test_older_ways_to_compute_a_weight(self):
        """They are hooks before the forward pass, and the weight an attribute that these write."""
        module = plain()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            torch.nn.utils.weight_norm(module[1])
        refused(module, r"module 1 \(Linear\) has a forward pre-hook, WeightNorm")
        torch.nn.utils.remove_weight_norm(module[1])
        taken(module)
        module = plain()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            torch.nn.utils.spectral_norm(module[1])
        refused(module, r"module 1 \(Linear\) has a forward pre-hook, SpectralNorm")
        from torch.nn.utils import prune

        module = plain()
        prune.l1_unstructured(module[1], "weight", amount=0.5)
        refused(module, r"module 1 \(Linear\) has a forward pre-hook, L1Unstructured")
        prune.remove(module[1], "weight")
        assert (taken(module)["W1"] == 0).mean() == 0.5


class Double(nn.Module):
    def forward(self, tensor):
        return 2 * tensor


class TestParametrizations:
    @pytest.mark.parametrize("name", ["weight_norm", "spectral_norm", "orthogonal"])
    def test_of_pytorch(self, name):
        module = plain()
        getattr(torch.nn.utils.parametrizations, name)(module[4][0])
        refused(module, r"module 4\.0 \(ParametrizedLinear\) has a parametrization of its weight")
        parametrize.remove_parametrizations(module[4][0], "weight")
        taken(module)

    def test_of_a_users_own(self):
        module = plain()
        parametrize.register_parametrization(module[6], "bias", Double())
        refused(module, r"parametrization of its bias.*remove_parametrizations\(module, 'bias'\)")
        parametrize.remove_parametrizations(module[6], "bias")
        taken(module)


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Linear(nn.Linear):
    """Of another library, by its name PyTorch's."""


class Called(nn.Sequential):
    def __call__(self, x):
        return 2 * super().__call__(x)


class Backwards(nn.Sequential):
    def __iter__(self):
        return iter(reversed(self._modules.values()))


class CalledWithin(nn.Sequential):
    def _call_impl(self, x):
        return 2 * super()._call_impl(x)


class Named(nn.Sequential):
    """Says itself what it is made of, as many do, and computes as a Sequential does."""

    def __init__(self):
        super().__init__(nn.Linear(6, 5), nn.Tanh())


class TestClasses:
    def test_another_forward(self):
        refused(nn.Sequential(Doubled(6, 3)), "module 0 is a Doubled, which no network has")
        refused(
            nn.Sequential(Linear(6, 3)), r"module 0 is a test_from_torch\.Linear, which no network"
        )
        for kind in (Called, CalledWithin, Backwards):
            refused(kind(nn.Linear(6, 6)), f"takes an nn.Sequential, not a {kind.__name__}")
            refused(nn.Sequential(kind(nn.Linear(6, 6))), f"module 0 is a {kind.__name__}, which")
        taken(Named().double())
        taken(nn.Sequential(Named(), nn.Linear(5, 2)).double())

    @pytest.mark.parametrize("name", ["forward", "_call_impl"])
    @pytest.mark.parametrize("place", EVERYWHERE)
    def test_a_forward_set_on_one_module(self, place, name):
        module = plain()
        one = module.get_submodule(place)
        setattr(one, name, lambda x: 0 * x)
        refused(module, r"has a forward of its own, set on this very module")
        delattr(one, name)
        taken(module)

    def test_weights_that_are_not_there_yet(self):
        module = nn.Sequential(nn.LazyLinear(5), nn.Tanh(), nn.LazyLinear(2)).double()
        refused(
            module, r"module 0 \(LazyLinear\) has no weights yet: call the nn.Sequential on rows"
        )
        module(torch.zeros(1, 6, dtype=torch.float64))
        taken(module)

    def test_other_wrappers(self):
        refused(nn.DataParallel(plain()), "not a DataParallel")
        module = plain()
        module[2] = None
        refused(module, "module 2 is a NoneType")

    def test_settings_that_change_no_prediction(self):
        module = plain()
        assert module.training  # and Dropout is at work there
        network = taken(module)
        for p in module.parameters():
            p.requires_grad_(False)
        assert np.array_equal(taken(module.eval()).parameters, network.parameters)


class TestShared:
    def test_a_module_at_two_places(self):
        shared = nn.Linear(6, 6)
        refused(
            nn.Sequential(shared, nn.Tanh(), shared),
            r"the weight of module 2 \(Linear\) is the same memory as the weight of module 0 \(Linear\)",
        )
        block = nn.Sequential(nn.Linear(6, 6), nn.Tanh())
        refused(
            nn.Sequential(block, block), r"module 1\.0 \(Linear\) is the same memory as .* 0\.0"
        )
        taken(nn.Sequential(block, copy.deepcopy(block)).double())

    def test_a_parameter_of_two_modules(self):
        module = plain()
        module[4][0].weight = module[1].weight
        refused(
            module, r"weight of module 4\.0 \(Linear\) is the same memory as the weight of module 1"
        )
        module = plain()
        module[4][0].bias = module[1].bias
        refused(
            module, r"bias of module 4\.0 \(Linear\) is the same memory as the bias of module 1"
        )

    def test_memory_that_two_parameters_look_into(self):
        module = plain()
        module[4][0].weight = nn.Parameter(module[1].weight.data.T)
        refused(module, "is the same memory as the weight of module 1")
        module = plain()
        module[6].bias = nn.Parameter(module[1].weight.data[0, :3])
        refused(module, "the bias of module 6 .* is the same memory as the weight of module 1")

    def test_parts_of_one_storage_are_not_shared(self):
        whole = torch.randn(6, 12, dtype=torch.float64)
        module = plain()
        module[1].weight = nn.Parameter(whole[:, ::2])
        module[4][0].weight = nn.Parameter(whole[:, 1::2])
        taken(module)
        relu = nn.ReLU()  # has no parameters that could be shared
        taken(nn.Sequential(nn.Linear(6, 6), relu, nn.Linear(6, 6), relu).double())


class Subclass(torch.Tensor):
    pass


class TestNumbers:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, value):
        module = plain()
        module[4][0].weight.data[2, 1] = value
        refused(
            module,
            rf"the weight of module 4\.0 \(Linear\) is {value} at \[2, 1\]",
            cp.NonFiniteError,
        )
        module = plain()
        module[6].bias.data[2] = value
        refused(module, rf"the bias of module 6 \(Linear\) is {value} at \[2\]", cp.NonFiniteError)

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.complex64])
    def test_types(self, dtype):
        name = str(dtype).removeprefix("torch.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that complex modules are new
            refused(plain().to(dtype), f"module 1 .* is in {name}; a network is float32 or float64")

    def test_two_types(self):
        module = plain()
        module[6].float()
        refused(module, r"weight of module 6 \(Linear\) is in float32, but the weight of module 1 \(Linear\) in float64")  # fmt: skip
        module = plain()
        module[1].bias = nn.Parameter(module[1].bias.data.float())
        refused(module, r"bias of module 1 \(Linear\) is in float32, but .* in float64")

    def test_no_values(self):
        refused(plain().to("meta"), "module 1 .* has no values, as it is on the device 'meta'")

    def test_no_plain_tensor(self):
        module = plain()
        module[1].weight = nn.Parameter(module[1].weight.data.to_sparse())
        refused(module, "the weight of module 1 .* is a sparse_coo tensor")
        module = plain()
        module[1].weight = nn.Parameter(module[1].weight.data.as_subclass(Subclass))
        refused(module, "the weight of module 1 .* is a Subclass tensor")

    def test_memory_in_any_order(self):
        module = plain()
        module[1].weight = nn.Parameter(module[1].weight.data.T.contiguous().T)
        taken(module)
        del module[1].weight
        module[1].weight = torch.ones(6, 6, dtype=torch.float64)  # an attribute, not a parameter
        assert (taken(module)["W1"] == 1).all()
        with torch.inference_mode():
            taken(plain())
