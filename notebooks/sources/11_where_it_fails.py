# %% [markdown]
# # 11 · Overlays, error maps, and where it fails
#
# A mean over 379 photos is one number. A user meets one photo at a time, and does not meet the mean. Here we take
# one network apart: we look, sort, name, count, measure borders, and ask whether its probabilities may be believed.
# **After this lesson you can**
#
# - read overlays and error maps, and watch a mask come about between epochs;
# - name failures, and say which names counting can give and which need eyes;
# - say for which photos a network is weak, with the number of photos and an interval;
# - measure borders by Hausdorff distance, boundary IoU and boundary F, and tell what the Jaccard index hides;
# - choose a threshold on the right photos, and find out whether .8 means eight in ten;
# - write down what a network is not for.
#
# **You need** from lesson 03 the Jaccard index *J* and the bootstrap, from lesson 04 what BCE, Dice and IoU losses
# reward, from lesson 07 the recipe `dilated-all`.
#
# **Time**: forty-five minutes to read and try. Its cells took one minute on one CPU core, from recorded runs; in
# profile `student` the trainings add about eight minutes there. A GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, the recorded runs. In `smoke` every cell runs too,
# on a few drawn lesions and for two epochs, and its scores mean nothing.

# %%
import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, boundaries, failures, metrics, scoring
from lesionseg_lib.experiments import run_folder
from lesionseg_lib.models import postprocessing
from lesionseg_lib.models.postprocessing import enlarge, sigmoid
from lesionseg_lib.teaching import exercises, lessons

lesson = lessons.start()

# %% [markdown]
# ## A mask comes about
#
# While a recipe trains it keeps its probabilities for four validation photos after every epoch; here are two. White
# is "lesion, for certain", black "skin, for certain", grey is doubt.
#
# > **Predict.** What comes first: the place, the border, or the certainty?
# > <!-- choose: the place | the border | the certainty -->

# %%
fit = lesson.fit("dilated-all")
names, after_epoch = fit.previews()  # uint8 (epochs, photos, H, W), probability * 255
epochs = sorted({1, 2, 5, fit.best_epoch, len(fit.history)} & set(range(1, len(fit.history) + 1)))
small = lesson.decoded.validation
rows = [small.ids.index(name) for name in names[1::2]]
chosen = after_epoch[[epoch - 1 for epoch in epochs], 1::2]  # every second photo
plots.between_epochs(small.images[rows], small.masks[rows], chosen, epochs, names[1::2])

# %% [markdown]
# **The place comes first, the border next, certainty last.** After one epoch both lesions are found, with a rim too
# much and in dark grey instead of black: the network leans to the right side nearly everywhere and is sure of little.
# In the second epoch the grey grows and one mask gets worse; a run does not go one way. By the fifth the rim has
# shrunk, and the last ten epochs turn grey into black and shave off a few pixels. The loss counts both. The Jaccard
# index, which asks only for the side, counts the few pixels alone; on lesions as small as these they are worth many
# points.
#
# ## Two ways to look at one mask
#
# From here on we look at **test** photos. The score is in the record, and looking does not change it. But whatever we
# see there must not flow back: from the moment you change a setting because of a test photo, the test set is a
# validation set. So this lesson chooses on validation and only *describes* on test.
#
# Four photos by rule: sorted by *J*, those at 2, 10, 50 and 90 % of the row. First the **overlay**: both outlines
# on the photo.

# %%
table, test = fit.table, lesson.splits.test
_, logits = run_folder.read_logits(fit.folder / "test_logits.npz")
truths = [test.truth(i) for i in range(len(test))]
drawn = [postprocessing.predict_mask(z, truth.shape) for z, truth in zip(logits, truths, strict=True)]


def show(figure, rows, names=None, **options):
    photos, masks = [test[int(i)] for i in rows], [drawn[i] for i in rows]
    names, scores = names or [p.id for p in photos], table["jaccard"][rows].tolist()
    return figure([p.image for p in photos], [p.mask for p in photos], masks, names, scores, **options)


