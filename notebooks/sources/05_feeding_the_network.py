# %% [markdown]
# # 05 · Feeding the network: what does it see, and what does it wait for?
#
# Between a folder of files and the first layer lies a part of every project that nobody publishes. It pairs, resizes,
# flips, brightens, normalises and hands over. If it is wrong, nothing crashes; if it is slow, the expensive part of
# the machine waits. **After this lesson you can**
#
# - augment photo and mask together, and say what each transform does to the outline and what it invents;
# - find six kinds of wrong pairs by cheap tests, without training;
# - tell what a network sees when a set is expanded offline and when it is augmented online, and why one splits first;
# - find draws that are coupled, or copied between workers;
# - measure where the time of a step goes, and compute what a faster GPU would change.
#
# **You need** lesson 02 for the data and near-duplicates, and from lesson 03 the Jaccard index *J*.
#
# **Time**: forty-five minutes to read and try. Its cells took less than a minute on one CPU core; nothing is trained. A
# GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, ImageNet weights. In `smoke` every cell runs too, on
# a few drawn lesions. Times are of the machine of this page; yours differ, so read their ratios.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.data import pair_checks, transforms
from lesionseg_lib.teaching import exercises, lessons
from lesionseg_lib.teaching.demos import epoch_time, paired_transforms, worker_seeds, wrong_pairs
from lesionseg_lib.training import build, timing

lesson = lessons.start()
train = lesson.decoded.train
photos, masks = np.array(train.images), np.array(train.masks)  # uint8 (N, 128, 128, 3) and (N, 128, 128)

# %% [markdown]
# ## One draw, two pictures
#
# *Augmentation* shows a photo in variants for which the right answer is known: a mirrored lesion has a mirrored mask.
# We use [Albumentations](https://albumentations.ai) ([Buslaev et al. 2020](https://doi.org/10.3390/info11020125)),
# which draws once per pair and does the same to both pictures. Three of the five write-ups (lesson 04) augment: A
# crops, flips, rotates by up to 45°, changes colours and adds noise; C flips and changes brightness and contrast; D
# flips and rotates by up to 90°.
#
# > **Predict.** How many different *outlines* can each family make of one lesion? Which one never changes the light?

# %% tags=["nbval-check-output"]
i = int(np.argsort(masks.mean((1, 2)))[int(0.6 * len(masks))])  # a lesion somewhat larger than the median
rows, outlines, titles = [], [], []
for family in ("family-a", "family-c", "family-d"):
    drawn = [transforms.augment(family, photos[i], masks[i], seed) for seed in range(1, 5)]
    rows.append([photos[i], *(image for image, _ in drawn)])
    outlines.append([masks[i] == 1, *(mask == 1 for _, mask in drawn)])
    titles.append([train.ids[i], *(f"{family}, draw {n}" for n in range(1, 5))])
alt = "One photo with the true outline, and four draws of families A, C and D with the outline moved along."
plots.panels(rows, titles, alt, outlines)

# %% [markdown]
# **The outline follows in every draw.** That is the first thing to look at in any project, and few do. C knows four
# outlines of this lesson: as it is, mirrored, upside down, both. A and D know as many as there are angles; D alone
# leaves the light as it was. Look into the corners of A and D: in some a second, small lesion has appeared, with an
# outline of its own. It was never photographed. We come back to it.
#
# ## Geometry or colour?
#
# Take A apart, one transform at a time, on 64 photos. *J* compares the moved mask with the old one. The **step across
# the outline** compares two narrow bands, just inside and just outside the mask: how far apart are their mean colours
# (in CIE L\*a\*b\*, where 2 can just be seen)? An outline that lies on the border has a large step; one that lies
# anywhere else has none to speak of.
#
# > **Predict.** Which transforms leave *J* at 1? Which may change the step?


# %%
def one_by_one(transform, count=64):
    """Mean J of moved and old masks, and median step across the outline of what came out."""
    transform.p = 1.0  # always, not by chance
    transform.set_random_seed(0)
    pairs = [transform(image=a, mask=b) for a, b in zip(photos[:count], masks[:count], strict=True)]
    j = [(p["mask"] & b).sum() / (p["mask"] | b).sum() for p, b in zip(pairs, masks, strict=False)]
    steps = [pair_checks.outline_contrast(p["image"], p["mask"]) for p in pairs]
    return {"J with the old mask": np.mean(j), "step across the outline": np.nanmedian(steps)}


# %%
table = {"as it is": {"J with the old mask": 1.0}}
table["as it is"]["step across the outline"] = np.nanmedian(pair_checks.outline_contrasts(photos[:64], masks[:64]))
for transform in transforms.AUGMENTATIONS["family-a"](masks[0].shape):
    table[type(transform).__name__] = one_by_one(transform)
