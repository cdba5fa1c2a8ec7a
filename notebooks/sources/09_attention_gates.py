# %% [markdown]
# # 09 · Attention gates: where does the decoder look, and does it matter?
#
# A skip hands the decoder everything that the encoder saw at that size: the border of the lesion, and every hair. An
# *attention gate* sits on the skip and turns places up or down. It comes with a picture of where the network "looks",
# and such pictures are believed quickly. **After this lesson you can**
#
# - say what SegNet's pooling indices carry, and why MobileNetV2 has none;
# - derive the additive gate, compute one by hand, write it in five lines and count what it costs;
# - read coefficient maps at four levels, and say what they do not show;
# - intervene: change the map, leave everything else, and see whether the mask cares;
# - judge by pairs whether a part of a network earned its place.
#
# **You need** lesson 06 (pyramid, AUC of a channel) and lesson 08 (skips); from lesson 03 the Jaccard index *J* and
# the bootstrap interval.
#
# **Time**: forty-five minutes to read and try. Its cells took two minutes on one CPU core, from recorded runs; in
# profile `student` three trainings add about ten minutes there. A GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, ImageNet weights, the recorded runs. In `smoke` every
# cell runs too, on a few drawn lesions and for two epochs, and its scores mean nothing.

# %%
import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, metrics, scoring
from lesionseg_lib.models import cost
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching import exercises, lessons
from lesionseg_lib.training import batches, build, losses, probing

lesson = lessons.start()
GATED, PLAIN = "segnet-attention-finetuned", "segnet-finetuned"

# %% [markdown]
# ## What does SegNet remember?
#
# [SegNet](https://arxiv.org/abs/1511.00561) is a mirror: the decoder undoes the encoder's steps in reverse order.
# Its encoder halves by *max pooling*: of every 2 x 2 places it keeps the largest number. It also keeps *which* of
# the four it was: two bits, the pooling index. The decoder unpools: it puts each number back where its maximum
# stood, zeros elsewhere. So the contents shrink, but the places survive.
#
# > **Predict.** Five of the sixteen numbers below are not zero. After pooling and unpooling, how many are back in
# > their place?

# %% tags=["nbval-check-output"]
toy = torch.tensor([[[[1.0, 0, 0, 2], [0, 3, 0, 0], [0, 0, 5, 0], [4, 0, 0, 0]]]])  # (1, 1, 4, 4)
small, indices = F.max_pool2d(toy, 2, return_indices=True)
print("before\n", toy[0, 0].numpy())
print("pooled\n", small[0, 0].numpy(), " from places", indices.flatten().tolist())
print("unpooled with indices\n", F.max_unpool2d(small, indices, 2)[0, 0].numpy())
print("doubled without\n", F.interpolate(small, scale_factor=2, mode="bilinear")[0, 0].numpy().round(1))
layers = list(lesson.encoder().features.modules())
print("MobileNetV2: layers of max pooling", sum(isinstance(m, torch.nn.MaxPool2d) for m in layers), end=", ")
print("convolutions of stride 2", sum(getattr(m, "stride", 1) == (2, 2) for m in layers))

# %% [markdown]
# **Four come back exactly, the fifth lost its contest.** Doubling without indices smears all four. But MobileNetV2
# has nothing to index: it halves by convolutions of stride 2. Their output is a *sum* over nine places, and a sum
# has no place it came from. To have indices we would have to put pooling layers into an encoder that was trained
# without.
#
# So our mirror keeps SegNet's form, the encoder's widths in reverse and two convolutions a step, and takes the places
# from somewhere else: the encoder's own map of that size, as a skip.
#
# > **Predict.** At a 128 x 128 input, which of the ten 3 x 3 convolutions does most work? Which has most weights?

# %%
train, validation = lesson.decoded.train, lesson.decoded.validation
size = lesson.recipe(PLAIN).size
torch.manual_seed(0)
plain = build.build_segmenter(lesson.recipe(PLAIN), lesson.weights).eval()
with torch.no_grad():
    pyramid = plain.encoder(plain.normalise(validation.images[:4]))
print(*cost.list_convolutions(plain.decoder, pyramid, size), sep="\n")

