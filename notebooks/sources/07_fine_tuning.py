# %% [markdown]
# # 07 · Fine-tuning: which stages, which rate, does it pay?
#
# In lesson 06 the encoder stayed as ImageNet left it, and only a decoder learned. Now we let the encoder learn too:
# its last stage, its last two stages, all of it. **After this lesson you can**
#
# - say which weights of a network are trainable, and check it by counting, not by believing;
# - tell trainable share, arithmetic and training time apart, and say why they disagree;
# - give the encoder a learning rate of its own, and measure how far it moved;
# - find out whether fine-tuning helped, in a way that survives a sceptical reviewer, and what each point cost.
#
# **You need** lesson 06 (pyramid, frozen batch norm), and from lesson 03 the Jaccard index *J* and the bootstrap.
#
# **Time**: forty-five minutes to read and try. Its cells took two minutes on one CPU core,
# from recorded runs; in profile `student` ten trainings add about twenty minutes there. A GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, ImageNet weights, the recorded runs. In `smoke` every
# cell runs too, on a few drawn lesions and for two epochs, and its scores mean nothing.

# %%
import time
import timeit
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, metrics

# %%
from lesionseg_lib.models import cost
from lesionseg_lib.models.encoder import STAGES
from lesionseg_lib.teaching import exercises, lessons
from lesionseg_lib.training import build, losses
from lesionseg_lib.training.probing import linear_probe

lesson = lessons.start()

# %% [markdown]
# ## Which layers are in which stage?
#
# torchvision's MobileNetV2 is a list of 19 blocks called `features`. Nothing in it says "stage". We cut it where lesson
# 06 read its maps, just before the stride doubles, so that each stage ends in a map that a decoder may use as a skip
# connection. The first two of the five maps share stage 1.
#
# > **Predict.** A convolution from $a$ to $b$ channels with a $k \times k$ kernel has about $a \cdot b \cdot k^2$
# > weights, whatever the size of the image. The channels grow from 3 to 1280. Which stage holds most of the 2.2 million
# > weights?

# %%
encoder = lesson.encoder()
SIZE = lesson.recipe("dilated-all").size
x = torch.zeros(1, 3, *SIZE)  # (N, 3, H, W)
for stage, (first, last) in STAGES.items():
    with torch.no_grad():
        x = encoder.stage(stage)(x)
    weights = sum(p.numel() for p in encoder.stage(stage).parameters())
    shape = " x ".join(str(n) for n in x.shape[1:])
    print(f"stage {stage}: features[{first}:{last}]  {weights:9,} parameters, ends in a map of {shape}")

# %% [markdown]
# **Three quarters of the encoder's parameters are in stage 4**, less than one in a hundred in stage 1. A weight is
# stored once, but it is *used* at every pixel of its map, and the maps shrink as the channels grow. Keep this table
# in mind: two of the surprises below follow from it.
#
# ## How many parameters are trained?
#
# The write-up of family C trains one network in four ways. It gives 6,995,457 parameters in total; 4,771,585
# trainable with the encoder frozen; with stage 4 released 6,452,929 trainable and 542,528 not. No code came with it.
# Such counts are a sharp test of whether a network was rebuilt rightly. The next cell asserts them.
#
# > **Predict.** From *two stages* to *all*: how many more parameters learn? Will you see it in the figure?

# %% tags=["nbval-check-output"]
NAMES = ["dilated-frozen", "dilated-stage4", "dilated-two-stages", "dilated-all"]
networks = {name: build.build_segmenter(lesson.recipe(name), lesson.weights) for name in NAMES}
counts = {name: cost.count_parameters(network) for name, network in networks.items()}
for name, c in counts.items():
    print(f"{name:18}  total {c['total']:,}  trainable {c['trainable']:,}  frozen {c['frozen']:9,}")
assert {c["total"] for c in counts.values()} == {6_995_457}
assert counts["dilated-frozen"]["trainable"] == 4_771_585
assert counts["dilated-stage4"]["trainable"] == 6_452_929 and counts["dilated-stage4"]["frozen"] == 542_528
plots.parameter_bars(counts)

# %% [markdown]
# All counts of the write-up are met: decoder and stages are the author's. The rows for which it gives none follow by
# the same rule.
#
# **Even with a frozen encoder two thirds of this network are trained**: its decoder is twice as large as its encoder.
# The last step, from two stages to all, adds 55,488 parameters, 0.8 % of the network; as a bar it cannot be seen. If
# cost followed the number of trained weights, that step would be free.
#
# ## Weights, arithmetic, time: three different things
#
# A *multiply-accumulate* (MAC) is one product added to a sum. torch counts them while a batch runs. We count those of
# every stage, take the time of its forward pass too, and put the shares side by side.
#
# > **Predict.** Stage 1 has 0.2 % of the network's parameters. What is its share of the MACs? Of the time?


