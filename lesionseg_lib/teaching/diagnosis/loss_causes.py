"""What goes wrong in a loss of overlap, in words."""

from lesionseg_lib.teaching.diagnosis.causes import cause

_ONE, _SMALL, _NOTHING = "04: One mask, three mistakes", "04: A small lesion, a large one", "04: Nothing there"
_PIXEL, _PULL = "04: One pixel, from sure to sure", "04: Where does it pull?"

RAW_LOGITS = cause(
    "logits-without-sigmoid",
    "the logits were used as they are: a sigmoid must make probabilities of them",
    _PIXEL,
    0.95,
)
SIGMOID_TWICE = cause("loss-sigmoid-twice", "a sigmoid of a sigmoid: no pixel can fall below .5", _PIXEL, 0.95)
HARD = cause(
    "hard-predictions",
    "the prediction was cut at a threshold: a step has the gradient 0, so nothing can be learnt",
    _PULL,
)
SOFTMAX = cause("softmax-of-one", "a softmax over a single channel is 1 everywhere, whatever the logits", _PIXEL)
OTHER_SQUASH = cause("no-sigmoid", "another function than the sigmoid brings the logits to a range", _PIXEL, 1.1)
SIGN_OF_LOGITS = cause(
    "logits-sign", "the sign of the logits is turned: lesion is where they are positive", _PIXEL, 1.1
)
POOLED = cause(
    "batch-pooled",
    "the sums run over the whole batch: its photos are pooled, and large lesions rule; sum over (1, 2, 3)",
    _SMALL,
)
AXES = cause("loss-axes", "the sums run over the wrong axes: (N, 1, H, W) is summed over 1, 2 and 3", _SMALL)
CONSTANT_LARGE = cause(
    "constant-swamps",
    "the constant is too large: a small lesion has fewer pixels than it, and its loss vanishes",
    _NOTHING,
)
CONSTANT_SMALL = cause("constant-not-one", "the constant is not 1, or there is none", _NOTHING)
CONSTANT_BELOW = cause(
    "loss-constant-below", "the constant stands below the line only: it belongs on both sides", _NOTHING
)
CONSTANT_ABOVE = cause(
    "loss-constant-above",
    "the constant stands above the line only (or is next to nothing below): it belongs on both sides",
    _NOTHING,
)
CONSTANT_IN_BRACKET = cause(
    "loss-constant-in-bracket", "the constant above the line stands inside the bracket and counts twice", _NOTHING
)
CONSTANT_TWICE_BELOW = cause(
    "loss-constant-twice-below", "the constant below the line was added to each area and counts twice", _NOTHING
)
CONSTANT_UNEQUAL = cause("loss-constants-differ", "two different constants stand above and below the line", _NOTHING)
INDEX = cause("index-not-loss", "this is the index itself, which grows with success; a loss is 1 minus it", _ONE, 0.95)
NEGATIVE_INDEX = cause("negative-index", "this is minus the index; the loss is 1 minus it", _ONE)
LOGARITHM = cause("log-of-index", "a logarithm was taken of the index", _ONE, 1.1)
SQUARED = cause("loss-squared", "the loss, or the index, was squared", _ONE, 1.1)
POWER = cause("focal-power", "a power was taken of the loss (as in focal Tversky)", _ONE, 1.1)
TO_IOU = cause(
    "loss-to-iou", "D / (2 - D) turns Dice into the Jaccard index: this is soft IoU, but for the constant", _ONE, 1.1
)
PLUS_ONE = cause("loss-plus-one", "1 too many was added", _ONE, 1.1)
DOUBLED = cause("loss-doubled", "a factor of 2 too many", _ONE, 1.1)
HALVED = cause("loss-halved", "a factor of 2 is missing", _ONE, 1.1)
PERCENT = cause("loss-in-percent", "it is in percent", _ONE, 1.1)
RECIPROCAL = cause("loss-reciprocal", "the fraction is upside down", _ONE, 1.1)
SUMMED = cause("loss-summed", "the photos' losses are added, not averaged: the loss grows with the batch", _SMALL)
WORST = cause(
    "one-photo-of-batch",
    "one photo of the batch decides (its best or worst, or a product); wanted is the mean",
    _SMALL,
    1.1,
)
MEDIAN = cause("loss-median", "the median of the photos was taken, not the mean", _SMALL, 1.2)
FIRST = cause("first-of-batch", "only one photo of the batch is used: an index instead of a mean", _SMALL)
NOT_REDUCED = cause("loss-not-reduced", "there is one loss a photo; a mean makes one number of them", _SMALL)
NUMBER_WRITTEN_IN = cause("batch-size-written-in", "the batch's size is written into the code", _SMALL, 1.2)
SQUARES = cause(
    "squares-below",
    "squares stand below the line (V-Net's form): an unsure pixel then counts less than its probability",
    _ONE,
)
NO_TWO = cause(
    "dice-loss-without-two", "the factor 2 above the line is missing: the best of masks then costs one half", _ONE
)
IOU = cause("iou-for-dice", "this is soft IoU: the union stands below the line, not the sum of both areas", _ONE)
TWO_OVER_UNION = cause(
    "dice-over-union", "twice the overlap stands over the union; Dice divides by the sum of both areas", _ONE
)
RECALL = cause(
    "recall-loss", "the overlap is divided by the true lesion only: this is recall, and false alarms cost nothing", _ONE
)
PRECISION = cause(
    "precision-loss", "the overlap is divided by what was drawn only: this is precision, and misses cost nothing", _ONE
)
MEANS = cause(
    "means-for-sums",
    "means over pixels stand in place of sums: then the constant of 1 is as heavy as a whole photo",
    _NOTHING,
)
SKIN = cause("loss-of-skin", "this is the overlap of the skin, not of the lesion", _ONE)
TRUTH_EXCHANGED = cause("loss-truth-exchanged", "skin and lesion are exchanged in the truth", _ONE)
BATCH_BELOW = cause("batch-below", "above the line each photo is summed alone, below the whole batch", _SMALL, 1.1)
BATCH_ABOVE = cause("batch-above", "below the line each photo is summed alone, above the whole batch", _SMALL, 1.1)
AGREEMENT = cause("soft-accuracy", "agreement on skin is counted too: this is a soft accuracy", _ONE)
COUNTED_TWICE = cause("area-twice", "one of the areas is counted twice below the line", _ONE, 1.1)
DIFFERENCE_BELOW = cause("difference-below", "below the line stands what differs, without the overlap", _ONE, 1.1)
BCE_ADDED = cause("bce-added", "a cross-entropy was added; asked is the overlap alone", _ONE)
DETACHED = cause(
    "detached",
    "the value is right, but no gradient reaches the logits (detach, item, numpy, no_grad): nothing can be trained with it",
    _PULL,
    0.9,
)

