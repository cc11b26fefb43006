"""What is left to do of an experiment that is taken up: all from the search on, or only what its model lacks."""

from dataclasses import replace
from typing import Any

from launcher.experiment.plan import Plan
from launcher.support.files import files_at, shown
from lib import artifacts
from lib.errors import InputError
from lib.records import search_log
from lib.records.evaluation import METRICS
from lib.records.model import SUMMARY


def what_is_missing(plan: Plan) -> Plan:
    """The plan without the steps whose results an earlier run left complete; as it is, if it takes up none.

    Raises:
        InputError: there is nothing left to do, or a result is damaged.
    """
    if not plan.parameters.resume or plan.is_scoring:
        return plan
    done = earlier_results(plan)
    if not done:
        log = f"{plan.model_dir}/{artifacts.SEARCH_LOG}"
        search_log.read(files_at(plan.parameters.out).read_text(log) or "", log)  # a damaged one is refused at once
        return plan
    if "report" in done or not plan.parameters.evaluate:
        has = f", and its evaluation in {shown(plan.eval_dir)}" if "report" in done else ""
        raise InputError(
            f"there is nothing to resume: the model in {shown(plan.model_dir)} is complete{has}; "
            + ("score with it, or start a new experiment" if has else "leave out --no-evaluate to evaluate it")
        )
    last = max((number for number, step in enumerate(plan.steps) if step.name in done), default=-1)
    return replace(plan, steps=plan.steps[last + 1 :])


def earlier_results(plan: Plan) -> dict[str, Any]:
    """What an earlier run left complete of a plan that is taken up, by the name of the step.

    Raises:
        InputError: a file is damaged.
    """
    if not plan.parameters.resume or plan.is_scoring:
        return {}
    files = files_at(plan.parameters.out)
    done: dict[str, Any] = {}
    records = {
        "train": (f"{plan.model_dir}/{artifacts.SUMMARY}", SUMMARY),
        "evaluate": (f"{plan.eval_dir}/{artifacts.EVAL_METRICS}", METRICS),
    }
    for step, (place, kind) in records.items():
        text = files.read_text(place)
        if text is None:  # each is made of the one before
            return done
        done[step] = kind.parse(text, place)
    report = files.read_text(f"{plan.eval_dir}/{artifacts.REPORT}")
    return {**done, "report": report} if report else done
