"""torch.distributions: the reparametrised normal and the divergence between two normals, in float64."""

from __future__ import annotations

import numpy as np
import torch
from questions.oracles import has_letters, value
from torch.distributions import Normal, kl_divergence
from torch.nn import functional


def answers(given):
    def run(letters):
        def tensor(label):
            numbers = np.vectorize(lambda part: float(value(part, letters)), otypes=[float])
            return torch.tensor(numbers(np.array(given[label], dtype=object)))

        mu, noise = tensor("mu"), tensor("eps")
        posterior = Normal(mu, tensor("logvar").exp().sqrt())
        divergence = kl_divergence(posterior, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum()
        if "reconstruction" in given:
            loss = tensor("reconstruction")
        elif given.get("likelihood") == "gaussian":
            loss = functional.mse_loss(tensor("output"), tensor("x"), reduction="sum") / 2
        else:
            loss = functional.binary_cross_entropy(tensor("output"), tensor("x"), reduction="sum")
        found = {"sigma": posterior.scale, "z": mu + posterior.scale * noise, "KL": divergence}
        found |= {"reconstruction": loss, "ELBO": -loss - divergence}
        return {label: part.numpy() for label, part in found.items()}

    scalars = [given[label] for label in ("mu", "logvar") if not isinstance(given[label], list)]
    if not has_letters(*scalars):
        return run({})
    found = {
        label: lambda label=label, **letters: run(letters)[label] for label in ("sigma", "z", "KL", "ELBO")
    }
    if "x" in given:
        found["reconstruction"] = run(dict.fromkeys(("mu", "s", "epsilon"), 0))["reconstruction"]
    return found
