"""The folder is the registry: a file's name is the item's name, and nothing is registered by importing.

`names("workings.questions")` lists the modules of a package without importing any; `load` imports one and
takes the object that it bears.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from workings.errors import unknown

ITEMS = {
    "question": ("workings.questions", "QUESTION"),
    "study": ("workings.studies", "STUDY"),
    "claim": ("workings.claims", "CLAIM"),
}
"""What kind of item lives in which package, and under which name in its file."""


@cache
def names(package: str) -> tuple[str, ...]:
    """The public modules of `package`, sorted; none of them is imported."""
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return ()
    found = iter_modules(spec.submodule_search_locations)
    return tuple(sorted(module.name for module in found if not module.name.startswith("_")))


def load(package: str, name: str, attribute: str) -> object:
    """Import `package.name` and return its `attribute`.

    Raises
    ------
    InputError: no file bears the name; near ones are offered.
    """
    listed = names(package)
    if name not in listed:
        what = next((kind for kind, (home, _) in ITEMS.items() if home == package), "name")
        raise unknown(what, name, listed)
    return getattr(import_module(f"{package}.{name}"), attribute)
