# %% [markdown]
# # 03 · What is a good mask?
#
# Two papers report an IoU of .83 and of .88. Is the second network better? Not until you know how each figure was
# made. In this lesson one network stays as it is, and only the ruler changes. Then you take over a clinic: eighteen
# pieces of code, each with one mistake of a kind that stands in public repositories. **After this lesson you can**
#
# - compute the Jaccard index and Dice from four counts, and turn one into the other;
# - say over what a score was averaged, and why mean Dice and mean Jaccard may contradict each other;
# - score by the organisers' rule, at the right size, with a convention for empty masks;
# - put an interval on a score, and say how many photos a claim needs;
# - find mistakes in scoring code by their symptoms, and cure them.
#
# **You need** lesson 01: what masks, logits and thresholds are.
#
# **Time**: forty-five minutes to read and try, and as long again if you cure every patient. Its cells took half a
# minute on one CPU core, from a recorded run; in profile `student` one training adds two minutes there. A GPU was
# not measured.
#
# Sentences about outcomes speak of profile `full`: real photos and the recorded run. In `smoke` every cell runs too,
# on a few drawn lesions, and its scores mean nothing.

# %%
import cv2
import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, metrics, scoring
from lesionseg_lib.models import postprocessing
from lesionseg_lib.models.postprocessing import enlarge, sigmoid
from lesionseg_lib.teaching import clinic, exercises, figures, lessons

lesson = lessons.start()

# %% [markdown]
# ## Four kinds of pixels
#
# One trained network will serve us to the end: `dilated-all`, lesson 01's design with its encoder trained too. We take
# its *logits* for the validation photos, one number a pixel, and never train again. (Validation, because we shall look
# many times. Test is for the final score.)
#
# Lay a predicted mask over the true one. Each pixel is now one of four: rightly called lesion (*true positive*, tp),
# wrongly called lesion (*false positive*, fp), wrongly called skin (fn), rightly called skin (tn).
#
# > **Predict.** Which of the four kinds is the most frequent? Should it count?

# %%
fit = lesson.fit("dilated-all")
photos, small = lesson.splits.validation, lesson.decoded.validation
logits = fit.model.logits(small.images)  # (N, h, w), at the network's size
table = scoring.score_images(sigmoid(logits), photos)  # each photo at the size of its own truth
images, truths = zip(*((photo.image, photo.mask) for photo in photos), strict=True)
drawn = [postprocessing.predict_mask(x, truth.shape) for x, truth in zip(logits, truths, strict=True)]
order = table["jaccard"].argsort().to_numpy()  # the worst first
picks = [int(order[int(share * len(order))]) for share in (0.1, 0.3, 0.8)]
plots.error_maps(*([part[i] for i in picks] for part in (images, truths, drawn, photos.ids)))

# %% [markdown]
# Three photos by rule: sorted by score, those at 10, 30 and 80 %. The first mask is too wide all around, the second
# misses a pale corner, the third is nearly right. **Most of every photo is skin that everybody gets right.** A score
# that counts it would mainly tell how much skin was photographed. So the two scores of this field leave tn out:
#
# $$
# \begin{aligned}
# J &= \frac{tp}{tp + fp + fn} \\[1ex]
# D &= \frac{2\,tp}{2\,tp + fp + fn}
# \end{aligned}
# $$
#
# *J*, the Jaccard index or IoU, is the overlap of the two masks divided by their union. Dice *D* divides twice the
# overlap by the sum of both areas. Put $fp + fn = tp\,(1 - J)/J$ into the second formula and you get $D = 2J/(1+J)$:
# **for a single photo they are the same score on two scales.**
#
# > **Predict.** At $J = .5$, what is $D$? And roughly which share of the pixels is right if a small lesion is missed
# > altogether?

# %%
tp, fp, fn, tn = (table[kind] for kind in ("tp", "fp", "fn", "tn"))
J, D = tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn)
assert np.allclose(D, 2 * J / (1 + J))
right = (tp + tn) / (tp + fp + fn + tn)
scores = pd.DataFrame({"J": J, "D": D, "right pixels": right, "right if all skin": (fp + tn) / (tp + fp + fn + tn)})
print(scores.iloc[picks].round(3).to_string())
print("\nmean of all photos", scores.mean().round(3).to_dict())

