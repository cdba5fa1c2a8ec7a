# %% [markdown]
# # 02 · Know your data
#
# Before anybody trains a network, somebody has to look at the photos, all of them, and not only with the eyes. In
# this lesson you measure a data set: how large its lesions are, where they sit, how they stand out, whose skin it
# shows, what got into the picture, how the masks were drawn, and whether a photo of the test set also sits in the
# training set. **After this lesson you can**
#
# - turn a suspicion about photos into a number, check it on pictures whose truth is known, and look at both ends of
#   it before you believe it;
# - say what a predictor scores that never looks at the photo;
# - tell what a skin-tone figure from photos can say, and what it cannot;
# - find duplicates across a split, and explain why "looks alike" is not "is a copy".
#
# **You need** lesson 01: masks and the Jaccard index *J*.
#
# **Time**: forty-five minutes to read and try. Its cells took one minute on one CPU core, with the photos decoded
# and measured before; the first time that adds two or three. Nothing is trained, so a GPU changes nothing.
#
# Sentences about outcomes speak of profile `full`: the photos of ISIC 2016. In `smoke` every cell runs too, on a few
# drawn lesions. We explore *training* photos. Validation is touched once, to score a guess, and test for one question
# only: is one of its photos in train? Whoever studies test photos begins to design for them.

# %%
from functools import partial

import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.data import duplicates, properties
from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.datasets import ISIC2016, SyntheticLesions, resize_image

# %%
from lesionseg_lib.evaluation import scoring
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.preprocessing import default_preprocessing, normalise
from lesionseg_lib.teaching import exercises, lessons
from lesionseg_lib.teaching.widgets import photo_browser
from lesionseg_lib.training import probing

lesson = lessons.start()
train, validation, small = lesson.splits.train, lesson.splits.validation, lesson.decoded.train

# %% [markdown]
# ## How large, and of what shape?
#
# `survey` measures every photo and mask once and keeps the table on disk: one row a photo. The functions behind its
# columns are in `lesionseg_lib/data/properties.py`, a few lines each. What is known without measuring, such as the
# diagnosis, comes from a list beside the photos. The official archives have no such list; then it says "unknown".
#
# > **Predict.** Photos come from many cameras. How many different sizes, width by height, do you expect?
# > <!-- number: sizes -->

# %%
folder = lesson.decoded.train.path.parent  # where the decoded photos are kept
table = properties.survey(train, folder)
table["diagnosis"] = [train.attributes(i).get("diagnosis", "unknown") for i in range(len(train))]
sizes = table.groupby(["width", "height"]).size().sort_values(ascending=False)
aspect = (table["width"] / table["height"]).round(2)
print(f"{len(table)} photos of {len(sizes)} sizes; the commonest:")
print(sizes.head(4).to_string())
print(f"aspects from {aspect.min():.2f} to {aspect.max():.2f}; the commonest:", aspect.value_counts().head(3).to_dict())

# %% [markdown]
# **Most photos share one size, because our copy was reduced to a long side of 256 pixels**; the cameras' own photos
# are 576 to 4288 pixels wide. What reducing keeps is the aspect: mostly 4:3 and 3:2, a few upright. The network of
# lesson 01 saw all of them as squares, so a round lesion reached it as an upright ellipse. That does no harm as long
# as its mask is squeezed alike, and its prediction is enlarged back before it is scored.
#
# ## Where is the lesion, and how much of the photo is it?
#
# > **Predict** the histogram of the lesion's share of the photo. Is its median nearer to 10, 20 or 40 %?
# > <!-- choose: 10 % | 20 % | 40 % -->

# %%
area = table["area"]
print(f"lesion: {area.mean():.0%} of all pixels, {area.median():.0%} of the median photo")
print(f"below 5 % in {(area < 0.05).mean():.0%} of the photos, above 50 % in {(area > 0.5).mean():.0%}")
print(f"the lesion leaves the picture in {(table['frame'] > 0).mean():.0%}")
plots.histograms({"lesion's share": area, "centre, x": table["x"], "centre, y": table["y"]})

