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
# **You need** lesson 06 (stages, frozen batch norm) and from lesson 03 the Jaccard index *J* and the bootstrap interval.
#
# **Time**: TIMESENTENCE

# %%
import time
import timeit
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import torch

from lesionseg_lib import cost, lessons, losses, metrics, plots, recipes, training
from lesionseg_lib.encoder import STAGES

lesson = lessons.start()

# %% [markdown]
# ## Which layers are in which stage?
#
# torchvision's MobileNetV2 is a list of 19 blocks called `features`. Nothing in it says "stage". We cut it where the
# stride has just doubled, so that each stage ends in a map that a decoder may use as a skip connection.
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
# stored once, but it is *used* at every pixel of its map, and the maps shrink as the channels grow. Keep this table in
# mind: two of the surprises below follow from it.
#
# ## How many parameters are trained?
#
# The write-up of family C trains one network in four ways. It gives 6,995,457 parameters in total; 4,771,585 trainable
# with the encoder frozen; with stage 4 released 6,452,929 trainable and 542,528 not. No code came with it. Such
# counts are a sharp test of whether a network was rebuilt rightly. The next cell asserts them.
#
# > **Predict.** From *two stages* to *all*: how many more parameters learn? Will you see it in the figure?

# %% tags=["nbval-check-output"]
NAMES = ["dilated-frozen", "dilated-stage4", "dilated-two-stages", "dilated-all"]
networks = {name: recipes.build_segmenter(lesson.recipe(name), lesson.weights) for name in NAMES}
counts = {name: cost.count_parameters(network) for name, network in networks.items()}
for name, c in counts.items():
    print(f"{name:18}  total {c['total']:,}  trainable {c['trainable']:,}  frozen {c['frozen']:9,}")
assert {c["total"] for c in counts.values()} == {6_995_457}
assert counts["dilated-frozen"]["trainable"] == 4_771_585
assert counts["dilated-stage4"]["trainable"] == 6_452_929 and counts["dilated-stage4"]["frozen"] == 542_528
plots.parameter_bars(counts)

# %% [markdown]
# All published counts are met: decoder and stages are the author's. The rows without a published count follow by the
# same rule.
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
# **Stage 4 holds 24 % of the parameters but does 7 % of the arithmetic.** Its maps are 4 x 4 for a 128 x 128 image, so a
# weight there is used 16 times; a weight in stage 1 up to 4,096 times. And MACs are not seconds: a *depthwise*
# convolution does few products for every number it fetches from memory, so the early stages take a larger share
# of the time than of the arithmetic.
#
# Now a training step. Backpropagation walks from the loss down to the deepest *trainable* layer, and the outputs
# of all layers on its way must be kept in memory until it has passed. So what counts is how deep it must go.

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
# > **Predict.** Three steps deeper: frozen to stage 4, stage 4 to two stages, two stages to all. Which one costs most
# > time?

# %%
seconds = {}
for name in NAMES:
    optimizer = training.build_optimizer(lesson.recipe(name), networks[name])
    networks[name].train()
    seconds[name] = min(step(networks[name], optimizer)[1] for _ in range(5))
table = pd.DataFrame(counts).T[["trainable"]]
table["trainable, %"] = (100 * table["trainable"] / 6_995_457).round(1)
table["a step takes, relative to frozen"] = pd.Series(seconds) / seconds["dilated-frozen"]
table.round(2)

# %% [markdown]
# Compare the last two columns. Stage 4 alone raises the trainable share from 68 to 92 % and makes a step hardly slower;
# **the last 0.8 % of the weights cost the most time**, because they sit under the largest maps. So do not argue about
# cost with parameter counts. Time a step.
#
# ## Which learning rate for weights that already know something?
#
# A decoder starts from noise and must travel far. The encoder starts from 1.2 million photos, and a large step destroys
# in one epoch what it brings along. So optimisers take *parameter groups*, each with its own rate. Our
# `build_optimizer` makes one for the decoder and one for what is trainable of the encoder.