# %% [markdown]
# All three photos have the same share of right pixels, 98 %, while *J* runs from .71 to .92. The first lesion is
# small, and the rim drawn around it too wide; the skin around hides that. **"98 % right" says nothing: for the first
# photo, more than nine pixels of ten are right if we call everything skin.** *J* and *D* put the three in the same
# order, as they must. *D* only sounds better: .5 becomes two thirds, .71 becomes .83. So never compare one author's
# Dice with another's IoU. And one photo's *D* of .90 means a *J* of .82; keep that pair in mind.
#
# {{ explorer("mistakes") }}
#
# ## Is the mean of Dice the Dice of the mean?
#
# The curve $D = f(J) = 2J/(1+J)$ bends downwards: it is *concave*. Take two photos with $J = .2$ and $J = 1$. Their
# mean $J$ is .6, and $f(.6) = .75$. Their Dice values are .333 and 1, with the mean .667. For any set of photos
# [Jensen's inequality](https://en.wikipedia.org/wiki/Jensen%27s_inequality) says
#
# $$\operatorname{mean} D \;\le\; \frac{2\,\operatorname{mean} J}{1 + \operatorname{mean} J},$$
#
# and the gap grows with the spread of the photos. Nothing but equal scores for all photos closes it, or pooling,
# where there is only one score.
#
# > **Predict.** Our photos spread less than the two. How many points is the gap?

# %%
figure = figures.jensen({"two photos": [0.2, 1.0], f"{len(J)} validation photos": J})
bound = 2 * J.mean() / (1 + J.mean())
print(f"mean J {J.mean():.4f} allows a mean D of {bound:.4f} at most; it is {D.mean():.4f}")
figure

# %% [markdown]
# On the left the mean of two photos lies 8 points below the curve. On the right most photos sit close together, and
# **the gap is less than half a point.** Small, but it has a sign: a mean Dice *above* the bound does not exist.
# Whoever reports a mean IoU of .2985 beside a mean Dice of .7522 (lesson 06) has averaged something else. And a mean
# Dice *far* below the bound tells that the scores spread widely, as when some photos are lost altogether.
#
# ## Averaged over what?
#
# We have counts for every photo. Now somebody wants one number. *Per photo*: a score each, then the mean. *Pooled*:
# add up the counts of all photos, then one score. *With background*: also the score of skin as a class, and the mean
# of both, as "mean IoU" of two classes does. All three are called IoU in papers.
#
# > **Predict.** Sort the three. Hint: whose pixels are easy, and who has most pixels?


# %%
def iou(mask, truth):
    """Jaccard index of each photo: two bool arrays (N, H, W) -> (N,). One photo (H, W) will do."""
    return metrics.jaccard(metrics.confusion(mask, truth))


pooled = tp.sum() / (tp + fp + fn).sum()
readings = {"per photo": (J.mean(), D.mean()), "pooled": (pooled, 2 * pooled / (1 + pooled))}
readings["with background"] = (J + tn / (tn + fp + fn)).mean() / 2, (D + 2 * tn / (2 * tn + fp + fn)).mean() / 2
large = (tp + fn).rank(pct=True) > 0.75  # the largest quarter of the lesions
print(f"largest quarter of the lesions: {(tp + fp + fn)[large].sum() / (tp + fp + fn).sum():.0%} of the pooled pixels")
pd.DataFrame(readings, index=["Jaccard", "Dice"]).T.round(3)

# %% [markdown]
# **The same masks are worth 83, 85 or 88, and each of the three is called IoU somewhere.** Pooling lets every pixel
# vote, so half of the votes belong to the largest quarter of the lesions, which are easier. The background adds a
# class that everybody gets right. On the test photos the record of this run says
# {{ number("dilated-all", "readings.per_image.jaccard") }}, {{ number("dilated-all", "readings.pooled.jaccard") }} and
# {{ number("dilated-all", "readings.background_averaged.jaccard") }}. Its author claims {{ number("dilated-all", "recipe.claimed.iou") }}, and the
# rule with background comes nearest. (That proves nothing; lesson 07 goes into it.) The column Dice obeys Jensen in
# every row. Our rule from here on is the mean over photos: every photo has one vote.
#
# ## Where to cut?
#
# A network gives probabilities; a mask needs a *threshold*. We have taken .5.
#
# > **Predict.** Which way do sensitivity (the share of lesion found) and specificity (the share of skin left alone)
# > move with the threshold? Is .5 the best for *J* here?

