"""A Jordan network by torch: the output, not the hidden state, is fed back."""

from __future__ import annotations

from questions.oracles import elman_rnn


def answers(given):
    return elman_rnn.unrolled(given, feedback="y")
