"""How ASCII names are printed."""

from __future__ import annotations

import pytest

from workings.algebra.names import latex_name, text_name


@pytest.mark.parametrize(
    ("label", "text", "latex"),
    [
        ("x", "x", "x"),
        ("u_1", "u_1", "u_{1}"),
        ("u_12", "u_12", "u_{12}"),
        ("W_xh", "W_xh", r"W_{\mathrm{xh}}"),
        ("s_t_1", "s_t_1", "s_{t,1}"),
        ("W1", "W1", "W_{1}"),
        ("x1_T", "x1_T", "x_{1,T}"),  # LaTeX takes no second subscript
        ("J_after", "J_after", r"J_{\mathrm{after}}"),
        ("kernel", "kernel", r"\mathrm{kernel}"),
        ("macs_1", "macs_1", r"\mathrm{macs}_{1}"),
        ("AP_cat", "AP_cat", r"\mathrm{AP}_{\mathrm{cat}}"),
        ("eta", "η", r"\eta"),
        ("sigma_t", "σ_t", r"\sigma_{t}"),
        ("p_tau", "p_τ", r"p_{\tau}"),
        ("Gamma_u", "Γ_u", r"\Gamma_{u}"),
        ("h_prime", "h′", "h'"),
        ("x_1_prime", "x_1′", "x'_{1}"),
        ("f_prime", "f_prime", "f'"),  # f′(…) is a slope
        ("grad_x_prime", "∇x_prime", r"\nabla_{x'} J"),
        ("h_prime_2", "h_prime_2", "h'_{2}"),
        ("x_hat", "x_hat", r"\hat{x}"),
        ("m_hat_1", "m_hat_1", r"\hat{m}_{1}"),
        ("h_tilde_2", "h_tilde_2", r"\tilde{h}_{2}"),
        ("sigma_bar", "σ_bar", r"\bar{\sigma}"),
        ("grad_W_1", "∇W_1", r"\nabla_{W_{1}} J"),
        ("grad_beta", "∇β", r"\nabla_{\beta} J"),
        ("df_1", "f′(u_1)", "f'(u_{1})"),
        ("new_b_2", "new_b_2", r"b^{\text{new}}_{2}"),
        ("new_W_1", "new_W_1", r"W^{\text{new}}_{1}"),
        ("dh_da", "dh_da", r"\frac{\partial h}{\partial a}"),
        ("dl_dh_T", "dl_dh_T", r"\frac{\partial l}{\partial h_{T}}"),
        ("dh_T_da", "dh_T_da", r"\frac{\partial h_{T}}{\partial a}"),
    ],
)
def test_name(label, text, latex):
    assert text_name(label) == text
    assert latex_name(label) == latex


def test_gradients_are_those_of_the_working_s_cost():
    assert latex_name("grad_W", "J_1") == r"\nabla_{W} J_{1}"
    assert latex_name("grad_s_t", "l") == r"\nabla_{s_{t}} l"
