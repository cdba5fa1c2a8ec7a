# %% [markdown]
# # 01 · A first segmentation in ten minutes
#
# A dermatologist looks at a mole through a magnifier and sees where it ends. In this lesson a network learns to see
# it: a photo goes in, and out comes, for every pixel, the probability that it is lesion. You write the first decoder
# yourself, in ten lines. Then a recipe of the course shows how much further one gets, and how we know. **After this
# lesson you can**
#
# - say what a mask, a pyramid of feature maps and a decoder are, and what shapes they have;
# - put a decoder of your own on a frozen encoder and train it in seconds;
# - read learning curves, triptychs and overlays;
# - quote a score with its interval, and say what it does not promise;
# - tell where the minutes of a training run go.
#
# **You need** Python and an idea of what a convolution is. No data, no GPU, no earlier lesson.
#
# **Time**: half an hour to read and try. Its cells took a minute on one CPU core, with a
# recorded run; in profile `student` the training adds five epochs of half a minute each there. A GPU was not
# measured.

# %%
from lesionseg_lib import plots
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching import exercises, lessons

lesson = lessons.start()

# %% [markdown]
# Every lesson begins with these lines. Read them before you compare a number of yours with one of ours.
#
# *Profile* says how much is computed: `student` is made for you, this book shows `full`. *Data* is ISIC 2016 where
# it is found; otherwise a program draws lesions, which teach everything but the scores. (For the photos run
# `!lesionseg download` in a cell of its own, once, and start again.) *Encoder* should have learned on ImageNet.
# Profile `smoke` only shows that all code runs: with random weights no score means anything, and masks may be empty.
#
# ## What are we looking at?
#
# *Dermoscopic* photos, taken through a magnifier laid on the skin. Each has a *mask*: the lesion as an expert traced
# it. Here are eight, evenly spread over the training set, with the mask's outline drawn in.