# %% [markdown]
# Read the widths from top to bottom: 320, 96, 32, 24, 16, the encoder's own in reverse. The jumps on the left, 320 to
# 416 (= 320 + 96), 96 to 128 and so on, are the skips joining in. **Most weights are where the map is smallest; most
# work is where it is largest**, although this decoder is thin at the end: 16 channels at full size.
#
# ## Whom to let in?
#
# A skip of fine features $x$ carries edges of everything. The decoder's map below, the *gating signal* $g$, is coarse
# but has seen the whole photo. [Oktay et al. (2018)](https://arxiv.org/abs/1804.03999) let $g$ decide where $x$ may
# pass. We need one number $\alpha$ between 0 and 1 for every place, from two vectors of different lengths.
#
# The simplest would be a linear score, $w_x \cdot x + w_g \cdot g$. It cannot say "an edge counts *only if* the
# context says lesion": in a sum each vote counts whatever the other says. A dot product $x^\top W g$ can, but lets
# one factor flip the sign of the other. The *additive* gate takes the third way, a small network with one hidden
# layer:
#
# $$\begin{aligned}
# q &= \psi^\top\,\mathrm{ReLU}(W_x\,x + W_g\,g + b) + c, \\
# \alpha &= \frac{1}{1 + e^{-q}}, \\
# \hat x &= \alpha\,x.
# \end{aligned}$$
#
# "Additive" names the sum inside. The ReLU behind it makes the *only if*: a hidden unit stays at zero until both votes
# together lift it. The gate ends in a sigmoid, not in a softmax over places, because a lesion that fills half the photo
# must be able to have $\alpha = 1$ at all its places.
#
# Shapes: $g$ is $(C_g, h, w)$, the skip $(C_x, 2h, 2w)$. $W_x$ is a 2 x 2 convolution with stride 2, which brings it
# to $(I, h, w)$; $W_g$ and $\psi$ are 1 x 1. So $\alpha$ is $(1, h, w)$, enlarged bilinearly to the skip's size. One
# coefficient a place, for all channels.
#
# Now by hand, with one channel each. The skip is the toy map from above. The signal says 2 (lesion) at the upper left
# and -1 elsewhere. Let $W_x$ average the four places, $W_g = 1$, $b = 0$, $\psi = 2$, $c = -4$.
#
# Upper left: the average of (1, 0, 0, 3) is 1; plus 2 is 3; ReLU leaves 3; $q = 2 \cdot 3 - 4 = 2$;
# $\alpha = 1 / (1 + e^{-2}) = .88$. Lower right: the average of (5, 0, 0, 0) is 1.25; minus 1 is .25; $q = -3.5$;
# $\alpha = .03$.
#
# > **Predict.** The largest number of the toy map is the 5 at the lower right. How much of it passes? (Mind the
# > enlargement: its place is not in the middle of its cell.)


# %% tags=["nbval-check-output"]
def coefficients(x, g, w_x, w_g, b, psi, c):
    """The additive gate: skip (N, C_x, 2h, 2w) and signal (N, C_g, h, w) to coefficients (N, 1, 2h, 2w)."""
    hidden = F.relu(F.conv2d(x, w_x, stride=2) + F.conv2d(g, w_g, b))  # (N, I, h, w)
    alpha = torch.sigmoid(F.conv2d(hidden, psi, c))  # (N, 1, h, w)
    return F.interpolate(alpha, scale_factor=2, mode="bilinear")


signal, one = torch.tensor([[[[2.0, -1], [-1, -1]]]]), torch.ones(1, 1, 1, 1)
weights = (torch.full((1, 1, 2, 2), 0.25), one, torch.zeros(1), 2 * one, torch.tensor([-4.0]))
alpha = coefficients(toy, signal, *weights)
print("coefficients\n", alpha[0, 0].numpy().round(2))
print("what passes\n", (alpha * toy)[0, 0].numpy().round(2))

# %% [markdown]
# **Half of the 3 passes, less than a tenth of the 5**: what counts is not how strong a feature is but whether the
# context agrees. Note the soft steps of the enlarged map. A gate decides at half the resolution of the skip that it
# guards, so it cannot cut along a fine border. It can only say "somewhere here".
#
# Is this the library's gate? Behind the product the library has one more layer, as the paper does: a 1 x 1
# convolution with batch norm. Keep it in mind; it will spoil a story below. We compare coefficients on real photos,
# for the coarsest of the four gates, whose signal is the deepest map.

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
gated = build.build_segmenter(lesson.recipe(GATED), lesson.weights).eval()
gate = gated.decoder.gates[0]
weights = (gate.of_skip.weight, gate.of_gate.weight, gate.of_gate.bias)
weights += (gate.to_coefficient.weight, gate.to_coefficient.bias)
with torch.no_grad():
    mine = coefficients(pyramid[3], gated.decoder.bridge(pyramid[4]), *weights)
    theirs = gated.decoder.attend(pyramid, size)[1][-1]  # four maps, the finest first
