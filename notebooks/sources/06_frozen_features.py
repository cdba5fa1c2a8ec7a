# %% [markdown]
# # 06 · Frozen features: what does a network see that never saw skin?
#
# MobileNetV2 learned to tell 1,000 kinds of things apart: dogs, lorries, teapots. No kind is a skin lesion. Here we
# freeze it, use it as a measuring instrument, and train only a decoder behind it. **After this lesson you can**
#
# - say what each level of the encoder knows, how far it sees, and how much of a mask its resolution can carry;
# - freeze an encoder so that nothing in it moves, and prove that nothing did;
# - tell when features may be computed once and kept, and what that saves;
# - compare three published decoders, B, C and E, photo by photo, and read claimed figures with a sharp pencil.
#
# **You need** lesson 01, and from lesson 03 the Jaccard index *J* and the bootstrap interval.
#
# **Time**: forty-five minutes to read and try. Its cells took a minute and a half on one CPU core,
# from recorded runs; in profile `student` three trainings add about six minutes there. A GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, ImageNet weights. In `smoke` every cell runs too, on
# a few drawn lesions and random weights, but its scores mean nothing.

# %%
import copy
import time

import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, scoring
from lesionseg_lib.models.postprocessing import enlarge, sigmoid
from lesionseg_lib.teaching import exercises, lessons
from lesionseg_lib.training import batches, build, losses, probing, recipes

lesson = lessons.start()

# %% [markdown]
# ## Five maps of one photo
#
# The encoder halves the resolution five times. The map at *stride* 8 has one cell for every 8 x 8 pixels of the
# input. In exchange the channels grow. We read a map each time before the stride doubles and at the end, and call
# the five a *pyramid*.
#
# > **Predict.** At stride 32 there are 256 times fewer cells than at stride 2, and 80 times more channels. Which of the
# > five maps holds the fewest numbers? (Lesson 01 has printed it; do you remember?)

# %%
train, validation, test = lesson.decoded.train, lesson.decoded.validation, lesson.decoded.test
recipe = lesson.recipe("transposed-frozen")
torch.manual_seed(0)
network = build.build_segmenter(recipe, lesson.weights).eval()
encoder = network.encoder
photo = network.normalise(validation.images[:1])
print(f"photo      {photo[0].numel():6,} numbers, shape {tuple(photo.shape)}")
with torch.no_grad():
    for stride, level in zip(encoder.strides, encoder(photo), strict=True):
        print(f"stride {stride:2}  {level[0].numel():6,} numbers, shape {tuple(level.shape)}")

# %% [markdown]
# Cells fall by four at every step and the channels do not keep up, until the last layer widens from 320 to 1280. **Of
# the five maps, that of stride 16 holds the fewest numbers**, an eighth of the photo's. (Between the maps it gets
# narrower still: the blocks at stride 32 have 160 channels, and everything that the deepest map says went through
# them.) A photo of 128 x 128 ends in 4 x 4 cells. A decoder that reads only those sixteen must learn the border from
# the *contents* of a cell; its place says little.
#
# ## Compute it once
#
# Nothing in front of the decoder will change: the weights are frozen, and this recipe does not augment. The maps of
# photo 17 are the same in epoch 25 as in epoch 1. So we compute them once; `FrozenPyramids` keeps them.
#
# > **Predict.** Photos are kept as bytes, maps as 32-bit numbers. How many times more memory do the maps take?
# > <!-- number: times -->

# %%
start = time.perf_counter()
kept = batches.FrozenPyramids(network, batches.TrainingSet(train, recipe, seed=0))
seconds = time.perf_counter() - start
print(f"{len(kept)} photos of {train.images.nbytes / 1e6:.1f} MB became", end=" ")
print(f"maps of {sum(level.nbytes for level in kept.levels) / 1e6:.1f} MB in {seconds:.1f} s")
with torch.no_grad():
    again = encoder(network.normalise(train.images[:4]))
same = [torch.allclose(new, old[:4], atol=1e-4) for new, old in zip(again, kept.levels, strict=True)]
print(f"four photos again: {sum(same)} of {len(same)} levels are as kept")

# %% [markdown]
# **Ten times the memory of the photos.** What does it buy? A step of training with kept maps is the decoder's work
# alone. A step from photos runs the encoder too, and the cell above has just timed that.