# %%
ranked = table["jaccard"].sort_values().index
picks = [ranked[round(share * (len(ranked) - 1))] for share in (0.02, 0.1, 0.5, 0.9)]
show(plots.overlays, picks, columns=4)

# %% [markdown]
# An overlay leaves the photo in its colours, so that you can ask *why*: hair, a pale rim, a second spot. It is poor
# at *how much*. An **error map** is the opposite: what is right keeps its colour, skin rightly left alone turns
# grey, and the two kinds of error get a colour and a pattern each.
#
# > **Predict.** Which error will there be more of: skin called lesion, or lesion called skin?
# > <!-- choose: skin called lesion | lesion called skin -->

# %%
show(plots.error_maps, picks, columns=4)

# %% [markdown]
# **Orange rules.** From the first to the last photo the network draws a rim too much; there is hardly any blue. The
# rims are of much the same width, a few pixels. On the dark spot at the left that costs half of *J*, on the large
# lesion at the right a twentieth. Keep this in mind. And note what neither picture can say: whether the rim is wrong.
# Look at the overlay again: the dark spot has no sharp edge. Truth runs where the black ends, the network some pixels
# further out, where its shade has faded into the skin.
#
# ## How heavy is the tail?
#
# Four photos are a sample. Count all. With *J* below .65 a mask would have to be drawn anew (lesson 03), and counts as
# a failure. The organisers of ISIC set this limit in 2018 with the disagreement between experts in mind ([Codella et
# al. 2019](https://arxiv.org/abs/1902.03368)).
#
# > **Predict.** How many of 379 fail? What share of everything that is lost, the sum of 1 - *J*, do they lose?

# %%
failed, lost = table["jaccard"] < 0.65, 1 - table["jaccard"]
print(f"{failed.sum()} of {len(table)} photos are below .65")
print(f"they lose {lost[failed].sum() / lost.sum():.0%} of all that is lost")
over = table["fp"] > table["fn"]
print(f"more false positives than false negatives: {over.mean():.0%} of all photos, {over[failed].mean():.0%} of these")

# %% [markdown]
# **Seven photos in a hundred lose a fifth of all that is lost**, and nearly all of them by calling too much lesion:
# nine in ten, where among all photos it is less than two in three. The threshold Jaccard sets such photos to 0; it
# is {{ number("dilated-all", "threshold_jaccard") }}, against a mean *J* of {{ number("dilated-all", "jaccard") }}. Whoever wants to raise the
# mean has two ways: repair a few blunders, or move hundreds of borders by a pixel.
#
# ## Name them yourself
#
# Here are the eight worst, the worst first. Before you read on, give each a name. A list that is too long helps
# nobody; ours has six:
#
# | label | when |
# |---|---|
# | `missed` | hardly a tenth of the lesion is in the mask |
# | `too large` | the mask takes in skin |
# | `too small` | the mask leaves out lesion |
# | `fragment` | a part of the mask lies elsewhere, as an island |
# | `artefact` | hair, ink, a sticker, a dark corner led it astray |
# | `doubtful truth` | another expert might side with the network |

# %%
worst = ranked[:8]
show(plots.overlays, worst, columns=4)

# %% [markdown]
# Fill in the dictionary below, one line a photo, and run the cell. It compares you with a **rule** that only counts:
# `missed` below a tenth, `fragment` when more than a tenth of the mask lies outside its largest part, else the error
# with more pixels. The rule cannot see hair, and it does not doubt the truth.
#
# > **Predict.** Which of the six labels will the rule give to most of them?

# %% tags=["nbval-check-output"]
mine = {}  # for example {"ISIC_0011152": "too large", "ISIC_0002871": "artefact"}
by_rule = {test.ids[i]: failures.rule_label(drawn[i], truths[i]) for i in worst}
print(failures.compare_labels(mine, by_rule))

# %% [markdown]
# Where you and the rule differ, neither need be wrong: the rule says *what* happened to the pixels, the last two
# labels say *why*. A report needs both. Now open ours, given by eye.

