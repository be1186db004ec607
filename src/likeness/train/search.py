"""The search for good settings: a seeded tree-structured Parzen estimator within a budget of trials and seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from likeness.errors import ConfigError, LikenessError, StoreError
from likeness.seeds import seed_of

Setting = float | int | str | bool | None
Settings = Mapping[str, Setting]
FILE = "trials.journal"
RANDOM_TRIALS = 8  # before the estimator has anything to go by


@dataclass(frozen=True)
class Reals:
    """Real numbers from `low` to `high`, on a logarithmic scale if `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Wholes:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of the options."""

    options: tuple[Setting, ...]


Space = Mapping[str, Reals | Wholes | Choice]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One row of the table of trials."""

    number: int
    settings: dict[str, Setting]
    value: float | None  # None where it failed
    seconds: float
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """The best settings and how they were found."""

    best: dict[str, Setting]
    value: float
    trials: tuple[Trial, ...]
    ended: str  # "trials" or "seconds"


def search(
    objective: Callable[[dict[str, Setting]], float],
    space: Space,
    *,
    seed: int,
    trials: int,
    seconds: float | None = None,
    folder: Path | None = None,
    first: Settings | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> SearchReport:
    """Return the settings with the highest `objective`, found by TPE (Bergstra et al. 2011).

    No trial starts once `trials` were made or `seconds` spent in them. `first` is tried first: give the defaults. With
    a `folder`, trials are kept as JSON lines and a later call goes on where this one stopped, with the same answer as
    one call had given; a trial that was cut off is made again. An objective that raises a LikenessError is a failed
    trial.
    Raises ConfigError when every trial failed, StoreError when the folder is of another search.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _study(folder, _describe(space, seed, first))
    ended = ""
    while not ended:
        made = _made(study)
        if len(made) >= trials:
            ended = "trials"
        elif seconds is not None and sum(trial.seconds for trial in made) >= seconds:
            ended = "seconds"
        else:
            _try(study, objective, space, seed_of(seed, "trial", len(made)), None if made else first, clock)
    good = [trial for trial in _made(study) if trial.value is not None]
    if not good:
        raise ConfigError(f"all {len(_made(study))} trials failed: {_why(study)}", remedy="Narrow the search space.")
    best = max(good, key=lambda trial: (trial.value or 0.0, -trial.number))
    return SearchReport(best=best.settings, value=best.value or 0.0, trials=_made(study), ended=ended)


def _try(
    study: optuna.Study,
    objective: Callable[[dict[str, Setting]], float],
    space: Space,
    seed: int,
    first: Settings | None,
    clock: Callable[[], float],
) -> None:
    """Make one trial; its sampler is seeded by the number of trials before it, so that a resumed search is the same."""
    study.sampler = optuna.samplers.TPESampler(seed=seed % 2**32, n_startup_trials=RANDOM_TRIALS)
    if first is not None:
        study.enqueue_trial(dict(first))
    trial = study.ask()
    settings = {name: _suggest(trial, name, kind) for name, kind in space.items()}
    start = clock()
    try:
        value = float(objective(settings))
        trial.set_user_attr("seconds", clock() - start)
        study.tell(trial, value)
    except LikenessError as failed:
        trial.set_user_attr("seconds", clock() - start)
        trial.set_user_attr("error", str(failed))
        study.tell(trial, state=TrialState.FAIL)


def _suggest(trial: optuna.Trial, name: str, kind: Reals | Wholes | Choice) -> Setting:
    if isinstance(kind, Choice):
        chosen: Setting = trial.suggest_categorical(name, kind.options)
        return chosen
    if isinstance(kind, Wholes):
        return trial.suggest_int(name, kind.low, kind.high, log=kind.log)
    return trial.suggest_float(name, kind.low, kind.high, log=kind.log)


def _study(folder: Path | None, description: str) -> optuna.Study:
    """Open the study, end trials that were cut off, and check that it is the same search."""
    storage = None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(folder / FILE)))
    study = optuna.create_study(storage=storage, study_name="search", direction="maximize", load_if_exists=True)
    known = study.user_attrs.get("search")
    if known is None:
        study.set_user_attr("search", description)
    elif known != description:
        remedy = "Remove it to start anew, or take the space and seed it was made with."
        raise StoreError(f"{folder} holds a search of another space or seed.", remedy=remedy)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.WAITING)):
        study.tell(trial.number, state=TrialState.FAIL)
    return study


def _describe(space: Space, seed: int, first: Settings | None) -> str:
    kinds = {name: repr(kind) for name, kind in space.items()}
    return json.dumps([seed, kinds, dict(first) if first is not None else None], sort_keys=True)


def _made(study: optuna.Study) -> tuple[Trial, ...]:
    """Return the trials that came to an end by themselves, numbered without those cut off."""
    own = [trial for trial in study.get_trials(deepcopy=False) if _ended(trial)]
    return tuple(
        Trial(
            number=number,
            settings=dict(trial.params),
            value=trial.value if trial.state == TrialState.COMPLETE else None,
            seconds=float(trial.user_attrs.get("seconds", 0.0)),
            error=str(trial.user_attrs.get("error", "")),
        )
        for number, trial in enumerate(own)
    )


def _ended(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.COMPLETE or "error" in trial.user_attrs


def _why(study: optuna.Study) -> str:
    return next((trial.error for trial in _made(study) if trial.error), "")