assert torch.allclose(mine, theirs, atol=1e-6)
print("coefficients of", len(mine), "photos: equal")

# %% [markdown]
# ## What does it cost?
#
# A gate with $I$ hidden units, $I = C_x / 2$ here and 8 at least, has $4 C_x I$ weights in $W_x$, $C_g I + I$ in
# $W_g$ and $b$, $I + 1$ in $\psi$ and $c$, and $C_x^2 + 2 C_x$ in the layer behind it.
#
# > **Predict.** Four gates on a network of three million parameters. What do they add, in percent of the parameters
# > and of the multiply-accumulates?

# %% tags=["nbval-check-output"]
table = {}
for name in (PLAIN, GATED):
    one = build.build_segmenter(lesson.recipe(name), None)
    count = cost.count_parameters(one)
    table[name] = {"million parameters, decoder": count["decoder"], "million parameters, network": count["total"]}
    table[name]["million MACs"] = cost.count_macs(one, (128, 128))
table = pd.DataFrame(table).T / 1e6
table.loc["gates add, %"] = 100 * (table.loc[GATED] / table.loc[PLAIN] - 1)
table.round(2)

# %% [markdown]
# **Next to nothing: less than two percent of either.** So cost is no argument against gates. And capacity is hardly
# one for them: if the gated network turns out better, its few more weights will not be the reason.
#
# ## Train three
#
# Family A's SegNet with gates, encoder frozen and encoder trained; and the course's own control, the trained one with
# the gates taken out and *nothing else* changed: same skips, widths, loss, rates, augmentation, epochs and seed. In
# profile `full` this takes the recorded runs; otherwise it trains, and prints an epoch a line.
#
# > **Predict.** By how many points does the gated network beat its control?
# > <!-- number: points -->

# %%
NAMES = ["segnet-attention-frozen", GATED, PLAIN]
fits = {name: lesson.fit(name) for name in NAMES}
plots.curves({name: fit.history for name, fit in fits.items()})

# %% [markdown]
# **With and without gates the two trained networks learn alike.** What validation *J* gains it gains in about three
# epochs; from then on it wanders within three points, the control a little ahead in most epochs. The training loss
# goes on falling and the validation loss climbs again: they grow more certain, not better. So which epoch is kept is
# largely luck. The rule kept epoch {{ number("segnet-attention-finetuned", "best_epoch") }} of the gated network and epoch
# {{ number("segnet-finetuned", "best_epoch") }} of its control. Remember that at the comparison.
#
# The test scores, official rule, beside what the write-up claims for the trained network. It gives no figure for the
# frozen one.

# %%
rows = []
for name, fit in fits.items():
    for metric, claimed in (("jaccard", "iou"), ("dice", "dice")):
        s = fit.record["test"][metric]
        row = {"name": f"{name} {metric}", "value": s["mean"], "low": s["low"], "high": s["high"]}
        rows.append(row | {"claimed": fit.recipe.claimed and getattr(fit.recipe.claimed, claimed)})
print(pd.DataFrame(fits[GATED].record["readings"]).T.round(3).to_string())
plots.comparison(rows, "mean over the test photos")

# %% [markdown]
# In the recorded runs the gated network reaches a Jaccard index of {{ number("segnet-attention-finetuned", "jaccard") }}
# ({{ number("segnet-attention-finetuned", "jaccard_interval") }}) and a Dice of {{ number("segnet-attention-finetuned", "dice") }}; with the encoder
# frozen {{ number("segnet-attention-frozen", "jaccard") }}; without gates {{ number("segnet-finetuned", "jaccard") }}. **The claim,
# {{ number("segnet-attention-finetuned", "recipe.claimed.iou", ".2f") }} and {{ number("segnet-attention-finetuned", "recipe.claimed.dice", ".2f") }}, is
# more than ten points below.** It is a possible pair (lesson 06). Of the readings in the table only the soft one, which
# does not threshold, comes near: {{ number("segnet-attention-finetuned", "readings.soft.jaccard") }} and
# {{ number("segnet-attention-finetuned", "readings.soft.dice") }}. That one also depends on how *certain* a network is, and ours was
# kept early. So it may be the rule, or a weaker training, or another split; the write-up does not say, and we do not
# know. But note what hangs on it. The write-up puts gates far behind plain U-Net skips,
# {{ number("segnet-attention-finetuned", "recipe.claimed.iou", ".2f") }} against {{ number("unet-finetuned", "recipe.claimed.iou", ".2f") }}. Ours stand at
# {{ number("segnet-attention-finetuned", "jaccard") }} and {{ number("unet-finetuned", "jaccard") }}: whatever gates are worth, such a gap we do not
# see.
#
# ## Where does it look?
#
# `attend` returns logits and the four coefficient maps. We draw them over three validation photos, taken by rule:
# sorted by *J*, those at 10, 50 and 90 %. Each map is stretched to its own range, bright is high; its title gives the
# stride and the true range.
#
# > **Predict.** Which level's map will follow the outline best? Will lesions be bright or dark?


