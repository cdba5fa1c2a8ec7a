"""What goes wrong in scoring code, in words."""

from lesionseg_lib.teaching.diagnosis.causes import cause

_FORMULA = "03: Four kinds of pixels"
_MEAN = "03: Averaged over what?"
_DICE = "03: Is the mean of Dice the Dice of the mean?"
_RULE = "03: The organisers' rule"
_CUT = "03: Where to cut?"
_FIRST_ROUND = "03: Round 1: where is the cut?"
_SECOND_ROUND = "03: Round 2: what is added up?"
_THIRD_ROUND = "03: Round 3: what counts as success?"
_FOURTH_ROUND = "03: Round 4: how large, and in which numbers?"

# ---- the formula
DICE = cause("dice-for-jaccard", "this is Dice, which counts the overlap twice, not the Jaccard index", _FORMULA, 0.9)
JACCARD_FOR_DICE = cause("jaccard-for-dice", "this is the Jaccard index (IoU), not Dice", _FORMULA, 0.9)
HALVED_TWICE = cause(
    "jaccard-twice", "J / (2 - J): the step from Dice to Jaccard was taken from Jaccard once more", _FORMULA, 1.4
)
TWO_OVER_UNION = cause(
    "two-over-union", "twice the overlap stands over the union; Dice divides by the sum of both areas", _FORMULA
)
TWO_MISSING = cause(
    "dice-without-two",
    "the factor 2 above the line is missing: overlap over the sum of both areas ends at one half",
    _FORMULA,
)
RECALL = cause(
    "recall", "this is recall (sensitivity): overlap over the true lesion; false alarms cost nothing", _FORMULA
)
PRECISION = cause("precision", "this is precision: overlap over what was drawn; misses cost nothing", _FORMULA)
ACCURACY = cause(
    "accuracy", "this is accuracy, the share of pixels that agree: skin found right counts as success", _THIRD_ROUND
)
SPECIFICITY = cause("specificity", "this is specificity, the share of the skin that was left alone", _FORMULA, 1.2)
BALANCED = cause(
    "balanced-accuracy", "this is balanced accuracy, the mean of sensitivity and specificity", _FORMULA, 1.2
)
MEAN_PR = cause(
    "mean-of-precision-and-recall",
    "this is the plain mean of precision and recall; Dice is their harmonic mean",
    _FORMULA,
    1.2,
)
PRODUCT_PR = cause("precision-times-recall", "precision and recall were multiplied", _FORMULA, 1.3)
UNION_AREAS = cause(
    "union-not-reduced",
    "the sum of both areas stands below the line instead of the union: the overlap is in it twice and must be subtracted once",
    _FORMULA,
)
ALL_PIXELS = cause("over-all-pixels", "the overlap is divided by all pixels of the photo, not by the union", _FORMULA)
XOR = cause(
    "union-is-xor", "below the line stand only the pixels that differ (xor); the union holds the overlap, too", _FORMULA
)
LARGER = cause(
    "over-larger-area", "the overlap is divided by the larger of the two areas, not by their union", _FORMULA, 1.2
)
SMALLER = cause(
    "over-smaller-area",
    "the overlap is divided by the smaller of the two areas (the overlap coefficient), not by their union",
    _FORMULA,
    1.2,
)
UPSIDE_DOWN = cause("upside-down", "the fraction is upside down: union over overlap", _FORMULA, 1.2)
BACKGROUND_IN_UNION = cause(
    "pixel-jaccard-of-agreement",
    "agreement on skin was counted as overlap: both classes went into one count",
    _THIRD_ROUND,
    1.2,
)
ACCURACY_OVER_UNION = cause(
    "agreement-over-union", "pixels that agree on skin were counted above the line", _THIRD_ROUND, 1.2
)
NOT_DIVIDED = cause("not-divided", "the overlap is counted in pixels and divided by nothing", _FORMULA)
ERROR_SHARE = cause(
    "distance", "this is the Jaccard distance, the share of the union that is wrong: 1 minus the index", _FORMULA
)
AREAS_RATIO = cause("areas-only", "only the two areas are compared; where they lie does not enter", _FORMULA, 1.2)
F_TWO = cause(
    "f-beta", "this is F-beta with a beta other than 1: recall and precision do not weigh the same", _FORMULA, 1.3
)
TVERSKY = cause(
    "tversky-index",
    "this is the Tversky index with weights .3 and .7; the Jaccard index weighs both mistakes with 1",
    _FORMULA,
    1.3,
)
KAPPA = cause("kappa", "this is Cohen's kappa, agreement beyond chance", _FORMULA, 1.4)
CORRELATION = cause("correlation", "this is the correlation of the two masks (Matthews), not an overlap", _FORMULA, 1.4)
COSINE = cause(
    "cosine", "the overlap is divided by the geometric mean of the areas (Ochiai), not by their union", _FORMULA, 1.4
)
MINUS_ALARMS = cause(
    "alarms-subtracted",
    "false alarms were subtracted above the line, although they already count below it",
    _FORMULA,
    1.4,
)
SKIN = cause("skin-only", "this is the score of the skin: lesion and skin are exchanged in both masks", _THIRD_ROUND)
SKIN_DICE = cause("skin-dice", "this is the Dice of the skin, not the Jaccard index of the lesion", _THIRD_ROUND, 1.2)
BACKGROUND = cause("background", "skin is averaged in as a class of its own, and everybody gets it right", _THIRD_ROUND)
BACKGROUND_DICE = cause("background-dice", "skin is averaged in as a class of its own, with Dice", _THIRD_ROUND, 1.2)