_BETA = "04: One mask, three mistakes"
BETA_SWAPPED = cause(
    "beta-swapped",
    "the weights are exchanged: beta weighs the false negatives, 1 - beta the false positives",
    _BETA,
    0.95,
)
BETA_UNUSED = cause(
    "beta-unused", "the function does not use its beta: fixed weights stand in the formula", _BETA, 0.95
)
ALPHA_WRITTEN_IN = cause(
    "alpha-written-in",
    "the weight of the false positives is a fixed number: it must be 1 - beta, so that it falls when beta grows",
    _BETA,
)
ALPHA_ONE = cause(
    "one-weight-missing", "one of the two weights is missing: the false positives (or negatives) count in full", _BETA
)
ALPHA_NONE = cause("false-positives-missing", "the false positives do not count at all", _BETA)
BETA_BOTH = cause("same-weight-twice", "both mistakes get the same weight: one is beta, the other 1 - beta", _BETA)
ALPHA_PLUS = cause("one-plus-beta", "1 + beta stands where 1 - beta should", _BETA, 1.1)
F_BETA = cause("f-beta-loss", "this is the F-beta score with beta squared, not Tversky's index", _BETA, 1.1)
HALF_WEIGHTS = cause("weights-scaled", "both weights are too large or too small by a factor of 2", _BETA, 1.1)
TWO_TP = cause(
    "two-tp-as-dice",
    "the overlap is counted twice, as in Dice; in Tversky's index it stands once above and once below",
    _BETA,
)
NO_TP_BELOW = cause("tp-missing-below", "the overlap is missing below the line", _BETA)
TWO_ABOVE = cause("two-tp-above", "a factor 2 stands above the line only", _BETA)
TWO_BELOW = cause("two-tp-below", "the overlap is counted twice below the line", _BETA)
AREAS_FOR_ERRORS = cause(
    "areas-for-errors",
    "whole areas are weighed in place of the mistakes: fp is p outside the lesion, not all of p, and fn likewise",
    _BETA,
)
AREAS_FOR_ERRORS_ALONE = cause(
    "areas-weighed-alone",
    "whole areas are weighed below the line; it should be the overlap plus the weighed mistakes",
    _BETA,
    1.1,
)
ONE_ERROR_TWICE = cause("one-error-twice", "one kind of mistake is counted twice, the other not at all", _BETA)
PLUS_FOR_TIMES = cause("plus-for-times", "a plus stands where the weight should be multiplied", _BETA)
ERRORS_ABOVE = cause(
    "errors-above",
    "the weighed mistakes stand above the line: a loss of its own, without the constant in it",
    _BETA,
    1.1,
)

