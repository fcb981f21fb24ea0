"""Distortions: single ones by what they must do, all of them by scipy's interpolation and filters."""

from __future__ import annotations

from dataclasses import replace
from math import degrees, pi, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates

from workings.lab.augment import Distortion, affine, distort, elastic, moved

ALL = Distortion(shift=3, rotation=40, scale=0.3, shear=20, elastic=30)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=4, height=28, width=28, channels=1, seed=0):
    return torch.rand(n, channels, height, width, dtype=torch.float64, generator=chance(seed))


def mapped(images, matrix):
    matrices = torch.tensor(matrix, dtype=images.dtype).expand(len(images), 2, 3)
    return moved(images, matrices)


def close(a, b):
    return torch.allclose(a, b, rtol=0, atol=1e-12)


class TestMoved:
    def test_nowhere(self):
        images = pictures(height=9, width=14, channels=3)
        assert close(mapped(images, [[1, 0, 0], [0, 1, 0]]), images)

    @given(right=st.integers(-9, 9), down=st.integers(-9, 9))
    @settings(max_examples=30, deadline=None)
    def test_by_whole_pixels_is_a_roll_filled_with_zeros(self, right, down):
        images = pictures(height=8, width=11)
        expected = torch.roll(images, (down, right), dims=(2, 3))
        expected[:, :, : max(0, down)] = 0
        expected[:, :, 8 + min(0, down) :] = 0
        expected[..., : max(0, right)] = 0
        expected[..., 11 + min(0, right) :] = 0
        if abs(down) >= 8:
            expected[:] = 0
        assert close(mapped(images, [[1, 0, -right], [0, 1, -down]]), expected)

    def test_by_half_a_pixel_is_the_mean_of_two(self):
        images = pictures(height=5, width=6)
        got = mapped(images, [[1, 0, 0.5], [0, 1, 0]])
        assert close(got[..., :-1], (images[..., :-1] + images[..., 1:]) / 2)
        assert close(got[..., -1], images[..., -1] / 2)

    def test_a_quarter_turn(self):
        """x′ = −y, y′ = x: the new upper right corner is looked up in the old upper left one."""
        images = pictures(height=7, width=7)
        got = mapped(images, [[0, 1, 0], [-1, 0, 0]])
        assert close(got, torch.rot90(images, -1, dims=(2, 3)))
        assert close(got[..., 0, 6], images[..., 0, 0])

    def test_half_a_turn_of_an_image_that_is_no_square(self):
        images = pictures(height=5, width=8)
        assert close(mapped(images, [[-1, 0, 0], [0, -1, 0]]), images.flip(2, 3))

    @given(seed=st.integers(0, 2**31))
    @settings(max_examples=15, deadline=None)
    def test_as_scipy_interpolates(self, seed):
        images = pictures(n=2, height=10, width=13, channels=2, seed=seed)
        rng = np.random.default_rng(seed)
        matrices = np.eye(2, 3) + rng.normal(0, 0.3, (2, 2, 3)) * [1, 1, 8]
        arrows = rng.normal(0, 2, (2, 2, 10, 13))
        got = moved(images, torch.tensor(matrices), torch.tensor(arrows))
        y, x = np.mgrid[:10, :13] - np.array([4.5, 6.0])[:, None, None]
        for i in range(2):
            at_x, at_y = np.einsum("ij,jhw->ihw", matrices[i], np.stack([x, y, np.ones_like(x)])) + arrows[i]
            for channel in range(2):
                expected = map_coordinates(
                    images[i, channel].numpy(), [at_y + 4.5, at_x + 6.0], order=1, mode="grid-constant"
                )
                assert got[i, channel].numpy() == pytest.approx(expected, abs=1e-10)


class TestAffine:
    N = 2000

    def drawn(self, **strength):
        return affine(self.N, Distortion(**strength), chance()).double().numpy()

    def fills(self, values, most):
        """Uniform from −most to most: inside, near both ends, and on both sides alike."""
        assert np.abs(values).max() <= most * (1 + 1e-5)
        assert values.max() > 0.98 * most
        assert values.min() < -0.98 * most
        assert np.abs(values).mean() == pytest.approx(most / 2, rel=0.05)

    def test_nothing(self):
        assert np.array_equal(self.drawn(), np.broadcast_to(np.eye(2, 3), (self.N, 2, 3)))

    def test_shift(self):
        found = self.drawn(shift=3)
        assert np.array_equal(found[:, :, :2], np.broadcast_to(np.eye(2), (self.N, 2, 2)))
        self.fills(found[:, 0, 2], 3)
        self.fills(found[:, 1, 2], 3)
        assert abs(np.corrcoef(found[:, 0, 2], found[:, 1, 2])[0, 1]) < 0.1

    def test_rotation(self):
        found = self.drawn(rotation=25)[:, :, :2]
        assert found @ found.transpose(0, 2, 1) == pytest.approx(
            np.broadcast_to(np.eye(2), found.shape), abs=1e-6
        )
        assert np.linalg.det(found) == pytest.approx(np.ones(self.N), abs=1e-6)
        self.fills(np.degrees(np.arctan2(found[:, 1, 0], found[:, 0, 0])), 25)

    def test_scale(self):
        found = self.drawn(scale=0.3)
        assert not found[:, 0, 1].any()
        assert not found[:, 1, 0].any()
        self.fills(np.log(found[:, 0, 0]), 0.3)
        self.fills(np.log(found[:, 1, 1]), 0.3)

    def test_shear(self):
        found = self.drawn(shear=15)
        assert np.array_equal(found[:, 1], np.broadcast_to([0, 1, 0], (self.N, 3)))
        assert np.array_equal(found[:, 0, 0], np.ones(self.N))
        self.fills(np.degrees(np.arctan(found[:, 0, 1])), 15)

    def test_draws_do_not_depend_on_the_strength(self):
        single, double = (self.drawn(rotation=angle, shift=angle) for angle in (10, 20))
        turned = [np.arctan2(found[:, 1, 0], found[:, 0, 0]) for found in (single, double)]
        assert turned[1] == pytest.approx(2 * turned[0], abs=1e-6)
        assert double[:, :, 2] == pytest.approx(2 * single[:, :, 2], abs=1e-6)
        assert degrees(np.abs(turned[1]).max()) > 15