# ---- what is counted together
POOLED = cause(
    "pooled",
    "the pixels of all photos were pooled into one count, so a large lesion has many votes; the score of each photo comes first, then the mean",
    _MEAN,
)
COLUMNS = cause("columns", "the sums ran over the wrong axes: each column of pixels became a photo", _SECOND_ROUND)
ROWS = cause("rows", "the sums ran over the wrong axes: each row of pixels became a photo", _SECOND_ROUND)
PLACES = cause(
    "places", "the sums ran over the photos (axis 0): each place of the picture became a photo", _SECOND_ROUND
)
F_OF_MEANS = cause(
    "score-of-means",
    "precision and recall were averaged over photos first, and the score computed from the two means; it belongs to each photo, and is averaged last",
    _DICE,
)

# ---- constants
CONSTANT_LARGE = cause(
    "constant-too-large",
    "the constant in the fraction is too large: it shifts the score of a small lesion; it may only decide 0 / 0 (1e-9, or none and a rule)",
    _THIRD_ROUND,
)
CONSTANT_BELOW = cause(
    "constant-below-only",
    "the small constant stands below the line only, so 0 / 0 becomes 0 and the other scores sink: put it above the line as well",
    _THIRD_ROUND,
)
CONSTANT_ABOVE = cause("constant-above-only", "the constant stands above the line only", _THIRD_ROUND)
CONSTANT_TWICE = cause(
    "constant-in-bracket",
    "the constant above the line stands inside the bracket and is doubled with it",
    _THIRD_ROUND,
    1.2,
)
CONSTANT_BELOW_TWICE = cause(
    "constant-in-both-areas",
    "the constant below the line was added to each of the areas: it counts twice there and once above",
    _THIRD_ROUND,
    1.2,
)

# ---- nothing there
EMPTY_ZERO = cause("empty-zero", "0 / 0 was given 0: two empty masks agree, and the organisers give them 1", _RULE)
EMPTY_NAN = cause(
    "empty-nan", "0 / 0 is nan and spreads to the mean; two empty masks agree, and the organisers give them 1", _RULE
)
EMPTY_SKIPPED = cause(
    "empty-skipped", "photos with 0 / 0 are left out of the mean (nanmean); two empty masks agree and count as 1", _RULE
)
SKIPS_WITHOUT_LESION = cause(
    "no-lesion-skipped", "photos without a lesion are left out, even those on which something was drawn", _RULE
)
NO_LESION_ONE = cause("no-lesion-one", "every photo without a lesion gets 1, even if something was drawn on it", _RULE)
NO_LESION_ZERO = cause(
    "no-lesion-zero", "every photo without a lesion gets 0, even if nothing was drawn on it", _RULE, 1.1
)
NOTHING_DRAWN_ONE = cause(
    "nothing-drawn-one", "a photo on which nothing was drawn gets 1, even if there is a lesion", _RULE
)
EITHER_EMPTY_ONE = cause(
    "either-empty-one", "a photo gets 1 as soon as one of the two masks is empty; both must be", _RULE
)
SKIPS_NOTHING_DRAWN = cause(
    "nothing-drawn-skipped",
    "photos on which nothing was drawn are left out of the mean: a miss then costs nothing",
    _RULE,
)
EMPTY_HALF = cause(
    "empty-half", "0 / 0 was given .5; two empty masks agree, and the organisers give them 1", _RULE, 1.3
)
SKIPS_ZEROS = cause(
    "zeros-skipped", "photos with a score of 0 are left out of the mean: the worst mistakes then cost nothing", _RULE
)
EMPTY_WHOLE_ZERO = cause("empty-set-zero", "a set of photos without any lesion gets 0", _RULE, 1.2)