# %%
@torch.no_grad()
def measure(module, *inputs):
    """Parameters, MACs of one forward pass, and its seconds (the fastest of five)."""
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        module(*inputs)
    seconds = timeit.repeat(lambda: module(*inputs), number=1, repeat=5)
    return sum(p.numel() for p in module.parameters()), counter.get_total_flops() // 2, min(seconds)


# %%
network = networks["dilated-all"].eval()
x = network.normalise(lesson.decoded.train.images[:8])  # (8, 3, H, W)
with torch.no_grad():
    pyramid = network.encoder(x)  # five maps; a stage starts from the map where the stage before ended
starts = [x, *pyramid[1:4]]
rows = {f"stage {s}": measure(network.encoder.stage(s), starts[s - 1]) for s in STAGES}
rows["decoder"] = measure(network.decoder, pyramid, SIZE)
share = pd.DataFrame(rows, index=["parameters", "multiply-accumulates", "seconds, forward"]).T
plots.grouped_bars((100 * share / share.sum()).to_dict(), "% of the whole network", ".1f")

# %% [markdown]
# **Stage 4 holds 24 % of the parameters but does 7 % of the arithmetic.** Its maps are 4 x 4 for a 128 x 128 image,
# so most weights there are used 16 times; a weight in stage 1 up to 4,096 times. And MACs are not seconds: a
# *depthwise* convolution does few products for every number it fetches from memory, so the early stages take a
# larger share of the time than of the arithmetic.
#
# Now a training step. Backpropagation walks from the loss back to the earliest *trainable* layer, and the outputs of
# all layers on its way must be kept in memory until it has passed. So what counts is how far back it must go.

# %%
images = np.array(lesson.decoded.train.images[:8])  # uint8 (N, H, W, 3)
masks = torch.tensor(np.array(lesson.decoded.train.masks[:8]))[:, None].float()  # (N, 1, H, W)


def step(network, optimizer):
    """One training step on this batch: the loss, and the seconds it took."""
    start = time.perf_counter()
    loss = losses.get_loss("dice+bce")(network(network.normalise(images)), masks)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item(), time.perf_counter() - start


# %% [markdown]
# > **Predict.** Three steps further back: frozen to stage 4, stage 4 to two stages, two stages to all. Which one costs
# > most time?

# %%
seconds = {name: [] for name in NAMES}
optimizers = {n: build.build_optimizer(lesson.recipe(n), network.train()) for n, network in networks.items()}
for _ in range(5):  # in turns, so that whatever else this machine does disturbs all four alike
    for name in NAMES:
        seconds[name].append(step(networks[name], optimizers[name])[1])
table = pd.DataFrame(counts).T[["trainable"]]
table["trainable, %"] = (100 * table["trainable"] / 6_995_457).round(1)
fastest = pd.DataFrame(seconds).min()
table["time of a step, relative"] = (fastest / fastest["dilated-frozen"]).round(2)
table

# %% [markdown]
# Compare the last two columns. Stage 4 alone raises the trainable share from 68 to 92 % and makes a step somewhat
# slower; **the last 0.8 % of the weights cost the most time**, because they sit under the largest maps. So do not
# argue about cost with parameter counts. Time a step. (Yours differs, and on a busy machine small differences jump
# about.)
#
# ## Which learning rate for weights that already know something?
#
# A decoder starts from noise and must travel far. The encoder has learned from 1.3 million photos, and large steps
# may undo that before the decoder has sent down a single useful gradient. So optimisers take *parameter groups*,
# each with its own rate. Our `build_optimizer` makes one for the decoder, and a second for what is trainable of the
# encoder.

# %% tags=["nbval-check-output"]
gentle = replace(lesson.recipe("dilated-all"), name="a gentle variant", encoder_learning_rate=1e-5)
for recipe in (lesson.recipe("dilated-frozen"), lesson.recipe("dilated-all"), gentle):
    network = build.build_segmenter(recipe, lesson.weights)
    for group in build.build_optimizer(recipe, network).param_groups:
        weights = sum(p.numel() for p in group["params"])
        print(f"{recipe.name:16}  {weights:9,} parameters at rate {group['lr']:g}")