# %%
gentle = replace(lesson.recipe("dilated-all"), name="a gentle variant", encoder_learning_rate=1e-5)
for recipe in (lesson.recipe("dilated-frozen"), lesson.recipe("dilated-all"), gentle):
    network = recipes.build_segmenter(recipe, lesson.weights)
    for part, group in zip(("decoder", "encoder"), training.build_optimizer(recipe, network).param_groups, strict=False):
        weights = sum(p.numel() for p in group["params"])
        print(f"{recipe.name:16}  {part}: {weights:9,} parameters at rate {group['lr']:g}")

# %% [markdown]
# Three ways in use: no encoder group at all (frozen); **one rate for everything, ten times smaller than for the frozen
# case** (the write-up of C: .0001 instead of .001); two groups. Note what the second does: it slows the decoder too.
# `dilated-frozen` and `dilated-all` therefore differ in *two* things, and so does every comparison below that uses them.
#
# ## The optimiser that trained somebody else
#
# Here is a mistake that looks like success. Phase one trained a decoder. For phase two we build a network with all
# stages released, hand over the decoder, and go on. Read the code before you run it. What is wrong?

# %%
torch.manual_seed(0)
first = recipes.build_segmenter(lesson.recipe("dilated-frozen"), lesson.weights)
optimizer = training.build_optimizer(lesson.recipe("dilated-frozen"), first)

second = recipes.build_segmenter(lesson.recipe("dilated-all"), lesson.weights)  # every stage may learn now
second.decoder = first.decoder
before = [p.clone() for p in second.encoder.parameters()]
print("loss, step by step:", " ".join(f"{step(second, optimizer)[0]:.3f}" for _ in range(6)))
moved = sum(not torch.equal(p, old) for p, old in zip(second.encoder.parameters(), before, strict=True))
print(f"encoder tensors that changed: {moved} of {len(before)}")

# %% [markdown]
# The loss falls, the counts say "all trainable", gradients are computed and paid for, and **not one weight of the
# encoder has moved**. The optimiser holds the parameters of `first`. The two networks share a decoder, so that part
# does learn, and the curve looks healthy. Published "fine-tuned" results have been made this way; their tell-tale is a
# fine-tuned score that equals the frozen one.
#
# The check compares identities: every tensor that wants a gradient must be in some group of the optimiser. It costs
# nothing; run it before every training.

# %%
def forgotten(network, optimizer):
    """Names of the trainable parameters that this optimiser will never move."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return [name for name, p in network.named_parameters() if p.requires_grad and id(p) not in held]


names = forgotten(second, optimizer)
print(f"as above: {len(names)} forgotten, the first is {names[0]}")
optimizer = training.build_optimizer(lesson.recipe("dilated-all"), second)
print(f"bound to the right network: {len(forgotten(second, optimizer))} forgotten")

# %% [markdown]
# ## Train all four
#
# Now the real thing: one network, four choices of what may learn, everything else as the write-up has it. In profile
# `full` this takes the recorded runs; otherwise it trains, and prints an epoch a line.
#
# > **Predict.** Write down the order of the four by test Jaccard, and by how many points the best beats the frozen one.
# > One point is .01.

# %%
fits = {name: lesson.fit(name) for name in NAMES}
plots.curves({name: fit.history for name, fit in fits.items()})

# %% [markdown]
# OUTCOME curves.
#
# ## How far did each stage move?
#
# Take all weights of a stage as one long vector and divide the length of its change by its length before. All four runs
# started from the same encoder, so we build that one again and compare.
#
# > **Predict.** In `dilated-all` one rate holds for all four stages. Do they all move by the same share?

# %%
torch.manual_seed(0)  # the runs' seed: in profile smoke, where weights are random, it gives the same random weights
imagenet = recipes.build_segmenter(lesson.recipe("dilated-all"), lesson.weights).encoder


def change(encoder, stage):
    """How far the weights of a stage are from where they started, in % of their length."""
    now, then = (torch.nn.utils.parameters_to_vector(e.stage(stage).parameters()) for e in (encoder, imagenet))
    return float(100 * (now - then).norm() / then.norm())


changes = {n: {f"stage {s}": change(f.model.encoder, s) for s in STAGES} for n, f in fits.items()}
assert max(changes["dilated-frozen"].values()) == 0
plots.grouped_bars(changes, "change of weights, %", ".1f")

# %% [markdown]
# **Frozen means exactly zero, in every stage that a recipe does not train**; the assertion in the cell asks for
# bit-identity, not for "small". OUTCOME moved.
#
# Do not read the bars as importance. Adam divides each gradient by its own recent size, so a weight moves by about the
# rate at every step, whether it matters or not; what is large here may only be large *relative to small weights*.
# Exercise 2 measures importance in another way.
#
# Weights are not all that changes. A trained stage also keeps new batch-norm statistics, which no optimiser
# touches: the running means of what flows through it.

# %%
def shift(encoder, stage):
    """By how many of its standard deviations the running mean of a stage's median channel has moved."""
    pairs = zip(encoder.stage(stage).modules(), imagenet.stage(stage).modules(), strict=True)
    norms = [(now, then) for now, then in pairs if isinstance(now, torch.nn.BatchNorm2d)]
    shifts = [(now.running_mean - then.running_mean).abs() / then.running_var.sqrt() for now, then in norms]
    return float(torch.cat(shifts).median())


