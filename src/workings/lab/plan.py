"""What a run will train: settings checked, arms resolved, and one cell for each arm and seed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from workings.errors import InputError, echo, unknown
from workings.lab.cell import Cell, load_data, load_study
from workings.lab.results import dumped
from workings.lab.study import Arm, Settings, Study
from workings.validation import readable

MOST_SEEDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it is run.

    Parameters
    ----------
    name: the study's.
    common: the settings of all arms; `arms` have those that each has in the end.
    quick: whether the study's reduced settings hold.
    summary: of the data.
    source: where the data is; None if embedded.
    cells: by arm, then by seed.
    command: what makes the run again.
    """

    name: str
    study: Study
    common: Settings
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    quick: bool
    summary: str
    source: str | None
    cells: tuple[Cell, ...]
    command: str

    @property
    def key(self) -> str:
        """The run's own name: a hash of its cells."""
        return sha256("".join(cell.name for cell in self.cells).encode()).hexdigest()[:8]

    def told(self) -> dict[str, Any]:
        """The content of `run.json`."""
        return {
            "study": self.name,
            "quick": self.quick,
            "settings": self.common.model_dump(mode="json"),
            "arms": [
                {
                    "name": arm.name,
                    "settings": dict(arm.settings),
                    "cells": [cell.name for cell in self.cells if cell.arm == arm.name],
                }
                for arm in self.arms
            ],
            "seeds": list(self.seeds),
            "data": self.summary,
            "source": self.source,
            "command": self.command,
        }


def plan(
    name: str,
    given: Mapping[str, object] | None = None,
    *,
    seeds: int | Sequence[int] = 5,
    data: str | Path | None = None,
    quick: bool = False,
    only: Sequence[str] = (),
) -> Plan:
    """The cells of a run.

    Parameters
    ----------
    name: the study's.
    given: settings by name, for all arms (`epochs`) or for one (`plain.epochs`); text is read as a command
        line gives it. They win over an arm's own, and those over the study's.
    seeds: how many, from 0, or which.
    data: a path, in place of the embedded data.
    quick: the study's reduced settings, where `given` says nothing else.
    only: the arms wanted; all unless given.

    Raises
    ------
    InputError: no such study, arm or setting, or a value that it can't have; missing or broken data.
    """
    from workings.lab.device import resolve

    study = load_study(name)
    given = dict(given or {})
    common, arms = settled(study, given, quick=quick, only=only)
    numbers = _seeds(seeds)
    source = resolved_source(data)
    found = load_data(name, common, source)
    cells = tuple(
        Cell(name, arm.name, number, on_device, common, found.digest, source, study.revision)
        for arm, settings in arms
        for on_device in [settings.model_copy(update={"device": resolve(settings.device)})]
        for number in numbers
    )
    words = ["workings", "run", name, *(f"{key}={_plain(value)}" for key, value in given.items())]
    words += [
        "--seeds",
        str(len(numbers)) if numbers == tuple(range(len(numbers))) else ",".join(map(str, numbers)),
    ]
    words += [word for arm in only for word in ("--arm", arm)] + (["--quick"] if quick else [])
    words += ["--data", str(data)] if data is not None else []
    return Plan(
        name=name,
        study=study,
        common=common,
        arms=tuple(arm for arm, _ in arms),
        seeds=numbers,
        quick=quick,
        summary=found.summary,
        source=source,
        cells=cells,
        command=shlex.join(words),
    )


def settled(
    study: Study, given: Mapping[str, object], *, quick: bool = False, only: Sequence[str] = ()
) -> tuple[Settings, list[tuple[Arm, Settings]]]:
    """The settings that all arms share, and each arm with what differs and with all it has in the end.

    Raises
    ------
    InputError: see `plan`.
    """
    layers = ([study.quick] if quick else []) + [given]
    for name in (*only, *(key.partition(".")[0] for layer in layers for key in layer if "." in key)):
        if name not in [arm.name for arm in study.arms]:
            raise unknown("arm", name, [arm.name for arm in study.arms])
    common = _settings(study, [_for_all(layer) for layer in layers])
    base = common.model_dump(mode="json")
    arms: list[tuple[Arm, Settings]] = []
    for arm in study.arms:
        if only and arm.name not in only:
            continue
        own = [part for layer in layers for part in (_for_all(layer), _for_arm(layer, arm.name))]
        settings = _settings(study, [arm.settings, *own])
        told = settings.model_dump(mode="json")
        differs = {key: value for key, value in told.items() if value != base[key]}
        arms.append((replace(arm, settings=differs), settings))
    return common, arms


def _settings(study: Study, layers: Sequence[Mapping[str, object]]) -> Settings:
    merged: dict[str, object] = {}
    for layer in layers:
        merged.update({key: _read(value) for key, value in layer.items()})
    try:
        return study.settings.model_validate(merged)
    except ValidationError as error:
        raise readable(error, study.settings) from None


def _for_all(layer: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in layer.items() if "." not in key}


def _for_arm(layer: Mapping[str, object], arm: str) -> dict[str, object]:
    own = {key.partition("."): value for key, value in layer.items() if "." in key}
    return {key: value for (name, _, key), value in own.items() if name == arm}


def _read(value: object) -> object:
    """A setting as a command line or a document gives it: `none` is none, a list is JSON."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() in ("none", "null"):
        return None
    if value.lstrip().startswith("["):
        try:
            return cast("object", json.loads(value))
        except ValueError:
            raise InputError(f"found {echo(value)}", accepted="a list such as [1, 2]") from None
    return value


def _plain(value: object) -> str:
    return value if isinstance(value, str) else dumped(value).decode()


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, int):
        if not 1 <= seeds <= MOST_SEEDS:
            raise InputError(f"found {seeds} seeds", accepted=f"1 to {MOST_SEEDS}").at(field="seeds")
        return tuple(range(seeds))
    numbers = tuple(seeds)
    if not numbers or len(set(numbers)) != len(numbers) or not all(0 <= n < 2**31 for n in numbers):
        accepted = "different whole numbers from 0, such as 0,1,2"
        raise InputError(f"found {echo(list(numbers))}", accepted=accepted).at(field="seeds")
    return numbers


def resolved_source(data: str | Path | None) -> str | None:
    """The path in full, as workers may stand in another folder; the name of a hub's data set as it is."""
    if data is None:
        return None
    return str(Path(data).resolve()) if Path(data).exists() else str(data)