# %% Our labels tags=["hide-cell"]
ours = dict.fromkeys(["ISIC_0009872", "ISIC_0010379", "ISIC_0011227"], "too large")
ours |= dict.fromkeys(["ISIC_0002871", "ISIC_0003056"], "artefact")  # hair, and a sticker whose rim stops the mask
ours |= {"ISIC_0011152": "fragment"}  # pink skin, islands all over
ours |= dict.fromkeys(["ISIC_0011338", "ISIC_0008992"], "doubtful truth")  # brown all over; a spur in the outline
print(failures.compare_labels({photo: label for photo, label in ours.items() if photo in by_rule}, by_rule))

# %% [markdown]
# **The rule says `too large` seven times of eight; it is right, and it does not help.** Too large because of hair,
# because the skin is red, because there is brown all around and the expert chose a part: three causes with three
# cures (more hairy photos, other colours in training, a second opinion). Counting cannot tell them apart. `missed`
# and `too small` do not occur among the eight: this network errs on one side. Your labels may differ from ours. So
# would a second expert's; write labels down before you compare, or they drift towards what you expect.
#
# ## For whom is it weak?
#
# Eight cases suggest causes. Whether a cause matters *on the whole* only groups can tell. We measure three things on
# each photo, none of which looks at the network: the lesion's share of the photo, its colour difference to the skin
# around it, and the share of skin that a hair detector marks (lesson 02). Where the lesion fills the photo there is
# no skin to measure, so ten photos are in no group of hair and one is in none of contrast. The diagnosis comes with
# the data.

# %%
from lesionseg_lib.data import properties

facts = properties.survey(test, lesson.decoded.test.path)


def quarters(values):
    return pd.qcut(values.rank(method="first"), 4, labels=["lowest quarter", "second", "third", "highest"])


strata = pd.DataFrame({"size": quarters(facts["area"]), "contrast": quarters(facts["contrast"])})
strata["hair"] = pd.cut(facts["hair"], [-1, 0.001, 0.01, 1], labels=["hardly any", "some", "over 1 % of the skin"])
strata["diagnosis"] = [test.attributes(i).get("diagnosis") for i in range(len(test))]  # drawn lesions have none

# %% [markdown]
# > **Predict** the widest gap: between small and large, pale and dark, bald and hairy, or benign and malignant?
# > <!-- choose: small and large | pale and dark | bald and hairy | benign and malignant -->

# %%
rows = []
for kind in strata:
    for name, part in table["jaccard"].groupby(strata[kind], observed=True):
        low, high = bootstrap.bootstrap_interval(part.to_numpy())
        name = f"{kind}: {name} (n = {len(part)})"
        rows.append({"name": name, "value": part.mean(), "low": low, "high": high})
plots.comparison(rows, "mean Jaccard on test")

# %% [markdown]
# **Size makes the widest gap**, fourteen points from the smallest to the largest quarter, with intervals far apart.
# **Contrast** comes next: the palest quarter is a class of its own, more than seven points below its neighbour.
# **Hair**: up to 1 % of the skin it makes no difference that could be shown; above that, six points. **Diagnosis**:
# the intervals overlap, and malignant lesions score, if anything, a little higher.
#
# Do not read causes into this. The groups overlap: hairy photos may be pale, malignant lesions are large (exercise
# 1). And one of the four, size, is partly an illusion. To see it we need other rulers.
#
# ## Four mistakes with one score
#
# The Jaccard index counts area. A disc, and four predictions that are wrong in different ways, made so that *J* is
# the same for all.
#
# > **Predict.** Which of the four would you accept as a user? Which would cost a patient a second cut?