shifts = {n: {f"stage {s}": shift(f.model.encoder, s) for s in STAGES} for n, f in fits.items()}
plots.grouped_bars(shifts, "shift of running means, standard deviations")

# %% [markdown]
# OUTCOME shift. Skin is not ImageNet: colours are few, edges are soft. Part of what "fine-tuning" does is only to learn
# the new averages.
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
# OUTCOME claimed.

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
# OUTCOME readings.
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
    low, high = metrics.bootstrap_interval(gain)
    better = second if gain.mean() > 0 else first
    verdict = "no difference can be shown" if low <= 0 <= high else f"{better} is better on these images"
    print(f"{first} -> {second}: {gain.mean():+.2f} points ({low:+.2f} to {high:+.2f}): {verdict}")


for first, second in [*pairwise(NAMES), (NAMES[0], NAMES[-1])]:
    compare(first, second)

# %% [markdown]
# OUTCOME paired.
#
# "No difference can be shown" does not say "they are equal". And the interval answers one question only: *would other
# images from the same source change the verdict?* It knows nothing of the other chance in the game. **Each row is one
# training run with one seed.** Another order of batches would have given another network. How much does that matter?
# A rough idea comes free: how much does the validation score of one run jump between its own last epochs?

# %%
for name, fit in fits.items():
    last = 100 * np.array([epoch.validation_jaccard for epoch in fit.history[-5:]])
    chosen = 100 * fit.history[fit.best_epoch - 1].validation_jaccard
    print(f"{name:18} last epochs {last.min():.1f} to {last.max():.1f}, spread {last.std():.1f}, chosen {chosen:.1f}")

# %% [markdown]
# OUTCOME noise.
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
plots.error_maps(
    [photo.image for photo in photos],
    [photo.mask for photo in photos],
    [fits[n].model.probabilities(p.image, SIZE) > 0.5 for (n, _), p in zip(pairs, photos, strict=True)],
    [name for name, _ in pairs],
    [fits[name].table["jaccard"][i] for name, i in pairs],
)

# %% [markdown]
# OUTCOME error maps.
#
# ## For which decoder does it pay most?
#
# `dilated` has skip connections. `transposed` (family B) and `conv5` (family E) see the deepest map alone, 4 x 4 cells
# for the whole image. They were trained twice too.
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
# OUTCOME decoders.
#
# Why? Our guess: without skips, *where* the border runs must be packed into the 1280 numbers of each coarse cell, and
# ImageNet never asked for that. A guess can be tested. A *linear probe* freezes an encoder and fits one
# matrix from each cell's 1280 numbers to the mask's pixels below that cell. It has no skips and no depth: **what it
# draws is what the deepest map says about location.**