# %%
cuts = np.linspace(0.1, 0.9, 9)
tables = [scoring.score_images(sigmoid(logits), photos, cut) for cut in cuts]
names = ["jaccard", "sensitivity", "specificity", "threshold_jaccard"]
means = {name: [one[name].mean() for one in tables] for name in names}
best = int(np.argmax(means["jaccard"]))
print(f"mean J: {means['jaccard'][4]:.3f} at .5, {means['jaccard'][best]:.3f} at {cuts[best]:.1f}")
plots.lines(cuts, means, "threshold", "mean over validation photos")

# %% [markdown]
# A lower threshold finds more lesion and more skin with it; the two curves cross. *J* has a broad top: **from .5 to
# .7 it moves by less than half a point.** The best is .6, above one half: this network is slightly generous. You may
# choose that on validation photos; on test photos it would be cheating. The lowest curve, *threshold Jaccard*, asks
# more. We come to it below.
#
# {{ explorer("where-to-cut") }}
#
# ## At which size?
#
# The network speaks at 128 x 128; the truth has its own size. Three ways to let them meet: shrink the truth; cut,
# then enlarge the hard mask; enlarge the probabilities, then cut. To see what matters, we also let the network speak
# more coarsely: its logits averaged over 2 x 2, 4 x 4 and 8 x 8 pixels.
#
# > **Predict.** How much does it cost to cut first, at 128 x 128? And at 16 x 16?

# %%
print(f"truth shrunk to the network's size: {iou(logits > 0, np.array(small.masks) == 1).mean():.3f}")
ways = {"enlarge, then cut": lambda p, size: enlarge(p, size) > 0.5}
ways["cut, then enlarge"] = lambda p, size: cv2.resize(np.uint8(p > 0.5), size[::-1], interpolation=0) == 1  # nearest
bars = {way: {} for way in ways}
for f in (1, 2, 4, 8):
    maps = [sigmoid(cv2.resize(x, None, fx=1 / f, fy=1 / f, interpolation=cv2.INTER_AREA)) for x in logits]
    for way, draw in ways.items():
        j = [iou(draw(p, truth.shape), truth)[0] for p, truth in zip(maps, truths, strict=True)]
        bars[way][f"{maps[0].shape[0]} x {maps[0].shape[1]}"] = np.mean(j)
plots.grouped_bars(bars, "mean Jaccard on validation", ".3f")

# %% [markdown]
# **Enlarge first, cut last.** A probability of .7 beside one of .2 says where between the two the border runs; a
# hard mask has forgotten it. At 128 x 128 that costs a fifth of a point. At 16 x 16 it costs more than three, while
# the smooth way loses less than one from 128 to 16. And against a shrunken truth the score is a little *higher*,
# because fine borders are gone from the question. All of this is small beside the choice of an average, and none of
# it needs a better network.
#
# ## The organisers' rule
#
# ISIC 2016 was a challenge, so somebody had to say exactly what counts. Masks are files of bytes. A byte above 128 is
# lesion. Count the four kinds of pixels of each photo, at the truth's size; score each photo; take the mean. In 2018
# the ranking used the *threshold Jaccard*: a photo with $J < .65$ scored 0, for somebody would have to draw it anew.
# And if there is no lesion, and none is drawn? Then the denominator is 0, and the organisers say: 1. From files to
# numbers, that is:


# %%
def official(predictions, truths):
    """Mean Jaccard and mean threshold Jaccard of two lists of mask files, each uint8 (H, W) from 0 to 255."""
    scores = []
    for prediction, truth in zip(predictions, truths, strict=True):
        p, t = prediction > 128, truth > 128
        j = (p & t).sum() / (p | t).sum() if (p | t).any() else 1.0
        scores.append((j, j if j >= 0.65 else 0.0))
    return np.mean(scores, axis=0)


# %% [markdown]
# Conventions for empty masks differ. segmentation-models-pytorch gives 1 too; torchmetrics' `BinaryJaccardIndex`
# gives 0; nnU-Net gives NaN, "not a number", and leaves the photo out of the mean; MONAI leaves out *every* photo
# without lesion, also those where something was drawn. ISIC 2016 has a lesion in every photo. So let us add ten
# photos of plain skin, of which a network leaves seven blank and draws something on three.
#
# > **Predict.** How far apart can four conventions be, on the very same masks?

