"""Shapes of the operations of convolution layers: windows of an image, their products and their transpose."""

from __future__ import annotations

from workings.algebra.dimensions import Shape, exact_quotient, quotient, same, spell, tidy, window_count
from workings.algebra.expression import Expr
from workings.algebra.misfit import misfit
from workings.errors import InputError


def patches(node: Expr, x: Shape) -> Shape:
    """(..., H, W) to (..., kH, kW, oH, oW)."""
    attrs = node.attrs
    if len(x) < 2:
        raise misfit(node, (x,), "windows need two axes", "(channels, height, width)")
    try:
        positions = [
            window_count(*along)
            for along in zip(x[-2:], attrs["kernel"], attrs["stride"], attrs["dilation"], strict=True)
        ]
    except InputError as error:
        raise misfit(node, (x,), error.problem, error.accepted or "") from error
    return (*x[:-2], *(tidy(k) for k in attrs["kernel"]), *positions)


def correlate(node: Expr, kernel: Shape, windows: Shape) -> Shape:
    """(O, C/groups, kH, kW) and (C, kH, kW, oH, oW) to (O, oH, oW)."""
    groups = node.attrs.get("groups", 1)
    if len(kernel) != 4 or len(windows) != 5:
        raise misfit(
            node, (kernel, windows), "axes", "kernels (O, C, kH, kW) and windows (C, kH, kW, oH, oW)"
        )
    if exact_quotient(kernel[0], groups) is None:
        raise misfit(
            node, (kernel, windows), f"{kernel[0]} outputs in {groups} groups", "a multiple of the groups"
        )
    if not same((kernel[1] * groups, *kernel[2:]), windows[:3]):
        accepted = f"a kernel ({kernel[0]}, {quotient(windows[0], groups)}, {windows[1]}, {windows[2]})"
        raise misfit(node, (kernel, windows), f"{groups} groups of channels do not match", accepted)
    return (kernel[0], *windows[3:])


def fold(node: Expr, g: Shape) -> Shape:
    """(C, kH, kW, oH, oW) to (C, height, width)."""
    attrs = node.attrs
    size = (tidy(attrs["height"]), tidy(attrs["width"]))
    if len(g) != 5:
        raise misfit(node, (g,), f"{len(g)} axes", "windows (C, kH, kW, oH, oW)")
    positions = tuple(
        window_count(*along) for along in zip(size, g[1:3], attrs["stride"], attrs["dilation"], strict=True)
    )
    if not same(positions, g[3:]):
        raise misfit(node, (g,), f"an image {spell(size)} has {spell(positions)} windows", "as many windows")
    return (g[0], *size)