# %%
@torch.no_grad()
def look(model):
    """Logits (N, H, W), coefficients (finest first) and pyramid of all validation photos."""
    pyramid = model.eval().encoder(model.normalise(validation.images))
    logits, alphas = model.decoder.attend(pyramid, size)
    return logits[:, 0].numpy(), alphas, pyramid


def score(logits):
    """Jaccard index of every validation photo, official rule, for logits (N, h, w)."""
    return scoring.score_images(sigmoid(logits), lesson.splits.validation)["jaccard"].to_numpy()


# %%
logits, alphas, pyramid = look(fits[GATED].model)
strides, jaccard = fits[GATED].model.encoder.strides[:4], score(logits)
order = np.argsort(jaccard)
picks = [int(order[int(share * len(order))]) for share in (0.1, 0.5, 0.9)]
maps = [[a[i, 0].numpy() for a in alphas] for i in picks]
ranges = [[f"{s}: {m.min():.2f} to {m.max():.2f}" for s, m in zip(strides, row, strict=True)] for row in maps]
titles = [[f"J = {jaccard[i]:.2f}", *row] for i, row in zip(picks, ranges, strict=True)]
alt = f"Three validation photos, true outline, coefficient maps at strides {strides}. Ranges: {titles}"
plots.panels([[validation.images[i], *row] for i, row in zip(picks, maps, strict=True)], titles, alt,
             [[validation.masks[i] == 1] * 5 for i in picks])  # fmt: skip

# %% [markdown]
# **Stride 8 looks like a textbook: bright on the lesion, dark around it.** Stride 2 says the opposite: dark on the
# lesion, and dark too on the ruler in the first photo and at the rim of the second; it seems to follow darkness and
# edges. Stride 4 is patchy, with a bright ring around two of the three lesions; stride 16 is a few blocks, bright
# about the middle. One network, four opinions. A paper has room for one picture. Which of the four would you have
# printed?
#
# ## Are they lesion detectors?
#
# Pictures persuade; a number may disagree. The AUC of lesson 06: the chance that a random lesion cell has a higher
# coefficient than a random skin cell, over all validation photos. Near 1 the map says lesion, near 0 it says skin, .5
# is a coin. Three controls, because lesions are dark and sit in the middle of the photo:
#
# - the photo's green light, averaged over each cell (lesson 06);
# - a map that never sees the photo and says "middle";
# - the same encoder with a decoder *fresh from the random generator*, five times
#   ([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292): what a random network's map shows, training did not put
#   there).
#
# > **Predict** the first three rows. Which of the four maps can be beaten by saying "middle"?


# %%
def detect(alphas):
    """AUC of each level's coefficients for lesion cells, all validation photos."""
    cells = [probing.cover(validation.masks, s) > 0.5 for s in strides]
    return [probing.channel_auc(a, c)[0] for a, c in zip(alphas, cells, strict=True)]


@torch.no_grad()
def untrained(seed):
    torch.manual_seed(seed)
    return detect(build.build_segmenter(lesson.recipe(GATED), None).decoder.eval().attend(pyramid, size)[1])


# %%
axes = [torch.linspace(-1, 1, a.shape[-1]) ** 2 for a in alphas]
middle = [-(x[:, None] + x).expand_as(a) for x, a in zip(axes, alphas, strict=True)]
light = torch.tensor(validation.images[:, None, :, :, 1]).float()  # (N, 1, H, W)
green = [F.avg_pool2d(light, s) for s in strides]
rows = {"trained": detect(alphas), "green light": detect(green), "middle": detect(middle)}
rows |= {f"untrained, {seed}": untrained(seed) for seed in range(5)}
table = pd.DataFrame(rows, index=[f"stride {s}" for s in strides]).T
table.round(2)