# %% [markdown]
# Three ways in use: no encoder group at all (frozen); **one rate for everything, ten times smaller than for the
# frozen case** (the write-up of C: .0001 instead of .001); two groups. Note what the second does: it slows the
# decoder too. `dilated-frozen` and `dilated-all` therefore differ in *two* things. Remember that when we compare
# them.
#
# ## The optimiser that trained somebody else
#
# Here is a mistake that looks like success. Phase one trained a decoder. For phase two we build a network with all
# stages released, hand over the decoder, and go on. Read the code before you run it. What is wrong?

# %%
torch.manual_seed(0)
first = build.build_segmenter(lesson.recipe("dilated-frozen"), lesson.weights)
optimizer = build.build_optimizer(lesson.recipe("dilated-frozen"), first)

second = build.build_segmenter(lesson.recipe("dilated-all"), lesson.weights)  # every stage may learn now
second.decoder = first.decoder
before = [p.clone() for p in second.encoder.parameters()]
print("loss, step by step:", " ".join(f"{step(second, optimizer)[0]:.3f}" for _ in range(6)))
moved = sum(not torch.equal(p, old) for p, old in zip(second.encoder.parameters(), before, strict=True))
print(f"encoder tensors that changed: {moved} of {len(before)}")

# %% [markdown]
# The loss falls, the counts say "all trainable", gradients are computed and paid for, and **not one weight of the
# encoder has moved**. The optimiser holds the parameters of `first`. The two networks share a decoder, so that part
# learns, and the curve looks healthy. The mistake stands in public code for this very task; its tell-tale in a table is
# a fine-tuned score that hardly differs from the frozen one. (Batch norm's running means did move; they need no
# optimiser. So "something changed" is no proof.)
#
# The check compares identities: every tensor that wants a gradient must be in some group of the optimiser. It costs
# nothing; run it before every training.


# %% tags=["nbval-check-output"]
def forgotten(network, optimizer):
    """Names of the trainable parameters that this optimiser will never move."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return [name for name, p in network.named_parameters() if p.requires_grad and id(p) not in held]


names = forgotten(second, optimizer)
print(f"as above: {len(names)} forgotten, the first is {names[0]}")
optimizer = build.build_optimizer(lesson.recipe("dilated-all"), second)
print(f"bound to the right network: {len(forgotten(second, optimizer))} forgotten")

# %% [markdown]
# ## Train all four
#
# Now the real thing: one network, four choices of what may learn, everything else as the write-up has it or, where it
# is silent, as the recipe's `choices` say. In profile `full` this takes the recorded runs; otherwise it trains, and
# prints an epoch a line.
#
# > **Predict.** Write down the order of the four by test Jaccard, and by how many points the best beats the frozen one.

# %%
fits = {name: lesson.fit(name) for name in NAMES}
for name, fit in fits.items():
    last = [epoch.validation_jaccard for epoch in fit.history[-5:]]
    print(f"{name:18} validation Jaccard within the last five epochs: {min(last):.3f} to {max(last):.3f}")
plots.curves({name: fit.history for name, fit in fits.items()})

# %% [markdown]
# Look at the left panel first. **Three of the four curves lie on top of each other**, and they are not three that
# train the same weights; they are the three that share a rate. After 15 epochs at .0001 their loss is still falling.
# The frozen run, at .001, was there after four epochs. The Jaccard index on the right tells a milder story: it only
# asks on which side of one half a pixel lies, not how surely. So far we compare rates as much as stages. We shall
# come back to it.
#
# ## How far did each stage move?
#
# Take all weights of a stage as one long vector and divide the length of its change by its length before. All four
# runs started from the same encoder, so we build that one again and compare.
#
# > **Predict.** In `dilated-all` one rate holds for all four stages. Do they all move by the same share?

# %%
torch.manual_seed(0)  # the runs' seed: in profile smoke, where weights are random, it gives the same random weights
imagenet = build.build_segmenter(lesson.recipe("dilated-all"), lesson.weights).encoder


@torch.no_grad()
def change(encoder, stage):
    """How far the weights of a stage are from where they started, in % of their length."""
    now, then = (torch.nn.utils.parameters_to_vector(e.stage(stage).parameters()) for e in (encoder, imagenet))
    return float(100 * (now - then).norm() / then.norm())


changes = {n: {f"stage {s}": change(f.model.encoder, s) for s in STAGES} for n, f in fits.items()}
assert max(changes["dilated-frozen"].values()) == 0
plots.grouped_bars(changes, "change of weights, %")

# %% [markdown]
# **Frozen means exactly zero**: the assertion asks for bit-identity, not for "small". What was trained moved by about
# one percent, whichever the stage, different as they are. That is Adam's doing (lesson 04): it divides each gradient by
# its own recent size, so every weight takes steps of about the same size, the rate, whether it matters or not. Had all
# the hundreds of steps gone the same way, the stages would have moved some twenty to thirty times as far; most steps
# undo each other. **So the bars show the rate and the number of steps, not importance.** (Exercise 1 changes the rate;
# exercise 2 measures importance.)
#
# Weights are not all that changes. In a trained stage batch norm also gathers new running means, which no optimiser
# touches. We compare them in units of the standard deviation that batch norm had, at the first batch norm of each
# stage.
#
# > **Predict.** Skin has other colours and softer edges than ImageNet. In `dilated-all`, which stage's first batch norm
# > shifts most? And in `dilated-two-stages`, where stages 1 and 2 are frozen?


# %%
def shift(encoder, stage):
    """Shift of running means, in standard deviations: the median channel of a stage's first batch norm."""
    now, then = (next(m for m in e.stage(stage).modules() if hasattr(m, "running_mean")) for e in (encoder, imagenet))
    return float(((now.running_mean - then.running_mean).abs() / (then.running_var + then.eps).sqrt()).median())