# %% [markdown]
# Three pixels of four are skin. This *class imbalance* is mild beside most of medicine; what is not mild is the
# spread. **One photo in thirteen is lesion by less than 5 %, one in seven by more than half.** A loss that counts
# pixels hears a lesion of 60 % fifteen times louder than one of 4 %, and at 128 x 128 the latter is 650 pixels.
#
# The centres crowd around 0, the middle of the photo (-1 and 1 are its edges; the dashed line of each histogram is
# the median): whoever takes a photo points at the lesion. One lesion in eight leaves the picture, and there the mask
# ends with the frame, not with the lesion.
#
# ## What does a guess score that never looks?
#
# If lesions sit in the middle, a network can learn *that* and seem to see. Average all training masks, and call
# lesion what is lesion in more than a certain share of them: the same guess for every photo.
#
# > **Predict.** What is its mean *J* on validation? Should one cut at one half, above, or below?

# %%
share = small.masks.mean(axis=0)  # (H, W), 0 to 1
for cut in (0.2, 0.3, 0.4, 0.5, 0.6):
    guess = np.repeat((share - cut)[None].astype(np.float32), len(validation), axis=0)  # above 0 is lesion
    j = scoring.score_images(sigmoid(guess), validation)["jaccard"]
    print(f"lesion where it is in more than {cut:.0%} of the masks: mean J {j.mean():.3f}, median {j.median():.3f}")
mean_photo = small.images.mean(axis=0).round().astype(np.uint8)
alt = "The mean of all training photos, a blur in the middle; the mean mask; where more than half are lesion."
plots.panels([[mean_photo, share, share > 0.5]], [["mean photo", "mean mask", "more than half"]], alt)

# %% [markdown]
# **A guess that never looks scores .47, more than half of what a good network gets.** That is what "the lesion is in
# the middle" is worth; read every score of this course against it. Between 40 and 50 % the cut hardly matters. (By
# trying five on validation we have chosen a little. For a baseline this errs on the safe side: it makes the baseline
# stronger.)
#
# The mean mask is taller than wide: the squeeze to a square, made visible. And the mean photo is a lesson of its own.
# Lesions differ in everything, and yet 749 of them average to a brown spot on pale skin, with dark corners.
#
# ## Is the yardstick straight?
#
# From here on we measure what nobody wrote down: contrast, skin tone, hair. Test a measure first where the truth is
# known. *Drawn* lesions come with a list of what was drawn.
#
# - **contrast**: the distance, in CIELAB, of the lesion's median colour from that of a ring of skin around it. CIELAB
#   is a colour space in which equal distances look equally different; 2 can just be seen;
# - **corners**: share of the photo that is nearly black and hangs together with a corner;
# - **hair**: share of the skin that is dark, thin and long (a *black-hat* filter and short straight lines, after
#   [DullRazor](https://doi.org/10.1016/S0010-4825(97)00020-6));
# - **patch**: share of the photo whose hue is far from the skin of the *same* photo.
#
# > **Predict.** Which of hair, corners and patch will miss most? Which will see what is not there?