# %% tags=["nbval-check-output"]
y, x = np.mgrid[:128, :160]
disc = lambda row, column, radius: (y - row) ** 2 + (x - column) ** 2 < radius**2  # noqa: E731
true = disc(64, 60, 40)
toys = {"rim": disc(64, 60, 43.4), "shift": disc(64, 65.1, 40), "bite": true & ~disc(64, 100, 23.4)}
toys["island"] = true | disc(30, 140, 16.8)
scores = {"J": lambda p, t: metrics.jaccard(metrics.confusion(p, t))[0], "HD95, pixels": boundaries.hausdorff95}
scores |= {"boundary IoU": boundaries.boundary_iou, "boundary F": boundaries.boundary_f}
print(pd.DataFrame({name: {s: f(toy, true) for s, f in scores.items()} for name, toy in toys.items()}).T.round(2))
plots.panels([list(toys.values())], [list(toys)], "Four wrong masks of one disc, outlined.", [[true] * 4])

# %% [markdown]
# **One score, four different mistakes.** HD95 calls rim and shift small errors, of a few pixels, and the island a
# huge one. The two border scores say the opposite: rim and shift are wrong *everywhere*, while bite and island leave
# most of the border in place. Neither is the better score. If a surgeon cuts along the line, the rim is harmless;
# bite and shift are not. Choose the score after you know what an error costs. In words:
#
# - **HD95**, the 95 % Hausdorff distance ([Huttenlocher et al. 1993](https://doi.org/10.1109/34.232073)): 95 % of
#   each border lies within this many pixels of the other. Taken both ways, the larger counts.
# - **Boundary IoU** ([Cheng et al. 2021](https://arxiv.org/abs/2103.16562)): the Jaccard index of two bands along the
#   borders, 2 % of the diagonal wide.
# - **Boundary F** ([Csurka et al. 2013](https://doi.org/10.5244/C.27.32)): the harmonic mean of precision and recall
#   of border pixels, where .75 % of the diagonal is still near enough.
#
# Two empty masks agree; if only one is empty, our library gives the worst that the image allows. Others give NaN or
# infinity. Ask before you compare.
#
# {{ explorer("mistakes") }}
#
# ## What do they show on real masks?
#
# All test photos, all four scores, and their rank correlation (Spearman).
#
# > **Predict.** Which of the three is closest to *J*?

# %%
for name, score in list(scores.items())[1:]:
    table[name] = [score(p, t) for p, t in zip(drawn, truths, strict=True)]
borders = table[["jaccard", *list(scores)[1:]]].rename(columns={"jaccard": "J"})
borders.assign(size=facts["area"]).corr("spearman").round(2)

# %% [markdown]
# **All agree on the whole, and none replaces another.** The border scores follow *J* at about .75, HD95 at .6 with
# the sign turned, since small is good. Boundary IoU and boundary F are nearly one score; take either. The last
# column is the interesting one: *J* rises with size, at .5; the border scores do not care; and HD95 gets *worse*
# with size.
#
# > **Predict.** *J* says that small lesions are hardest. Will their borders, in pixels, be farther off than those of
# > large ones?


# %%
def mean_and_interval(values):
    low, high = bootstrap.bootstrap_interval(values.to_numpy())
    return f"{values.mean():.2f} ({low:.2f} to {high:.2f})"


by_size = borders.groupby(strata["size"], observed=True)
summary = by_size.agg(mean_and_interval)
summary["median HD95"] = by_size["HD95, pixels"].median().round(1)
summary

# %% [markdown]
# **Small lesions are hard for *J*, not for the border.** From the smallest to the largest quarter *J* climbs by
# fourteen points. The border is on average equally far off in all four, thirteen pixels, with wide intervals,
# because a few blunders drive these means. In the typical photo it is even *nearer* on small lesions: the median
# rises from six pixels to ten. Boundary IoU is, if anything, best on the smallest. Geometry does the rest. A rim of
# three pixels around a disc of 30 across leaves *J* = $(30 / 36)^2$ = .69; around one of 200 across it leaves .94.
#
# Which is right? Both. If a mask is to measure an area, *J* tells how well. But that training needs more small
# lesions does not follow from it.
#
# ## Where the scores quarrel
#
# Left: of the half of the photos with the higher *J*, the two whose border is farthest off. Right: of the other half,
# the two whose border is nearest. The number behind the name is HD95.
#
# > **Predict.** Which pair shows large lesions, which small ones?