shifts = {n: {f"stage {s}": shift(f.model.encoder, s) for s in STAGES} for n, f in fits.items()}
plots.grouped_bars(shifts, "shift, standard deviations")

# %% [markdown]
# **The first batch norm that may move takes the whole blow, wherever it stands**; all behind it hardly notice. It
# takes the mean of skin away, and what it hands on looks again like what the later layers know from ImageNet. With
# everything frozen nobody does that, and the decoder has to live with shifted features. So a part of "fine-tuning"
# is no learning at all, only new averages. Keep that in mind when a single thawed stage seems to work wonders.
#
# ## Did it help?
#
# The scores on the 379 test images, official rule, with 95 % intervals, and what the write-up claims.


# %%
def row(name, fit):
    claimed = fit.recipe.claimed and fit.recipe.claimed.iou
    test = fit.record["test"]["jaccard"]
    return {"name": name, "value": test["mean"], "low": test["low"], "high": test["high"], "claimed": claimed}


plots.comparison([row(name, fit) for name, fit in fits.items()], "mean Jaccard on test")

# %% [markdown]
# The claims rise with every stage released: {{ number("dilated-frozen", "recipe.claimed.iou", ".4f") }},
# {{ number("dilated-stage4", "recipe.claimed.iou", ".4f") }}, {{ number("dilated-all", "recipe.claimed.iou", ".4f") }}. Ours do not rise step by step:
# {{ number("dilated-frozen", "jaccard", ".4f") }}, {{ number("dilated-stage4", "jaccard", ".4f") }}, {{ number("dilated-two-stages", "jaccard", ".4f") }},
# {{ number("dilated-all", "jaccard", ".4f") }}, and **each claim lies above our interval**, about five to six points from our mean. Two
# disagreements, then: the level and the order.
#
# The level first. A claim can be compared only when we know how it was computed. Each record holds the score of the
# same predictions by every rule that is called "IoU" or "Dice" somewhere (lesson 03). Which rule comes nearest?


# %%
def nearest(fit, metric, claimed):
    """Which way of scoring the same predictions comes nearest to a claimed figure."""
    scores = {rule: score[metric] for rule, score in fit.record["readings"].items()}
    rule = min(scores, key=lambda rule: abs(scores[rule] - claimed))
    return f"claimed {claimed:.3f}, official {scores['per_image']:.3f}, nearest: {rule} {scores[rule]:.3f}"


for name, fit in fits.items():
    if fit.recipe.claimed is not None:
        print(f"{name:15} IoU   {nearest(fit, 'jaccard', fit.recipe.claimed.iou)}")
        print(f"{'':15} Dice  {nearest(fit, 'dice', fit.recipe.claimed.dice)}")