# %%
ids = lesson.splits.train.ids
eight = lesson.splits.train.subset(ids[:: len(ids) // 8][:8])
first = eight[0]
print("photo", first.image.shape, first.image.dtype)
print("mask ", first.mask.shape, first.mask.dtype)
plots.samples(eight, count=8)

# %% [markdown]
# A photo is height x width x 3 bytes. **Its mask has the same height and width, and one truth value a pixel.** Follow
# the white lines. Some borders are sharp; others fade so slowly that two experts would draw them apart. Hairs, black
# corners and coloured stickers get in the way. A lesion may be a dot or fill the picture.
#
# Networks want batches of one size. So all photos and masks were decoded and resized once, and are kept on disk. A
# resized mask takes the nearest pixel, for there is nothing between lesion and skin.
#
# > **Predict.** What share of all training pixels is lesion? How often is a network right that has learned a single
# > word, "skin"?

# %%
photos, masks = lesson.decoded.train.images, lesson.decoded.train.masks
print("photos", photos.shape, photos.dtype)
print("masks ", masks.shape, masks.dtype, "from", masks.min(), "to", masks.max())
shares = masks.mean(axis=(1, 2))  # one number a photo
print(f"lesion: {masks.mean():.0%} of all pixels")
print(f"in single photos: {shares.min():.1%} to {shares.max():.0%}")
print(f"'skin' everywhere is right for {1 - masks.mean():.0%} of the pixels")

# %% [markdown]
# **Calling everything skin is right for most pixels, and finds not one lesion.** So the share of correct pixels is a
# poor judge. We use the *Jaccard index* *J* instead: the number of pixels that both masks call lesion, divided by the
# number that at least one of them calls lesion. "Skin everywhere" scores 0, a perfect mask 1.
#
# ## What does a trained encoder hand over?
#
# MobileNetV2 learned on ImageNet, from more than a million photos, to tell a thousand kinds of things apart. None is a
# lesion. Yet edges, textures and blobs are the same everywhere, so we take its layers as they are and let them
# *encode* our photos. On its way a photo of 128 x 128 shrinks by two, five times, and gains channels. The *stride* of
# a map says how many pixels of the photo one of its places (a *cell*) spans along each side:
#
# | stride | height and width | channels |
# |---:|---:|---:|
# | 2 | 128 / 2 = 64 | 16 |
# | 4 | 128 / 4 = 32 | 24 |
# | 8 | 128 / 8 = 16 | 32 |
# | 16 | 128 / 16 = 8 | 96 |
# | 32 | 128 / 32 = 4 | 1280 |
#
# > **Predict.** Which holds more numbers: the photo, 128 x 128 x 3, or the last map?
# > <!-- choose: the photo | the last map -->

# %%
from time import perf_counter

import torch
from torch import nn

from lesionseg_lib.evaluation.metrics import confusion, jaccard
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.preprocessing import default_preprocessing, normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.losses import bce

# %%
encoder = lesson.encoder().to(lesson.device)  # frozen: nothing in it will ever change


def pyramid_of(images):
    pixels = torch.tensor(images, device=lesson.device)  # uint8 (N, H, W, 3)
    return encoder(normalise(pixels, default_preprocessing()))  # five maps (N, C, h, w)


# %%
some = photos[:: len(photos) // 8][:8]  # the eight from above, now of one size
pyramid = pyramid_of(some)
for level, stride in zip(pyramid, encoder.strides, strict=True):
    n, c, h, w = level.shape
    assert (n, h) == (8, photos.shape[1] // stride)
    print(f"stride {stride:2d}: {c:4d} x {h:2d} x {w:2d} = {c * h * w:6,} numbers a photo")

# %% [markdown]
# The shapes are the table's, channels first. (A photo of 64 x 64 gives half of each height and width.) **At 128 x
# 128 the last map has 20,480 numbers where the photo has 49,152, but only 4 x 4 places to put them.** It can say
# much about each place, and little about where exactly. The five maps together are called a *pyramid*.
#
# `normalise` shifts and scales the colours to what the encoder knew when it learned. The numbers for it come with the
# weights.
#
# What does a pyramid look like? For each place we draw how far its channels are from agreeing: their standard
# deviation. Bright means that something is going on there.

# %% tags=["nbval-check-output"]
bright = [level.std(dim=1).cpu().numpy() for level in pyramid]  # each (8, h, w)
plots.panels(
    [[some[i], *(level[i] for level in bright)] for i in (5, 6)],
    [["photo", *(f"stride {stride}" for stride in encoder.strides)], [""] * 6],
    "Two photos, and of each the five maps, coarser from left to right.",
)

# %% [markdown]
# **Fine maps see hairs and borders; coarse maps see that something is there.** In this book's first row, at stride
# 2, hairs outshine the lesion that they cross. At stride 32 they are gone, and the lesion is the bright middle. The
# small lesion of the second row is three places high at stride 16. (Bright rims come from the photo's edge, where
# convolutions are fed zeros.) Nobody told this encoder about lesions.
#
# ## Can ten lines make a mask?
#
# A *decoder* turns a pyramid into a mask. Ours does the least that can work. At each place of a map it takes a
# weighted sum of the channels, with the same weights everywhere: a 1 x 1 convolution. That gives one number a place,
# a *logit*: positive for lesion, negative for skin. Then it stretches the logits to the photo's size. It may use the
# last map only, or the last two or three, and then it adds up their logits.
#
# > **Predict.** How many weights does the decoder have that uses the last map only? What will its masks look like?


# %%
class TinyDecoder(nn.Module):
    def __init__(self, maps):
        super().__init__()
        channels = encoder.channels[-maps:]
        self.scores = nn.ModuleList(nn.Conv2d(c, 1, kernel_size=1) for c in channels)

    def forward(self, pyramid, size):
        levels = pyramid[-len(self.scores) :]
        logits = [score(level) for score, level in zip(self.scores, levels, strict=True)]
        return sum(nn.functional.interpolate(x, size, mode="bilinear") for x in logits)


# %% [markdown]
# **Frozen means: compute once.** The encoder never changes, so its maps of a photo never change either. We send
# every training photo through it a single time, keep the last three maps, and train on those. To the decoder it
# makes no difference. To the clock it does: 300 training steps of 32 photos would send 9,600 photos through the
# encoder, and as many again for the next decoder we try.

# %%
start = perf_counter()
parts = [pyramid_of(photos[i : i + 32])[-3:] for i in range(0, len(photos), 32)]
maps = [torch.cat(level) for level in zip(*parts, strict=True)]
for level in maps:
    print(f"{tuple(level.shape)}  {level.nbytes / 1e6:4.0f} MB")
print(f"{perf_counter() - start:.1f} s")
targets = torch.tensor(masks, device=lesson.device)[:, None].float()  # (N, 1, H, W)

# %% [markdown]
# Now the loop that trains every network you have heard of: draw some examples, compare output and truth, take a
# small step downhill. The comparison is *binary cross-entropy*: how surprised is a network that gives this
# probability by the truth? Saying .5 everywhere costs ln 2 = .69. The library's `Segmenter` is encoder plus decoder;
# it takes photos, or maps that were computed before.


# %%
def train(model):
    optimizer = torch.optim.Adam(model.decoder.parameters(), lr=3e-3)
    for step in range(301):
        chosen = torch.randint(len(targets), (32,))  # the numbers of 32 photos
        loss = bce(model([level[chosen] for level in maps]), targets[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 60 == 0:
            print(f"step {step:3d}  loss {loss.item():.3f}")


# %% [markdown]
# A loss is not a mask, so we also want to see. `show` takes three photos of the *validation* set, which no training
# touches. `probabilities` turns logits into numbers from 0 to 1 and enlarges them to the photo's own size; what is
# above .5 we call lesion. Truth is drawn as a solid line, prediction dashed, and *J* stands above.

# %%
validation, size = lesson.splits.validation, lesson.decoded.validation.size
three = list(validation.subset(validation.ids[:: len(validation) // 3][:3]))
images, truths, names = zip(*((p.image, p.mask, p.id) for p in three), strict=True)


def show(model):
    guesses = [model.probabilities(image, size) > 0.5 for image in images]
    pairs = zip(guesses, truths, strict=True)
    scores = [jaccard(confusion(guess, truth))[0] for guess, truth in pairs]
    return plots.overlays(images, truths, guesses, names, scores)


# %% [markdown]
# > **Predict.** How long will 300 steps take, with the maps ready? How far below .69 will the loss get?

# %%
torch.manual_seed(0)
start = perf_counter()
last_map = Segmenter(encoder, TinyDecoder(maps=1)).to(lesson.device)
train(last_map)
print(f"{perf_counter() - start:.1f} s")
show(last_map)

# %% [markdown]
# Your first segmentation. With ImageNet weights the loss has fallen far below .69 within seconds, and **the network
# has found roughly where each lesion is, but draws odd blobs.** It decides at 4 x 4 places, and a straight ramp joins
# one place to the next. Sixteen well chosen numbers could still make a fair mask (lesson 06 tries it); but a weighted
# sum of the deepest channels hardly tells where within a place the border runs. A lesion smaller than a place may be
# missed altogether.
#
# > **Predict.** We now let the decoder use the last three maps, 4 x 4, 8 x 8 and 16 x 16 places. That adds 130 weights
# > to 1,281. How much will it help?

# %%
torch.manual_seed(0)
three_maps = Segmenter(encoder, TinyDecoder(maps=3)).to(lesson.device)
train(three_maps)
show(three_maps)

# %% [markdown]
# **A tenth more weights, and blobs become outlines.** The deep map knows *that* there is a lesion, the finer ones
# know *where* it ends; added up, they correct each other. Nearly every good segmentation network since [Long et al.
# 2015](https://arxiv.org/abs/1411.4038) rests on this idea, under the name of skip connections. Lesson 08 is about
# them.
#
# Three photos are a story, not a measurement. So we score all validation photos, each at its own size, and take the
# mean.


# %%
def validation_jaccard(model, images=lesson.decoded.validation.images):
    return score_images(sigmoid(model.logits(images)), validation)["jaccard"].mean()


for name, model in {"last map": last_map, "last three maps": three_maps}.items():
    weights = sum(p.numel() for p in model.decoder.parameters())
    score = validation_jaccard(model)
    print(f"{name:15}  {weights:5,} weights  mean J on validation {score:.3f}")

# %% [markdown]
# ## What does a real decoder add?
#
# The recipe `dilated-frozen` rebuilds a student's design. Same frozen encoder; the decoder walks up from the last map
# in three steps. Each step doubles height and width with learned weights (a *transposed convolution*), sets the next
# finer map beside the result, and mixes both with a 3 x 3 convolution whose nine weights stand two pixels apart
# (*dilated*). One more 1 x 1 convolution gives logits. It trains with flips and changes of brightness. Its loss adds
# a second term to the cross-entropy (lesson 04), so do not compare its values with those of our loop.
#
# > **Predict.** 1,411 weights brought you this far. How much further do 4.8 million bring you? Then run it; with
# > profile `full` the cell takes the recorded run.

# %%
fit = lesson.fit("dilated-frozen")
print(f"{fit.record['parameters']['decoder']:,} weights in the decoder")
plots.curves({fit.recipe.name: fit.history})

# %% [markdown]
# Dashed is the loss on training photos, solid on validation photos, which the network never learns from. Both fall
# steeply and then level off. Dashed may start *above* solid: it is an average over an epoch in which the network
# still improved. Later it sinks below, because the network gets to know its training photos. The validation Jaccard
# zigzags: every epoch ends with somewhat different weights, and the set is small.
#
# The star marks the epoch that is kept, in the recorded run number {{ number("dilated-frozen", "best_epoch") }} of
# {{ number("dilated-frozen", "epochs_run") }}. **It is chosen on validation, never on test**; otherwise the test score would praise
# the luck of the choice.
#
# After every epoch the training kept the probabilities of four validation photos. White is lesion for sure.

# %%
preview_ids, kept = fit.previews()  # probabilities * 255, (epochs, 4, H, W)
epochs = sorted({1, 2, min(5, len(kept)), len(kept)})
small = lesson.decoded.validation
after = kept[[epoch - 1 for epoch in epochs], 1:3]  # two of the four photos
plots.between_epochs(small.images[1:3], small.masks[1:3], after, epochs, preview_ids[1:3])

# %% [markdown]
# After one epoch of the recorded run the lesions are found, in a grey halo of doubt that makes the small one too
# large. Later epochs turn the halo black. **The first epoch finds the lesion, the others draw its border.** Not every
# photo gains: of `ISIC_0000060` the last epoch gives up pale parts of the lesion, at the top and at the bottom, that
# the fifth still had.
#
# Now the three photos from before, with the kept network.

# %%
network = fit.model.to(lesson.device)
score = validation_jaccard(network)
print(f"mean J on all {len(validation)} validation photos: {score:.3f}")
show(network)

# %% [markdown]
# Compare with the scores and figures above. Three thousand times as many weights buy finer borders and fewer
# blunders, but a smaller step in *J* than the one from one map to three. Look at the small island beside
# `ISIC_0000498`: **each pixel is decided by itself; nothing asks for a lesion in one piece.**
#
# ## How good is it, honestly?
#
# The *test set* has not been looked at so far. Nothing was chosen on it, so it may judge. It was scored once, when
# the run ended: probabilities enlarged to the photo's size and cut at .5, then, as the organisers of ISIC 2016 do it,
# one *J* a photo.
#
# We look before we average. Not at the prettiest: at the worst, at those with 5, 20, 50 and 80 % of the photos below
# them, and at the best.
#
# > **Predict.** What will be wrong with the worst?

# %%
ranked = fit.table["jaccard"].sort_values()  # the worst first
ranks = [round(share * (len(ranked) - 1)) for share in (0, 0.05, 0.2, 0.5, 0.8, 1)]
picked = [lesson.splits.test[place] for place in ranked.index[ranks]]
pictures, answers = [p.image for p in picked], [p.mask for p in picked]
guesses = [network.probabilities(picture, size) > 0.5 for picture in pictures]
scores = ranked.iloc[ranks].tolist()
plots.triptychs(pictures, answers, guesses, [p.id for p in picked], scores)

# %% [markdown]
# In the recorded run the worst photo scores 0: **the lesion is a breath of pink, and the network marks nothing at
# all.** Of the next it draws the dark heart and leaves out the rim; on the third it draws more than the expert did,
# and one may ask who is right, for the border fades on all sides. From the median upwards one has to look for
# differences. Keep this row of ranks in mind whenever somebody shows you three good examples.
#
# Now the average, with all photos behind it.

# %%
mean, low, high = (fit.record["test"]["jaccard"][key] for key in ("mean", "low", "high"))
figure = plots.new_figure(2.3, f"Histogram of J: {len(ranked)} photos, mean {mean:.2f}.")
ax = figure.subplots()
ax.hist(ranked, bins=40, range=(0, 1), color="#56B4E9", edgecolor="white")
ax.axvspan(low, high, color="#D55E00", alpha=0.4)
ax.axvline(mean, color="#D55E00")
ax.spines[["top", "right"]].set_visible(False)
ax.set(xlabel="J of one test photo (line: mean; band: its 95 % interval)", ylabel="photos")
print(f"{len(ranked)} test photos: mean J {mean:.3f}, 95 % interval {low:.3f} to {high:.3f}")
figure

# %% [markdown]
# **One honest number: *J* = {{ number("dilated-frozen", "jaccard") }}, 95 % interval {{ number("dilated-frozen", "jaccard_interval") }}**, in the
# recorded run. It says: with other test photos from the same source, the mean of *this* network would probably lie in
# the band. It does not say that your next photo will; look how far the left tail reaches. It knows nothing of another
# seed, another clinic, or dark skin, which this set hardly has. The page *The data* tells what is special about our
# copy of the photos.
#
# The author of the design reported {{ number("dilated-frozen", "recipe.claimed.iou", ".3f") }}, outside the interval. How such figures
# come about is a story for lesson 07.
#
# ## Where did the minutes go?
#
# Guess before you measure: reading photos, encoder, decoder, validation? We time each on the eight photos from
# above, the fastest of three. To learn, the decoder is run both ways: forward to the loss, then backward, to find
# out in which direction each weight must move.

# %%
work = {
    "read and decode": lambda: [eight[i] for i in range(8)],
    "encoder, forward": lambda: pyramid_of(some),
    "decoder, both ways": lambda: network.decoder(pyramid, size).sum().backward(),
    "validate": lambda: network.logits(small.images[:8]),
}
milliseconds = {step: 1000 * lessons.seconds(run) / 8 for step, run in work.items()}

# %% [markdown]
# A photo is read once and for all; in each epoch, every training photo goes through encoder and decoder, and every
# validation photo is scored.

# %%
import pandas as pd

table = pd.DataFrame({"ms a photo": milliseconds})
table["photos"] = [len(photos) + len(validation), len(photos), len(photos), len(validation)]
table["times"] = [1] + 3 * [len(fit.history)]
table["seconds"] = table["ms a photo"] * table["photos"] * table["times"] / 1000
table["share, %"] = 100 * table["seconds"] / table["seconds"].sum()
took = sum(epoch.seconds for epoch in fit.history)
print(f"the run itself took {took:.0f} s on {fit.record['device']}")
table.round(1)

# %% [markdown]
# **On a CPU most of the time goes into teaching the decoder.** (Look at shares, not at the sum: the run was timed
# when it ran, on a machine that may have been busier or faster.) Keeping the encoder's maps, as we did above, could
# save its row and no more; and flips forbid it. Reading costs next to nothing, but only because these copies are
# small and are read once. Official photos are up to 4288 pixels wide. Whoever decodes them anew in every epoch waits
# for that, above all with a GPU, which makes the other rows short. Lesson 05 does the sum.
#
# ## Would you notice a mistake?
#
# Two classics. OpenCV reads photos with blue first, where everybody else has red. And many a pipeline forgets to
# normalise. Nothing crashes: shapes are right, masks come out. We make both mistakes on purpose.
#
# > **Predict.** Which one costs more?

# %%
from lesionseg_lib.models.preprocessing import Preprocessing

swapped = small.images[..., [2, 1, 0]]
print(f"as it should be        {validation_jaccard(network):.3f}")
print(f"red and blue swapped   {validation_jaccard(network, swapped):.3f}")
network.preprocessing = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
print(f"not normalised         {validation_jaccard(network):.3f}")
network.preprocessing = default_preprocessing()

# %% [markdown]
# **On this page each mistake costs seven points or more, and no error appears.** (A point is .01 of *J*.) The masks
# still look like masks, only worse, and whoever has not seen the right score takes them for the best there is. Swapped
# colours cost most: brown becomes blue. So look at your pictures just before they enter the network, and distrust a
# score until such mistakes are ruled out. Lessons 05 and 06 come back to both; lesson 03 has a clinic of mistakes in
# scoring.
#
# ## Exercises
#
# Add a cell below each, try, check, then open the solution. Here and in most lessons an exercise comes with a few lines
# to paste into your cell (in some the cell stands there already), and the last of them is its check. It works out anew
# what is right, from what you hand over,
# and answers in one of four ways: *not attempted*; *wrong*, with the likeliest mistake; *crashed*, with the error;
# *right*. Ask it as often as you like.
#
# ### 1. Move the threshold
#
# We call a pixel lesion above .5. Score the validation photos with thresholds from .1 to .9:
# `score_images(probabilities, validation, threshold)` with `probabilities = sigmoid(network.logits(small.images))`.
# Where is the best? How much would you lose at .3? Why must you not try this on the test set?
#
# ```python
# means = {}  # threshold: mean J, for 0.1, 0.2, up to 0.9
# exercises.check("01.1", means, network, lesson)
# ```

# %% Solution tags=["hide-cell"]
probabilities, means = sigmoid(network.logits(small.images)), {}
for tenths in range(1, 10):
    means[tenths / 10] = score_images(probabilities, validation, tenths / 10)["jaccard"].mean()
    print(f"threshold {tenths / 10}:  mean J {means[tenths / 10]:.3f}")
exercises.check("01.1", means, network, lesson)

# %% [markdown]
# <details><summary>What you should see</summary>
#
# **The curve is flat in the middle.** On this page .4, .5 and .6 differ by less than .003, because few pixels have a
# probability in between. At .3 you lose half a point. Test must stay out of it: whoever picks the best of nine on
# test reports the luck of the pick as well.
# </details>
#
# ### 2. Beat nothing
#
# A score is worth what it adds to the simplest guess. Score three guesses on validation: every pixel lesion, every
# pixel skin, and the *mean mask*, which is lesion where more than half of the training masks are. `score_images`
# wants probabilities, an array (N, height, width); above .5 means lesion. Where do your two decoders stand?
#
# ```python
# guessed = {"all skin": None, "all lesion": None, "mean mask": None}  # mean J
# exercises.check("01.2", guessed, lesson)
# ```

# %% Solution tags=["hide-cell"]
import numpy as np

guesses = {"all skin": np.zeros(size), "all lesion": np.ones(size), "mean mask": masks.mean(axis=0)}
guessed = {}
for name, guess in guesses.items():
    repeated = np.repeat(guess[None].astype(np.float32), len(validation), axis=0)
    guessed[name] = score_images(repeated, validation)["jaccard"].mean()
models = {"last map": last_map, "last three maps": three_maps, "dilated-frozen": network}
for name, score in {**guessed, **{name: validation_jaccard(model) for name, model in models.items()}}.items():
    print(f"{name:15} {score:.3f}")
exercises.check("01.2", guessed, lesson)

# %% [markdown]
# <details><summary>What you should see</summary>
#
# "All lesion" scores the mean share of lesion, not 0. **A mask that never looks at the photo gets nearly half of all
# there is to get**, because photographers put the lesion in the middle. On ISIC 2016 the decoder on the last map
# alone does not even reach it. So *J* = .45 sounds like something, and is nothing. Always print the baseline beside
# the score.
# </details>
#
# ### 3. Your own photo
#
# Read a photo with `read_image(path)` and ask `network.probabilities(photo, size)`. Take a mole if you have a
# dermatoscope; take anything if not. The solution takes a portrait that comes with Matplotlib, of the computer
# pioneer Grace Hopper.
#
# > **Predict.** There is no lesion in it. What will the mask be?
#
# ```python
# photo, mask = None, None  # uint8 (H, W, 3) and bool (H, W)
# exercises.check("01.3", mask, photo, network, size)
# ```

# %% Solution tags=["hide-cell"]
from matplotlib.cbook import get_sample_data

from lesionseg_lib.data.datasets import Sample, read_image

photo = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False), max_side=256)
mask = network.probabilities(photo, size) > 0.5
print(exercises.check("01.3", mask, photo, network, size))
figure = plots.samples([Sample("no lesion here", photo, mask)])
plots.with_alt(figure, "A portrait, with the outline of what the network takes for lesion.")

# %% [markdown]
# <details><summary>What you should see</summary>
#
# **The network has an answer for everything.** On this page it takes parts of a face for lesion. It learned where
# lesions end. It never learned what is no lesion, for every training photo had one. Before a network meets the world,
# somebody must ask whether a photo is of the right kind at all.
# </details>
#
# ## Take-away
#
# - A decoder turns feature maps into one logit a pixel. Deep maps know what, fine maps know where; add them.
# - What is frozen can be computed once, as long as the photo in front of it stays the same, too.
# - Choose on validation, judge on test, once. Give the number with its interval, and look at the worst photos.
# - Measure where the time goes before you make anything faster.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **There is always an answer.** Every training photo had a lesion; the network was never taught to say "none".
# - **Small lesions.** At 128 x 128 a small one has a few hundred pixels, fewer than one place of the last map covers.
#   Missing it costs the photo everything.
# - **Other photos.** Another camera, a phone, darker skin: scores on this set do not tell.
# - **Maps computed once** are wrong as soon as photos are augmented anew or the encoder learns. Lesson 07 lets it
#   learn.
# - A mask is not a diagnosis. Nothing here is a medical device.
#
# **In the library**: {{ api("models.encoder") }} makes the five maps, {{ api("models.segmenter") }} the network around them, {{ api("training.losses") }}
# has the loss; {{ api("evaluation.metrics") }} and {{ api("evaluation.scoring") }} score, and {{ api("teaching.lessons") }} hands out photos and trained
# recipes.
#
# Next, [lesson 02](02_know_your_data.ipynb): the photos themselves.