# %%
better = borders["J"] > borders["J"].median()
rows = [*borders[better].nlargest(2, "HD95, pixels").index, *borders[~better].nsmallest(2, "HD95, pixels").index]
names = [f"{test.ids[i][-7:]}: {borders['HD95, pixels'][i]:.0f} px," for i in rows]
show(plots.overlays, rows, names, columns=4)

# %% [markdown]
# **An island that *J* does not see, and a rim that HD95 does not mind.** At the left a fragment of a few pixels far
# away, which costs a point or two of *J* and fifty pixels. Beside it a lesion that leaves the photo, so large that a
# wide error along its lower border hardly shows in the area. On the right two small, pale ones with a rim of four
# pixels: nearly a perfect border by the ruler, and a *J* that looks mediocre.
#
# ## Where to cut
#
# The network says probabilities; we cut them at .5. Nobody has chosen that number. The right cut depends on what an
# error costs, and the photos to choose it on are **validation** photos: on test we would report our own luck. Lesson 03
# drew this curve for the same network; here the gain gets an interval.
#
# > **Predict.** The network overdraws, so the best threshold lies above .5. Can a gain be shown?

# %%
validation, images = lesson.splits.validation, lesson.decoded.validation.images
z = fit.model.logits(images)
thresholds = [round(0.05 * step, 2) for step in range(1, 20)]
cut = {t: scoring.score_images(sigmoid(z), validation, t) for t in thresholds}
shown = {"Dice": "dice", "IoU": "jaccard", "sensitivity": "sensitivity", "specificity": "specificity"}
curves = {name: [cut[t][column].mean() for t in thresholds] for name, column in shown.items()}
plots.lines(thresholds, curves, "threshold", f"mean over {len(validation)} validation photos")

# %%
best = thresholds[int(np.argmax(curves["IoU"]))]
gain = 100 * (cut[best]["jaccard"] - cut[0.5]["jaccard"]).to_numpy()
low, high = bootstrap.bootstrap_interval(gain)
print(f"best threshold on validation {best}: {gain.mean():+.2f} points ({low:+.2f} to {high:+.2f}) over .5")
print(f"sensitivity {cut[0.5]['sensitivity'].mean():.3f} -> {cut[best]['sensitivity'].mean():.3f}")

# %% [markdown]
# **The curve is flat, and no gain can be shown.** From .45 to .7 Dice and IoU move by about half a point, while
# sensitivity falls steadily and specificity rises: one is paid with the other. The best threshold lies above .5, as
# one expects of a network that overdraws, but the interval of its gain contains 0, and it was measured on the very
# photos that chose it. We leave .5 where it is. **A threshold does not repair a network; it moves along its curve.**
# (If misses cost more than false alarms, take a lower one, and say so.)
#
# Means hide what a threshold does to a photo. Here is one validation photo, that at 10 % of the row by *J*, cut at
# four places (D is Dice, S sensitivity). **In your notebook set `live=True`**: you get a menu of three photos and a
# slider, and mask, IoU, Dice and sensitivity follow it, beside the mask at .5. On the course's page a slider follows.

# %%
from lesionseg_lib.teaching.widgets import threshold

order = cut[0.5]["jaccard"].sort_values().index
samples = [validation[int(order[round(share * (len(order) - 1))])] for share in (0.1, 0.5, 0.9)]
maps = [enlarge(sigmoid(z[validation.ids.index(s.id)]), s.mask.shape) for s in samples]
threshold.threshold_explorer(samples, maps, live=False)