# %% [markdown]
# **For all three the claimed IoU comes nearest to the reading that averages the background in**, as a "mean IoU" over
# two classes does; skin is most of every photo and easy, which flatters. The claimed Dice does not fit that rule. For
# the frozen run it is {{ number("dilated-frozen", "recipe.claimed.dice", ".4f") }}; we measured {{ number("dilated-frozen", "dice", ".4f") }} on lesions,
# and {{ number("dilated-frozen", "readings.background_averaged.dice", ".4f") }} with the background averaged in. The simplest story that
# fits: **IoU over two classes, Dice over lesions**, side by side in one table. It is a story, not a proof; only the
# author's code could tell. In all three the claimed Dice is nearest to ours pooled batch by batch, within half a point.
#
# The losses say something too. That of the frozen run, {{ number("dilated-frozen", "recipe.claimed.loss", ".4f") }}, is near ours,
# {{ number("dilated-frozen", "test.loss", ".4f") }}. That of `dilated-all` is {{ number("dilated-all", "recipe.claimed.loss", ".4f") }} against our
# {{ number("dilated-all", "test.loss", ".4f") }}. C does not say for how many epochs it trained; we took 15 for all four. At the small
# rate that was too few to get down to the claimed loss.
#
# ## Is the difference real?
#
# The intervals above overlap. That does *not* settle it: most of their width comes from easy and hard images, and all
# four networks saw the same ones. So we compare image by image: take the difference of each image's two scores, and
# bootstrap the mean of the differences.
#
# > **Predict.** Will the interval of the difference be wider or narrower than those above?


# %%
def compare(first, second, fits=fits):
    """Mean gain from first to second over the same test images, its 95 % interval, and a plain sentence."""
    gain = 100 * (fits[second].table["jaccard"] - fits[first].table["jaccard"]).to_numpy()
    low, high = bootstrap.bootstrap_interval(gain)
    better = second if gain.mean() > 0 else first
    verdict = "no difference can be shown" if low <= 0 <= high else f"{better} is better on these images"
    print(f"{first} -> {second}: {gain.mean():+.2f} points ({low:+.2f} to {high:+.2f}): {verdict}")


for first, second in [*pairwise(NAMES), (NAMES[0], NAMES[-1])]:
    compare(first, second)

# %% [markdown]
# Not what the claims promise. **With stage 4 released no difference from frozen can be shown; the step that shows is
# the one to two stages; and all of it gains one point over frozen**, by an interval that nearly touches zero. The
# intervals are narrower than those of the single scores, because hard images are hard for all.
#
# Before we write that fine-tuning pays, and from which stage on: two things changed between *frozen* and the others,
# the stages and the rate. With a rate ten times smaller the decoder, too, learned ten times more slowly, and fifteen
# epochs are few. So what the stages are worth may be more than we see, or less. Two runs would separate the two
# changes. Exercise 3 asks which, and runs them; until then the honest sentence is: these four *recipes* differ as
# shown, and we do not know which of their two differences did it.
#
# ## One seed
#
# "No difference can be shown" does not say "they are equal". And the paired interval answers one question only: *would
# other images from the same source change the verdict?* It knows nothing of the other chance in the game. **Each name
# stands for one training run with one seed**; another order of batches would have given another network. How much that
# matters we cannot tell from single runs, but a rough idea comes free. Look at the first curves again: within its last
# five epochs the validation score of the recorded frozen run ranges over nearly three points, more than the four test
# scores differ. Which epoch is kept is partly luck, and so is a point on the test set. We may say that *these two
# networks* differ on these images. About the two *recipes* we say nothing until each was trained with several seeds.
# (An example: in the first four that we trained, flips and brightness came together or not at all, by the fault that
# lesson 05 shows.
# Trained again without it, the frozen run came out more than a point lower, and the difference between it and *stage4*,
# which could be shown until then, vanished.)
#
# **Your own run will not score what ours did.** So a training cell that trains on the real photos says where your
# score lies: inside or outside the *band* in which, from the recorded seeds, nineteen of twenty further ones are
# expected ({{ api("results.seeds") }}). A run outside it differs in more than its seed; in profile `student`, for instance, in its
# epochs, and the cell says so.
#
# ## Where does it help?
#
# A mean hides who gains. We take three test images by rule, not by taste: the one that gains most from *frozen* to
# *all*, the median, and the one that loses most.

