"""Tables 1 and 2 of Pan & Yang (2010), read row by row."""

from __future__ import annotations

NOT_CHECKED = {
    "reason": "prose",
    "domain_change": "names the parts that the givens mark as changed",
    "task_change": "names the parts that the givens mark as changed",
}

# domains same?, tasks same?, source labels, target labels (None: as the row needs) -> setting
TABLE = [
    (True, True, "any", "any", "none"),
    ("any", False, "any", True, "inductive"),
    ("any", False, False, False, "unsupervised"),
    (False, True, True, False, "transductive"),
]
LABELS = {
    "both": (True, True),
    "source": (True, False),
    "target": (False, True),
    "neither": (False, False),
}


def answers(given):
    domains = given["features"] == given["distribution"] == "same"
    tasks = given["labels"] == given["task"] == "same"
    for same_domain, same_task, source, target, setting in TABLE:
        unstated = given["labelled"] == "unstated"
        have = (source, target) if unstated else LABELS[given["labelled"]]
        row, case = (same_domain, same_task, source, target), (domains, tasks, *have)
        if all(wanted in ("any", found) for wanted, found in zip(row, case, strict=True)):
            return {"setting": setting}
    return {"setting": "outside the taxonomy"}