# %% [markdown]
# **Two maps detect lesions, stride 8 bright and stride 2 dark, both better than every control.** They were learned.
# The other two are another matter. Stride 4 is close to a coin. Stride 16, with its bright block in the middle, is
# beaten by "middle", which never saw a photo; by green light, read backwards; and by one of the untrained decoders,
# read backwards. Had we printed stride 16 alone, the caption would have written itself.
#
# ## The level of a coefficient means nothing
#
# Is .6 much attention or little? Behind the product sits a 1 x 1 convolution without bias, then batch norm. Halve every
# coefficient and double that convolution's weights: the network is the same. In training not even the doubling is
# needed: batch norm divides by the standard deviation, and a common factor cancels.
#
# Below, `rewired` gives logits and coefficients after a change at some levels (0 is the finest).
#
# > **Predict.** Halve all coefficients of all four gates, double the weights behind. By how much do the logits change,
# > at most?


# %%
class Rewired(torch.nn.Module):
    """A trained gate whose coefficients somebody changes before they are used."""

    def __init__(self, gate, change):
        super().__init__()
        self.gate, self.change = gate, change

    def forward(self, skip, signal):
        alpha = self.change(self.gate(skip, signal)[1])
        return self.gate.out(skip * alpha), alpha


# %%
@torch.no_grad()
def rewired(change, levels, factor=1.0):
    decoder = copy.deepcopy(fits[GATED].model.decoder).eval()
    for step in (3 - level for level in levels):  # the decoder works from coarse to fine
        decoder.gates[step].out[0].weight *= factor
        decoder.gates[step] = Rewired(decoder.gates[step], change)
    return decoder.attend(pyramid, size)


halved, seen = rewired(lambda alpha: alpha / 2, range(4), factor=2.0)
print("coefficients, on average:", *(f"{a.mean():.3f} -> {b.mean():.3f}" for a, b in zip(alphas, seen, strict=True)))
print("largest change of a logit:", np.abs(halved[:, 0].numpy() - logits).max())

# %% [markdown]
# **By nothing, not even in the last bit.** (Doubling is exact in binary; with a factor of 3 you would see rounding.) So
# "this network attends twice as strongly as that one" has no meaning, and neither has the colour bar of such a picture.
# What might have meaning is the *pattern*: where a map is higher than elsewhere. But even its sign is free. A skip
# multiplied by a small number on lesions is marked there as clearly as one multiplied by a large number. The layers
# behind learn to read either, which is how stride 2 can be dark on lesions and yet do no harm.
#
# ## Does the mask depend on the map?
#
# A map that can be read is one thing, a map that is *used* another: the debate that language models had under the
# titles "[Attention is not explanation](https://arxiv.org/abs/1902.10186)" and "[Attention is not not
# explanation](https://arxiv.org/abs/1908.04626)". We can do better than debate. Take the trained network, replace the
# coefficients of one gate, leave all else, and score. Three replacements, all with the same mean:
#
# - *constant*: the mean of the map over all places and photos. The gate passes everything alike.
# - *another photo's*: each photo gets the map of the next. Right in kind, wrong in place.
# - *mirrored*: twice the mean minus the map. What was bright is dark.
#
# > **Predict.** Which gate matters most? Which replacement hurts most? Write down *J* for "all four, constant".

# %%
CHANGES = {"constant": lambda alpha: alpha.mean().expand_as(alpha), "mirrored": lambda alpha: 2 * alpha.mean() - alpha}
CHANGES["another photo's"] = lambda alpha: alpha.roll(1, 0)
groups = {f"stride {s}": [level] for level, s in enumerate(strides)} | {"all four": range(4)}
results = {name: {group: score(rewired(change, levels)[0][:, 0].numpy()) for group, levels in groups.items()}
           for name, change in CHANGES.items()}  # fmt: skip
lost = {name: {g: 100 * (jaccard - j).mean() for g, j in r.items()} for name, r in results.items()}
print(f"untouched: mean J on validation {jaccard.mean():.3f}")
plots.grouped_bars(lost, "points of J lost on validation", ".1f")

# %% [markdown]
# **Replace all four maps by four numbers, and this network loses about a point.** No single map is worth half a
# point, and stride 2, the best detector of all, nothing that shows. Another photo's maps cost as much as none: what
# the network takes from its maps is about the photo, but it is little. Only mirrored maps hurt, most at stride 16,
# the one that "middle" beats. (They are harsh: nobody trained the layers behind on such numbers.) To be readable and
# to be needed are two things.
#
# Is one point more than chance? Photo by photo, and also for the masks themselves: how well do those with and without
# maps overlap?