# %% [markdown]
# **This photo goes against the mean.** Its mask is too *small* at .5, and a low cut would serve it best, while over
# all photos the best cut lay above .5. There is no threshold that is right for every photo. Play with the slider: on
# most photos the border hardly moves between .4 and .6, because few pixels have a probability in between; where it
# runs, the network is in doubt, and that is worth more than the number.
#
# {{ explorer("where-to-cut") }}
#
# ## May .8 be believed?
#
# A network is *calibrated* if of all pixels that it calls lesion with .8, eight in ten are lesion. Sort the pixels
# into ten bins by their probability and compare, bin by bin, what was claimed with what is true: that is lesson 04's
# **reliability diagram**. The **expected calibration error** (ECE) is the mean distance, each bin weighted by its
# pixels ([Guo et al. 2017](https://arxiv.org/abs/1706.04599)). Its interval resamples photos, since pixels of one
# photo are wrong together.
#
# > **Predict.** Two networks were trained with cross-entropy (BCE), which rewards honest probabilities, one with Dice
# > added, which rewards overlap only. Which of them are calibrated?

# %%
from lesionseg_lib.evaluation import calibration

truth = np.array(lesson.decoded.validation.masks) == 1
said = {"dilated-all (Dice + BCE)": z}
for name in ("unet-finetuned", "transposed-finetuned"):
    said[f"{name} (BCE)"] = lesson.fit(name).model.logits(images)
bins = {name: calibration.bin_pixels(sigmoid(x), truth) for name, x in said.items()}
for name, b in bins.items():
    low, high = calibration.calibration_interval(b)
    print(f"{name:26} ECE {calibration.calibration_error(b):.3f} ({low:.3f} to {high:.3f})")
plots.reliability({name: b.reliability() for name, b in bins.items()})

# %% [markdown]
# **None may be believed to the letter, and they lie in different ways.** `dilated-all` claims too much nearly
# everywhere, even where it should be easiest: of the pixels that it calls lesion with about .05, two in a thousand
# are. Two thirds of all pixels lie there (right panel), so this bin makes most of its ECE. In the first figure such
# skin looks black; it is some hundredths, not 0. The two BCE networks know skin as skin, and their ECE is less than
# half. But look at the middle: `unet-finetuned` is too sure on *both* sides, its .15 means .27 and its .85 means .70.
# So a lower ECE does not say that every probability is better. It says that the skin is.
#
# Is it the loss? The networks differ in decoder, rate and epochs too. A fair trial changes one thing. We take frozen
# ImageNet features at strides 4, 8 and 16 (lesson 06) and train one weight a channel, three times from the same start
# and on the same batches. Only the loss differs.
#
# > **Predict.** Whose probabilities are pushed to 0 and 1? Who draws the best masks?

# %%
from lesionseg_lib.training import batches, build, losses
from lesionseg_lib.training.probing import linear_head, stack_levels

recipe = lesson.recipe("transposed-frozen")  # no augmentation, so its maps may be computed once
frozen = build.build_segmenter(recipe, lesson.weights)
parts = (lesson.decoded.train, lesson.decoded.validation)
kept = [batches.FrozenPyramids(frozen, batches.TrainingSet(part, recipe, seed=0)) for part in parts]
known, new = (stack_levels(pyramids.levels[1:4]) for pyramids in kept)  # (N, 24 + 32 + 96, H / 8, W / 8)

# %%
print(f"lesion: {parts[0].masks.mean():.1%} of the training pixels, {truth.mean():.1%} of the validation pixels")
rows = {}
for loss in ("bce", "dice+bce", "iou"):
    readout = linear_head(known, kept[0].masks, new, loss).numpy()
    p = sigmoid(readout)
    error, doubt = calibration.calibration_error(calibration.bin_pixels(p, truth)), ((p > 0.1) & (p < 0.9)).mean()
    j = scoring.score_images(sigmoid(readout), validation)["jaccard"].mean()
    rows[loss] = [100 * doubt, 100 * p.mean(), error, j]
columns = ["in doubt (.1 to .9), % of pixels", "claimed lesion, %", "ECE", "validation J"]
pd.DataFrame.from_dict(rows, orient="index", columns=columns).astype(float).round(3)

