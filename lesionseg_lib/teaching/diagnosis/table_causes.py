"""What goes wrong with a few numbers, in words."""

from lesionseg_lib.teaching.diagnosis.causes import cause

_FORMULA = "03: Four kinds of pixels"
_MEAN = "03: Averaged over what?"
_DICE = "03: Is the mean of Dice the Dice of the mean?"
_NUMBERS = "03: Round 4: how large, and in which numbers?"

PERCENT = cause("in-percent", "these are in percent; wanted are shares from 0 to 1", _NUMBERS, 0.95)
SHARE = cause("as-shares", "these are shares from 0 to 1; wanted is percent", _NUMBERS, 0.95)
ONE_MINUS = cause(
    "one-minus", "this is 1 minus what was asked (100 minus, in percent): the other part, or the other side", _NUMBERS
)
DICE_OF = cause("dice-of-j", "these are Dice, not J: 2 J / (1 + J) of what was asked", _FORMULA)
JACCARD_OF = cause("j-of-j", "J / (2 - J) was taken, which turns Dice into J; these were J before", _FORMULA, 1.2)
SQUARED = cause("squares", "these are squares: a root is missing", _NUMBERS)
ROOT = cause("roots", "a root was taken that should not be there", _NUMBERS)
TWO_SIDED = cause(
    "minus-one-to-one",
    "this is 2 x - 1, on a scale from -1 to 1 (as Gini or Somers' D); wanted is a share from 0 to 1",
    _NUMBERS,
)
NEGATIVE = cause("wrong-sign", "the sign is wrong, or 1 was added", _NUMBERS)
ZERO = cause(
    "all-zero",
    "all are 0: a division of whole numbers, a mask that is empty, or a list that was never filled",
    _NUMBERS,
    1.1,
)
TRUNCATED = cause("whole-numbers", "they were cut down to whole numbers", _NUMBERS, 1.1)
ROUNDED = cause("rounded-coarsely", "they were rounded too coarsely; keep at least three digits", _NUMBERS)
THOUSAND = cause("per-mille", "a factor of 1,000 is in it", _NUMBERS, 1.3)
TIMES_HUNDRED = cause(
    "times-hundred", "these are a hundred times too large: percent of percent, or points taken for percent", _NUMBERS
)
OVER_HUNDRED = cause(
    "over-hundred", "these are a hundred times too small: shares, where percent or points are wanted", _NUMBERS
)
RECIPROCAL = cause("reciprocal", "the fraction is upside down", _NUMBERS)
ONE_MORE = cause("one-too-many", "one too many was counted", _NUMBERS)
ONE_LESS = cause("one-too-few", "one too few was counted", _NUMBERS)
DOUBLED = cause("twice-too-much", "a factor of 2 too many", _NUMBERS)
HALVED = cause("half-too-little", "a factor of 2 is missing", _NUMBERS)
REVERSED = cause(
    "reversed", "the numbers are right, but stand in reverse order: the last one at the first key", _NUMBERS
)
SHIFTED = cause(
    "shifted", "the numbers are right, but shifted by one place: each stands at its neighbour's key", _NUMBERS
)
CUMULATED = cause("cumulated", "each number includes those before it: a sum or a mean runs on from key to key", _MEAN)
SHARES_OF_SUM = cause("shares-of-the-sum", "each was divided by the sum of all", _MEAN)
DIFFERENCES = cause(
    "differences", "these are differences from the first (or the one before), not the numbers themselves", _MEAN
)
RELATIVE = cause("relative", "each was divided by the first (or the largest) of them", _MEAN)
ALL_THE_MEAN = cause("mean-of-all", "every key has the mean over all of them: nothing was kept apart", _MEAN)
ALL_ALIKE = cause(
    "all-alike", "all keys have the number of one of them: what should vary does not reach the computation", _MEAN
)
SORTED = cause("sorted-numbers", "the numbers are right, but were sorted apart from their keys", _NUMBERS)
SWAPPED = cause("two-swapped", "two of the numbers have changed places", _NUMBERS)