# %%
blind = rewired(CHANGES["constant"], range(4))[0][:, 0].numpy()
low, high = bootstrap.bootstrap_interval(100 * (jaccard - results["constant"]["all four"]))
print(f"all four constant: {lost['constant']['all four']:+.2f} points lost ({low:+.2f} to {high:+.2f})")
print(f"overlap of the two masks: {metrics.reduce(metrics.confusion(blind > 0, logits > 0), 'jaccard'):.3f}")

# %% [markdown]
# **A point, with an interval that just leaves out zero**: this network does use its maps, a little, and the masks
# overlap by more than nine tenths. Even that is flattered. The epoch that was kept is the best on these very photos;
# the changed network was not chosen for them.
#
# Why can a map be so good and so dispensable? Look at what goes into it: $x$ and $g$. The decoder gets both anyway,
# $x$ by the skip and $g$ by the main path, and has two convolutions to combine them. **A gate can tell it hardly
# anything that it could not work out itself.** The map is a by-product of a network that knows where the lesion is.
# It is no proof that the network knows it *from* there.
#
# ## Another seed, another map?
#
# If the maps tell something about *lesions*, another training should tell the same. We train two decoders of this
# kind for a few epochs behind the frozen encoder, with everything equal but the seed: other first weights, another
# order of photos. (Maps of the pyramid are computed once, lesson 06; so no flips.)
#
# > **Predict.** The correlation of the two maps, photo by photo and averaged, at each level. And that of the two
# > *outputs*?

# %%
still = replace(lesson.recipe("segnet-attention-frozen"), augmentation="none")
frozen = build.build_segmenter(still, lesson.weights)
kept, unseen = (
    batches.FrozenPyramids(frozen, batches.TrainingSet(data, still, seed=0)) for data in (train, validation)
)


def step(decoder, optimizer, chosen):
    """One training step of a decoder on the kept maps of the chosen photos."""
    losses.bce(decoder([m[chosen] for m in kept.levels], size), kept.masks[chosen, None].float()).backward()
    optimizer.step()
    optimizer.zero_grad()


# %%
def short(seed):
    """Two epochs of a fresh decoder; its coefficients and probabilities for validation, (N, 1, h, w) each."""
    torch.manual_seed(seed)
    decoder = build.build_segmenter(still, None).decoder.train()
    optimizer = torch.optim.Adam(decoder.parameters(), still.learning_rate)
    for chosen in (batch for _ in range(2) for batch in torch.randperm(len(kept)).split(still.batch_size)):
        step(decoder, optimizer, chosen)
    with torch.no_grad():
        logits, alphas = decoder.eval().attend(unseen.levels, size)
    return [*alphas, logits.sigmoid()]


# %%
def correlation(a, b):
    """Correlation over places of two maps (N, 1, h, w), photo by photo; the mean over photos."""
    return float(np.mean([np.corrcoef(x.flatten(), y.flatten())[0, 1] for x, y in zip(a, b, strict=True)]))


first, second = short(1), short(2)
for seed, maps in ((1, first), (2, second)):
    print(f"seed {seed}: J on validation {score(torch.logit(maps[-1][:, 0], eps=1e-6).numpy()).mean():.3f}")
agree = {f"stride {s}": correlation(a, b) for s, a, b in zip(strides, first, second, strict=False)}
plots.grouped_bars({"two seeds": agree | {"output": correlation(first[-1], second[-1])}}, "correlation of maps")

# %% [markdown]
# **The outputs agree best, the maps at stride 8 nearly as well, those at stride 2 least.** Where two trainings agree,
# the map tells something about photos; what is left is the taste of the random generator. Correlations of .5 or .6
# sound like agreement, but both maps see the same photo with the same edges and the same dark lesion. So a single map
# at stride 2 does not tell which of its features belong to the photo and which to the seed. (One pair of seeds, and
# two short trainings whose scores still differ by points; long trainings may agree better or worse.)
#
# ## With or without?
#
# Now the question that decides whether to build gates at all. Both networks saw the same test photos, so we take the
# difference on each and bootstrap its mean. The frozen run is compared too, for scale.

# %%
for name in (GATED, "segnet-attention-frozen"):
    for metric in ("jaccard", "dice"):
        gain = 100 * (fits[name].table[metric] - fits[PLAIN].table[metric]).to_numpy()
        low, high = bootstrap.bootstrap_interval(gain)
        verdict = "no difference can be shown" if low <= 0 <= high else "they differ on photos like these"
        print(f"{name} minus {PLAIN}, {metric}: {gain.mean():+.2f} points ({low:+.2f} to {high:+.2f}): {verdict}")