# ---- the score of one photo, and the mean
THRESHOLD_JACCARD = cause("threshold-jaccard", "this is threshold Jaccard: scores below .65 became 0", _RULE)
HITS = cause("hits", "photos above a limit were counted; wanted is the mean of their scores", _RULE)
LADDER = cause(
    "ladder",
    "it counts which of several limits the score passes (as average precision does), instead of the score itself",
    _RULE,
)
ROUNDED = cause("rounded", "it was rounded before it was returned or averaged; round only what you print", _MEAN, 1.2)
TRUNCATED = cause(
    "truncated",
    "it was truncated to a whole number: int(), // or an integer type cuts off all below 1",
    _FOURTH_ROUND,
    1.1,
)
MEDIAN = cause("median", "this is the median of the photos, not their mean", _MEAN)
SUM = cause("sum", "the photos' scores were added, not averaged", _MEAN)
BEST = cause("best-photo", "this is the best photo's score, not the mean", _MEAN)
WORST = cause("worst-photo", "this is the worst photo's score, not the mean", _MEAN)
LAST = cause("last-photo", "only the last photo counts: assigned in a loop, not collected", _SECOND_ROUND)
FIRST = cause("first-photo", "only the first photo counts: an index [0], or a return inside the loop", _SECOND_ROUND)
LAST_LEFT_OUT = cause(
    "last-left-out", "the last one is left out (drop_last, or a range that ends too early)", _SECOND_ROUND
)
FIRST_LEFT_OUT = cause("first-left-out", "the first one is left out: counting begins at 0", _SECOND_ROUND)
NOT_AVERAGED = cause("not-averaged", "it returns one score a photo; the mean over photos is missing", _MEAN)
WEIGHTED = cause("weighted", "photos were weighed by the size of their lesion; each counts the same", _MEAN)
GEOMETRIC = cause("geometric", "this is the geometric mean of the photos", _MEAN, 1.3)
HARMONIC = cause("harmonic", "this is the harmonic mean of the photos", _MEAN, 1.3)
ROOT_MEAN_SQUARE = cause("root-mean-square", "this is the root of the mean square, not the mean", _MEAN, 1.4)
NUMBER_WRITTEN_IN = cause(
    "number-written-in", "the number of photos is written into the code; divide by how many there are", _MEAN, 1.3
)
DEVIATION = cause("deviation", "this is the standard deviation of the photos' scores, not their mean", _MEAN, 1.2)
PRODUCT = cause("product", "the photos' scores were multiplied", _MEAN, 1.4)
ONE_TOO_FEW = cause("n-minus-one", "the sum is divided by one photo too few (N - 1)", _MEAN, 1.2)
ONE_TOO_MANY = cause("n-plus-one", "the sum is divided by one photo too many (N + 1)", _MEAN, 1.3)
MIDRANGE = cause("midrange", "this is the middle between the best and the worst photo, not the mean", _MEAN, 1.4)

# ---- what was done to the result
PERCENT = cause("percent", "it is in percent; a score runs from 0 to 1", _FORMULA)
COMPLEMENT = cause("complement", "this is 1 minus the score: a loss or a distance, not a score", _FORMULA)
PLUS_ONE = cause("plus-one", "1 was added to the result: a constant or a bracket stands in the wrong place", _FORMULA)
TO_JACCARD = cause(
    "mean-to-jaccard", "x / (2 - x), the step from Dice to Jaccard, was applied to a mean that is no Dice", _DICE, 1.3
)
TO_DICE = cause(
    "dice-of-mean",
    "2 J / (1 + J), the step from Jaccard to Dice, was applied to a mean over photos; it holds for each photo alone",
    _DICE,
    1.2,
)
DOUBLED = cause("doubled", "the result has a factor of 2 too many", _FORMULA)
HALVED = cause("halved", "a factor of 2 is missing", _FORMULA)
ROOT = cause("root", "a root was taken of the result", _FORMULA, 1.3)
SQUARED = cause("squared", "the result was squared", _FORMULA, 1.3)
NEGATIVE = cause("negative", "the sign is wrong: a score is not negative", _FORMULA)

# ---- batches
LAST_BATCH = cause(
    "last-batch", "only the last batch counts: the score is assigned in the loop, not collected", _SECOND_ROUND
)
FIRST_BATCH = cause(
    "first-batch", "only the first batch counts: a return or break inside the loop, or batches[0]", _SECOND_ROUND
)
MEAN_OF_BATCHES = cause(
    "mean-of-batches",
    "the mean of the batches' means was taken: a photo in a small last batch counts more than the others",
    _SECOND_ROUND,
)
SUM_OF_BATCHES = cause("sum-of-batches", "the batches' means were added and not divided", _SECOND_ROUND)
RUNNING = cause(
    "running-mean", "old and new were averaged at every batch: the last batch then weighs one half", _SECOND_ROUND
)
BEST_BATCH = cause("best-batch", "one batch was picked by its score; all photos count", _SECOND_ROUND, 1.1)
MEDIAN_OF_BATCHES = cause("median-of-batches", "this is the median of the batches", _SECOND_ROUND, 1.1)
FULL_BATCHES = cause(
    "full-batches", "every batch was taken to be as large as the first; the last one is smaller", _SECOND_ROUND, 1.1
)
SUM_OVER_BATCHES = cause(
    "sum-over-batches",
    "the photos' scores were added and divided by the number of batches, not of photos",
    _SECOND_ROUND,
)

