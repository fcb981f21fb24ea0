"""LeNet-5: its size by hand, its output by another way of writing it, its first filters by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch.nn.functional import conv2d, linear, max_pool2d, relu

from workings.lab.models.lenet import LeNet5, start_from_patches


@pytest.fixture
def images():
    return torch.rand(7, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def by_the_book(model, images):
    """Layer after layer, channels first, ReLU before pooling."""
    w = dict(model.named_parameters())
    maps = relu(conv2d(images, w["conv_1.weight"], w["conv_1.bias"], padding=2))
    assert maps.shape[1:] == (6, 28, 28)
    maps = max_pool2d(maps, 2)
    assert maps.shape[1:] == (6, 14, 14)
    maps = relu(conv2d(maps, w["conv_2.weight"], w["conv_2.bias"]))
    assert maps.shape[1:] == (16, 10, 10)
    maps = max_pool2d(maps, 2).flatten(1)
    assert maps.shape[1:] == (400,)
    hidden = relu(linear(maps, w["dense_1.weight"], w["dense_1.bias"]))
    hidden = relu(linear(hidden, w["dense_2.weight"], w["dense_2.bias"]))
    return linear(hidden, w["dense_3.weight"], w["dense_3.bias"])


def test_parameters_layer_by_layer():
    """Weights and biases: 6·25 + 6, 16·150 + 16, 120·400 + 120, 84·120 + 84, 10·84 + 10."""
    model = LeNet5()
    counts = [sum(w.numel() for w in layer.parameters()) for layer in model.children()]
    assert counts == [156, 2416, 48120, 10164, 850]
    assert sum(counts) == 61706


@pytest.mark.parametrize("classes", [2, 10, 26])
def test_a_logit_a_class(images, classes):
    assert LeNet5(classes)(images).shape == (7, classes)


def test_output_and_gradients_are_those_of_the_layers_written_out(images):
    torch.manual_seed(1)
    model = LeNet5().double()
    images = images.double().requires_grad_()
    weights = [*model.parameters(), images]
    ours, theirs = model(images), by_the_book(model, images)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
    pairs = zip(
        torch.autograd.grad((ours**2).sum(), weights),
        torch.autograd.grad((theirs**2).sum(), weights),
        strict=True,
    )
    for got, expected in pairs:
        assert torch.allclose(got, expected, rtol=0, atol=1e-10)


def test_gradients_lie_in_memory_as_their_weights_do(images):
    """Fused optimisers and files of weights go through memory in one order for both."""
    model = LeNet5()
    model(images).sum().backward()
    for weight in model.parameters():
        assert weight.is_contiguous()
        assert weight.grad.is_contiguous()


class TestStartFromPatches:
    @pytest.fixture
    def strokes(self):
        """Smooth noise, so that the patches' components differ in size."""
        rng = np.random.default_rng(0)
        rough = rng.random((40, 34, 34))
        smooth = sum(rough[:, i : i + 28, j : j + 28] * (1 + i + 2 * j) for i in range(7) for j in range(7))
        return torch.tensor(smooth[:, None] / smooth.std(), dtype=torch.float32)

    def patches(self, images):
        padded = np.pad(images[:, 0].numpy().astype(np.float64), ((0, 0), (2, 2), (2, 2)))
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).reshape(-1, 25)

    def test_filters_are_the_principal_components(self, strokes):
        model = LeNet5()
        start_from_patches(model, strokes)
        expected = PCA(6, svd_solver="full").fit(self.patches(strokes))
        filters = model.conv_1.weight.detach().double().numpy().reshape(6, 25)
        sizes = 1 / np.sqrt(expected.explained_variance_ + 0.01)
        assert np.linalg.norm(filters, axis=1) == pytest.approx(sizes, rel=1e-3)
        cosines = np.einsum("ij,ij->i", filters, expected.components_) / np.linalg.norm(filters, axis=1)
        assert np.abs(cosines) == pytest.approx(np.ones(6), abs=1e-4)

    def test_maps_are_centred_and_uncorrelated(self, strokes):
        model = LeNet5()
        start_from_patches(model, strokes)
        with torch.no_grad():
            maps = model.conv_1(strokes).double().transpose(0, 1).flatten(1)
        variances = PCA(6, svd_solver="full").fit(self.patches(strokes)).explained_variance_
        assert maps.mean(1).abs().max() < 1e-4
        assert torch.cov(maps).numpy() == pytest.approx(np.diag(variances / (variances + 0.01)), abs=1e-3)

    def test_all_else_stays(self, strokes):
        model = LeNet5()
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        start_from_patches(model, strokes)
        changed = {
            name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])
        }
        assert changed == {"conv_1.weight", "conv_1.bias"}

    def test_only_the_first_500_count(self):
        images = torch.rand(501, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        found = []
        for change in (0.0, 5.0):
            images[500] += change
            model = LeNet5()
            start_from_patches(model, images)
            found.append(model.conv_1.weight.detach().clone())
        assert torch.equal(*found)

    def test_blank_images(self):
        model = LeNet5()
        start_from_patches(model, torch.zeros(3, 1, 28, 28))
        assert all(torch.isfinite(weight).all() for weight in model.parameters())