# %%
j, threshold_j = official([255 * np.uint8(mask) for mask in drawn], [255 * np.uint8(truth) for truth in truths])
print(f"by hand {j:.4f} and {threshold_j:.4f}")
print(f"library {table['jaccard'].mean():.4f} and {table['threshold_jaccard'].mean():.4f}")
seven, three = np.ones(7), np.zeros(3)  # rightly blank; something drawn
for who, blank in (("ISIC, segmentation-models", seven), ("torchmetrics", 0 * seven), ("nnU-Net", [])):
    print(f"{who:25} {np.concatenate([J, blank, three]).mean():.3f}")
print(f"{'MONAI':25} {J.mean():.3f}")

# %% [markdown]
# By hand and with the library we get the same. (The library's tests, in turn, compare it with the organisers' own
# package.) Three points separate the two official scores: that is what the photos below .65 are worth. **And
# conventions for ten photos of plain skin move the mean by more than seven points**, with nobody's mask changed.
# Where every photo has a lesion, as here, none of this shows. It will on the day you validate on small patches.
#
# ## How sure is a mean?
#
# With other photos the mean would be another one. The *bootstrap* plays that through: draw as many photos as you
# have, with replacement, take the mean, and do it two thousand times. The middle 95 % of these means are the
# interval. It needs no formula and no normal distribution ([Efron & Tibshirani
# 1993](https://doi.org/10.1201/9780429246593)).
#
# Some students hold out 45 photos of their own and report the mean. We let five of them do so, each with another draw
# of 45 from the official test set, and score them all by the recorded run.
#
# > **Predict.** How wide is an interval of 45 photos, in points? By how much will two students disagree who score the
# > same network?

# %%
test, rows = fit.table["jaccard"].to_numpy(), []
for student in range(6):
    few = np.random.default_rng(student).choice(test, min(45, len(test)), replace=False) if student else test
    low, high = bootstrap.bootstrap_interval(few)
    name = f"student {student}: {len(few)} photos" if student else f"all {len(test)} photos"
    rows.append({"name": name, "value": few.mean(), "low": low, "high": high})
print("half the width, points:", ", ".join(f"{50 * (row['high'] - row['low']):.1f}" for row in rows))
plots.comparison(rows, "mean Jaccard on test, one network")

# %% [markdown]
# **Five honest students, one network, and means that differ by more than four points.** With 45 photos an interval
# reaches two to four points to each side, with all 379 little more than one: a third of the width takes nine times
# the photos. The last student's interval does not even hold the mean of all. That happens to one in twenty, and
# nobody knows that it is them. So most differences between decoders in this course could not be seen with 45 photos.
# (For two networks on the *same* photos there is something sharper: lesson 06 compares photo by photo.)
#
# {{ explorer("how-sure") }}
#
# ## The clinic
#
# Eighteen patients wait: a few lines of scoring code each, with one mistake. None of them crashes; that is what makes
# them dangerous. They come in rounds of three or four:
#
# 1. **Read** them. Where is the mistake? Predict the *symptom* on our network's real predictions: does the patient
#    say too much, too little, or the right number?
# 2. **Visit** them: the next cell shows what each says, and what is right. It also asks each a few small questions
#    and gives one of four verdicts: *not attempted*; *wrong*, with a question that was answered wrongly and the
#    likeliest cause, or, if no cause explains all answers, with the questions that went well and those that did not;
#    *crashed*; *right*, with the diagnosis.
# 3. **Cure** them: edit the code where it stands and run both cells again, until all are *right*. Hints, cures and
#    diagnoses are folded away below.
#
# `p` are probabilities, `mask` and `truth` are bool, all of shape (N, H, W). Wanted is the mean Jaccard index over
# photos, unless a comment says otherwise. `iou` is our function from above, and it is healthy. To fit into one array,
# truths are shrunk to the network's size (`half` and `hard` alone are scored at the photo's own size), so "right" is
# a little above the official score (see *At which size?*).
#
# ### Round 1: where is the cut?


# %%
def soft(p, truth):
    both = (p * truth).sum((1, 2))
    return (both / (p + truth - p * truth).sum((1, 2))).mean()


def cut(logits, truth):  # gets logits
    return iou(logits > 0.5, truth).mean()


def twice(p, truth):
    return iou(sigmoid(p) > 0.5, truth).mean()


