"""Areas in plain Python; inclusive boxes by counting pixels in sets."""

from __future__ import annotations

from fractions import Fraction


def intervals(box, boxes):
    """((low, high) of x, (low, high) of y)."""
    a, b, c, d = (Fraction(number) for number in box)
    if boxes == "corners":
        return (a, c), (b, d)
    if boxes == "centre":
        return (a - c / 2, a + c / 2), (b - d / 2, b + d / 2)
    return (a, a + c), (b, b + d)


def length(interval):
    return max(interval[1] - interval[0], Fraction(0))


def shared(p, q):
    return (max(p[0], q[0]), min(p[1], q[1]))


def areas(pair, given):
    boxes = given["boxes"]
    if boxes == "sides":
        sides = [[Fraction(n) for n in pair[field]] for field in ("target", "prediction", "overlap")]
        return [w * h for w, h in sides]
    both = [intervals(pair[field], boxes) for field in ("target", "prediction")]
    both.append(tuple(shared(p, q) for p, q in zip(*both, strict=True)))
    if not given.get("inclusive"):
        return [length(x) * length(y) for x, y in both]
    if any(end.denominator != 1 for box in both for ends in box for end in ends):
        return [max(x[1] - x[0] + 1, 0) * max(y[1] - y[0] + 1, 0) for x, y in both]
    pixels = [
        {(i, j) for i in range(int(x[0]), int(x[1]) + 1) for j in range(int(y[0]), int(y[1]) + 1)}
        for x, y in both[:2]
    ]
    return [Fraction(len(part)) for part in (*pixels, pixels[0] & pixels[1])]


def answers(given):
    found = [areas(pair, given) for pair in given.get("pairs", {"": given}).values()]
    rows = [
        {
            "area_target": target,
            "area_prediction": prediction,
            "areas": [float(target), float(prediction)],
            "intersection": inner,
            "union": target + prediction - inner,
            "iou": inner / (target + prediction - inner),
        }
        for target, prediction, inner in found
    ]
    plain = [{k: v if isinstance(v, list) else float(v) for k, v in row.items()} for row in rows]
    return {k: [row[k] for row in plain] for k in plain[0]} if "pairs" in given else plain[0]