# %%
def cells(encoder, data):
    """Of each cell of the deepest map: its 1280 numbers and a constant; the mask's 32 x 32 pixels below it."""
    batches = [network.normalise(data.images[i : i + 50]) for i in range(0, len(data.ids), 50)]
    with torch.no_grad():
        deep = torch.cat([encoder(batch)[-1] for batch in batches])  # (N, 1280, h, w)
    blocks = torch.tensor(np.array(data.masks)).float().unflatten(2, (-1, 32)).unflatten(1, (-1, 32))
    Y = blocks.transpose(2, 3).reshape(-1, 32 * 32)  # (N * h * w, 1024)
    return torch.nn.functional.pad(deep.permute(0, 2, 3, 1).reshape(len(Y), -1), (0, 1), value=1.0), Y


# %%
def probe(encoder):
    """Validation Jaccard of the best linear map from the deepest features to the mask (ridge regression)."""
    X, Y = cells(encoder, lesson.decoded.train)
    W = torch.linalg.solve(X.T @ X + 100 * torch.eye(X.shape[1]), X.T @ Y)
    X, Y = cells(encoder, lesson.decoded.validation)
    drawn, truth = ((t > 0.5).reshape(len(lesson.decoded.validation.ids), -1, 1).numpy() for t in (X @ W, Y))
    return metrics.reduce(metrics.confusion(drawn, truth), "jaccard")


probes = {"ImageNet": probe(imagenet), **{name: probe(fits[name].model.encoder) for _, name in PAIRS}}
plots.grouped_bars({"linear probe": probes}, "validation Jaccard")

# %% [markdown]
# OUTCOME probe.
#
# ## What did a point cost?
#
# Last, the bill, from the records: time to the epoch that was kept, and what each further minute bought.
#
# > **Predict.** `transposed-frozen` uses no augmentation and no trained stage. Why can that make an epoch ten times
# > cheaper?

# %%
def bill(name, frozen):
    r, base = fits[name].record, fits[frozen].record
    minutes, before = (sum(e["seconds"] for e in x["history"][: x["best_epoch"]]) / 60 for x in (r, base))
    gain = 100 * (r["test"]["jaccard"]["mean"] - base["test"]["jaccard"]["mean"])
    trainable = 100 * r["parameters"]["trainable"] / r["parameters"]["total"]
    price = (minutes - before) / gain if gain > 0 else np.nan
    return [trainable, r["seconds_per_epoch"], r["best_epoch"], minutes, gain, price]


columns = ["trainable, %", "seconds an epoch", "best epoch", "minutes until then", "points gained", "minutes a point"]
bills = {n: bill(n, n.split("-")[0] + "-frozen") for n in fits}
pd.DataFrame.from_dict(bills, orient="index", columns=columns).round(1)

# %% [markdown]
# OUTCOME bill.
#
# ## Exercises
#
# **1. Ten times the rate.** Adam moves every weight by about its rate per step. Predict how far stage 4 is from ImageNet
# after four steps at encoder rates of .001, .0001 and .00001. Then measure it with `step` and `change`. (Build a fresh
# network for every rate; `replace` a recipe's `encoder_learning_rate` as above.)

# %% Solution tags=["hide-cell"]
for rate in (1e-3, 1e-4, 1e-5):
    recipe = replace(lesson.recipe("dilated-all"), encoder_learning_rate=rate)
    torch.manual_seed(0)
    network = recipes.build_segmenter(recipe, lesson.weights)
    optimizer = training.build_optimizer(recipe, network)
    loss = [step(network, optimizer)[0] for _ in range(4)]
    print(f"rate {rate:g}: stage 4 moved by {change(network.encoder, 4):.3f} %, loss {loss[0]:.3f} to {loss[-1]:.3f}")

# %% [markdown]
# The distances stand about 100 : 10 : 1, whatever the gradients were. **With Adam the rate times the number of steps is
# a leash**: it bounds how far a weight can get. This is why a rate of its own for the encoder is the first thing to try
# when fine-tuning does harm.
#
# **2. Which change mattered?** Take the fully trained `dilated-all`, put the ImageNet version of *one* stage back
# (weights and batch-norm statistics: `load_state_dict`), and score on validation. Predict which stage hurts most. Why is
# the result no fair price for having kept that stage frozen from the start?