# ---- the cut
ALL_LESION = cause(
    "all-lesion",
    "every pixel was called lesion: a second sigmoid before the cut, a softmax or an argmax over a single channel, or a limit that everything passes",
    _FIRST_ROUND,
    0.95,
)
NO_LESION = cause(
    "no-lesion",
    "no pixel was called lesion: probabilities were truncated to whole numbers, argmax was taken over a single channel, or the limit is too high (a limit for bytes, 128, or for logits)",
    _FIRST_ROUND,
    0.95,
)
EXCHANGED = cause(
    "exchanged", "skin and lesion are exchanged in the prediction: lesion is what lies above the limit", _CUT
)
NO_CUT = cause("soft", "nothing was cut: probabilities were summed as if they were pixels of a mask", _FIRST_ROUND)
HALF_SOFT = cause(
    "half-soft",
    "the mask is cut in one place of the formula, and the probabilities still stand, uncut, in another",
    _FIRST_ROUND,
)
LOGIT_LIMIT = cause("cut-on-logits", "the limit .5 was put on logits, where it means p > .62", _FIRST_ROUND)
PROBABILITY_AS_LOGIT = cause(
    "cut-at-zero",
    "the cut is at 0, the limit for logits; every probability is above it, so every pixel was called lesion",
    _FIRST_ROUND,
)
OTHER_CUT = cause("other-cut", "the cut is not where p = .5: another threshold was used", _CUT)
SIGMOID_AGAIN = cause("sigmoid-again", "a sigmoid was applied to what already is a probability", _FIRST_ROUND)
MANY_THRESHOLDS = cause(
    "many-thresholds", "several thresholds were averaged: such a mean belongs to no mask that exists", _FIRST_ROUND
)
BEST_THRESHOLD = cause(
    "best-threshold", "the threshold with the best score was picked on the photos that are being scored", _CUT
)
ADAPTIVE_CUT = cause(
    "adaptive-cut", "the limit depends on the photo (its mean, median or maximum); the cut is .5 for all", _CUT
)
SCALED = cause(
    "scaled",
    "each photo was stretched to run from 0 to 1 before the cut: even a photo without lesion then gets one",
    _CUT,
)
ROUNDED_FIRST = cause("rounded-first", "the probabilities were rounded before the cut", _CUT, 1.1)
CLIPPED = cause(
    "clipped",
    "logits were clipped to 0 .. 1 and rounded, which cuts them at .5 (p > .62); a sigmoid makes probabilities of them",
    _FIRST_ROUND,
)
TRUTH_SOFT = cause(
    "lesion-times-p",
    "only the probabilities inside the mask were counted, at their value and not as whole pixels",
    _FIRST_ROUND,
)

# ---- files
BYTES = cause("bytes", "the mask file was used as it is, 0 and 255: lesion pixels count 255 times", _FOURTH_ROUND)
ANY_GREY = cause("any-grey", "every grey above 0 became lesion; the organisers' rule is above 128", _FOURTH_ROUND)
BRIGHTEST = cause(
    "brightest-only", "only the brightest grey, 255, became lesion; the organisers' rule is above 128", _FOURTH_ROUND
)
DIVIDED = cause(
    "divided-bytes", "the file was divided by 255 and not cut: greys count as part of a pixel", _FOURTH_ROUND
)
WRAPPED = cause("wrapped", "the file's bytes were turned into a small integer type and wrapped round", _FOURTH_ROUND)
EXACTLY_ONE = cause(
    "equals-one", "the file was compared with 1; its lesion is 255, so no pixel of it is lesion", _FOURTH_ROUND
)
TRUTH_EXCHANGED = cause("truth-exchanged", "skin and lesion are exchanged in the truth", _FOURTH_ROUND)
LOW_LIMIT = cause("other-limit", "the limit for the file is not 128", _FOURTH_ROUND)
SIGN_LOST = cause(
    "sign-lost",
    "the sign of the logits was lost (a square or an absolute value): sure skin counts as lesion, too",
    _CUT,
)
NO_OVERLAP = cause(
    "overlap-never-counted",
    "the overlap is never counted: bool plus bool is bool and never exceeds 1; use & or convert to whole numbers first",
    _FOURTH_ROUND,
)
ALWAYS = cause(
    "constant-answer",
    "the answer is the same for every question: it does not depend on what the function is given",
    _FORMULA,
    0.9,
)
