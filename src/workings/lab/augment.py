"""Images moved, turned, sheared and bent at random: a whole batch at once, on the device that it is on.

    distorted = distort(images, Distortion(shift=1, rotation=10, elastic=20), generator)

Each pixel is looked up where the distortion says it comes from, between four pixels, and outside the image
there is 0: an image whose background is 0 keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, radians, sqrt

import torch
from torch.nn.functional import grid_sample


@dataclass(frozen=True, slots=True)
class Distortion:
    """How far images may be distorted; 0 is not at all.

    Parameters
    ----------
    shift: pixels, along either axis, both ways.
    rotation: degrees about the centre, both ways.
    scale: either axis is multiplied by a factor from e^−scale to e^scale, each by its own.
    shear: degrees by which upright lines come to lean, both ways.
    elastic: α, pixels: uniform noise from −α to α, an arrow for each pixel, before it is smoothed. A pixel
        moves by α/(2√(3π) σ) along either axis, root mean square, far from the border.
    smoothness: σ, pixels: standard deviation of the Gaussian that smooths the noise; 1 or more.

    Source of the elastic distortion: Simard, Steinkraus & Platt (2003), Best practices for convolutional
    neural networks applied to visual document analysis, section 2, with σ = 4 and α = 34 for MNIST.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    smoothness: float = 4.0

    @property
    def straight(self) -> bool:
        """Whether lines stay lines, as nothing is bent."""
        return self.elastic == 0

    @property
    def none(self) -> bool:
        """Whether images stay as they are."""
        return not any((self.shift, self.rotation, self.scale, self.shear, self.elastic))


@torch.no_grad()
def distort(images: torch.Tensor, distortion: Distortion, generator: torch.Generator) -> torch.Tensor:
    """A distorted copy of images [n, channels, height, width], each distorted by chance of its own.

    The images themselves where there is nothing to do. The draws are the generator's and do not depend on how
    far the distortion goes, but for those of the elastic one, which are made only where there is one.
    """
    if distortion.none:
        return images
    matrices = affine(len(images), distortion, generator).to(images)
    arrows = None
    if not distortion.straight:
        arrows = elastic(images.shape, distortion, generator).to(images)
    return moved(images, matrices, arrows)


def affine(count: int, distortion: Distortion, generator: torch.Generator) -> torch.Tensor:
    """Random maps [count, 2, 3] from a place in the new image to one in the old, in pixels from the centre.

    With (x, y) the column and row: (x′, y′) = R(θ) [[e^a, tan φ], [0, e^b]] (x, y) + t.
    """
    u = 2 * torch.rand(6, count, generator=generator, device=generator.device) - 1
    angle, lean = u[0] * radians(distortion.rotation), u[1] * radians(distortion.shear)
    wide, high = (u[2:4] * distortion.scale).exp()
    cos, sin, tan = angle.cos(), angle.sin(), lean.tan()
    right, down = u[4:6] * distortion.shift
    rows = (cos * wide, cos * tan - sin * high, right, sin * wide, sin * tan + cos * high, down)
    return torch.stack(rows, dim=1).view(count, 2, 3)


def elastic(shape: torch.Size, distortion: Distortion, generator: torch.Generator) -> torch.Tensor:
    """Random arrows [n, 2, height, width], in pixels along (x, y), for images of `shape`.

    G_h U G_wᵀ with U uniform from −α to α and G the Gaussian of σ: a convolution along either axis,
    written as two products, as images are small. Beyond the border the noise is 0: arrows get shorter there.
    """
    n, _, height, width = shape
    device = generator.device
    noise = 2 * torch.rand(n, 2, height, width, generator=generator, device=device) - 1
    down, along = (_gaussian(side, distortion.smoothness, device) for side in (height, width))
    return distortion.elastic * (down @ noise @ along)


def moved(images: torch.Tensor, matrices: torch.Tensor, arrows: torch.Tensor | None = None) -> torch.Tensor:
    """Images [n, c, h, w] looked up, pixel by pixel, at A(x, y, 1) + arrow, bilinearly; 0 outside.

    Parameters
    ----------
    matrices: A [n, 2, 3], in pixels from the centre.
    arrows: [n, 2, h, w], in pixels along (x, y).
    """
    n, _, height, width = images.shape
    # grid_sample counts from −1 to 1 between the outer edges of the image.
    unit = torch.tensor([2 / width, 2 / height], dtype=images.dtype, device=images.device)
    x, y = (torch.arange(side).to(images) - (side - 1) / 2 for side in (width, height))
    places = torch.stack(
        [x.expand(height, width), y[:, None].expand(height, width), x.new_ones(height, width)]
    )
    sources = places.view(3, -1).T @ (matrices * unit[:, None]).transpose(1, 2)  # [n, h·w, 2]
    grid = sources.view(n, height, width, 2)
    if arrows is not None:
        grid = grid + arrows.permute(0, 2, 3, 1) * unit
    return grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _gaussian(side: int, sigma: float, device: torch.device) -> torch.Tensor:
    """[side, side], symmetric: exp(−(i − j)²/2σ²)/(√(2π) σ), whose rows would add up to 1 without borders."""
    i = torch.arange(side, dtype=torch.float32, device=device)
    return torch.exp(-((i[:, None] - i) ** 2) / (2 * sigma**2)) / (sqrt(2 * pi) * sigma)