pd.DataFrame(table).T.round(3)

# %% [markdown]
# **Geometry moves the mask, colour does not; the step stays in all six.** Only the crop takes a little from it: it
# enlarges, which softens the border. The median of many photos hides that jitter raises the contrast of one and lowers
# that of another. Whatever was drawn, photo and mask went together, so the outline still lies where the colour
# changes. Keep the last column: it will be our detector.
#
# ## What happens to a mask between pixels
#
# A rotated pixel seldom lands on a pixel. *Nearest* takes the closest one; *linear* mixes four neighbours. For a
# photo a mixture is a colour. For a mask it is a class that does not exist.
#
# > **Predict.** A mask of bytes 0 and 255 is turned by 30° with linear interpolation. How many different values does it
# > hold? How much larger is the lesion if somebody then takes `mask > 0`?


# %%
def rotate(picture, degrees, interpolation, border=cv2.BORDER_CONSTANT):
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return cv2.warpAffine(picture, turn, (width, height), flags=interpolation, borderMode=border)


for name, way in {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR}.items():
    turned = np.stack([rotate(255 * mask, 30, way) for mask in masks])
    above = {cut: (turned > cut).sum() / (turned > 127).sum() - 1 for cut in (0, 127, 254)}
    print(f"{name:8}{len(np.unique(turned)):4} values; lesion", {f"> {cut}": f"{a:+.1%}" for cut, a in above.items()})
flag_as_destination = cv2.resize(255 * masks[i], (96, 96), cv2.INTER_NEAREST)  # the third argument is not the method
print(f"cv2.resize(mask, size, cv2.INTER_NEAREST): {len(np.unique(flag_as_destination))} values")

# %% [markdown]
# **Linear turns two classes into every grey there is.** Cut at one half it does no harm; divided by 255 it makes soft
# targets, which a loss accepts in silence; compared with `> 0` it makes the lesions larger by more than three per
# cent, and the network learns to overdraw. The last line is a mistake from real repositories: the third argument of
# `cv2.resize` is an output array, so the flag is swallowed and the mask is resized linearly. Write
# `interpolation=cv2.INTER_NEAREST`. The cheap test for all of it: `np.unique(mask)`.
#
# ## What a border mode invents
#
# Turn a square by 45° and its corners come from outside the photo. Something must be put there: black (`CONSTANT`),
# the last pixel again (`REPLICATE`) or the photo mirrored at its edge (`REFLECT_101`).
#
# > **Predict.** A lesion touches the edge. The photo is filled by reflection, its mask with zeros. What does the
# > network learn in that corner?

# %%
modes = {"CONSTANT": cv2.BORDER_CONSTANT, "REPLICATE": cv2.BORDER_REPLICATE, "REFLECT_101": cv2.BORDER_REFLECT_101}
outside = rotate(np.ones_like(masks[0]), 45, cv2.INTER_NEAREST) == 0
mirrored = np.stack([rotate(mask, 45, cv2.INTER_NEAREST, cv2.BORDER_REFLECT_101) for mask in masks])[:, outside]
worst = int((mirrored.mean(1) * (masks.mean((1, 2)) < 0.3)).argmax())  # of those that leave room for skin
pictures = {mode: rotate(photos[worst], 45, cv2.INTER_LINEAR, flag) for mode, flag in modes.items()}
zeros, both = (rotate(masks[worst], 45, cv2.INTER_NEAREST, modes[m]) == 1 for m in ("CONSTANT", "REFLECT_101"))
print(f"45°: {outside.mean():.0%} of the pixels invented; under reflection {mirrored.mean():.1%} of those are lesion")
alt = "One photo turned by 45 degrees, filled with black, with its last pixels, and by reflection with both masks."
rows = [[*pictures.values(), pictures["REFLECT_101"]]]
plots.panels(rows, [[*modes, "the same, its own mask"]], alt, [[zeros, zeros, zeros, both]])

# %% [markdown]
# **A sixth of the picture is invented**, and in the third panel the invention is wrong: a mirrored lesion stands there
# and the mask, filled with zeros, calls it skin. Over all photos that is about one in seven of the invented pixels; on
# this photo it is most of a corner. In the fourth panel the mask was reflected as the photo was, so pixels and labels
# agree. That is what our pipeline does.
#
# And black? Its label is right: no lesion there. But the network meets "black triangle, always skin" in thousands of
# pictures and may come to rely on it, and a dark lesion at the edge of a real photo looks much the same. If you must
# fill, fill so that the fill cannot be told from skin.
#
# ## Six wrong pairs, and what gives them away
#
# We write some hundred training photos into a folder, as `images/1.jpg`, `masks/1.png` and so on, and read them back by
# one right loader and six wrong ones. Each wrong one contains a line that people write:
#
# | mistake | the line |
# |---|---|
# | image flipped alone | the flip is applied to `image`, and to `mask` nowhere |
# | sorted differently | one list sorted as text: 1, 10, 11, 2; the other as numbers |
# | size (W, H) for (H, W) | `cv2.resize` got (height, width); a `reshape` "repaired" it |
# | same seed, other draws | two generators with one seed, but the image draws its brightness first |
# | mask 0 and 255 | the mask's bytes are used as targets |
# | blue first | `cv2.imread`, and nobody turned the channels round |
#
# All six run, and all shapes are right. *J* compares the mask they hand out with the mask that belongs to the image,
# which only we can know. The other columns need no truth. **Beats a stranger** is the share of photos whose own mask
# has a larger step across its outline than the mask of the next photo.
#
# > **Predict.** Which of the six does the step find? Which columns find the other two?