# %% Solution tags=["hide-cell"]
data = lesson.decoded.validation
model = fits["dilated-all"].model
trained = {k: v.clone() for k, v in model.encoder.state_dict().items()}
for stage in (None, *STAGES):
    if stage is not None:
        model.encoder.stage(stage).load_state_dict(imagenet.stage(stage).state_dict())
    drawn = model.logits(data.images) > 0  # p > .5
    score = metrics.reduce(metrics.confusion(drawn, np.array(data.masks) > 0), "jaccard")
    print(f"{'nothing' if stage is None else f'stage {stage}':8} put back: validation Jaccard {score:.3f}")
    model.encoder.load_state_dict(trained)

# %% [markdown]
# OUTCOME transplant. It is no fair price, because the later stages and the decoder were trained *on the output of the
# changed stage*. In a run with that stage frozen they would have adapted to the old one.
#
# **3. The missing control.** `dilated-frozen` and `dilated-all` differ in the encoder *and* in the decoder's rate. Which
# one run would separate the two? Write it as a recipe, and say before you start it what each outcome would mean.
#
# <details><summary>Solution</summary>
#
# The frozen encoder with the rate of the others:
# `lesson.fit(replace(recipes.get_recipe("dilated-frozen"), name="dilated-frozen-slow", learning_rate=1e-4))`.
# If it scores like `dilated-all`, the rate explained the gain, not the encoder. If it scores like `dilated-frozen`, the
# encoder did. If it is worse than both, it may only have needed more epochs: look at its curve before you conclude.
#
# </details>
#
# ## Take-away
#
# - Count what is trainable, and assert it. Trainable share, arithmetic and time are three quantities: the cost of
#   training a stage is the depth to which backpropagation must go.
# - A frozen stage is bit-identical afterwards; a trained one changes its batch-norm statistics too. Both can be checked
#   in a line, and so can an optimiser that holds the wrong tensors.
# - Compare two networks by their difference on the same images, and say "no difference can be shown" when that is so.
#   One seed is one draw.
# - OUTCOME take-away.
#
# ## Check yourself
#
# <details><summary>How many parameters are trainable in <code>dilated</code> if only stage 1 is released, and is that
# cheaper than releasing only stage 4?</summary>
#
# 4,771,585 + 15,792 = 4,787,377. It is dearer: the gradient must walk through stages 4, 3 and 2 to get to stage 1, and
# their outputs must be kept for it, although none of their weights changes.
#
# </details>
#
# <details><summary>Fine-tuned and frozen scores agree to the last digit. What do you look at first?</summary>
#
# Whether the encoder moved at all: compare its weights with the ones it started from. If it did not, whether the
# optimiser holds its parameters, and whether they require gradients.
#
# </details>
#
# <details><summary>Two intervals overlap. Is the difference between the means unproven?</summary>
#
# Not necessarily. Both were computed on the same images, so the variation between images cancels in the paired
# difference, whose interval is much narrower.
#
# </details>
#
# <details><summary>A paired interval from 0.3 to 1.1 points: may you write "fine-tuning improves this network"?</summary>
#
# You may write that *this* fine-tuned network is better than *that* frozen one on images like these. For fine-tuning
# in general, train each several times and see whether the gain is larger than the differences between seeds.
#
# </details>
#
# ## Where this breaks
#
# - **One seed.** Every comparison here is between single runs. OUTCOME seeds.
# - **Two things at once.** C's frozen run has a ten times larger rate than the others; so has E's. Gains from *frozen*
#   to *trained* mix both changes.
# - **Small pictures.** At 128 x 128 the deepest map has 4 x 4 cells. At 512 x 512 it has 16 x 16, and a frozen encoder
#   without skips loses less.
# - **Seconds belong to a machine.** The ratios of a GPU differ: it hides small layers behind each other's latency. Time
#   your own step.
# - **Images from the same clinics.** A fine-tuned encoder fits these cameras and this skin more closely. Whether it keeps
#   its lead on pictures from elsewhere is another question.
