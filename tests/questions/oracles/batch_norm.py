"""torch.nn.functional.batch_norm, which updates the running statistics in place, and autograd in float64."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional


def answers(given):
    batch = np.array(given["batch"], dtype=float)
    single = batch.ndim == 1
    x = torch.tensor(batch.reshape(len(batch), -1), requires_grad=True)

    def feature(label, default):
        return torch.tensor(np.array(given.get(label, default), dtype=float)).expand(x.shape[1]).clone()

    gamma, beta = feature("gamma", 1).requires_grad_(), feature("beta", 0).requires_grad_()
    mean, var = feature("running_mean", 0), feature("running_var", 1)
    options = {
        "training": given["mode"] == "training",
        "momentum": float(given.get("momentum", 0.1)),
        "eps": float(given.get("eps", 1e-5)),
    }
    normalised = functional.batch_norm(x, mean.clone(), var.clone(), None, None, **options)
    normalised.retain_grad()
    output = functional.batch_norm(x, mean, var, gamma, beta, **options)
    found = {"normalised": normalised, "output": output}
    if given["mode"] == "training":
        found |= {"mean": x.mean(0), "var": x.var(0, correction=0), "var_unbiased": x.var(0)}
        found |= {"new_running_mean": mean, "new_running_var": var}
    if "grad_output" in given:
        upstream = torch.tensor(np.array(given["grad_output"], dtype=float)).reshape(x.shape)
        output.backward(upstream)
        found |= {"grad_gamma": gamma.grad, "grad_beta": beta.grad, "grad_batch": x.grad}
        scaled = normalised.detach().requires_grad_()
        (scaled * gamma.detach() + beta.detach()).backward(upstream)
        found["grad_normalised"] = scaled.grad
    answers = {label: part.detach().numpy() for label, part in found.items()}
    if not single:
        return answers
    return {label: part[:, 0] if part.ndim == 2 else part[0] for label, part in answers.items()}
