"""The lab: cells (an arm, a seed, settings) trained, resumed, compared and reported; it knows no study.

`study` says what a study is, `run` makes its cells wherever they are to be trained (`executors`), `cell`
trains one with the `loop` and keeps it on disk, `results` reads them back, `report` says what follows.
"""