# %% [markdown]
# **The IoU loss leaves half as many pixels in doubt as BCE, and has the largest error.** That was to be expected:
# overlap grows when every pixel takes a side. Dice + BCE, a sum of both kinds, lies between them in doubt, but not in
# error. BCE, which rewards honesty, is again no better calibrated than Dice + BCE (lesson 04). Two things were *not* to
# be expected. All three claim more lesion than there is, and more than they saw in training. And the IoU loss, made for
# the score, draws the worst masks, at least in 200 steps; behind lesson 04's decoder it did not. One start and one
# linear readout prove little. But "trained
# with BCE, so the numbers may be trusted" is refuted by one example: check them, on photos that had no part in
# training.
#
# ## What it is not for
#
# Everything above describes one network on one kind of photo. Two short forms say so in a way that others can find:
# a *data sheet* ([Gebru et al. 2021](https://arxiv.org/abs/1803.09010)) for what the photos are and lack, and a
# *model card* ([Mitchell et al. 2019](https://arxiv.org/abs/1810.03993)) for what the network may be used for. Both
# are pages of this book, under these names. Read them; they are short. The sentences that matter most:
#
# - **It is not a medical device.** It draws outlines. It does not tell benign from malignant, and it will outline a
#   teapot.
# - **Nobody has tested it on dark skin.** The archive hardly shows any, and no photo here says whose skin it is. A
#   score by skin type cannot be computed: it is not high, it is unknown.
# - **A bad photo is not announced.** It has an answer for everything (exercise 3 tries to make it doubt).
#
# ## Exercises
#
# **1. Diagnosis or size?** Malignant lesions score a little better than benign ones. They are also larger. Compare
# the two *within* each quarter of size. What is left of the difference?
#
# ```python
# within = None  # a table: mean J, a row a quarter, a column a diagnosis
# exercises.check("11.1", within, table, strata)
# ```
#
# <details><summary>Hint</summary>
#
# Group `table["jaccard"]` by `[strata["size"], strata["diagnosis"]]` and unstack. Look at the numbers of photos too.
#
# </details>

# %% Solution tags=["hide-cell"]
groups = table["jaccard"].groupby([strata["size"], strata["diagnosis"].fillna("unknown")], observed=True)
within = groups.mean().unstack()
print(exercises.check("11.1", within, table, strata))
within.round(3).add_suffix(", mean J").join(groups.size().unstack().add_suffix(", n"))

# %% [markdown]
# **Size explains most of it.** In the two larger quarters, with many photos of both, the two differ by a point or
# less. In the second quarter malignant lesions score lower, in the smallest higher, but these are means of seventeen
# and of six photos. Malignant lesions look easier because more of them are large, and large ones look easier because
# of *J*. That is two steps away from "it works better on melanoma", which these data do not show.
#
# **2. Cool it down.** *Temperature scaling* divides all logits by one number $T$. Choose the $T$ with the smallest
# cross-entropy on every second validation photo; measure the ECE on the others. (`z` and `truth` are the logits of
# `dilated-all` and the masks, on validation.) What does $T$ do to a mask cut at .5?
#
# ```python
# T = None  # chosen on photos 0, 2, 4, ...
# exercises.check("11.2", T, z, truth)
# ```
#
# <details><summary>Hint</summary>
#
# `losses.bce(torch.tensor(z[half])[:, None] / T, ...)`, for `T` from .2 to 5. At which probability does $z / T$
# change its sign?
#
# </details>

# %% Solution tags=["hide-cell"]
half = np.arange(len(z)) % 2 == 0
target = torch.tensor(truth[half])[:, None].float()
temperatures = np.geomspace(0.2, 5, 60)
T = min(temperatures, key=lambda t: losses.bce(torch.tensor(z[half])[:, None] / float(t), target).item())
for t in (1.0, T):
    b = calibration.bin_pixels(sigmoid(z[~half] / np.float32(t)), truth[~half])
    low, high = calibration.calibration_interval(b)
    print(f"T = {t:.2f}: ECE {calibration.calibration_error(b):.3f} ({low:.3f} to {high:.3f}) on the other half")
exercises.check("11.2", T, z, truth)