_GRADIENT = "04: Where does it pull?"
SIGN = cause("gradient-sign", "the sign: the loss is 1 - J, so its gradient is minus that of J", _GRADIENT, 0.9)
OF_DICE = cause(
    "gradient-of-dice", "this is the gradient of soft Dice, whose denominator counts the overlap twice", _GRADIENT, 0.95
)
CHAIN = cause("chain-rule", "the last link of the chain is missing: dp / dz = p (1 - p)", _GRADIENT, 0.95)
CHAIN_PART = cause(
    "chain-rule-incomplete",
    "the last link of the chain is not dp / dz = p (1 - p): one of its factors is missing, or it stands twice",
    _GRADIENT,
)
DU_ONE = cause(
    "derivative-of-union",
    "the derivative of the union is not right: U = sum p + sum t - sum pt, so dU / dp = 1 - t",
    _GRADIENT,
)
DI = cause("derivative-of-overlap", "the derivative of the overlap is not right: I = sum pt, so dI / dp = t", _GRADIENT)
NOT_SQUARED = cause(
    "quotient-not-squared",
    "the quotient's rule divides by the square of what stands below; here it is not squared",
    _GRADIENT,
)
POWER_BELOW = cause(
    "quotient-power", "the power of what stands below is not 2, as the quotient's rule has it", _GRADIENT, 1.1
)
CROSSED = cause(
    "quotient-crossed",
    "the products of the quotient's rule are crossed: dI * U - I * dU, not dI * I - U * dU",
    _GRADIENT,
)
PLUS = cause("quotient-plus", "a plus stands in the quotient's rule where a minus should", _GRADIENT)
HALF_RULE = cause("quotient-one-term", "one of the two terms of the quotient's rule is missing", _GRADIENT)
NO_CONSTANT = cause(
    "gradient-constant", "the constant s = 1 is missing, or is not in both sums, or is another number", _GRADIENT
)
PER_PIXEL = cause(
    "gradient-mean",
    "it is divided by the number of pixels: the loss sums over the photo, nothing is averaged",
    _GRADIENT,
)
OF_BCE = cause("gradient-of-bce", "this is the gradient of the cross-entropy, p - t", _GRADIENT, 0.95)
OF_TVERSKY = cause("gradient-of-other-index", "this is the gradient of another index", _GRADIENT, 1.2)
FACTOR = cause("gradient-factor", "a factor of 2 is wrong", _GRADIENT, 1.1)
ALL_ZERO = cause("gradient-zero", "all zeros: put your derivation in", _GRADIENT, 0.9)
HARD_P = cause("gradient-of-hard-mask", "the probabilities were cut first", _GRADIENT, 1.1)
