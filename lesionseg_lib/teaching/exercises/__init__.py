"""Checks of the lessons' exercises, which students run on their own answers.

``check("07.1", answer, ...)`` says not attempted, wrong, crashed or right, with a sentence that helps. No answer is
compared with a number of somebody's run: what is right is computed anew from the data, models and tables passed in, or
by asking a student's function about cases small enough to be worked out by hand. One file a lesson; a grader raises
``Wrong`` with the likeliest mistake, and the first line of its docstring is what it says when all is well.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch

from lesionseg_lib.teaching.clinic import Verdict
from lesionseg_lib.teaching.exercises.answers import Wrong, is_blank
from lesionseg_lib.teaching.exercises.lesson01 import beat_nothing, move_the_threshold, your_own_photo
from lesionseg_lib.teaching.exercises.lesson02 import diagnosis_without_looking, what_survives
from lesionseg_lib.teaching.exercises.lesson03 import a_claim_on_the_desk, your_own
from lesionseg_lib.teaching.exercises.lesson04 import gradient_of_iou, misses_cost_more, sick_loss
from lesionseg_lib.teaching.exercises.lesson05 import fastest_epoch, line_up, paired_transform, price_of_a_deformation
from lesionseg_lib.teaching.exercises.lesson06 import is_it_a_bound, the_other_half
from lesionseg_lib.teaching.exercises.lesson07 import ten_times_the_rate, the_missing_control, which_change_mattered
from lesionseg_lib.teaching.exercises.lesson08 import add, another_format, the_finest_skip
from lesionseg_lib.teaching.exercises.lesson09 import how_many_photos, price_of_a_gate, who_decides
from lesionseg_lib.teaching.exercises.lesson10 import holes_of_family_c, three_rates, weights_that_never_learn
from lesionseg_lib.teaching.exercises.lesson11 import cool_it_down, diagnosis_or_size, does_it_know
from lesionseg_lib.teaching.exercises.lesson12 import images_for_one_point, judge_a_claim, next_control
from lesionseg_lib.utils.lookup import look_up

__all__ = ["EXERCISES", "Verdict", "check"]

EXERCISES: dict[str, Callable[..., None]] = {
    "01.1": move_the_threshold,
    "01.2": beat_nothing,
    "01.3": your_own_photo,
    "02.1": diagnosis_without_looking,
    "02.2": what_survives,
    "03.1": your_own,
    "03.2": a_claim_on_the_desk,
    "04.1": gradient_of_iou,
    "04.2": misses_cost_more,
    "04.3": sick_loss,
    "05.1": paired_transform,
    "05.2": line_up,
    "05.3": fastest_epoch,
    "05.4": price_of_a_deformation,
    "06.1": the_other_half,
    "06.2": is_it_a_bound,
    "07.1": ten_times_the_rate,
    "07.2": which_change_mattered,
    "07.3": the_missing_control,
    "08.1": another_format,
    "08.2": add,
    "08.3": the_finest_skip,
    "09.1": price_of_a_gate,
    "09.2": who_decides,
    "09.3": how_many_photos,
    "10.1": three_rates,
    "10.2": holes_of_family_c,
    "10.3": weights_that_never_learn,
    "11.1": diagnosis_or_size,
    "11.2": cool_it_down,
    "11.3": does_it_know,
    "12.1": judge_a_claim,
    "12.2": images_for_one_point,
    "12.3": next_control,
}
"""Lesson.exercise -> its grader, called with the answer and what the lesson says to pass along."""


def check(name: str, answer: Any = None, *given: Any) -> Verdict:
    """Judge an answer to the exercise ``name``; ``given`` is what it was made from, as the exercise says.

    None, ``...`` and containers of nothing else are not attempted, and so is a function that returns None or raises
    ``NotImplementedError``. What a student's function raises is part of the verdict. Neither models nor the state of
    random numbers are changed. Raises ``UnknownNameError`` for an unknown exercise.
    """
    grader = look_up(EXERCISES, name, "exercise")
    if is_blank(answer):
        return Verdict(name, "not attempted", "put your answer in and run this again.")
    try:
        inspect.signature(grader).bind(answer, *given)
    except TypeError as error:
        wanted = ", ".join(inspect.signature(grader).parameters)
        return Verdict(name, "crashed", f'{error}; write exercises.check("{name}", {wanted}).')
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            grader(answer, *given)
    except Wrong as problem:
        return Verdict(name, "wrong", str(problem))
    except NotImplementedError:
        return Verdict(name, "not attempted", "the function returns nothing yet.")
    except Exception as error:
        return Verdict(name, "crashed", f"{type(error).__name__}: {error}")
    return Verdict(name, "right", (grader.__doc__ or "").partition("\n")[0])