# %% [markdown]
# **No difference can be shown, and the estimate leans the other way**: the gated network is less than a point behind
# its control. The interval of *J* leaves gates a gain of a few tenths of a point at most, and holds a loss of more than
# a point too. This says nothing of gates in general. Each network was trained once, the same seed does not give them
# the same first weights, and they were kept from epochs far apart. But whoever wants to sell gates here must bring more
# than this table, and more than a picture.
#
# Put beside it what the intervention said. *This* network loses about a point without its maps. A network trained
# without loses nothing. There is no contradiction: the first leaned on a part that was there, the second never missed
# it. A part can be used and still not be needed.
#
# ## Right map, wrong mask
#
# If the map were an explanation, a photo with a good map should have a good mask. For each validation photo we take
# the AUC of *its* map at the level that detects best, read backwards if need be. Then two photos by rule: of the half
# with the better maps the one with the worst mask; of the half with the worse maps the one with the best mask.

# %%
level = int(np.abs(table.loc["trained"] - 0.5).argmax())
sign = np.sign(table.loc["trained"].iloc[level] - 0.5)
cells = probing.cover(validation.masks, strides[level]) > 0.5
own = np.array([probing.channel_auc(sign * alphas[level][[i]], cells[[i]])[0] for i in range(len(validation))])
better = own >= np.median(own)
ranks = [values.argsort().argsort() for values in (own, jaccard)]
picks = [int(np.where(better, jaccard, 2).argmin()), int(np.where(better, -1, jaccard).argmax())]
print(f"rank correlation of a photo's AUC and its J: {np.corrcoef(ranks)[0, 1]:.2f}")

# %%
rows = [[validation.images[i], alphas[level][i, 0].numpy(), logits[i] > 0] for i in picks]
titles = [[str(validation.ids[i]), f"map, stride {strides[level]}: AUC {own[i]:.2f}", f"mask: J = {jaccard[i]:.2f}"]
          for i in picks]  # fmt: skip
alt = f"Two validation photos, a coefficient map, the mask, with the true outline: {titles}"
plots.panels(rows, titles, alt, [[validation.masks[i] == 1] * 3 for i in picks])

# %% [markdown]
# Above, the map is nearly perfect by its AUC: darkest just where the expert drew. **The same network's mask is far too
# large.** (Look again: a dimmer margin of the map, above all at the upper right, reaches about as far as the mask does.
# An AUC asks only for the order of the cells; a mask must draw a line somewhere.) Below, a patchy map, and a mask
# almost without fault: the decoder filled in what the map left open. Over all photos the rank correlation is weak. Show
# the upper map to a physician without the mask, and you have created trust that the network does not deserve. A map is
# no certificate.
#
# ## Exercises
#
# **1. The price of one gate.** A skip of 24 channels, a signal of 32 (the gate at stride 4). Compute its parameters
# by hand from the formula above.
#
# ```python
# mine = None  # your number
# exercises.check("09.1", mine, gated.decoder.gates[2])
# ```
#
# <details><summary>Hint</summary>
#
# $I = 24 / 2 = 12$. Four terms; the first is $4 \cdot 24 \cdot 12$. The layer behind has no bias, its batch norm two
# numbers a channel.
#
# </details>

# %% Solution tags=["hide-cell", "nbval-check-output"]
mine = 4 * 24 * 12 + (32 * 12 + 12) + (12 + 1) + (24**2 + 2 * 24)
print(f"{mine:,}; from the finest gate to the coarsest:", end=" ")
print(*(f"{sum(p.numel() for p in gate.parameters()):,}" for gate in reversed(gated.decoder.gates)), sep=", ")
exercises.check("09.1", mine, gated.decoder.gates[2])

# %% [markdown]
# The coarsest gate costs twenty times as much: its skip and its signal have the most channels.
#
# **2. Who decides?** The hidden layer adds a vote of the skip and a vote of the signal. Silence one of the two: set
# the weights of `of_skip` (or of `of_gate`) to zero in all four gates of the trained decoder. Predict for each: does
# the AUC of the maps survive? Does *J*?
#
# <details><summary>Hint</summary>
#
# `copy.deepcopy` the decoder, then `getattr(gate, "of_skip").weight.zero_()` under `torch.no_grad()`. `detect` and
# `score` do the rest. With nothing silenced you must get the numbers of the lesson.
#
# </details>
#
# ```python
# rows = {}  # for "of_skip" and "of_gate": {"J": ..., "stride 2": AUC, ..., "stride 16": AUC}
# exercises.check("09.2", rows, fits[GATED].model, lesson)
# ```