# %% [markdown]
# In the recorded run $T$ is about .63, below 1: the logits were too *small*, the opposite of what one reads about
# large networks. **The ECE falls by more than half, and not one pixel of a mask changes**, since $z / T$ and $z$ have
# the same sign. Look at the bins (`b.reliability()`) before you celebrate: the skin is right now, and the upper
# middle is worse than before. What the sharpened network calls .85 is lesion in two cases of three. One number cannot
# bend a curve in two places.
#
# **3. Does it know when it fails?** Without a truth, ask the network what *J* it *expects*: the probability inside
# its mask, divided by the mask's pixels plus the probability outside. Choose on validation the value below which a
# tenth of the photos lie. How many of the test photos that fail does it flag?
#
# ```python
# def expected(logits):  # (N, h, w); wanted: (N,)
#     ...
#
# flagged = None  # bool, one for each test photo
# exercises.check("11.3", (expected, flagged), z, logits)
# ```
#
# <details><summary>Hint</summary>
#
# With `p = sigmoid(logits)`, inside is `p > 0.5`; sums go over axes 1 and 2. The limit is
# `np.quantile(expected(z), 0.1)`, and the photos to flag are those with `expected(logits)` below it.
#
# </details>

# %% Solution tags=["hide-cell"]


def expected(logits):
    """The Jaccard index that the network itself would bet on, (N,)."""
    p = sigmoid(logits)
    inside = p > 0.5
    return (p * inside).sum((1, 2)) / np.maximum(inside.sum((1, 2)) + (p * ~inside).sum((1, 2)), 1e-6)


flagged = expected(logits) < np.quantile(expected(z), 0.1)
print(f"flagged: {flagged.mean():.0%} of the test photos, {flagged[failed].mean():.0%} of those that fail")
print(f"mean J {table['jaccard'][~flagged].mean():.3f} without them, {table['jaccard'].mean():.3f} with them")
exercises.check("11.3", (expected, flagged), z, logits)

# %% [markdown]
# **A third of the failures, by flagging a tenth of the photos.** Three times better than luck, and far from safe:
# two failures of three come with confidence. A network that floods hairy skin is *sure* that this is lesion; its own
# doubt is a poor witness against it.
#
# ## Take-away
#
# - Look first, by rule and not by taste; then name, then count. Counting says what went wrong, only eyes say why.
# - A few photos lose a large part of all that is lost. A mean does not show them; a sorted row does.
# - A group's score needs its number of photos and an interval, and a second look at what else differs between groups.
# - The Jaccard index forgives large lesions and punishes small ones. Before you say "small lesions are hard", measure
#   the border in pixels.
# - Thresholds and temperatures are chosen on validation. A curve that is flat around .5 leaves little to gain.
# - Probabilities are not shares until somebody has checked. The loss decides what they mean.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One network, one seed.** The records hold two further seeds of this recipe. The three fail on most of the same
#   photos, but not on all: a photo in the list of one may be bad luck, a photo in the lists of all three is hard.
# - **Many groups, many chances.** We looked at four properties. The more one looks at, the likelier that one of the
#   intervals stands apart by luck. A group found on this test set is a suspicion to be tested on other photos.
# - **Truth has a width.** There is one outline a photo, and another expert would have drawn another. Some were enlarged
#   from 240 x 192 pixels. A border error of a few pixels may be the truth's.
# - **Pixels are not millimetres.** HD95 is in pixels of our copy, long side 256. Photos of other magnification differ.
# - **ECE depends on its bins**, and on how much easy skin a photo shows: crop the photos, and it changes. On another
#   clinic's photos the probabilities must be checked again.
# - **Hair and contrast are measured by simple rules** that can be fooled (lesson 02).
#
# **In the library**: {{ api("evaluation.failures") }} names mistakes, {{ api("evaluation.boundaries") }} measures borders, {{ api("evaluation.calibration") }} checks
# probabilities, {{ api("data.properties") }} describes photos, {{ api("evaluation.scoring") }} and {{ api("evaluation.metrics") }} score.
#
# Next, [lesson 12](12_which_decoder.ipynb): all decoders side by side, and how sure their order is.
