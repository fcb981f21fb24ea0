"""Answers read, compared with certified values, and given a verdict."""