# %% Solution tags=["hide-cell"]
@torch.no_grad()
def silence(half):
    decoder = copy.deepcopy(fits[GATED].model.decoder).eval()
    for gate in decoder.gates:
        getattr(gate, half).weight.zero_()
    drawn, seen = decoder.attend(pyramid, size)
    return {"J": score(drawn[:, 0].numpy()).mean()} | dict(zip(table.columns, detect(seen), strict=True))


rows = {half: silence(half) for half in ("of_skip", "of_gate")}
print(exercises.check("09.2", rows, fits[GATED].model, lesson))
pd.DataFrame({"nothing silenced": {"J": jaccard.mean()} | table.loc["trained"].to_dict()} | rows).T.round(3)

# %% [markdown]
# Without the skip's vote stride 4 turns from a coin into a detector, and strides 2 and 8 stay what they were: it is the
# signal that knows lesions. Without the signal's vote strides 2 and 8 lose more than half of their lead over a coin;
# stride 16 loses little, and stride 4, read backwards, even gains. **And *J* moves by a few tenths of a point in either
# case.** One can improve the maps or spoil them; the mask takes little notice.
#
# **3. How many photos would it take?** The half-width of an interval shrinks with the square root of the number of
# photos. Suppose that gates are truly worth .5 points on average, and that differences scatter from photo to photo as
# they do here. From the half-width on the test photos compute how many would be needed for an interval of half-width
# .5. Guess first. Which chance do even a million photos not remove?
#
# ```python
# needed = None  # photos, for the gain in J of the gated over the plain decoder
# exercises.check("09.3", needed, fits[GATED], fits[PLAIN])
# ```
#
# <details><summary>Hint</summary>
#
# The last loop of the lesson leaves the interval of another pair behind. Take `gain` for *J* of this one, and its
# bootstrap interval.
#
# </details>

# %% Solution tags=["hide-cell"]
gain = 100 * (fits[GATED].table["jaccard"] - fits[PLAIN].table["jaccard"]).to_numpy()
low, high = bootstrap.bootstrap_interval(gain)
half = (high - low) / 2
needed = len(gain) * (half / 0.5) ** 2
print(f"half-width {half:.2f} points with {len(gain)} photos, .5 with {needed:.0f}")
exercises.check("09.3", needed, fits[GATED], fits[PLAIN])

# %% [markdown]
# From our half-width, a little under a point, this gives more than a thousand photos, three to four test sets. Even
# then a true gain of .5 would be shown only every other time, for the interval reaches as far as the gain. And all of
# these photos would still compare *one* gated with *one* plain training. Only more seeds remove that chance.
#
# ## Take-away
#
# - SegNet carries places through pooling by indices. A strided convolution has none to give; a skip carries the places
#   instead.
# - An additive gate is a network with one hidden layer, asked once a place, at half the resolution of its skip. Four of
#   them cost less than two percent.
# - Coefficients have no scale, and no sign that means anything. Never compare their size between networks.
# - Before you show a map: score it against an untrained network and against "middle". Show all levels, not the best.
# - Before you call it an explanation: replace it. Here four constants cost one point, and the best detectors among the
#   maps cost least, because the decoder receives what the maps are computed from anyway.
# - What a part is worth is decided by a network trained without it, photo by photo.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One seed.** Gated and plain were trained once each. The interval of their difference resamples photos, not
#   trainings.
# - **A changed network is a network nobody trained.** Interventions say what this network leans on. They do not say
#   what another would do without.
# - **An easy task for a gate.** One lesion, large, in the middle of a cropped photo. Gates were invented for a
#   pancreas: a small organ in a large scan, where most of a skip *is* clutter.
# - **Other forms.** A gate per channel, gates without the layer behind, deep supervision as in the paper's own code:
#   each may give other maps.
# - **128 x 128.** At the coarsest gate the decision is taken on 4 x 4 cells.
#
# **In the library**: {{ api("models.decoders") }} has the gates and hands out their coefficients, {{ api("models.cost") }} counts them,
# {{ api("training.probing") }} has the AUC, {{ api("training.batches") }} keeps frozen maps, {{ api("evaluation.metrics") }} has the bootstrap.
#
# Next, [lesson 10](10_atrous_convolution.ipynb): kernels with holes, and whether a wider view helps.
