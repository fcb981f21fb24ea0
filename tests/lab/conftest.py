"""Tests of the lab find the tiny studies in place of the real ones where they ask for `tiny`."""

from __future__ import annotations

import pytest

from workings import discovery
from workings.lab import cell


@pytest.fixture
def tiny(monkeypatch):
    from tests.lab.tiny import HERE

    monkeypatch.setitem(discovery.ITEMS, "study", HERE)
    cell._data.cache_clear()
    yield
    cell._data.cache_clear()