class TestElastic:
    def test_is_noise_smoothed_by_scipy(self):
        shape = torch.Size([3, 1, 20, 31])
        found = elastic(shape, Distortion(elastic=12, smoothness=2.5), chance(5)).numpy()
        noise = 2 * torch.rand(3, 2, 20, 31, generator=chance(5)).double().numpy() - 1
        expected = gaussian_filter(noise, (0, 0, 2.5, 2.5), mode="constant", truncate=12)
        assert found == pytest.approx(12 * expected, abs=1e-5)

    def test_is_as_strong_as_said(self):
        """Uniform noise has variance α²/3, and smoothing takes it times Σg² = 1/(2√π σ) along either axis."""
        found = elastic(torch.Size([4000, 1, 28, 28]), Distortion(elastic=34, smoothness=3), chance())
        centre = found[:, :, 14, 14]
        expected = 34 / sqrt(3) / (2 * sqrt(pi) * 3)
        assert float(centre.square().mean().sqrt()) == pytest.approx(expected, rel=0.04)
        assert expected == pytest.approx(34 / (2 * sqrt(3 * pi) * 3))

    def test_neighbours_move_together(self):
        found = elastic(torch.Size([50, 1, 28, 28]), Distortion(elastic=34), chance())
        steps = (found[..., 1:] - found[..., :-1]).square().mean().sqrt()
        assert steps < 0.25 * found.square().mean().sqrt()


class TestDistort:
    def test_nothing_to_do(self):
        images = pictures()
        generator = chance()
        before = generator.get_state()
        assert distort(images, Distortion(), generator) is images
        assert torch.equal(generator.get_state(), before)

    @pytest.mark.parametrize("name", ["shift", "rotation", "scale", "shear", "elastic"])
    def test_each_does_something(self, name):
        images = pictures()
        strength = replace(Distortion(), **{name: getattr(ALL, name)})
        assert not strength.none
        assert not torch.allclose(distort(images, strength, chance()), images, atol=0.01)

    def test_little_does_little(self):
        images = pictures()
        tiny = Distortion(shift=1e-9, rotation=1e-7, scale=1e-9, shear=1e-7, elastic=1e-8)
        assert torch.allclose(distort(images, tiny, chance()), images, rtol=0, atol=1e-6)

    def test_the_same_chance_gives_the_same(self):
        images = pictures()
        first, again, other = (distort(images, ALL, chance(seed)) for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.allclose(first, other, atol=0.01)

    def test_each_image_goes_its_own_way(self):
        images = pictures(n=1).expand(3, 1, 28, 28)
        a, b, c = distort(images, ALL, chance())
        assert not torch.allclose(a, b, atol=0.01)
        assert not torch.allclose(b, c, atol=0.01)

    def test_channels_move_together(self):
        image = pictures()
        got = distort(image.expand(4, 3, 28, 28), ALL, chance())
        assert torch.equal(got[:, 0], got[:, 1])
        assert torch.equal(got[:, 0], got[:, 2])

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_type_and_shape_stay(self, dtype):
        images = pictures(height=12, width=17).to(dtype)
        got = distort(images, ALL, chance())
        assert got.dtype == dtype
        assert got.shape == images.shape

    @given(seed=st.integers(0, 2**31), factor=st.floats(0, 3))
    @settings(max_examples=20, deadline=None)
    def test_values_stay_between_zero_and_the_brightest(self, seed, factor):
        images = pictures(seed=seed)
        strength = Distortion(5 * factor, 60 * factor, 0.3 * factor, 25 * factor, 60 * factor)
        got = distort(images, strength, chance(seed))
        assert got.min() >= 0
        assert got.max() <= images.max() + 1e-12

    def test_what_is_bright_stays_as_bright_where_only_its_place_changes(self):
        """A blob far from the border keeps its mass when moved and turned; stretched by e^u it takes e^−u."""
        y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
        blob = torch.exp(-((x - 14) ** 2 + (y - 13) ** 2) / 18).expand(64, 1, 28, 28)
        got = distort(blob, Distortion(shift=2, rotation=90, shear=10), chance())
        assert got.sum((1, 2, 3)).numpy() == pytest.approx(blob.sum((1, 2, 3)).numpy(), rel=0.01)
        strength = Distortion(scale=0.2)
        matrices = affine(64, strength, chance()).double()
        got = distort(blob, strength, chance()).sum((1, 2, 3)).double()
        shrunk = matrices[:, 0, 0] * matrices[:, 1, 1]
        assert (got * shrunk).numpy() == pytest.approx(blob.double().sum((1, 2, 3)).numpy(), rel=0.02)

    def test_no_gradient_is_kept(self):
        images = pictures().requires_grad_()
        assert not distort(images, ALL, chance()).requires_grad