# %%
maps = [level[:16] for level in kept.levels]
optimizer, times = build.build_optimizer(recipe, network.train()), []
for _ in range(8):
    start = time.perf_counter()
    losses.get_loss("bce")(network(maps), kept.masks[:16, None].float()).backward()
    optimizer.step()
    optimizer.zero_grad()
    times.append(time.perf_counter() - start)
step, encoding = np.median(times), 16 * seconds / len(kept)
print(f"16 photos: encoder {encoding:.3f} s, the rest {step:.3f} s. Kept maps: {1 + encoding / step:.1f} times faster")

# %% [markdown]
# Your ratio differs from the one printed here; it depends on the machine and on how small the decoder is beside the
# encoder. **The trick is right only while nothing before the decoder changes between epochs**: no layer trained, no
# batch norm that moves, no random flip. Family C flips its photos anew in every epoch, so it may not use it. Our
# training loop decides by itself, from the recipe.
#
# ## Does a channel know a lesion?
#
# Take one channel and rank all cells of all photos by its value. If the channel "knows" lesions, their cells stand
# at one end. The *area under the ROC curve* (AUC) says it in one number: the chance that a random lesion cell ranks
# above a random skin cell. .5 is a coin; 1 is perfect, and so is 0, read backwards.
#
# Among 1280 channels some look good by luck. So we choose the best on training photos and score the choice on
# validation photos.
#
# > **Predict.** At which stride does the best single channel live? And how good are the photo's own red, green and
# > blue?


# %%
kept_validation = batches.FrozenPyramids(network, batches.TrainingSet(validation, recipe, seed=0))
strides, best = (1, *encoder.strides), {}
levels = dict(zip(strides, [network.normalise(train.images), *kept.levels], strict=True))  # stride: (N, C, h, w)
unseen = dict(zip(strides, [network.normalise(validation.images), *kept_validation.levels], strict=True))
for stride, level in levels.items():
    auc = probing.channel_auc(level[:64], probing.cover(train.masks[:64], stride) > 0.5)
    best[stride] = c = int(np.abs(auc - 0.5).argmax())
    new = probing.channel_auc(unseen[stride][:, [c]], probing.cover(validation.masks, stride) > 0.5)[0]
    print(f"stride {stride:2}, {len(auc):4} channels: no. {c:4} has {auc[c]:.2f}, on validation {new:.2f}")

# %% [markdown]
# A surprise, and a healthy one. **Plain green light (stride 1, no. 1, low on lesions) separates about as well as the
# best channel of the whole instrument**: melanin and blood swallow it. At strides 2 and 4 the channels look for edges
# and textures, and no single one stands out. At stride 16 one does. Every choice loses a little on photos that it was
# not chosen on, as it should.

# %% tags=["nbval-check-output"]
picks = range(min(3, len(validation)))
plots.panels(
    [[validation.images[i], *(unseen[s][i, best[s]].numpy() for s in encoder.strides)] for i in picks],
    [[validation.ids[i], *(f"stride {s}" for s in encoder.strides)] for i in picks],
    f"{len(picks)} validation photos with the true outline. Beside each photo the best-separating channel of the five "
    "levels. Fine levels show texture and hair; coarser levels show the lesion as one area, in ever larger cells.",
    [[validation.masks[i] == 1] * 6 for i in picks],
)

# %% [markdown]
# Each panel shows the channel chosen above; some are low on lesions, so look for *different*, not for bright. From
# left to right **texture fades and areas appear, while the cells grow**. At stride 16 you see roughly what, and
# roughly where. At stride 32 a lesion is a matter of one to six cells. Mind the frames: cells at the rim differ from
# skin everywhere, because a part of what they see is zero padding.
#
# ## What does a stride cost?
#
# Suppose a perfect network that says one number per cell: the share of it that is lesion. Enlarge its map smoothly to
# the truth's size, cut at one half, and score it. No network takes part, so what is lost is lost by the grid alone.
# Call it the **yardstick** of a stride.
#
# > **Predict** the mean Jaccard index at strides 4, 8, 16 and 32.


# %%
def score(logits):
    """Jaccard index of every validation photo, official rule, for logits (N, h, w) of any resolution."""
    return scoring.score_images(sigmoid(logits), lesson.splits.validation)["jaccard"].to_numpy()


yardstick = {s: score(torch.logit(probing.cover(validation.masks, s), eps=1e-6).numpy()) for s in strides}
for stride, j in yardstick.items():
    print(f"stride {stride:2}: mean {j.mean():.3f}, worst photo {j.min():.3f}, below .65: {(j < 0.65).mean():.0%}")

