"""The generated process: its formula by hand, its statistics, and its noise floor."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pytest

from workings.errors import InputError
from workings.lab.data.sequences import FEATURES, Process, directions, generated

DATA = generated(Process())


class TestFormula:
    a, b = directions()

    def test_directions_are_unit_vectors_at_right_angles(self):
        assert self.a @ self.a == pytest.approx(1, abs=1e-15)
        assert self.b @ self.b == pytest.approx(1, abs=1e-15)
        assert self.a @ self.b == pytest.approx(0, abs=1e-15)

    def test_a_gate_half_open(self):
        """a·x = 0 and b·x = 1 at every step, κ = 1/2: u = 1/2, 3/4, 7/8."""
        x = np.broadcast_to(self.b, (1, 3, FEATURES))
        assert Process(memory=0.5).states(x)[0] == pytest.approx([1 / 2, 3 / 4, 7 / 8], abs=1e-15)

    @pytest.mark.parametrize("opening", [-3.0, 0.5, 2.0])
    def test_the_gate_is_a_sigmoid(self, opening):
        x = (opening * self.a + 4 * self.b)[None, None]
        assert Process(gate=1.5).states(x)[0, 0] == pytest.approx(4 / (1 + exp(-1.5 * opening)), rel=1e-12)

    def test_other_directions_do_not_enter(self):
        x = np.random.default_rng(0).standard_normal((1, 5, FEATURES))
        within = x @ np.outer(self.a, self.a) + x @ np.outer(self.b, self.b)
        assert Process().states(x) == pytest.approx(Process().states(within), abs=1e-12)

    def test_the_first_step_is_never_quite_forgotten(self):
        """One more b at the first step, with the gate half open there: 0.95²⁹ / 2 more after 30 steps."""
        x = np.random.default_rng(0).standard_normal((1, 30, FEATURES))
        x[0, 0] = 0
        more = x.copy()
        more[0, 0] = self.b
        difference = Process().states(more)[0, -1] - Process().states(x)[0, -1]
        assert difference == pytest.approx(0.95**29 / 2, rel=1e-9)


class TestInputs:
    x = Process().inputs(4000, np.random.default_rng(1))

    def test_variance_1_at_the_first_and_the_last_step(self):
        """Of 40 000 squares of standard normal numbers the mean is 1 within 4√(2/40 000) = 0.028."""
        for t in (0, -1):
            assert np.mean(self.x[:, t] ** 2) == pytest.approx(1, abs=0.028)

    @pytest.mark.parametrize(("lag", "expected"), [(1, 0.6), (2, 0.36)])
    def test_correlation_in_time(self, lag, expected):
        assert np.mean(self.x[:, lag:] * self.x[:, :-lag]) == pytest.approx(expected, abs=0.01)

    def test_channels_are_independent(self):
        """Of 4 000 products the mean is 0 within 4/√4 000 = 0.063."""
        products = self.x[:, -1].T @ self.x[:, -1] / len(self.x)
        assert np.abs(products - np.diag(np.diag(products))).max() < 0.063


class TestTargets:
    def test_what_is_left_of_them_is_the_noise_floor(self):
        """With u from a plain loop over the inputs given out; its variance is 0.05 within 4·0.05√(2/n)."""
        a, b = directions()

        def last(x):
            u = 0.0
            for step in x.astype(np.float64):
                u = 0.95 * u + (b @ step) / (1 + exp(-2 * (a @ step)))
            return u

        states = {part: np.array([last(x) for x in xs]) for part, xs, _ in DATA.parts()}
        spread = sqrt(np.mean((states["train"] - states["train"].mean()) ** 2))
        for part, _, y in DATA.parts():
            noise = y[:, 0] - states[part] / spread
            bound = 4 * sqrt(2 / len(y))
            assert np.var(noise) / 0.05 == pytest.approx(1, abs=bound), part
            assert noise.mean() == pytest.approx(0, abs=4 * sqrt(0.05 / len(y))), part

    def test_without_noise_the_training_targets_have_variance_1(self):
        y = generated(Process(noise=0), (200, 2, 2)).train_y
        assert np.var(y.astype(np.float64)) == pytest.approx(1, abs=1e-6)


class TestRecord:
    def test_sizes_types_and_lengths(self):
        assert [len(x) for _, x, _ in DATA.parts()] == [2000, 500, 1000]
        assert DATA.train_x[0].dtype == DATA.train_y.dtype == np.float32
        assert DATA.train_y.shape == (2000, 1)
        assert {len(x) for x in DATA.train_x} == set(range(10, 41))
        assert DATA.features == FEATURES
        assert DATA.classes == ()

    def test_it_says_how_it_was_made(self):
        assert "noise of variance 0.05, seed 0" in DATA.summary

    def test_the_same_seed_gives_the_same_data(self):
        assert generated(Process()).digest == DATA.digest
        assert generated(Process(), seed=1).digest != DATA.digest

    def test_a_part_does_not_depend_on_the_sizes_of_the_others(self):
        small = generated(Process(), (2000, 3, 4))
        assert np.array_equal(small.train_y, DATA.train_y)

    def test_no_sequence_is_in_two_parts(self):
        firsts = [x[0].tobytes() for _, xs, _ in DATA.parts() for x in xs]
        assert len(set(firsts)) == len(firsts)


class TestRefused:
    @pytest.mark.parametrize(
        ("numbers", "message"),
        [
            ({"shortest": 0}, "shortest: found 0; accepted: 1 or more"),
            ({"shortest": 9, "longest": 8}, "longest: found 8; accepted: 9 or more"),
            ({"noise": -0.1}, "noise: found -0.1"),
            ({"noise": float("nan")}, "noise: found nan"),
            ({"memory": 1.1}, "memory: found 1.1; accepted: 0 to 1"),
            ({"gate": float("inf")}, "gate: found inf"),
            ({"coupling": -2}, "coupling: found -2"),
        ],
    )
    def test_numbers(self, numbers, message):
        with pytest.raises(InputError, match=message):
            Process(**numbers)

    @pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 0, 1), (2, 1, 0)])
    def test_sizes(self, sizes):
        with pytest.raises(InputError, match=r"found \d \+ \d \+ \d sequences"):
            generated(Process(), sizes)