# %%
drawn = SyntheticLesions(60 + len(train) // 5, 128, seed=1, hair=0.5, vignette=0.5, patch=0.5)
known = pd.DataFrame([drawn.attributes(i) for i in range(len(drawn))])
measured = properties.survey(drawn, folder)
print(f"contrast: correlation with the drawn one {measured['contrast'].corr(known['contrast'].astype(float)):.3f}")
artefacts = {"hair": "hair", "corners": "vignette", "patch": "patch"}
for column, artefact in artefacts.items():
    there, found = known[artefact] != "none", measured[column] > 0.002
    print(f"{column:8} above .002 with {artefact:9} {found[there].mean():4.0%}, without {found[~there].mean():4.0%}")

# %%
there = {column: known[artefact] != "none" for column, artefact in artefacts.items()}
groups = {c: {"without": measured[c][~yes], "with": measured[c][yes]} for c, yes in there.items()}
types = ["I", "II", "III", "IV", "V", "VI"]
angles = {t: measured["ita"][known["fitzpatrick"] == t] for t in types if (known["fitzpatrick"] == t).any()}
plots.strips({**groups, "skin tone, ITA in degrees, by type": angles})

# %% [markdown]
# **Contrast can be trusted; corners and patches never cry wolf, but miss a quarter and a sixth; hair cries wolf.**
# What is missed are corners that are dim instead of black, and discs that are pale, stand in coloured light or barely
# reach in. A third of the drawn pictures *without* hair have some above .002: rulers, the rims of discs and a
# lesion's frayed edge are dark, thin and long too. The dots show the remedy (a bar is a median): false alarms end
# near .03, and half of the hairy pictures lie above .05. A threshold is a choice between two mistakes.
#
# Skin tone falls with every type, but look at the width of the columns. Types I and II cannot be told apart, and
# single dots are far off: a bluish light, a shadow.
#
# ## How different is a lesion from its skin?
#
# Two sliders and a menu would let you leaf through the photos. Set `live=True`, and this cell shows them (Colab,
# JupyterLab); a page without a kernel can only show a picture: six photos, evenly spread from least to most contrast.
# Above each stand its contrast and the lesion's share of the photo.
#
# > **Predict.** What has least contrast: pale lesions, dark skin, or something else?

# %%
print(f"contrast: median {table['contrast'].median():.0f}, below 10 in {(table['contrast'] < 10).mean():.0%}")
photo_browser.browser(train, table, ["contrast", "area"], menu="diagnosis", live=False)

# %% [markdown]
# **Least contrast is not dark skin; it is a pale lesion inside a generous outline.** Left, the expert's polygon holds
# so much skin that the median colour inside is nearly the skin's. So the measure describes the mask as much as the
# lesion, and a network that follows the pigment will disagree with it. From left to right lesions grow darker, and
# the border becomes easy. One photo in twenty has less than 10, and will be hard for everybody, experts included.
#
# ## Whose skin is it?
#
# The *individual typology angle* sorts skin by lightness $L^*$ and yellowness $b^*$:
#
# $$\mathrm{ITA} = \arctan\frac{L^* - 50}{b^*} \cdot \frac{180}{\pi}$$
#
# Above 55 degrees skin is called very light, above 41 light, 28 intermediate, 10 tan, -30 brown, and below that dark
# (Chardon, Cretois and Hourseau 1991). It is meant for a colorimeter on bare skin. We take the ring around the
# lesion. The second figure shows the six smallest angles and the six largest, each photo under the end of its id and
# its angle.
#
# > **Predict.** How many percent are "very light"? How many brown or dark?

# %%
names = ["dark", "brown", "tan", "intermediate", "light", "very light", "no skin has this"]
kinds = pd.cut(table["ita"], [-180, -30, 10, 28, 41, 55, 90, 180], labels=names)
print((kinds.value_counts(normalize=True, sort=False) * 100).round(1).to_string())
plots.histograms({"ITA, degrees": table["ita"], "L* of the skin": table["L"], "b* of the skin": table["b"]})

# %%
photo_browser.ends(train, table["ita"])

# %% [markdown]
# **Two thirds of the photos are "very light", one photo is brown, none is dark. And 14 % have an angle that no skin
# has.** Look who stands at the ends. The lowest six: dim exposures, an orange lamp, reddened skin, perhaps one that
# is tanned. The highest six are all from blue light, where $b^*$ is below zero. So at both ends **the angle sorts
# lamps, not people**. (A plain arctan would flip the blue ones to about -45 degrees: "dark". Ours keeps the
# quadrant.)
#
# What may be said? About a single photo: nothing. About the set: with so few below 28 degrees, under whatever lamp,
# dark skin can hardly be among them, and no score on this set says what happens there ([Groh et al.
# 2021](https://arxiv.org/abs/2104.09957) compare such angles with people's labels). A fair test needs skin types that
# somebody recorded, not angles.
#
# ## What else is in the picture?
#
# Dark corners, hair, rulers, coloured discs. Each is a cue that has nothing to do with where the lesion ends. For two
# of our indicators we show photos from just above .002 to the highest.
#
# > **Predict.** Which of the twelve will be false alarms?

# %%
for column in artefacts:
    photos, unknown = (table[column] > 0.002).mean(), table[column].isna().sum()
    print(f"{column:8} above .002 in {photos:.0%} of the photos, not measurable in {unknown}")
photo_browser.ladders(train, table, ["corners", "hair"], above=0.002)

# %% [markdown]
# The corners are what they should be, from slivers to a photo that is black by half (the third shows no
# dermatoscope's rim but the end of the skin; nothing is there either way). **Two of the six hairy ones are not**: the
# first is a ruler, the fourth is mottled skin. At the upper end it is hair indeed. So use the column to *sort*, look,
# and put the threshold where you stop seeing hair; never report "43 % of the photos have hair".
#
# "Not measurable" is a value too: in those photos the lesion leaves no skin to look at. A measure that returned 0
# there would call them hairless.
#
# ## A detector that looks convincing
#
# The discs are teal, blue, green or orange, and skin is red to yellow. So count the pixels of a hue that skin has
# not. Anybody would write that first. Compare it with the library's `patch`, which compares with the skin of the same
# photo.
#
# > **Predict.** Where will the two disagree?


# %%
def strange_hue(image):
    """Share of the pixels of a hue between green and violet."""
    a, b = np.moveaxis(properties.lab(image)[..., 1:], -1, 0)
    hue = np.degrees(np.arctan2(b, a))
    return ((np.hypot(a, b) > 18) & ((hue > 100) | (hue < -60))).mean()


table["hue"] = [strange_hue(image) for image in small.images]
photo_browser.ladders(train, table, ["hue", "patch"], above=0.005)

# %%
disc = (table["patch"] > 0.005).rename("patch above .005")
print(f"hue above .005 without patch: {((table['hue'] > 0.005) & ~disc).sum()} photos; the other way round:", end=" ")
print(((table["hue"] <= 0.005) & disc).sum())
pd.crosstab(disc, table["diagnosis"])

# %% [markdown]
# **The hue detector's highest photo has no disc at all. It is a photo in blue light**, where all skin has a hue that
# skin has not; two more of the six have greenish or bluish light and no disc. It also misses what skin and disc
# share: most of the 29 "other way round" have an orange, red or yellow disc. Comparing with the skin of the same
# photo mends both, at a price: eight of the 29 have no disc but ink, orange light or something red, such as the halo
# of the first photo in the second row. You would not have found this in the histogram. **Look at the photos at both
# ends.**
#
# And then the table. **About a hundred training photos have a disc, and not one of them is malignant.** (Of the 110
# in the table ten have none, and are benign as well.) The discs seem to come from one source, so "disc" means
# "benign" here, without a glance at the lesion. Networks for diagnosis have learned exactly that ([Rieger et al.
# 2020](https://arxiv.org/abs/1909.13584)). Masks do not depend on it, but keep it in mind for your next data set: an
# artefact is harmless only while it is independent of the answer.
#
# ## With what were the masks drawn?
#
# Replace an outline by the polygon with fewest corners that stays within about a pixel of it. Count its corners, and
# divide by the number that a circle of the same area needs. About 1 is smooth. Lesions that leave the picture stay
# aside: their border is straight where the photo ends, and nobody drew that.
#
# > **Predict.** One hump, or two?
# > <!-- choose: one | two -->

# %%
whole = table["frame"] == 0
detail = table["detail"].where(whole)
print(f"more than twice a circle's corners: {(detail[whole] > 2).mean():.0%} of {whole.sum()} outlines")
discs = "the same, photos with a patch"
plots.histograms({"log2 of corners, in circles": np.log2(detail), discs: np.log2(detail[disc])})

# %%
photo_browser.ends(train, detail)

# %% [markdown]
# **Two humps: one at a circle's count, one at four times as many. There were two tools**, and the [organisers'
# page](https://challenge.isic-archive.com/landing/2016/37) confirms it: an expert either clicked points around the
# lesion, or planted a seed and tuned a *flood fill*, which takes in neighbouring pixels of similar colour. Above,
# polygons with a generous margin; below, outlines that follow every pore. Nothing in the photo tells which tool was
# used, so **a network cannot know whether it will be marked against a polygon or a coastline.** In photos with a disc
# the smooth style prevails: style is tied to the source.
#
# A network that works at stride 4 cannot draw such detail. What does that cost? As lesson 06 will, we average the
# *true* mask over cells of 4 x 4 pixels, enlarge it again, and score it: nothing is lost but detail.
#
# > **Predict.** How many points of *J* does a ragged mask lose against a smooth one of the same size?
# > <!-- number: points -->

# %%
coarse = torch.logit(probing.cover(small.masks, 4), eps=1e-6).numpy()
limit = scoring.score_images(sigmoid(coarse), train)["jaccard"][whole]
style = pd.Series(np.where(detail > 2, "ragged", "smooth"), name="style")[whole]
quarter = pd.qcut(area[whole].rank(method="first"), 4, labels=["smallest", "second", "third", "largest"])
for name, values in limit.groupby(style):
    print(f"mean J of {name} masks {values.mean():.3f}")
limit.groupby([quarter.rename("lesions, by size"), style], observed=True).mean().unstack().round(3)

# %% [markdown]
# **A ragged mask costs a point and a half on the smaller half of the lesions, about one on the larger**, even for
# a network that knows everything but detail. That is small beside the misses of lesson 01, but as large as many a
# difference between decoders that papers report. (Style and size are not independent of shape: ragged lesions may be
# more lobed as well. The table compares within size, no more.)
#
# ## Is a test photo in the training set?
#
# `train` has been cleaned for you, so we open the training set as it came. A file's checksum would not help: a photo
# stored again has other bytes. A *perceptual hash* keeps a few bits that survive storing again. The simplest is
# **dHash**: shrink the photo to 9 x 8 grey pixels, and note for each whether its right neighbour is brighter. 64
# bits; two photos are compared by the number of bits that differ.
#
# > **Predict.** By chance, two photos differ in 32 bits. What will the closest of 300,000 pairs look like?

# %%
raw = ISIC2016(split="train", include_duplicates=True) if train.name == "isic2016-train" else train
first, second = decode_once(raw, small.size), lesson.decoded.test


def compare_hashes(hashed, some, others):
    return duplicates.hash_distances(*(np.array([hashed(image) for image in images]) for images in (some, others)))


dhash = compare_hashes(duplicates.difference_hash, first.images, second.images)  # (raw, test)
print(f"{dhash.size:,} pairs; the median pair differs in {np.median(dhash):.0f} of 64 bits")
duplicates.closest_pairs(dhash, first.ids, second.ids, 6)

# %% [markdown]
# Two rows are suspicious: the ids of train and test differ by 300 in both. **But dHash puts another pair on the same
# level**, and more follow at two bits. Most of these photos are the same picture to a hash of 9 x 8 pixels: a dark
# spot in the middle of something bright. The median of 27 instead of 32 says so, too.
#
# **pHash** asks more of the photo: shrink it to 32 x 32, take its cosine transform, and note for each of the 63
# lowest frequencies whether it is above their median. And a third view: what the frozen encoder of lesson 01 says of
# the photo, its deepest map averaged to 1280 numbers. The distance of two photos is 1 minus the cosine of the angle
# between their 1280 numbers: 0 for the same direction.
#
# > **Predict.** Which of the three puts true copies on top?

# %%
phash = compare_hashes(duplicates.perceptual_hash, first.images, second.images)
duplicates.closest_pairs(phash, first.ids, second.ids, 6)

# %%
encoder = lesson.encoder()


@torch.no_grad()
def describe(images):
    """The deepest map, averaged over its cells: uint8 (N, H, W, 3) -> (N, 1280)."""
    parts = [torch.tensor(images[i : i + 32]) for i in range(0, len(images), 32)]
    return torch.cat([encoder(normalise(x, default_preprocessing()))[-1].mean((2, 3)) for x in parts]).numpy()


angle = duplicates.cosine_distances(describe(first.images), describe(second.images))
duplicates.closest_pairs(angle, first.ids, second.ids, 6)

# %% [markdown]
# Look. Above the training photo, below the test photo: the two closest pairs by pHash, then what dHash and the
# encoder put on ranks two and three.

# %%
ranked = [duplicates.closest_pairs(d, first.ids, second.ids, 3) for d in (phash, dhash, angle)]
pairs = pd.concat([ranked[0][:2], *(r.iloc[1:] for r in ranked[1:])]).drop_duplicates(["first", "second"])
sides = list(zip((first, second), (pairs["first"], pairs["second"]), strict=True))
chosen = [[data.images[data.ids.index(i)] for i in ids] for data, ids in sides]
alt = "Pairs of photos, train above and test below: " + ", ".join(pairs["first"] + " and " + pairs["second"])
plots.panels(chosen, [[i[-7:] for i in ids] for _, ids in sides], alt)

# %% [markdown]
# **The first two pairs are copies; the others are not.** `ISIC_0001184` is `ISIC_0001484`, `ISIC_0001385` is
# `ISIC_0001685`, stored once more; the test copies reached us squeezed to squares. (At 128 x 128 all photos are
# squares, so the squeeze does not show.) The other pairs show what else makes photos alike: a spot in the middle for
# dHash; for the encoder the same dermatoscope and light. pHash separates best here, with 0 bits for the copies and 4
# for the next; the encoder does so too, and sees colour and texture.
#
# That is how the library knows: `ISIC2016.DUPLICATES` leaves the two out of train, not of test, so that scores stay
# comparable with everybody else's. What did the leak cost those who kept them? Two photos of 379, and if each gained
# .2, the mean gained .001. Here it is a matter of principle. In the ISIC sets of 2017 to 2020 copies are far more
# common ([Cassidy et al. 2022](https://doi.org/10.1016/j.media.2021.102305)).
#
# ## Where is the threshold?
#
# A common tool calls two photos duplicates when their hashes differ in 10 bits or fewer, or when the cosine of their
# descriptions is .9 or more ([imagededup](https://github.com/idealo/imagededup)'s defaults).
#
# > **Predict.** How many test photos would that throw out?
# > <!-- number: photos -->

# %%
rules = {"dHash, 10 bits or fewer": dhash <= 10, "pHash, 10 bits or fewer": phash <= 10}
rules |= {"pHash, 2 bits or fewer": phash <= 2, "cosine .90 or more": angle <= 0.1, "cosine .95 or more": angle <= 0.05}
for rule, flagged in rules.items():
    print(f"{rule:24} flags {flagged.sum():5,} pairs, {flagged.any(axis=0).mean():4.0%} of the test photos")

# %% [markdown]
# **At the default, dHash would throw out two thirds of the test set, for two copies.** Every photo with a spot in the
# middle resembles another one. A threshold that was found on holiday snaps means nothing on dermoscopy: its photos
# are alike by nature. Sort by distance, look at the pairs from the top until several in a row are none, and write
# down the pairs, not the threshold. And mind the direction: a false alarm costs a photo, a missed copy costs the
# score's meaning.
#
# One question is left: copies *within* train. And copies bring a gift: two masks of one photo, drawn twice.
#
# > **Predict.** With what *J* do two masks of the same photo agree?

# %%
inside = compare_hashes(duplicates.perceptual_hash, first.images, first.images)
twins = duplicates.closest_pairs(inside, first.ids, first.ids, 3)
for found, others in ((ranked[0][:2], second), (twins[:1], first)):
    for one, other, bits in found.itertuples(index=False):
        a, b = first.masks[first.ids.index(one)] > 0, others.masks[others.ids.index(other)] > 0
        print(f"{one}, {other}: {bits:.0f} bits differ, the masks agree with J = {(a & b).sum() / (a | b).sum():.3f}")
twins

# %% [markdown]
# **A third pair, which the library does not leave out: `ISIC_0000519` and `ISIC_0011295` are one photo, once much
# brighter, both in train.** (The next pairs, at four bits, are none; look for yourself.) Within train a copy does no
# harm beyond counting double. But a split of train into folds may tear it apart, so split *groups*, not photos. Our
# rule for validation happened to leave the two together.
#
# And the gift: **two masks of one photo agree with J between .86 and .94.** Part of that is squeezing and
# enlarging: both test masks are known to have been enlarged from small ones. Three pairs are no measurement, but
# they say where the ceiling hangs: a network at .85 may not be far below the agreement of those who drew the truth.
#
# ## Exercises
#
# **1. A diagnosis without looking at the lesion.** Rank the photos by one column of `table`: how well does it
# separate malignant from benign? Use the area under the ROC curve, the chance that a random malignant photo ranks
# above a random benign one; .5 is a coin, and 0 is as good as 1. Which columns have nothing to do with the lesion?
#
# ```python
# auc = {}  # column: area under the curve
# exercises.check("02.1", auc, table)
# ```
#
# <details><summary>Hint</summary>
#
# `probing.channel_auc` wants a tensor (N, C, h, w) and a mask (N, h, w). A column is one channel of one cell.
#
# </details>

# %% Solution tags=["hide-cell"]
columns = ["area", "contrast", "detail", "ita", "corners", "hair", "patch"]
values = torch.tensor(table[columns].fillna(0).to_numpy())[..., None, None]  # (N, C, 1, 1)
ill = torch.tensor((table["diagnosis"] == "malignant").to_numpy())[:, None, None]
auc = dict(zip(columns, probing.channel_auc(values, ill), strict=True))
print(exercises.check("02.1", auc, table))
plots.grouped_bars({"malignant against benign": auc}, "area under the ROC curve")

# %% [markdown]
# **The disc's column alone is worth .40, which read backwards is .60, with no look at any lesion; size is worth
# .67.** Hair leans to the benign side as well. None of these is medicine: large lesions are photographed for a
# reason, discs belong to one source. Whoever trains a diagnosis network on this set must show that it beats these
# columns, and works where they say nothing.
#
# **2. Which look-alike finder survives what?** Take some forty training photos. Make three altered copies: darkened
# to 70 %, cropped by a tenth at each side (and enlarged again), mirrored. For dHash, pHash and the encoder: for how
# many copies is the original the closest of all? Predict before you run. The check looks at the copies too.
#
# ```python
# some = np.array(small.images[:: max(len(small) // 40, 1)])
# copies = {"unaltered": some}  # and "darker", "mirrored", "cropped"
# finders = {}  # name: function of two stacks of photos, their distances (N, N)
# hits = {}  # finder: {copy: percent}
# exercises.check("02.2", hits, copies, finders)
# ```
#
# <details><summary>Hint</summary>
#
# `compare_hashes` and `describe` from above do most of it: `partial(compare_hashes, lookalikes.difference_hash)` is a
# finder. `resize_image(photo, small.size)` enlarges a crop. With the copies as rows, a copy is found if `argmin(1)`
# gives its own number.
#
# </details>

# %% Solution tags=["hide-cell"]
some, rim = np.array(small.images[:: max(len(small) // 40, 1)]), small.size[0] // 10
copies = {"unaltered": some, "darker": (some * 0.7).astype(np.uint8), "mirrored": some[:, :, ::-1].copy()}
copies["cropped"] = np.stack([resize_image(image[rim:-rim, rim:-rim], small.size) for image in some])
finders = {"dHash": partial(compare_hashes, duplicates.difference_hash)}
finders["pHash"] = partial(compare_hashes, duplicates.perceptual_hash)
finders["encoder"] = lambda x, y: duplicates.cosine_distances(describe(x), describe(y))
hits = {name: {c: 100 * (f(x, some).argmin(1) == range(len(x))).mean() for c, x in copies.items()}
        for name, f in finders.items()}  # fmt: skip
print(exercises.check("02.2", hits, copies, finders))
plots.grouped_bars(hits, "% of copies found", ".0f")

# %% [markdown]
# **Each finder is blind to something.** Hashes survive darkness but not a mirror, and lose a third to a half of the
# copies to a crop; the encoder survives the mirror, because ImageNet taught it that a mirrored dog is a dog, and
# finds nine of ten cropped ones. An honest search for copies takes more than one view, and adds mirrored and rotated
# versions of its own.
#
# ## Take-away
#
# - A measure is believed in three steps: try it on pictures whose truth you know, look at both ends on yours, and say
#   what fools it.
# - The mean mask scores .47. A score without its baseline is half a sentence.
# - Skin tone from photos sorts lamps. It can show that dark skin is missing; it cannot show that anybody is treated
#   fairly.
# - Artefacts matter when they go with the answer: about a hundred discs, all benign.
# - Masks have styles, and the photo does not tell which.
# - "Alike" is not "a copy". Rank, look, list the pairs.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **Reduced photos.** At 256 pixels fine hair and the finest detail of masks are gone; thresholds in pixels change
#   with the size, ours are relative to it, and yet a mask of 1022 pixels would count more corners.
# - **One ring.** Contrast and skin tone come from a ring around the *mask*. A generous mask moves the ring into clean
#   skin, a tight one into the lesion's halo.
# - **Drawn pictures are kinder.** An indicator that works on drawn hair meets ink, vessels and scales in photos. The
#   test on drawn lesions can refute a measure, not prove it.
# - **No patients.** The set does not say which photos show the same person. Copies can be found; relatives cannot.
# - **Looking is choosing.** We looked at training photos for a whole lesson. Whatever you now believe about skin
#   lesions, you believe about those of this set.
#
# **In the library**: {{ api("data.datasets") }} reads photos and masks, {{ api("data.cache") }} keeps them decoded, {{ api("data.properties") }}
# measures them, {{ api("data.duplicates") }} finds copies; {{ api("training.probing") }} has the AUC and {{ api("evaluation.scoring") }} the score.
#
# Next, [lesson 03](03_what_is_a_good_mask.ipynb): what a score is, and eighteen ways to break it.