# %%
gain = (fits["dilated-all"].table["jaccard"] - fits["dilated-frozen"].table["jaccard"]).to_numpy()
picks = np.argsort(gain)[[-1, len(gain) // 2, 0]]
pairs = [(name, int(i)) for name in ("dilated-frozen", "dilated-all") for i in picks]
photos = [lesson.splits.test[i] for _, i in pairs]
pictures, truths = [photo.image for photo in photos], [photo.mask for photo in photos]
drawn = [fits[n].model.probabilities(p.image, SIZE) > 0.5 for (n, _), p in zip(pairs, photos, strict=True)]
scores = [fits[name].table["jaccard"][i] for name, i in pairs]
plots.error_maps(pictures, truths, drawn, [name for name, _ in pairs], scores)

# %% [markdown]
# Left, lesson 01's breath of pink, which the frozen run misses; below, it is found, with a rim of skin. Right, a small
# one: the frozen run has it, while `dilated-all` draws far too much. In the middle nothing changes. Three photos prove
# nothing, but both extremes are small lesions, and the large one stays as it is: **does the gain depend on the size of
# the lesion?** All 379 can tell. We sort them by the true lesion's share of the photo and cut the row into quarters.
#
# > **Predict** the sign of the gain in the smallest and in the largest quarter.


# %%
def mean_and_interval(gain):
    low, high = bootstrap.bootstrap_interval(gain.to_numpy())
    return f"{gain.mean():+.1f} ({low:+.1f} to {high:+.1f})"


table = fits["dilated-frozen"].table
share = (table["tp"] + table["fn"]) / (table["height"] * table["width"])
quarter = pd.qcut(share, 4, labels=["smallest", "second", "third", "largest"]).rename("lesions, by size")
gains = pd.DataFrame({name: 100 * (fits[name].table["jaccard"] - table["jaccard"]) for name in NAMES[1:]})
gains.groupby(quarter, observed=True).agg(mean_and_interval)

# %% [markdown]
# **The gain of `dilated-all` comes from the large lesions**, though both extremes above were small: more than three
# points on the largest quarter, and on the two smaller ones no difference can be shown. `dilated-two-stages` does the
# same. On the largest quarter both miss less of the lesion than the frozen run (column `fn` of the tables) and draw no
# more skin (`fp`). Our guess: they find more of the pale rim, which in a large lesion lies far from the dark middle.
# Twelve intervals stand in this table, and one in twenty misses its target by chance, so do not build on a single cell;
# the pattern is in two columns. Look at groups before you quote a mean.
#
# ## For which decoder does it pay most?
#
# `dilated` has skip connections. `transposed` (family B) and `conv5` (family E) see the deepest map alone, 4 x 4
# cells for the whole image. They were trained twice too.
#
# > **Predict.** Which of the three decoders gains most from a trained encoder, and why?

# %%
PAIRS = [("dilated-frozen", "dilated-all"), ("transposed-frozen", "transposed-finetuned"),
         ("conv5-frozen", "conv5-finetuned")]  # fmt: skip
fits |= {name: lesson.fit(name) for pair in PAIRS[1:] for name in pair}
for first, second in PAIRS:
    compare(first, second)
plots.comparison([row(name, fits[name]) for pair in PAIRS for name in pair], "mean Jaccard on test")

# %% [markdown]
# **The decoders without skips gain many times more than the one with skips.** In the recorded runs B goes from
# {{ number("transposed-frozen", "jaccard") }} to {{ number("transposed-finetuned", "jaccard") }} and E from {{ number("conv5-frozen", "jaccard") }} to
# {{ number("conv5-finetuned", "jaccard") }}, intervals far from zero, while C gains a point. Trained, a decoder that reads sixteen
# cells comes within a few points of one that reads a thousand.
#
# B's claimed IoU stands far to the left, below anything we measured: no pair of .2985 and a Dice above .75 can come
# from one set of masks (lesson 06). E's claims, "about" .70 and .75, lie on both sides of ours.
#
# Why? Our guess: without skips, *where* the border runs must be packed into the 1280 numbers of each coarse cell,
# and ImageNet never asked for that. A guess can be tested. A *linear probe* ([Alain & Bengio
# 2016](https://arxiv.org/abs/1610.01644)) takes an encoder as it is and fits one matrix, from the 1280 numbers of a
# cell to the 32 x 32 pixels of mask under it. It has no skips, no neighbours, no depth: **what it draws is what the
# deepest map says about location.**
#
# > **Predict.** Which of four encoders lets a linear map draw best: ImageNet's, or that of one of the trained runs?

# %%
train, validation = lesson.decoded.train, lesson.decoded.validation
encoders = {"ImageNet": imagenet} | {name: fits[name].model.encoder for _, name in PAIRS}
probes = {name: linear_probe(encoder, train, validation) for name, encoder in encoders.items()}
plots.grouped_bars({"linear probe of the deepest map": probes}, "Jaccard on validation")

# %% [markdown]
# **The guess holds: where there were no skips, the deepest map learned to say where.** In the recorded runs a linear
# map on B's trained encoder comes within a few points of B's own decoder on the same photos
# ({{ number("transposed-finetuned", "validation.jaccard") }}); on ImageNet's encoder it gets only half as far. The encoder of
# `dilated-all` hardly changed in this respect: skips deliver location, so nobody asked the deepest map for it. Each
# encoder learned what its decoder lacked.
#
# ## What did a point cost?
#
# Last, the bill. From the records: the median time of an epoch on the machine that trained, times the epochs until
# the one that was kept, and what the additional minutes bought.
#
# > **Predict.** `transposed-frozen` needs neither augmentation nor a trained stage, so its feature maps are computed
# > once and kept (lesson 06). How much cheaper is its epoch than that of `transposed-finetuned`?


# %%
def bill(name, frozen):
    r, base = fits[name].record, fits[frozen].record
    minutes, before = (x["seconds_per_epoch"] * x["best_epoch"] / 60 for x in (r, base))
    gain = 100 * (r["test"]["jaccard"]["mean"] - base["test"]["jaccard"]["mean"])
    trainable = 100 * r["parameters"]["trainable"] / r["parameters"]["total"]
    price = (minutes - before) / gain if gain > 0 else np.nan
    return [trainable, r["seconds_per_epoch"], r["best_epoch"], minutes, gain, price]


columns = ["trainable, %", "seconds an epoch", "best epoch", "minutes until then", "points gained", "minutes a point"]
bills = {n: bill(n, n.split("-")[0] + "-frozen") for n in fits}
pd.DataFrame.from_dict(bills, orient="index", columns=columns).round(1).astype(object).fillna("-")

# %% [markdown]
# For B a point costs some ten seconds of one CPU core, for E a few, for C half a minute to a minute or, with stage 4
# alone, nothing that could be bought: **do not quote a price for a gain that could not be shown.** And read the seconds
# to a factor of two: the machine did other work while it trained, at times more, at times less. What does not depend on
# that is the order: with kept maps B's epoch takes about a quarter of the time, and a trained encoder costs more than a
# frozen one wherever the photos are augmented (C).
#
# ## Exercises
#
# **1. Ten times the rate.** Adam moves every weight by about its rate per step. Predict how far stage 4 is from
# ImageNet after four steps at encoder rates of .001, .0001 and .00001. Then measure it with `step` and `change`.
# (Build a fresh network for every rate; `replace` a recipe's `encoder_learning_rate` as above.)
#
# ```python
# moved = {}  # encoder's rate: change of stage 4, in %
# exercises.check("07.1", moved, imagenet)
# ```

# %% Solution tags=["hide-cell"]
moved = {}
for rate in (1e-3, 1e-4, 1e-5):
    recipe = replace(lesson.recipe("dilated-all"), encoder_learning_rate=rate)
    torch.manual_seed(0)
    network = build.build_segmenter(recipe, lesson.weights)
    optimizer = build.build_optimizer(recipe, network)
    loss = [step(network, optimizer)[0] for _ in range(4)]
    moved[rate] = change(network.encoder, 4)
    print(f"rate {rate:g}: stage 4 moved by {moved[rate]:.3f} %, loss {loss[0]:.3f} to {loss[-1]:.3f}")
exercises.check("07.1", moved, imagenet)

# %% [markdown]
# The distances stand about 100 : 10 : 1, whatever the gradients were. **With Adam the rate times the number of steps is
# a leash**: it bounds how far a weight can get. Four steps use up more than half of it; the whole training above,
# hundreds of steps at .0001, got only some eight times as far as four, because most steps undo each other. This is why
# a rate of its own for the encoder is the first thing to try when fine-tuning does harm.
#
# **2. Which change mattered?** Take the fully trained `dilated-all`, put the ImageNet version of *one* stage back
# (weights and batch-norm statistics: `load_state_dict`), and score on validation. Predict which stage hurts most. Why
# is the result no fair price for having kept that stage frozen from the start?
#
# ```python
# scores = {}  # stage: mean J on validation, for 1, 2, 3, 4 and None, nothing put back
# exercises.check("07.2", scores, fits["dilated-all"], imagenet, lesson)
# ```
#
# <details><summary>Hint</summary>
#
# Keep a copy of `model.encoder.state_dict()`, every tensor cloned, and load it again after each stage. To put a stage
# back: `model.encoder.stage(s).load_state_dict(imagenet.stage(s).state_dict())`. `model.logits(images) > 0` draws,
# `metrics.confusion` and `metrics.reduce` score.
#
# </details>

# %% Solution tags=["hide-cell"]
model, data = fits["dilated-all"].model, lesson.decoded.validation
trained, scores = {k: v.clone() for k, v in model.encoder.state_dict().items()}, {}
for stage in (None, *STAGES):
    if stage is not None:
        model.encoder.stage(stage).load_state_dict(imagenet.stage(stage).state_dict())
    drawn = model.logits(data.images) > 0  # p > .5
    scores[stage] = metrics.reduce(metrics.confusion(drawn, np.array(data.masks) > 0), "jaccard")
    print(f"{'nothing' if stage is None else f'stage {stage}':8} put back: validation Jaccard {scores[stage]:.3f}")
    model.encoder.load_state_dict(trained)
exercises.check("07.2", scores, fits["dilated-all"], imagenet, lesson)

# %% [markdown]
# In the recorded run no stage hurts much: a point and a half at most, for stage 1 and for stage 4, the one with fewest
# weights and the one with most. Every stage stayed near where ImageNet had put it. It is no fair price, because the
# later stages and the decoder were trained *on the output of the changed stage*. In a run with that stage frozen they
# would have adapted to the old one.
#
# **3. The missing control.** `dilated-frozen` and `dilated-all` differ in the encoder *and* in the decoder's rate.
# Which two runs would separate the two changes? Write down their settings, and say what each outcome would mean. Then
# open the solution, which compares them with the runs above.
#
# ```python
# first = None  # a recipe: replace(lesson.recipe("dilated-..."), ...)
# second = None
# exercises.check("07.3", (first, second), lesson)
# ```
#
# <details><summary>Hint</summary>
#
# Draw a table: encoder frozen or trained, decoder's rate .001 or .0001. Two of the four cells are filled. In the others
# the encoder's rate must not change together with the decoder's; `learning_rate` sets both unless
# `encoder_learning_rate` is given.
#
# </details>

# %% Solution tags=["hide-cell"]
CONTROLS = ("dilated-frozen-slow", "dilated-all-two-rates")
fits |= {name: lesson.fit(name) for name in CONTROLS}
print("\nonly the rate, encoder frozen: .0001, then .001")
compare("dilated-frozen-slow", "dilated-frozen")
print("only the stages, everything at .0001")
compare("dilated-frozen-slow", "dilated-all")
compare("dilated-frozen-slow", "dilated-stage4")
print("only the stages, the decoder at .001")
compare("dilated-frozen", "dilated-all-two-rates")
exercises.check("07.3", CONTROLS, lesson)

# %% [markdown]
# **The rate did not make the gain; it hid part of it.** With the encoder frozen, no difference between the two rates
# can be shown, although at the small one the loss is far from its end. With the rate equal, training all stages gains a
# point and a half; with the decoder at the large rate and the encoder at the small one it gains almost two and a half,
# more than any recipe of the write-up. So its single small rate gave away part of what a trained encoder has to give.
# Stage 4 alone shows nothing, not even at an equal rate: the gain begins with stage 3. What remains is chance: each
# line compares one run with one run. Lesson 12 adds seeds.
#
# ## Take-away
#
# - Count what is trainable, and assert it. Trainable share, arithmetic and time are three quantities: what training a
#   stage costs depends on how far back backpropagation must go.
# - A frozen stage is bit-identical afterwards; a trained one changes its batch-norm statistics too. Both can be checked
#   in a line, and so can an optimiser that holds the wrong tensors.
# - Compare two networks by their difference on the same images, and say "no difference can be shown" when that is so.
#   One seed is one draw.
# - A decoder with skips gained one to two and a half points from a trained encoder, depending on the rates; decoders
#   without skips gained about fifteen and more. Fine-tuning pays where the frozen features lack what the decoder needs.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One seed.** Every comparison here is between single runs. The gains of B and E are at least four times the range
#   of the last five validation scores of their own runs; the differences within C are of the size of such a range.
# - **Two things at once.** C's frozen run has a ten times larger rate than the others; so has E's. Gains from *frozen*
#   to *trained* mix both changes, but for the controls of exercise 3.
# - **Small pictures.** At 128 x 128 the deepest map has 4 x 4 cells, at 512 x 512 it has 16 x 16. A decoder without
#   skips should then need a trained encoder less; we have not measured it.
# - **Seconds belong to a machine.** A GPU is busier with starting small layers than with computing them, so its ratios
#   differ. Time your own step.
# - **Images from the same clinics.** A fine-tuned encoder fits these cameras and this skin more closely. Whether it
#   keeps its lead on pictures from elsewhere is another question.
#
# **In the library**: {{ api("training.recipes") }} says what is trained and at which rates, {{ api("training.loop") }} does it, {{ api("models.cost") }}
# counts what that costs, {{ api("training.probing") }} has the linear probe and {{ api("evaluation.metrics") }} the bootstrap.
#
# Next, [lesson 08](08_skips.ipynb): what a decoder gains when finer maps reach it.