def thresholds(p, truth):
    return np.mean([iou(p > t, truth).mean() for t in (0.1, 0.3, 0.5, 0.7, 0.9)])


# %% [markdown]
# > **Predict**, for each of the four: too high, too low, or unchanged?

# %%
ward = clinic.Ward.of(lesson, fit)  # validation photos, predictions, truths
clinic.visit(ward, soft, cut, twice, thresholds)
print("\na student's attempt at cut:", clinic.check("cut", lambda x, truth: iou(x > 0.62, truth).mean()))

# %% [markdown]
# One patient is more than sixteen points too low, one scores what a mask of pure lesion would score, and one is four
# points too low. **And `cut` is a little too high: here a mistake makes the network look better.** Nothing tells you
# that a mistake must hurt. The last line shows how the checker answers an attempt that fails: it names the question
# and the likeliest cause.
#
# <details><summary>Hints</summary>
#
# `soft`: which line makes a mask? `cut`: at which logit is the probability one half? `twice`: what is the smallest
# value of a sigmoid of a probability? `thresholds`: which of its five masks would you hand in?
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
def soft(p, truth):
    return iou(p > 0.5, truth).mean()


def cut(logits, truth):
    return iou(logits > 0, truth).mean()


twice, thresholds = soft, soft  # what they get is a probability, and one threshold is enough
for name, cured in {"soft": soft, "cut": cut, "twice": twice, "thresholds": thresholds}.items():
    print(f"{name}: {clinic.check(name, cured)}")

# %% [markdown]
# <details><summary>Diagnoses</summary>
#
# - `soft` counts .6 of a pixel where the network says .6. The better the network knows what it does not know, the more
#   it is punished. As a *loss* this is fine, and in use; as a score it is not IoU.
# - `cut` applies .5 to logits, which is $p > .62$. It draws less. This network draws a little too much, so it gains;
#   another would lose.
# - `twice`: a sigmoid of something between 0 and 1 lies between .5 and .73. Every pixel is above .5. What is left is
#   the lesion's mean share of the photo.
# - `thresholds` mixes five masks, four of which nobody will use.
#
# </details>
#
# ### Round 2: what is added up?


# %%
def columns(mask, truth):  # both (N, 1, H, W), as a network puts them out
    both, either = (mask & truth).sum((1, 2)), (mask | truth).sum((1, 2))
    return ((both + 1e-6) / (either + 1e-6)).mean()