# %%
i = int(yardstick[32].argsort()[len(validation) // 2])  # the median photo at stride 32
coarse = [probing.cover(validation.masks[[i]], s)[0].numpy() for s in encoder.strides[1:]]
masks = [enlarge(share, validation.size) > 0.5 for share in coarse]
titles = ["photo, truth", *(f"stride {s}: {yardstick[s][i]:.2f}" for s in encoder.strides[1:])]
alt = f"The true mask of one photo averaged to four strides and enlarged again, the true outline on top. {titles[1:]}"
plots.panels([[validation.images[i], *masks]], [titles], alt, [[validation.masks[i] == 1] * 5])

# %% [markdown]
# **Down to stride 8 resolution costs little; at stride 32 it costs nearly half.** The mean hides who pays: look at
# the worst photos. A lesion that covers half of no cell vanishes. (Stride 1 is not 1.000, because the masks were
# taken from 256 to 128 pixels first.)
#
# Is this an upper bound? For "the truth, averaged and enlarged", yes, by construction. For a decoder, no. The
# average is not the best number that a cell could hold (exercise 2 finds out how much better the best is), and a
# cell has many channels, from which a learned upsampling can paint a *shape*. Keep the figure for stride 32: a
# decoder on the deepest map alone that scores above it does more than average.
#
# ## What can be read off a level without any decoder?
#
# Now the other side of the bargain. Give each level the simplest reader there is: one weight per channel, found by
# least squares in one step. No epochs, no randomness. It sees one cell at a time and says how much of it is lesion.
# We also give it three levels at once, strides 4, 8 and 16, the coarser two enlarged to the finest.
#
# > **Predict.** The yardstick falls with the stride. Does the readout fall, rise, or peak? What do three levels add?


# %%
def together(levels):
    """Strides 4, 8 and 16 at the size of stride 4: (N, 24 + 32 + 96, H / 4, W / 4)."""
    size = levels[4].shape[-2:]
    return torch.cat([torch.nn.functional.interpolate(levels[s], size, mode="bilinear") for s in (4, 8, 16)], dim=1)


def read(known, new, stride):
    """Mean Jaccard index on validation of the linear readout of maps (N, C, h, w) at this stride."""
    drawn = probing.linear_readout(known, probing.cover(train.masks, stride), new)  # (N, h, w)
    return score(torch.logit(drawn, eps=1e-6).numpy()).mean()


# %%
readouts = {f"{s}": read(levels[s], unseen[s], s) for s in strides}
readouts["4, 8, 16"] = read(together(levels), together(unseen), 4)
yardsticks = {f"{s}": yardstick[s].mean() for s in strides} | {"4, 8, 16": yardstick[4].mean()}
plots.grouped_bars({"yardstick": yardsticks, "linear readout": readouts}, "mean Jaccard on validation, by stride")

# %% [markdown]
# **The yardstick falls, the readout peaks at stride 16.** Fine levels have the place but not the meaning. The deepest
# has meaning, but each of its cells must sum up 32 x 32 pixels in one number. And three levels together beat each of
# them alone. This is the argument for skip connections, with everything else held equal. Remember the bar on the
# right: two of the three decoders below do not reach it.
#
# Is it ImageNet that knows this, or would *any* stack of convolutions do? Ask an encoder that has learned nothing.
#
# > **Predict.** Random weights, the same readout. At which stride is ImageNet's lead largest?

# %%
torch.manual_seed(0)
blind = build.build_segmenter(recipe, weights=None).eval()
sets = [batches.FrozenPyramids(blind, batches.TrainingSet(data, recipe, seed=0)) for data in (train, validation)]
known, new = (dict(zip(encoder.strides, pyramids.levels, strict=True)) for pyramids in sets)
control = {f"{s}": read(known[s], new[s], s) for s in encoder.strides}
control["4, 8, 16"] = read(together(known), together(new), 4)
learned = {name: readouts[name] for name in control}
plots.grouped_bars({"ImageNet": learned, "random": control}, "mean Jaccard on validation, by stride")

# %% [markdown]
# **ImageNet's lead is largest at stride 16 and clear at 8; at 2 and 32 it has none.** The first layers of any network
# see colours and edges; the last ones of this network were rewarded for forgetting place. And note what one draw of
# random filters reaches at three scales: more than the {{ number("transposed-frozen", "validation.jaccard") }} and
# {{ number("conv5-frozen", "validation.jaccard") }} of B and E below, which train millions of weights on ImageNet's deepest map.
# Whoever says "pre-training helps" owes the reader this bar.
#
# ## How far does a cell see?
#
# The *receptive field* of a cell is the part of the photo that can influence it. Walk through the convolutions: a
# $k \times k$ kernel adds $k - 1$ times the distance $d$ between neighbouring cells, and a stride $s$ multiplies that
# distance: $r \leftarrow r + (k - 1)\,d$, then $d \leftarrow d\,s$. Begin with $r = d = 1$.
#
# > **Predict.** One 3 x 3 kernel in each of 17 blocks, and one before. Is the deepest field about 60, 150 or 500 wide?
# > <!-- choose: 60 | 150 | 500 -->

# %% tags=["nbval-check-output"]
r, d, field = 1, 1, {}
for layer in encoder.features:
    for conv in layer.modules():
        if isinstance(conv, torch.nn.Conv2d):
            r, d = r + (conv.kernel_size[0] - 1) * d, d * conv.stride[0]
    field[d] = r  # overwritten until the stride doubles: the pyramid reads the last one
for stride in encoder.strides:
    print(f"stride {stride:2}: {field[stride]:3} x {field[stride]:3} pixels, {field[stride] / stride:.0f} cells wide")

# %% [markdown]
# **A cell at stride 8 sees half the width of a photo of 128 pixels, one at stride 16 all of it**, and beyond that the
# field is padding. This goes with the bars above. Lesion and skin differ by comparison: dark *for this photo*. A cell
# at stride 4 cannot compare, one at stride 16 can. A wide field alone is not enough: the random encoder has the same.
# (And the middle of a field weighs more than its rim: [Luo et al. 2016](https://arxiv.org/abs/1701.04128).)
#
# ## Three ways back to full size
#
# Three of the five write-ups (lesson 04) put three decoders behind this encoder. B and E read the deepest map alone. C
# takes strides 16, 8 and 4 along as *skips*. We watch every convolution at work on one photo: what goes in and what
# comes out (channels x height x width), and its parameters. The arithmetic is counted in *multiply-accumulates*, one
# product added to a sum.
#
# > **Predict.** Which of the three has most parameters? At which stride does each do its last convolution?


# %%
from lesionseg_lib.models import cost

NAMES = {"B": "transposed-frozen", "C": "dilated-frozen", "E": "conv5-frozen"}
counts = {}
for family, name in NAMES.items():
    one = build.build_segmenter(lesson.recipe(name), lesson.weights)
    counts[f"{family}: {name}"] = cost.count_parameters(one)
    print(f"{family}: {cost.count_macs(one, (128, 128)) / 1e6:.0f} million multiply-accumulates, encoder included")
    print(*cost.list_convolutions(one.decoder, [level[:1] for level in kept.levels], recipe.size), sep="\n")
assert counts["C: dilated-frozen"]["trainable"] == 4_771_585  # as its write-up says
plots.parameter_bars(counts)

# %% [markdown]
# **Most weights sit where the readout found little.** In B and C they are in the first layer, which takes 1280
# channels in; in E they are in the five convolutions at 4 x 4 cells. The author calls those "downsampling", but with
# stride 1 they only change channels. E has most parameters in all and convolves up to full size, B up to stride 2; C
# stops at stride 4 and enlarges the rest smoothly, which by the yardstick costs next to nothing. C does nearly three
# times the arithmetic of B, and E does as much as C. Keep that for "which is better".
#
# ## Train all three
#
# Settings are the write-ups'; what they leave open is said in each recipe's `choices`. In profile `full` this takes
# the recorded runs; otherwise it trains, and prints an epoch a line.
#
# > **Predict** the three test scores from yardstick and readout. Whose training loss will leave its validation loss
# > behind?

# %%
fits = {family: lesson.fit(name) for family, name in NAMES.items()}
plots.curves({f"{family}: {NAMES[family]}": fit.history for family, fit in fits.items()})

# %% [markdown]
# Losses of different kinds cannot be compared with each other (C adds a Dice term), but each with itself. **B and E
# learn their training photos by heart**: the training loss goes on falling while the validation loss climbs. Their
# Jaccard does not fall with it: they grow more *certain* where they are wrong, not wrong more often. Their features
# of a photo are the same sixteen cells in every epoch; C meets a flipped and re-lit photo each time. So the three
# differ in more than the decoder. And yet B and E score above the yardstick of stride 32: they do paint shapes.
#
# ## The same photos under three decoders
#
# Three test photos by rule, not by taste: sorted by mean score over the three decoders, those at 10, 50 and 90 %.

# %%
scores = pd.DataFrame({family: fit.table["jaccard"] for family, fit in fits.items()})
order = scores.mean(axis=1).argsort().to_numpy()
picks = [int(order[int(share * len(order))]) for share in (0.1, 0.5, 0.9)]
photos = [lesson.splits.test[i] for i in picks]
rows = [[s.image, s.mask, *(f.model.probabilities(s.image, recipe.size) > 0.5 for f in fits.values())] for s in photos]
titles = [[s.id, "truth", *(f"{f}: {scores[f][i]:.2f}" for f in fits)] for s, i in zip(photos, picks, strict=True)]
alt = "Three test photos, the true mask, and the masks by B, C and E with the true outline and the Jaccard index: "
plots.panels(rows, titles, alt + "; ".join(", ".join(row) for row in titles), [[s.mask] * 5 for s in photos])

# %% [markdown]
# B and E know *that* there is a lesion, and in which corner; what they draw is a blob. In our recorded runs both miss
# most of the first lesion, which is smaller than a cell, and give the second, a long one, a round mask. **C follows
# the outline.** On the third, which fills the photo, a blob is nearly good enough: B is four points behind C. Means
# hide such photos; lesson 11 is about them.
#
# ## The scores, and what was claimed
#
# As in lesson 03: enlarge the probabilities to the truth's size and cut them at .5; then the official rule, score each
# photo, take the mean. The interval says how far the mean would move with other photos from the same source.

# %%
rows = []
for family, fit in fits.items():
    for metric, claimed in (("jaccard", fit.recipe.claimed.iou), ("dice", fit.recipe.claimed.dice)):
        s = fit.record["test"][metric]
        measured = {"value": s["mean"], "low": s["low"], "high": s["high"]}
        rows.append({"name": f"{family} {metric}", "claimed": claimed, **measured})
plots.comparison(rows, f"mean over {len(test)} test photos")

# %% [markdown]
# In our recorded runs B reaches a Jaccard index of {{ number("transposed-frozen", "jaccard") }}, E {{ number("conv5-frozen", "jaccard") }} and C
# {{ number("dilated-frozen", "jaccard") }}. Dice is near its claim for B and C. **No claimed IoU lies inside its interval**, and each
# misses in its own way. C's claim of .8716 is close to {{ number("dilated-frozen", "readings.background_averaged.jaccard") }}, what
# our run gives when the background's IoU is averaged in; E's "about .7" lies between pooling all pixels
# ({{ number("conv5-frozen", "readings.pooled.jaccard") }}) and the background's help
# ({{ number("conv5-frozen", "readings.background_averaged.jaccard") }}). Such fits suggest; they prove nothing. B's is a case of its
# own, at the end.
#
# ## Is C really better than B? Is E?
#
# All saw the same photos, so compare photo by photo: take each photo's difference, and bootstrap the mean of the
# differences. Photos that are hard for everybody drop out.

# %%
for first, second in (("B", "C"), ("B", "E")):
    gain = 100 * (scores[second] - scores[first]).to_numpy()
    low, high = bootstrap.bootstrap_interval(gain)
    verdict = "no difference can be shown" if low <= 0 <= high else "they differ on photos like these"
    print(f"{first} -> {second}: {gain.mean():+.1f} points ({low:+.1f} to {high:+.1f}): {verdict}")
    print(f"        {second} is better on {(gain > 0).mean():.0%} of the photos")

# %% [markdown]
# **C beats B by twenty points, on nine photos of ten. E has three times B's decoder weights, and gains a point and a
# half over B, on little more than half of the photos.** Is it resolution that B and E lack? We sort the test photos by
# the share of the photo that is lesion, and cut them into four equal groups.
#
# > **Predict.** If resolution is the reason, in which quarter is the gap widest?

# %%
table = fits["B"].table
area = (table["tp"] + table["fn"]) / (table["height"] * table["width"])
quarter = pd.qcut(area.rank(method="first"), 4, labels=["smallest", "second", "third", "largest"])
by_size = scores.groupby(quarter, observed=True).mean()
medians = area.groupby(quarter, observed=True).median()
print("lesion's share of the photo, median:", ", ".join(f"{name} {share:.0%}" for name, share in medians.items()))
plots.grouped_bars(by_size.to_dict(), "mean Jaccard on test, by size of lesion")

# %% [markdown]
# **On the smallest lesions C gains more than thirty points, on the largest about eleven.** That is what resolution
# predicts. But it does not prove it: C also has batch norm, another loss and augmentation. So ask C itself. It accepts
# a pyramid, and we may replace one level by its average, which says the same of every cell. If the decoder leans on
# that level, it falls.
#
# > **Predict.** C has four inputs: strides 4, 8, 16 and 32. Half of its weights read stride 32. Which one can it spare,
# > and which one not?


# %%
def without(*gone):
    """Validation Jaccard of C when these levels of the pyramid are replaced by their average over training photos."""
    pyramid = list(kept_validation.levels)
    for i in gone:
        pyramid[i] = kept.levels[i].mean((0, 2, 3), keepdim=True).expand_as(pyramid[i])
    return score(fits["C"].model(pyramid)[:, 0].detach().numpy()).mean()


lost = {"with all": without(), **{f"without stride {encoder.strides[i]}": without(i) for i in (1, 2, 3, 4)}}
plots.grouped_bars({"C": lost}, "mean Jaccard on validation")

# %% [markdown]
# **Nearly everything hangs on stride 8.** Without it C collapses; any other level it can spare for two points or
# less, even the 1280 channels of stride 32, which occupy more than half of its weights. So it is not the deepest
# features that C owes its lead to. It leans on a map whose cells are small enough to say *where*; its own dilated
# convolutions may give it the wider view. What a decoder needs is not the last layer of an encoder, but the right
# one.
#
# ## Is it frozen?
#
# Most tutorials freeze an encoder with one line: `requires_grad = False`. That stops the optimiser. It does not stop
# **batch norm**, which keeps a running mean and variance of each channel and, in training mode, replaces a tenth of
# them by those of the present batch at every forward pass. No gradient, no optimiser needed.
#
# Here is C behind an encoder "frozen" that way. We only show it training photos. No loss, no step. *Shift* is how far
# the running means of the first batch norm have moved, in standard deviations.
#
# > **Predict.** After 32 batches, $.9^{32} = 3$ % of ImageNet's statistics are left. What happens to the score?

# %%
naive = copy.deepcopy(fits["C"].model)
naive.encoder.freeze(())  # take our protection away
naive.encoder.requires_grad_(False)  # what most tutorials call freezing
now, then = naive.encoder.features[0][1], fits["C"].model.encoder.features[0][1]
for batch in range(33):
    if batch in (0, 1, 2, 4, 8, 16, 32):
        shift = ((now.running_mean - then.running_mean).abs() / then.running_var.sqrt()).mean()
        print(f"{batch:2} batches: shift {shift:.2f}, J = {score(naive.logits(validation.images)).mean():.3f}")
    naive.encoder.train()
    naive.encoder(naive.normalise(train.images[np.arange(16 * batch, 16 * batch + 16) % len(train)]))

# %% [markdown]
# **The score loses more than four points, and nobody has trained anything.** With a decoder that learns along, the
# damage would be smaller, for it gets used to the moving features. That is what makes the mistake last: nothing
# breaks, and the curve looks like learning. What it costs is trust. Features differ between the first epoch and the
# last, and between two people who train on the same "frozen" encoder; maps kept yesterday do not fit today; three
# decoders no longer share an instrument. The same network scored *in* training mode, with the statistics of each test
# batch, falls from {{ number("dilated-frozen", "jaccard") }} to {{ number("dilated-frozen", "readings.train_mode.jaccard") }}.
#
# `encoder.freeze` does both halves: no gradient, and evaluation mode for what is frozen, defended against every later
# `model.train()`. Do not believe it; compare bits.

# %% tags=["nbval-check-output"]
frozen = build.build_segmenter(lesson.recipe("dilated-frozen"), lesson.weights)
before = copy.deepcopy(frozen.encoder.state_dict())
frozen.train()  # what every training loop calls at the start of an epoch
frozen(network.normalise(train.images[:16])).mean().backward()
moved = [name for name, value in frozen.encoder.state_dict().items() if not torch.equal(value, before[name])]
pulled = [name for name, p in frozen.encoder.named_parameters() if p.grad is not None]
print(f"of {len(before)} tensors {len(moved)} moved, {len(pulled)} got a gradient")
trained = fits["C"].model.encoder.state_dict()  # after all epochs of the run
assert not moved and not pulled
assert all(torch.equal(value, trained[name]) for name, value in encoder.state_dict().items())

# %% [markdown]
# **Not a weight, not a mean, not a counter**, and the second assertion says the same of the trained run: bit for bit
# the encoder it began with. Run this test on every network that somebody calls frozen; it takes five lines.
#
# ## A pair that cannot be
#
# Family B reports a test IoU of .2985 and a test Dice of .7522. For a single photo the two are tied together:
# $D = f(J) = 2J / (1 + J)$. The function $f$ is concave. So for any average over photos, batches or classes
# [Jensen's inequality](https://en.wikipedia.org/wiki/Jensen%27s_inequality) gives
#
# $$\operatorname{mean} D = \operatorname{mean} f(J) \le f(\operatorname{mean} J),$$
#
# with equality where all pixels are pooled first.
#
# > **Predict.** Four claimed pairs. Which of them are possible?

# %% tags=["nbval-check-output"]
for name in ("transposed-frozen", "transposed-finetuned", "dilated-frozen", "conv5-frozen"):
    claimed = recipes.get_recipe(name).claimed
    bound = 2 * claimed.iou / (1 + claimed.iou)
    print(f"{name}: claimed IoU {claimed.iou:.4f} allows a Dice of {bound:.4f} at most; claimed {claimed.dice:.4f}")
    print(f"    {'possible' if claimed.dice <= bound else 'IMPOSSIBLE'}; ", end="")
    print(f"that Dice needs an IoU of {claimed.dice / (2 - claimed.dice):.4f} at least")

# %% [markdown]
# **No set of masks gives .2985 together with .7522, however they are averaged, as long as both are averaged in the
# same way.** Read backwards, a mean Dice of .7522 needs a mean IoU of .603 or more. Our run of that recipe has
# {{ number("transposed-frozen", "jaccard") }} and {{ number("transposed-frozen", "dice") }}, its intervals {{ number("transposed-frozen", "jaccard_interval") }}
# and {{ number("transposed-frozen", "dice_interval") }}. The Dice is credible, then; the IoU is not.
#
# And the fine-tuned network of the same write-up has *the same* .2985, to four digits, beside another Dice. A score
# that does not depend on the network does not look at its output. What scores about .3, whatever the network says?

# %%
everything = np.full((len(test), 4, 4), 20.0, np.float32)  # logits of "lesion, for certain", everywhere
whole = scoring.score_images(sigmoid(everything), lesson.splits.test)
for metric in ("jaccard", "dice"):
    low, high = bootstrap.bootstrap_interval(whole[metric].to_numpy())
    print(f"all-foreground masks: mean {metric} {whole[metric].mean():.4f} ({low:.4f} to {high:.4f})")
print(f"all pixels pooled: IoU {whole['tp'].sum() / (whole['tp'] + whole['fp']).sum():.4f}")
pd.DataFrame(fits["B"].record["readings"]).T.round(3)

# %% [markdown]
# A mask that calls everything lesion scores the lesion's mean share of the photo. **In profile `full` the claimed
# .2985 lies inside its interval, and far from every reading of B's real masks** in the table (its readings are those
# of lesson 03, and `pooled_batches`, which pools each batch of 16 and takes the mean). One line is enough for that:
# thresholding at 0 what a sigmoid has made positive, or `mask.bool()` of probabilities. We cannot know that it was this
# line. We do know that it was not the mean IoU of masks with that mean Dice.
#
# ## Exercises
#
# **1. The other half of the instrument.** The encoder was trained on photos whose mean colour had been subtracted.
# Suppose the prediction script forgets this: it only divides by 255, or feeds bytes from 0 to 255. A model's
# `preprocessing` can be replaced by `Preprocessing(mean, std)`, in units of 0 to 1. Predict, then measure, for B, C
# and E.
#
# ```python
# slips = {"only / 255": None, "bytes": None}  # a Preprocessing each
# slipped = {}  # slip: {"B": mean J on validation, "C": ..., "E": ...}
# exercises.check("06.1", slipped, slips, fits, lesson)
# ```
#
# <details><summary>Hint</summary>
#
# Normalisation computes `(bytes / 255 - mean) / std`. Which mean and std make it do nothing? Which undo the division?
#
# </details>

# %% Solution tags=["hide-cell"]
from lesionseg_lib.models.preprocessing import Preprocessing

slips = {"as trained": network.preprocessing, "only / 255": Preprocessing((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))}
slips["bytes"] = Preprocessing((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))
slipped = {slip: {} for slip in slips}
for family, fit in fits.items():
    model = copy.deepcopy(fit.model)
    for slip, model.preprocessing in slips.items():
        slipped[slip][family] = score(model.logits(validation.images)).mean()
print(exercises.check("06.1", slipped, slips, fits, lesson))
plots.grouped_bars(slipped, "mean Jaccard on validation")

# %% [markdown]
# **Only divided by 255, the three lose from seven to eighteen points; on bytes C is worse than a mask that calls
# everything lesion.** Nothing crashes, no shape is wrong, and .75 might pass for a weak model. This is the effect of
# forgetting it *after* training; a decoder trained on wrong features would learn to live with some of the damage.
#
# **2. Is the yardstick a bound?** Keep one number per cell, but choose it freely: start from the average, enlarge
# smoothly, and let gradient descent on the true masks themselves find the best numbers for strides 8, 16 and 32
# (`probing.best_cover`). This is cheating, of course; it asks what the *grid* allows. Predict stride 32 first.
#
# ```python
# free = {}  # stride: mean J on validation, for 8, 16 and 32
# exercises.check("06.2", free, lesson)
# ```
#
# <details><summary>Hint</summary>
#
# `best_cover(masks, stride)` gives probabilities, already enlarged. `score` wants logits: do with them what the cell of
# the yardstick does with `probing.cover`.
#
# </details>


# %% Solution tags=["hide-cell"]
coarse = (8, 16, 32)
free = {f"{s}": score(torch.logit(probing.best_cover(validation.masks, s), eps=1e-6).numpy()).mean() for s in coarse}
average = {f"{s}": yardstick[s].mean() for s in coarse}
print(exercises.check("06.2", free, lesson))
plots.grouped_bars({"average": average, "free": free}, "mean Jaccard on validation, by stride")

# %% [markdown]
# **Sixteen freely chosen numbers carry most masks**: at stride 32 the grid allows .83 where averages give .53. So the
# grid is not what stops B and E. Their features do not tell *where* in a cell the border runs, or 749 photos are too
# few to learn how they tell it.
#
# ## Take-away
#
# - Frozen ImageNet features know a lot about lesions, most of it at strides 8 and 16. One weight per channel on three
#   levels beats two trained decoders that read stride 32 alone.
# - Ask random weights before you praise trained ones.
# - Every stride trades *where* for *what*. Skips are how a decoder gets both.
# - `requires_grad = False` freezes weights, not batch norm. Frozen means that every tensor keeps its bits; test it.
# - What never changes may be computed once. A random flip ends that.
# - Mean Dice is at most $2J / (1 + J)$ of the mean IoU. One line of arithmetic, before any rerun, tells a claim that
#   cannot be.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One seed a recipe.** The intervals here resample photos, not trainings. Differences of a point or two between
#   runs may be luck.
# - **Robbing a trained network is not training it without.** A decoder trained without stride 8 would learn to lean on
#   something else. Lesson 08 takes skips apart.
# - **Dermoscopy is kind to this method.** Photos are sharp, centred and lit; green light alone separates quite well.
#   On pale lesions, dark skin or phone photos frozen features meet what neither ImageNet nor this training set holds.
# - **Batch norm that moves is not always harm.** Averages of skin may even suit skin better. The harm is that training
#   and evaluation compute different functions, and that kept features, shared encoders and saved decoders no longer
#   fit.
# - **128 x 128 photos.** At 512 pixels stride 32 has 16 x 16 cells, and much of what this lesson says against B and E
#   weakens.
# - **Photos of 256 pixels.** The test photos have a long side of 256 pixels here; against native sizes all scores
#   would move by a little.
#
# **In the library**: {{ api("models.encoder") }} and {{ api("models.decoders") }} make the networks, {{ api("training.batches") }} computes frozen maps
# once, {{ api("training.probing") }} reads them without a decoder, {{ api("models.cost") }} counts, {{ api("training.loop") }} trains.
#
# Next, [lesson 07](07_fine_tuning.ipynb): the encoder learns too.
