"""Parameters of dense networks: printed keys, hand counts, letters, and what is refused."""

from __future__ import annotations

import pytest

from workings.errors import InputError
from workings.solution import solve


def count(inputs, layers, **given):
    return solve("dense_parameters", inputs=inputs, layers=layers, **given)


def test_the_examination_counts_15_and_30():
    found = count(2, [5, 5])
    assert [found[name] for name in ("layer_1", "layer_2", "total")] == [15, 30, 45]


def test_the_head_of_the_homework_has_592130():
    assert count(768, [768, 2])["total"] == 592_130


def test_without_biases_only_the_weights_count():
    assert count(2, [5, 5], bias=False)["total"] == 2 * 5 + 5 * 5


def test_the_mnist_network_of_one_hidden_layer():
    assert count(784, [100, 10])["total"] == 784 * 100 + 100 + 100 * 10 + 10


def test_sizes_in_letters_give_formulas():
    found = count("n", ["m", "K"])
    for n, m, k in ((2, 5, 5), (7, 3, 4)):
        at = {"n": n, "m": m, "K": k}
        values = {
            name: found.values[name].subs({s: at[s.name] for s in found.values[name].free_symbols})
            for name in ("layer_1", "layer_2", "total")
        }
        assert values == {"layer_1": m * (n + 1), "layer_2": k * (m + 1), "total": m * (n + 1) + k * (m + 1)}


def test_large_sizes_stay_exact():
    assert count(10**15, [10**15])["total"] == 10**30 + 10**15


REFUSED = {
    (0, (3,)): "inputs: found 0; accepted: a size, a formula in letters, a whole number from 1 to 10^15",
    (2, ()): "layers: found 0 entries; accepted: at least 1",
    (
        2,
        (5, -1),
    ): "layers[1]: found -1; accepted: a size, a formula in letters, a whole number from 1 to 10^15",
    (
        2,
        ("2.5",),
    ): "layers[0]: found '2.5'; accepted: a size, a formula in letters, a whole number from 1 to 10^15",
    (
        "layer_1",
        (3,),
    ): "inputs: the letter 'layer_1', which names a quantity of the answer; accepted: another letter",
    ("?", (3,)): "inputs: found '?'; accepted: a size, a formula in letters",
}


@pytest.mark.parametrize(("given", "message"), REFUSED.items())
def test_what_cannot_be_counted_is_refused(given, message):
    inputs, layers = given
    with pytest.raises(InputError) as caught:
        count(inputs, list(layers))
    assert str(caught.value) == message