# %%
temporary = TemporaryDirectory(ignore_cleanup_errors=True)  # gone when the notebook ends
root, height, width = Path(temporary.name), *lesson.recipe("light").size
size = (3 * height // 4, width)  # as most photos: wider than high
wrong_pairs.write_pairs(lesson.splits.train.subset(train.ids[:: max(len(train) // 100, 1)]), root / "pairs")
loaders = {"right": wrong_pairs.load_right, **wrong_pairs.MISTAKES}
loaded = {name: load(root / "pairs", size) for name, load in loaders.items()}
table = pd.DataFrame({name: pair_checks.describe_pairs(p.images, p.masks) for name, p in loaded.items()}).T
table.insert(0, "J", [wrong_pairs.agreement(pairs) for pairs in loaded.values()])
table.round(2)

# %% tags=["nbval-check-output"]
odd = loaded["same seed, other draws"]
k = int(((odd.masks != odd.truth).mean((1, 2)) * (odd.masks.mean((1, 2)) < 0.25)).argmax())  # one that it got wrong
names = [["right", *list(wrong_pairs.MISTAKES)[:3]], ["right", *list(wrong_pairs.MISTAKES)[3:]]]
rows = [[np.ascontiguousarray(loaded[name].images[k]) for name in row] for row in names]
outlines = [[loaded[name].masks[k] != 0 for name in row] for row in names]
alt = "The same number of the folder, read rightly and by six wrong loaders, with the mask's outline on top."
plots.panels(rows, names, alt, outlines)

# %% [markdown]
# **Four mistakes displace the outline, and the step across it falls**: to less than half where every pair is wrong, to
# about two thirds where some are. The right masks beat a stranger's on more than nine photos of ten; masks that belong
# to *other* photos do so on about half of them, as a coin would. Note the flip alone: *J* is above .5, since most
# lesions sit near the middle. A network trained on such pairs can learn little more than a blurred lesion in the
# middle, and nobody suspects the loader. With the same seed half of the pairs are right, and the figures lie half way.
#
# The last two leave the outline in place. **`mask max` finds the bytes; red minus blue finds the channels**, because
# skin is redder than it is blue in practically every photo. An IoU above 1, a negative Dice loss or a BCE below 0 are
# what the first of them looks like when it is noticed late.
#
# What to keep: three lines in the first cell of a project. `np.unique` of the masks, the mean colour, and the step
# against a stranger's. Then look at a dozen outlines anyway.
#
# ## Draws that are coupled
#
# Two flips, each with probability one half, make four orientations, each in a quarter of the draws. The course's own
# code once failed at this. It seeded the pipeline anew for each photo, `pipeline.set_random_seed(seed)`, and
# Albumentations hands that seed to *every* transform in it. Both flips then threw the same coin.
#
# A test needs no photo, only a mask of 2 x 2 with one pixel set, and counting.
#
# > **Predict.** Four orientations, 400 draws. What would you see if both flips use one draw?

# %% tags=["nbval-check-output"]
import albumentations

marker, blank = np.array([[1, 0], [0, 0]], np.uint8), np.zeros((2, 2, 3), np.uint8)
flips = albumentations.Compose([albumentations.HorizontalFlip(p=0.5), albumentations.VerticalFlip(p=0.5)])
counts = {"one seed for all": [0, 0, 0, 0], "one generator for all": [0, 0, 0, 0]}
for seed in range(400):
    flips.set_random_seed(seed)
    counts["one seed for all"][flips(image=blank, mask=marker)["mask"].argmax()] += 1
    counts["one generator for all"][transforms.augment("family-c", blank, marker, seed)[1].argmax()] += 1
pd.DataFrame(counts, index=["as it is", "left to right", "top to bottom", "both"]).T

# %% [markdown]
# **Two of four orientations never came.** Both flips or none: a turn by 180°, nothing else. No picture looked wrong,
# and the outline followed every time. The second row is the cure, one generator that all transforms draw from in turn;
# 100 each is expected, give or take 9 (the standard deviation, $\sqrt{400 \cdot \tfrac14 \cdot \tfrac34}$). What is
# random needs a test that counts.
#
# ## Draws that are copied
#
# A `DataLoader` with workers sends a copy of the data set to each of them. If the data set carries its own generator,
# every worker gets that generator in the same state. Below, a sample *is* its draw; on the left from such a data set,
# on the right from one that works as ours does. Batches of two.
#
# > **Predict.** Samples 0 and 1 are loaded by the first worker, 2 and 3 by the second. What do they draw? And in the
# > second epoch, when the workers start anew?

# %% tags=["nbval-check-output"]
for workers in (0, 2):
    own, per_sample = worker_seeds.OwnGenerator(8, seed=0), worker_seeds.SeedPerSample(8, seed=0)
    for epoch in (1, 2):
        per_sample.set_epoch(epoch)
        left, right = worker_seeds.draws(own, workers), worker_seeds.draws(per_sample, workers)
        print(f"{workers} workers, epoch {epoch}: {left}  {right}")

# %% [markdown]
# **With two workers every draw comes twice, and epoch 2 repeats epoch 1**: "random" augmentation that has shrunk to
# a small fixed set. With no worker the same code is right, so it passes on a laptop and fails on the cluster. NumPy's
# global generator had this fault in PyTorch for years ([issue 5059](https://github.com/pytorch/pytorch/issues/5059)),
# until version 1.9 seeded it in each worker ([56488](https://github.com/pytorch/pytorch/pull/56488)). A generator of
# your own is still yours to mind
# ([DataLoader, randomness](https://docs.pytorch.org/docs/stable/data.html#data-loading-randomness)).
#
# The right-hand side has no state at all. Each sample makes a generator from seed, epoch and its own number, so
# it does not matter who loads it, nor in which order, nor whether a run was killed and resumed. Our `TrainingSet`
# does this. It also augments in the main process: at 128 x 128 C's draw takes hundredths of a millisecond (below), so
# there is little that workers could save.
#
# ## Offline or online?
#
# A and D *expand* the set once, before training: A from 900 to 1800, D to 3600. C draws anew each time a photo is
# shown. We count the different pictures of a photo among its first 64 showings.
#
# > **Predict.** C flips, and changes brightness half of the time. How many different pictures in 64 showings? How many
# > different *masks*?


# %%
def different(show, count=8, showings=64):
    """How many different arrays ``show(photo, showing)`` has given per photo, after each showing."""
    seen, mean = [set() for _ in range(count)], []
    for showing in range(showings):
        for n in range(count):
            seen[n].add(show(n, showing).tobytes())
        mean.append(np.mean([len(s) for s in seen]))
    return mean


# %%
expanded = {family: transforms.expand_offline(family, photos[:8], masks[:8])[0] for family in transforms.OFFLINE}
series = {f"{f[-1].upper()}, offline": lambda n, k, x=x: x[8 * (k % (len(x) // 8)) + n] for f, x in expanded.items()}
for name, part in {"C, online": 0, "C, its masks": 1}.items():
    series[name] = lambda n, k, p=part: transforms.augment("family-c", photos[n], masks[n], 1000 * n + k)[p]
places = [1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64]
curves = {name: np.take(different(show), np.array(places) - 1).tolist() for name, show in series.items()}
plots.lines(places, curves, "showings of one photo", "different pictures so far")

# %% tags=["nbval-check-output"]
for family in ("family-a", "family-c", "family-d"):
    few = [(photos[n], masks[n], n) for n in range(8)]
    spent = lessons.seconds(lambda f=family, few=few: [transforms.augment(f, *one) for one in few]) / 8
    factor = transforms.OFFLINE.get(family, 1)
    print(f"{family}: {1000 * spent:.2f} ms a new picture; {factor * photos.nbytes / 1e6:.0f} MB to keep")

# %% [markdown]
# **Offline expansion stops at two and four pictures; after that a run repeats itself.** Fifty epochs on A's 1800 are a
# hundred showings of a photo, in two pictures. C goes on, with half a picture a showing, since half of its draws change
# only the orientation. But its masks end at four: C teaches many lights and four shapes. Online costs its time in every
# epoch, offline once, with disk for every copy; A's transforms cost many times as much as C's. And note what "3600
# images" means: four times the steps an epoch, not four times the photos.
#
# ## Expand first, split later?
#
# Suppose somebody expands like D and *then* takes a tenth away for validation. Nearly every validation picture has a
# twin in training: the same lesion, turned. Can it be found? We look for the nearest training picture, once by
# perceptual hash (lesson 02) and once by the encoder's deepest map, averaged over its cells. And a nasty little
# predictor learns nothing at all: it hands in the mask of the nearest training picture.
#
# > **Predict.** What is the copyist's *J* on the validation pictures? And on the very same pictures, once their twins
# > are taken out of training?

# %%
from lesionseg_lib.data import duplicates

network = build.build_segmenter(lesson.recipe("light"), lesson.weights).eval()


@torch.no_grad()
def describe(images):
    """The deepest map, averaged over its cells: uint8 (N, H, W, 3) -> (N, 1280)."""
    parts = [network.normalise(images[n : n + 32]) for n in range(0, len(images), 32)]
    return torch.cat([network.encoder(part)[-1].mean((2, 3)) for part in parts]).numpy()


# %%
some = slice(None, None, max(len(photos) // 150, 1))  # about 150 photos from all over the set
pictures, truths = transforms.expand_offline("family-d", photos[some], masks[some])
origin = np.tile(np.arange(len(photos[some])), len(pictures) // len(photos[some]))
held = np.random.default_rng(0).random(len(pictures)) < 0.1  # a tenth of the pictures, drawn after the expansion
twin = origin[held][:, None] == origin[~held]
hashes = np.array([duplicates.perceptual_hash(picture) for picture in pictures])
finders = {"pHash": (hashes, duplicates.hash_distances), "encoder": (describe(pictures), duplicates.cosine_distances)}
print(
    f"{twin.any(1).mean():.0%} of {held.sum()} validation pictures have a twin among {(~held).sum()} training pictures"
)

# %%
for name, (described, far) in finders.items():
    distance = far(described[held], described[~held])
    for training, allowed in {"as it is": distance, "without twins": np.where(twin, np.inf, distance)}.items():
        nearest = allowed.argmin(1)
        found = np.take_along_axis(twin, nearest[:, None], 1).mean()
        a, b = truths[held], truths[~held][nearest]
        j = ((a & b).sum((1, 2)) / (a | b).sum((1, 2))).mean()
        print(f"{name:7}, training {training:13}: nearest is a twin for {found:4.0%}; the copyist scores {j:.2f}")

# %% [markdown]
# **A predictor that has learned nothing gains more than twenty points from the leak**, on the very same pictures. And
# it copies badly, since it hands in the twin's mask without turning it; a network could do better. The encoder
# recognises nearly all twins, turned as they are. The hash finds one in four: it compares places, and a rotation moves
# all of them. (For the same reason it is the better copyist without twins: its choice lies in the same place.) So "we
# checked with a perceptual hash" does not clear an augmented set. Only the order does: **split by photo first,
# augment the training part alone.** Ours does that; `split_validation` looks at ids, and there are no copies yet.
#
# ## Bytes in, numbers out
#
# The encoder's weights were fitted to photos with the mean colour subtracted and the spread divided out. Which mean
# and spread? Those of ImageNet, whatever our photos are like. We give the same photos five times.
#
# > **Predict.** Skin is brighter and redder than the average photo. Where does its mean lie with ImageNet's constants?

# %%
from lesionseg_lib.models.preprocessing import Preprocessing

flat = photos.reshape(-1, 3) / 255
ways = {"ImageNet, as the weights carry it": network.preprocessing}
ways["the data's own"] = Preprocessing(tuple(flat.mean(0)), tuple(flat.std(0)))
ways["only / 255"] = Preprocessing((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
ways["bytes"] = Preprocessing((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))
given = {name: (flat - np.array(way.mean)) / np.array(way.std) for name, way in ways.items()}
given["ImageNet's on bytes"] = (255 * flat - np.array(network.preprocessing.mean)) / np.array(network.preprocessing.std)
table = {name: [*x.mean(0), *x.std(0)] for name, x in given.items()}
pd.DataFrame(table, index=[f"{what} {c}" for what in ("mean", "std") for c in "RGB"]).T.round(2)

# %% [markdown]
# **With ImageNet's constants our photos do not have mean 0**, and should not: skin *is* brighter and redder than the
# world, and the weights know bright and red by these numbers. The data's own statistics look tidier and wash that out;
# a network that is trained throughout may get used to either, a frozen one cannot. The last two rows reach into the
# hundreds, where the weights expect about -2 to 2. What "only / 255" and "bytes" cost after training, lesson 06
# measures (exercise 1). Here the constants come with the weights (`network.preprocessing`) and are saved beside the
# model; nobody types them.
#
# ## Decode once
#
# A JPEG is unpacked (Huffman codes, cosine transforms, colours), then resized to the network's size. Our copies have a
# long side of 256 pixels. The archive's photos are larger, up to thousands of pixels; we enlarge ours by 4 and 8 to
# see what that costs. (Enlarged photos are smooth, so real ones are somewhat slower.) Beside them, the
# kept arrays of `decode_once`.
#
# > **Predict.** Eight times the side is 64 times the pixels. How much slower?
# > <!-- number: times slower -->

# %%
some = [sample for sample, _ in zip(lesson.splits.validation, range(16), strict=False)]
for scale in (1, 4, 8):
    kilobytes = wrong_pairs.write_pairs(some, root / f"x{scale}", scale) / len(some) / 1000
    numbers = [(root / f"x{scale}", n + 1, (height, width)) for n in range(len(some))]
    spent = lessons.seconds(lambda todo=numbers: [wrong_pairs.read_pair(*one) for one in todo]) / len(some)
    print(f"{scale * max(some[0].mask.shape):4} pixels, {kilobytes:3.0f} kB: {1000 * spent:6.2f} ms a pair,", end=" ")
    print(f"{spent * len(train):5.1f} s an epoch of {len(train)}")
kept = lessons.seconds(lambda: train.images[: len(some)].copy()) / len(some)
print(f"kept array: {1000 * kept:.3f} ms; {(train.images.nbytes + train.masks.nbytes) / 1e6:.0f} MB on disk")

# %% [markdown]
# **Eight times the side takes tens of times as long**, less than its 64 times as many pixels. On the
# machine of this page an epoch of the large files takes longer to decode than to train, for pictures that the network
# then sees at 128 x 128. A kept array costs less than a hundredth of the smallest file. What is kept? Bytes, not floats
# (a quarter of the memory), at the network's size, *before* any augmentation: what changes from epoch to epoch must not
# be kept.
#
# A cache that is stale is worse than none. Ours carries a *fingerprint* of its files: name, size and time of change
# of each. We open the folder from above as a data set, decode it twice, then save one mask again.

# %%
from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.datasets import LesionFolder

for when in ("first time", "second time", "after a mask was saved again"):
    if when.startswith("after"):
        one = cv2.imread(str(root / "pairs/masks/1.png"), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(root / "pairs/masks/1.png"), cv2.dilate(one, np.ones((3, 3), np.uint8)))
    folder = LesionFolder(root / "pairs/images", root / "pairs/masks")
    seconds = lessons.seconds(lambda: decode_once(folder, size, root / "cache"), repeat=1)  # noqa: B023
    print(f"{when:29} {seconds:6.3f} s, fingerprint {folder.fingerprint()[:8]}")

# %% [markdown]
# **The second time nothing is decoded; after one changed mask everything is.** Another size, another list of ids or
# another version of the resizing code also make a new cache. Most home-made caches are named after the folder alone,
# and go on serving the masks of last week.
#
# ## Where does a step wait?
#
# Now all of it: one training step of recipe `light` with a batch from files of the folder's size, from files eight
# times as wide, and from kept arrays. Six stages, timed one by one (a GPU, if there is one, is waited for after each).
#
# > **Predict.** For each of the three sources: which stage is the longest?

# %%
recipe = lesson.recipe("light")
sources = {"kept arrays": lambda n: (photos[n % len(photos)], masks[n % len(photos)])}
for name, part in {"small files": "x1", "files 8 times as wide": "x8"}.items():
    sources[name] = lambda n, f=root / part: wrong_pairs.read_pair(f, n % len(some) + 1, (height, width))
network = build.build_segmenter(recipe, lesson.weights).to(lesson.device)
stages = {name: timing.time_stages(network, recipe, read) for name, read in sources.items()}
milliseconds = {name: {stage: 1000 * s for stage, s in times.items()} for name, times in stages.items()}
plots.stacked_bars(milliseconds, f"milliseconds a step of {recipe.batch_size} photos, on {lesson.device}")

# %% [markdown]
# **On this CPU the network is the slow part, as long as the files are small.** Decoding them is less than a tenth of
# the step, and family C's augmentation can hardly be seen. With large files decoding takes more than half, and all that
# one might do about the network saves less than the other half. (These stages run one after the other in one process,
# as in our loop. What this page says of a GPU is arithmetic; none was measured here. Run the cell on one.)
#
# ## Would a GPU help?
#
# Suppose the network's stages ran 20 or 100 times faster than here, and decoding and augmentation stayed on the CPU.
# *Amdahl's law*: if a share $p$ of the time becomes $s$ times faster, the whole becomes $1 / (1 - p + p / s)$ times
# faster. For $s \to \infty$ that is $1 / (1 - p)$: what you did not speed up is what you wait for. (In the table,
# `loading` is this $1 - p$.) A free Colab has two cores. Two workers at best halve the loading and let it run beside
# the network; then the slower of the two sets the pace.
#
# > **Predict.** Files are small, loading and network take turns. How many times faster is a step with the GPU of 20?
# > And with that of 100?
# > <!-- number: times -->

# %%
rows = {}
for name, times in stages.items():
    load, step = times["decode"] + times["augment"], sum(times.values())
    pace = 2 * recipe.batch_size / load
    row = rows[name] = {"loading": load / step, "photos/s, two cores": pace, "fastest epoch, s": len(train) / pace}
    for faster in (20, 100):
        net = (step - load) / faster
        row[f"{faster} x: in turn"], row[f"{faster} x: two workers"] = step / (load + net), step / max(load / 2, net)
pd.DataFrame(rows).round(2)

# %% [markdown]
# **In turn with small files, the GPU of 20 brings about half of its twenty, and that of 100 not a quarter of its
# hundred.** Two workers rescue the first and not the second. (A factor above 20 is no slip: loading, no longer in
# turn, now costs nothing at all.) With large files neither GPU doubles the pace in turn, and with two workers both
# stop at the same factor, below four: the row "fastest epoch" is a wall that no GPU moves. With kept arrays most of
# the twenty arrives, without a single worker. This is why a course for Colab decodes once.
#
# It is also a warning about benchmarks: "the GPU is 20 times faster" and "training is 20 times faster" are different
# sentences. Do this sum before you buy anything. If one GPU works a third of the time, two will work a sixth each.
#
# ## Exercises
#
# **1. A paired transform of your own.** Write a function that turns a square pair by 0, 90, 180 or 270° and mirrors it
# half of the time, all eight orientations equally often, with all draws from `rng`. Let it be tried:
#
# ```python
# def turn(image, mask, rng):
#     ...  # your lines
#     return image, mask
#
#
# exercises.check("05.1", turn)
# ```
#
# <details><summary>Hint</summary>
#
# `np.rot90(array, k)` turns the first two axes, so it serves photo and mask alike. Draw `k` and the mirror *before*
# you touch either, each by a draw of its own.
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
def turn(image, mask, rng):
    quarters, mirrored = rng.integers(4), rng.random() < 0.5
    image, mask = np.rot90(image, quarters), np.rot90(mask, quarters)
    return (image[:, ::-1], mask[:, ::-1]) if mirrored else (image, mask)


def careless(image, mask, rng):
    return np.rot90(image, rng.integers(4)), np.rot90(mask, rng.integers(4))


print("careless:", paired_transforms.transform_fault(careless))
exercises.check("05.1", turn)

# %% [markdown]
# The second function is the classic: it looks tidy, and each call draws anew. A check with a marked square finds it
# at the first draw; a training run only scores worse.
#
# **2. The line-up.** Five loaders read a folder of ours. Three are wrong. `mispairs.LINE_UP` has them as A to E; each
# is called like those above. Do not read their code; describe their pairs. Then accuse:
#
# ```python
# suspects = {letter: load(root / "x1", size) for letter, load in mispairs.LINE_UP.items()}
# # ... what do you measure?
# exercises.check("05.2", None)  # the letters that you accuse, as in "AB"
# ```
#
# <details><summary>Hint</summary>
#
# One test is not enough: a right loader may have made the photos darker, and a wrong one may have an outline in
# place. Use `pair_checks.describe_pairs`, and more photos (`root / "pairs"`) than sixteen.
#
# </details>

# %% Solution tags=["hide-cell"]
suspects = {letter: load(root / "pairs", size) for letter, load in wrong_pairs.LINE_UP.items()}
evidence = pd.DataFrame({letter: pair_checks.describe_pairs(p.images, p.masks) for letter, p in suspects.items()}).T
usual = evidence["beats next mask"].max()
accused = evidence[(evidence["beats next mask"] < usual - 0.08) | (evidence["red - blue"] < 0)]
print(exercises.check("05.2", list(accused.index)))
evidence.round(2)

# %% [markdown]
# D's small step is innocent: its photos are darker, so all colours lie closer together, but its masks still beat a
# stranger's as often as A's. **A comparison within the photo is a better witness than a number with a unit.** C has
# the best step of all, and sees blue skin.
#
# **3. How fast can an epoch be?** Write `epoch_seconds(photos, batch, decode, workers, step)`: seconds for one epoch if
# a worker decodes a photo in `decode` seconds, `workers` of them run beside the network, and the network takes `step`
# seconds a batch. Ignore the filling of the pipe at the start. The check plays 200 epochs through and compares:
#
# ```python
# def epoch_seconds(photos, batch, decode, workers, step):
#     ...
#
#
# exercises.check("05.3", epoch_seconds)
# ```
#
# Then: at 60 ms a photo, two workers and a GPU that needs 10 ms for a batch of 16, how long is an epoch of 749 photos,
# and how many workers would it take until the GPU is the slower part?
#
# <details><summary>Hint</summary>
#
# Two things go on at the same time, and each would need a certain time if it never had to wait.
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
def epoch_seconds(photos, batch, decode, workers, step):
    return max(photos * decode / workers, photos / batch * step)


def added_up(photos, batch, decode, workers, step):
    return photos * decode / workers + photos / batch * step


print("added up:", epoch_time.epoch_fault(added_up))
two_workers, gpu = epoch_seconds(749, 16, 0.060, 2, 0.010), 749 / 16 * 0.010
print(f"{two_workers:.0f} s; the GPU needs {gpu:.1f} s, so {2 * two_workers / gpu:.0f} workers would keep it busy")
exercises.check("05.3", epoch_seconds)

# %% [markdown]
# **The slower of the two sets the pace, and they do not add up.** With two cores the GPU would work two seconds in a
# hundred. Nobody has 96 cores; a cache is cheaper.
#
# **4. A transform and its price.** Add a family with an elastic deformation (`albumentations.ElasticTransform`, with
# `alpha` from 20 to 300 and `sigma=6`) to `transforms.AUGMENTATIONS` and look at validation photos with their
# outlines. How strong may it be before the outline is one that no dermatologist would draw?
#
# ```python
# rough = {"alpha 20": None, "alpha 100": None}  # median border detail of the deformed masks
# exercises.check("05.4", rough, lesson.decoded.validation)
# ```
#
# <details><summary>Hint</summary>
#
# A family is a function from a size to a list of transforms. `properties.border_detail(mask)` measures how many
# corners an outline has beside a circle's.
#
# </details>

# %% Solution tags=["hide-cell"]
from lesionseg_lib.data import properties

drawn = {"as it is": list(zip(lesson.decoded.validation.images, lesson.decoded.validation.masks, strict=True))}
for alpha in (20, 100, 300):
    transforms.AUGMENTATIONS[f"alpha {alpha}"] = lambda size, a=alpha: [albumentations.ElasticTransform(a, 6, p=1.0)]
    drawn[f"alpha {alpha}"] = [transforms.augment(f"alpha {alpha}", *pair, 0) for pair in drawn["as it is"]]
rough = {name: np.nanmedian([properties.border_detail(m == 1) for _, m in pairs]) for name, pairs in drawn.items()}
print(exercises.check("05.4", rough, lesson.decoded.validation))
print(detail := "median border detail: " + ", ".join(f"{name} {value:.2f}" for name, value in rough.items()))
images, lines = zip(*[zip(*[pairs[n] for pairs in drawn.values()], strict=True) for n in (1, 2)], strict=True)
plots.panels(images, [list(drawn)] * 2, f"Two photos, deformed, {detail}", [[m == 1 for m in row] for row in lines])

# %% [markdown]
# At 20 one hardly sees a change, and the measure sees none: a transform that costs time and changes next to nothing. At
# 100 the outline is rougher by nearly half, part of it the steps of nearest neighbour; at 300 lesions grow arms and
# islands. **And look at the frame: black blobs.** The transform's default border mode is `CONSTANT`. We asked for a
# deformation and got black corners with it; the outline alone would not have told. Read the defaults.
#
# ## Take-away
#
# - Photo and mask get one draw. Look at outlines on augmented photos before anything is trained.
# - Masks are resampled by nearest neighbour, and filled as the photo is filled.
# - Wrong pairs do not crash. The values of the mask, the mean colour and the step across the outline against a
#   stranger's find them in seconds.
# - Random code needs a test that counts. Draws that depend on seed, epoch and sample alone cannot be copied or coupled.
# - Split by photo first, augment the training part only. A hash does not find a turned twin.
# - Weights carry their preprocessing.
# - Decode once, keep bytes, and let a fingerprint decide when the cache is stale.
# - What you did not speed up is what you wait for. Do Amdahl's sum before you ask for a larger GPU.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **The step across the outline needs a border.** A pale lesion on pale skin has hardly any, and a set of such photos
#   would look mispaired. It is a test for sets; it does not judge a single photo.
# - **A small shift passes.** Masks that are off by two or three pixels lower the step a little. Compare with masks
#   that you shift on purpose.
# - **A larger set by augmentation is not a larger set.** No draw shows another patient, another camera, another
#   clinic.
# - **Not every label survives every transform.** For outlines a mirror is harmless. For a task where left and right
#   matter, or where colour is the diagnosis, the same transforms would change the truth.
# - **The copyist is one way to profit from a leak.** How much a trained network gains was not measured here.
# - **Times hold for one machine.** Another disk, another JPEG library, another number of cores, and the shares move.
#   The sum stays the same.
#
# **In the library**: {{ api("data.pair_checks") }} tests whether photo and mask belong together, {{ api("teaching.demos.wrong_pairs") }} makes the
# mistakes, {{ api("data.transforms") }} augments, {{ api("teaching.demos.worker_seeds") }} says where random draws come from, {{ api("training.timing") }} times
# a batch, {{ api("training.batches") }} hands batches to the training.
#
# Next, [lesson 06](06_frozen_features.ipynb): what does a network see that never saw skin?