def pooled(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


def last_batch(batches):  # pairs (mask, truth), each (n, H, W); the last batch is smaller
    for mask, truth in batches:
        score = iou(mask, truth).mean()
    return score


# %% [markdown]
# > **Predict** again: too high, too low, unchanged? And for which of the three would you have to know the photos?

# %%
clinic.visit(ward, columns, pooled, last_batch)

# %% [markdown]
# **All three too high, by one and a half to six points, and all three look plausible.** .889 would be a fine result
# for this data set; nobody looks for a mistake in a fine result. For the last two the code does not tell the
# direction: one has to know whether large lesions are the easier ones, and which photo comes last.
#
# <details><summary>Hints</summary>
#
# `columns`: print the shape of `both`. What happens in a column without any lesion? `pooled`: how many votes has a
# photo? `last_batch`: how many photos are in it, if there are 97 and a batch has 16? Why is a mean of the batches'
# means no cure?
#
# </details>


# %% Solution tags=["hide-cell"]
def columns(mask, truth):
    return iou(mask[:, 0], truth[:, 0]).mean()


def pooled(mask, truth):
    return iou(mask, truth).mean()


def last_batch(batches):
    return np.concatenate([iou(mask, truth) for mask, truth in batches]).mean()


clinic.visit(ward, columns, pooled, last_batch)

# %% [markdown]
# <details><summary>Diagnoses</summary>
#
# - `columns`: with a channel in between, axes 1 and 2 are channel and rows. Each *column* became a photo, and columns
#   that hold no lesion scored 1, thanks to the small number that was to prevent 0 / 0.
# - `pooled` is the second row of the table above.
# - `last_batch` assigns where it should collect. 97 photos in batches of 16 leave one for the last: this score is that
#   of a single photo. On test it was eleven, which gave {{ number("dilated-all", "readings.last_batch.jaccard") }} in place of
#   {{ number("dilated-all", "readings.per_image.jaccard") }}. A mean of the batches' means gives that one photo the weight of
#   sixteen; the checker asks for it.
#
# </details>
#
# ### Round 3: what counts as success?


# %%
def background(mask, truth):
    return (iou(mask, truth).mean() + iou(~mask, ~truth).mean()) / 2


def agreement(mask, truth):  # wanted: mean Dice
    return (2 * (mask == truth).sum((1, 2)) / (2 * truth[0].size)).mean()


def nothing(mask, truth):
    both, either = (mask & truth).sum((1, 2)), (mask | truth).sum((1, 2))
    return (both / either).mean()


def half(mask, truth):  # one photo (H, W), at its own size
    m, t = mask.astype(np.float16), truth.astype(np.float16)
    return (m * t).sum() / (m.sum() + t.sum() - (m * t).sum())


# %% [markdown]
# > **Predict** the direction of each. For `nothing` three photos of plain skin join, on which nothing is drawn. `half`
# > saves memory; which photos might suffer?

# %%
clinic.visit(ward, background, agreement, nothing, half)

# %% [markdown]
# Two flatter by more than five points; one says `nan`. **`half` is the nastiest: right on nearly all photos, and 0
# on a few, so that the mean is merely "a bit low".** A table with one row a photo would have shown it at once; keep
# one.
#
# <details><summary>Hints</summary>
#
# `background`: who gets the skin wrong? `agreement`: what does it say where no lesion is found? `nothing`: 0 / 0.
# What should it be if something *was* drawn? `half`: what is the largest number in float16?
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
def background(mask, truth):
    return iou(mask, truth).mean()


nothing = background  # iou gives 1 where both are empty


def agreement(mask, truth):
    return metrics.dice(metrics.confusion(mask, truth)).mean()


def half(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()  # whole numbers of 64 bits


for name, cured in {"background": background, "agreement": agreement, "nothing": nothing, "half": half}.items():
    print(f"{name}: {clinic.check(name, cured)}")

# %% [markdown]
# <details><summary>Diagnoses</summary>
#
# - `background` is the third row of the table above.
# - `agreement` counts pixels on which both agree, skin included. That is accuracy, whatever its name.
# - `nothing` divides 0 by 0. `nanmean` would be no cure: it leaves the photo out. A small number below the line gives
#   0; only above *and* below it gives 1. And a photo without lesion on which something is drawn scores 0.
# - `half`: float16 ends at 65,504. In a photo of 192 x 256 a lesion that fills two thirds has more than half of that,
#   the two areas together overflow, and a number divided by infinity is 0. Sum in float32, or in whole numbers.
#
# </details>
#
# ### Round 4: how large, and in which numbers?


# %%
def as_bytes(mask, png):  # png: truths as they are in their files, uint8
    both = (mask * png.astype(float)).sum((1, 2))
    return (both / (mask.sum((1, 2)) + png.sum((1, 2)) - both)).mean()


def bilinear(png, size):  # wanted: the mask file (H, W) at size (height, width), bool
    return cv2.resize(png, size[::-1], interpolation=cv2.INTER_LINEAR).astype(bool)


def flag(png, size):  # wanted: the same
    return cv2.resize(png, size[::-1], cv2.INTER_NEAREST).astype(bool)


def hard(p, size):  # wanted: the mask of probabilities (h, w), at size (height, width), bool
    mask = (p > 0.5).astype(np.uint8)
    return cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST) == 1


# %% [markdown]
# `bilinear` and `flag` shrink the truths to the network's size, and the right predictions are scored against what
# they make of them. `hard` enlarges predictions.
#
# > **Predict.** Which of the four is so wrong that nobody could miss it? Do `bilinear` and `flag` make lesions larger
# > or smaller?

# %%
clinic.visit(ward, as_bytes, bilinear, flag, hard)

# %% [markdown]
# An IoU of 59 is a gift: everybody sees it. **The next two are half a point too high, and agree with each other to
# three digits, though their code looks different.** Again a mistake flatters.
#
# <details><summary>Hints</summary>
#
# `as_bytes`: what is lesion, by the organisers' rule? `bilinear`: which values does the resized file hold, and which
# of them are true as bool? `flag`: look up the third argument of `cv2.resize`. `hard`: the section on sizes.
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
def as_bytes(mask, png):
    return iou(mask, png > 128).mean()


def bilinear(png, size):
    return cv2.resize(png, size[::-1], interpolation=cv2.INTER_NEAREST) > 128


flag = bilinear  # by another way into the same trap


def hard(p, size):
    return enlarge(p, size) > 0.5


for name, cured in {"as_bytes": as_bytes, "bilinear": bilinear, "flag": flag, "hard": hard}.items():
    print(f"{name}: {clinic.check(name, cured)}")

# %% [markdown]
# <details><summary>Diagnoses</summary>
#
# - `as_bytes` multiplies the overlap by 255, but not the false positives. Dividing by 255 cures the files of today; a
#   file with greys at its borders needs the rule, above 128.
# - `bilinear` makes greys between 0 and 255, and every grey is true. Lesions grow by up to a pixel all around. This
#   network draws a little too much, so grown truths please it.
# - `flag` is the same patient in disguise: the third argument is the output array `dst`, so the flag goes nowhere, and
#   the default is bilinear. No error, no warning; a type checker such as mypy finds it without running anything.
# - `hard` is a fifth of a point here, and three at 16 x 16.
#
# </details>
#
# ### Round 5: which photos, which network, which epoch?
#
# For `pairs` the fourth photo was lost on download, its mask was not. `training_mode` gets the network as it comes
# out of an epoch. For `best_epoch` we take the four photos that were kept after every epoch, let two validate and
# two test, in all six ways, and report the mean.
#
# > **Predict.** One photo of 97 is missing. How many pairs are wrong? What is left of *J*?


# %%
def pairs(photos, masks):  # wanted: pairs of names that belong together: X.jpg, X_Segmentation.png
    return list(zip(sorted(photos), sorted(masks), strict=False))


def training_mode(model, x):  # wanted: the logits of a batch of photos
    with torch.no_grad():
        return model(x)


def best_epoch(validation, test):  # two lists of J, one value an epoch; wanted: the test J to report
    return max(test)


clinic.visit(ward, pairs, training_mode, best_epoch)

# %% [markdown]
# **One lost file halves the score**, and what is left is still far from 0: lesions lie in the middle of photos, so
# even a stranger's mask overlaps. .41 could pass for a bad network. `training_mode` costs two points, and
# `best_epoch` gains nearly two from nothing at all.
#
# <details><summary>Hints</summary>
#
# `pairs`: what does the fifth photo get? Build a way from the name of a mask to the name of its photo.
# `training_mode`: `no_grad` turns off gradients, nothing else. `best_epoch`: who decides which epoch is reported?
#
# </details>


# %% Solution tags=["hide-cell"]
def pairs(photos, masks):
    return [(f"{m[:-17]}.jpg", m) for m in masks if f"{m[:-17]}.jpg" in photos]  # less "_Segmentation.png"


def training_mode(model, x):
    with torch.no_grad():
        return model.eval()(x)


def best_epoch(validation, test):
    return test[np.argmax(validation)]


clinic.visit(ward, pairs, training_mode, best_epoch)

# %% [markdown]
# <details><summary>Diagnoses</summary>
#
# - `pairs`: three pairs are right. After the gap every photo, 93 of them, gets its neighbour's mask, and `zip` drops
#   the last mask in silence. (`strict=True` would have complained about the number, but not if one more had been lost
#   on the other side.) Names are shaky even without gaps: `X10_...` sorts before `X1_...`, `X1.jpg` before `X10.jpg`.
#   Pair by id, and say what is left over.
# - `training_mode`: batch norm takes mean and variance from the batch at hand, so a photo's mask depends on its
#   neighbours, and dropout, where there is any, throws dice. On test the record says
#   {{ number("dilated-all", "readings.train_mode.jaccard") }} in place of {{ number("dilated-all", "readings.network_size.jaccard") }}.
# - `best_epoch` takes the luckiest of fifteen numbers and calls it the test score. The luck is large here because two
#   photos are few; with 379 it is smaller, and it never has the other sign.
#
# </details>
#
# All eighteen at a glance, from this page: `cut`, `columns`, `pooled`, `last_batch`, `background`, `agreement`,
# `bilinear`, `flag`, `best_epoch` flattered; `soft`, `twice`, `thresholds`, `half`, `hard`, `pairs`, `training_mode`
# were too low; `as_bytes` and `nothing` gave no possible score. **Half of the mistakes flatter, and those are the
# ones that get published: nobody hunts for a bug in a good number.**
#
# ## Exercises
#
# The five rounds are this lesson's exercises. Two more:
#
# **1. Your own.** Take the evaluation code of your last project, or of a repository that you like. Go through the
# list of names above, one by one. How many can you rule out by reading? What would you have to run for the rest? Then
# call the code from this function, and let the check ask what it asked the patients:
#
# ```python
# def mine(mask, truth):  # bool (N, H, W); wanted: the mean Jaccard index
#     ...
#
# exercises.check("03.1", mine)
# ```
#
# <details><summary>Hint</summary>
#
# Five questions rule out most of them. What shape and type does the mask have just before it is counted, and which
# values? Over which axes is summed, and what is averaged last? What does a perfect prediction score, what an empty
# one, what "all lesion"? Does the score change with the batch size, or if it is run twice? Which photos decided
# anything before they were scored?
#
# </details>
#
# **2. A claim on the desk.** A paper reports, on 45 photos of its own, a mean IoU of .86 for a new decoder against
# .84 for an old one, and a mean Dice of .93 for the new one. What can you say without rerunning anything?
#
# ```python
# highest = None  # the highest mean Dice that a mean IoU of .86 allows
# rounded = None  # True or False: can rounding of both save the pair?
# half = None  # half the width of an interval of 45 photos, in points
# exercises.check("03.2", (highest, rounded, half), test)
# ```
#
# <details><summary>Hint</summary>
#
# `test` holds the scores of our network's test photos. A mean of $n$ such scores has the interval
# $\pm 1.96\,\sigma / \sqrt n$, $\sigma$ being their standard deviation.
#
# </details>

# %% Solution tags=["hide-cell"]
print(exercises.check("03.1", lambda mask, truth: iou(mask, truth).mean()))
highest = 2 * 0.86 / 1.86
rounded = 2 * 0.8649 / 1.8649 >= 0.925  # the largest that becomes .86, the smallest that becomes .93
half = 196 * test.std() / 45**0.5
print(f"a Dice of {highest:.3f} at most; saved by rounding: {rounded}; {half:.1f} points to each side")
exercises.check("03.2", (highest, rounded, half), test)

# %% [markdown]
# The pair is impossible as a mean over photos: an IoU of .86 allows a Dice of $2 \cdot .86 / 1.86 = .925$ at most. By
# rounding alone (.8649 and .925) it just squeezes through, if all photos score nearly alike, or if pixels were
# pooled. And with 45 photos an interval reaches nearly four points to each side, so two points between two means show
# nothing; a paired comparison on the same photos might.
#
# ## Take-away
#
# - *J* and *D* are one score on two scales for a photo, $D = 2J/(1+J)$; for means there is only a bound.
# - Say over what you averaged: photos, pixels, batches or classes. It is worth more points than most decoders.
# - Probabilities, enlarge, cut, count, score each photo, mean. In this order.
# - Empty masks need a rule, and the rule must be written down.
# - 45 photos: two to four points to each side. 379: little more than one.
# - Keep a table with a row a photo. Score a perfect mask, an empty mask and "all lesion" before you score a network.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One truth.** We score against one expert's line. Where two experts differ by ten points, a network's last two
#   points mean little.
# - **J sees area, not shape.** A lost notch of a border, where a melanoma may show, costs next to nothing in a large
#   lesion. Boundary distances see it.
# - **Small lesions, rough scores.** One ring of pixels around a lesion ten pixels wide costs nearly a third of *J*,
#   around one a hundred wide four points. A mean mixes both.
# - **Sizes.** Our photos have a long side of 256 pixels. At native sizes the scores here would move a little, and
#   overflow in float16 would hit nearly every photo.
# - **The symptoms are this network's.** It draws a little too much, so `cut`, `bilinear` and `flag` flatter it. With
#   one that draws too little they would hurt. What stays is the diagnosis.
# - **The interval knows photos only**: not seeds, not clinics, not skin that the data set lacks.
#
# **In the library**: {{ api("evaluation.metrics") }} counts and reduces, {{ api("evaluation.scoring") }} scores photos at the size of their truth,
# {{ api("evaluation.scoring_rules") }} has the rules that are called IoU somewhere, {{ api("teaching.clinic") }} the ward and its patients.
#
# Next, [lesson 04](04_losses_and_optimisers.ipynb): what a loss rewards, and what an optimiser makes of it.
