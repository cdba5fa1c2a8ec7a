# %% [markdown]
# # 10 · Atrous convolution: does a wider view help?
#
# A convolution looks at its nearest neighbours. *À trous* is French for "with holes": pull the nine weights of a 3 x
# 3 kernel apart, and they look further, at no cost. (*Dilated*, as in lesson 01, is the same.) One write-up reports
# that this brought about ten points. **After this lesson you can**
#
# - say what a dilation rate changes (the view) and what it does not (parameters, arithmetic, size of the map);
# - compute how far any cell of a network *can* see, and measure how far it *does* see;
# - recognise the two ways in which holes go wrong: grids, and weights that lie on padding;
# - build DeepLab's pyramid (ASPP), rob it of its branches one by one, and undo a stride without training;
# - test a claim of ten points, and say no more than the test allows.
#
# **You need** lesson 06 (strides, receptive field, linear readout), lesson 09 (the attention gates that both networks
# here share), and from lesson 03 the Jaccard index *J* and the bootstrap.
#
# **Time**: forty-five minutes to read and try. Its cells took a minute and a half on one CPU core, from recorded
# runs; in profile `student` the trainings add about ten minutes there. A GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, ImageNet weights, the recorded runs. In `smoke` every
# cell runs too, on a few drawn lesions and for two epochs, and its scores mean nothing.

# %%
import copy

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, scoring
from lesionseg_lib.models import cost
from lesionseg_lib.models.decoders.aspp import ASPP
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.receptive_field import Field, influence, side_of
from lesionseg_lib.results import comparison, records
from lesionseg_lib.teaching import exercises, figures, lessons
from lesionseg_lib.training import build, probing, recipes

lesson = lessons.start()

# %% [markdown]
# ## What is a hole?
#
# A kernel of *rate* $a$ multiplies pixels that are $a$ apart and steps over those between. Rate 1 is the ordinary
# convolution. Nothing else changes: nine weights, nine products a pixel, and with a padding of $a$ the map keeps its
# size. The nine span $1 + 2a$ pixels.
#
# Below is one kernel at four rates. It answers where a pixel is brighter or darker than the mean of the eight that it
# sees around it. Above: the pixels that the answer in the middle of a 13 x 13 image depends on. Below: its answers to
# a photo.
#
# > **Predict.** Which rate answers to the grain of the photo, and which to patches of the lesion?

# %% tags=["nbval-check-output"]
train, validation, encoder = lesson.decoded.train, lesson.decoded.validation, lesson.encoder()
RATES = (1, 2, 3, 6)
kernel = F.pad(torch.ones(1, 1, 1, 1), [1] * 4, value=-1 / 8)  # the middle minus the mean of its eight
point = F.pad(torch.ones(1, 1, 1, 1), [6] * 4)  # (1, 1, 13, 13)
photo = torch.tensor(validation.images[:1]).float().mean(3)[None]  # (1, 1, H, W)
seen = [F.conv2d(point, kernel, padding=rate, dilation=rate)[0, 0].numpy() != 0 for rate in RATES]
found = [F.conv2d(F.pad(photo, [r] * 4, "replicate"), kernel, dilation=r)[0, 0].abs().numpy() for r in RATES]
titles = [[first, *(f"rate {rate}" for rate in RATES)] for first in ("13 x 13 pixels", "photo")]
alt = "A kernel of nine weights at rates 1, 2, 3 and 6: where its weights lie, and how strongly it answers to a photo."
plots.panels([[point[0, 0].numpy() > 0, *seen], [validation.images[0], *found]], titles, alt)

# %% [markdown]
# **The same nine weights, at rate 1 a lens for grain, at rate 6 one for patches.** A spot is answered in full while
# it covers the middle weight and none of the other eight: at rate 1 that is a single pixel, at rate 6 anything up to
# eleven pixels wide. Grain does not vanish at rate 6, but patches differ from the skin by more than grain does, and
# outshine it. Between the weights are holes: at rate 6 the answer depends on nine of 169 pixels. It knows nothing of
# the other 160.
#
# ## How far can a cell see?
#
# In lesson 06 a $k \times k$ kernel widened the field by $k - 1$ times the distance $d$ between neighbouring cells.
# With holes it is the rate times as much:
#
# $$r \leftarrow r + (k - 1)\,a\,d, \quad \text{then } d \leftarrow d\,s$$
#
# for a stride $s$.
#
# `Field.through` walks a module's convolutions by this rule. A bilinear doubling reads two neighbours,
# $r \leftarrow r + d$, and halves $d$. We walk through the encoder, and then through the decoder of family A along
# its longest way: once as it is in `segnet-attention`, once with the pyramid of rates 1, 2 and 3 that
# `segnet-attention-atrous` has on the map at stride 16.
#
# > **Predict.** Stride 32 sees 491 pixels. How many does rate 3 at stride 16 add? How many of those lie on a photo of
# > 128 pixels?

# %%
field, sides = Field(), {}
for layer in encoder.features:
    field = field.through(layer)
    sides[f"stride {field.distance}"] = field.side  # overwritten until the stride doubles
decoder = build.build_segmenter(recipes.get_recipe("segnet-attention-atrous-finetuned"), None).decoder
for name, context in (("plain", nn.Identity()), ("atrous", decoder.context.atrous[-1])):
    logit = field.doubled().through(decoder.convs[0]).through(context).doubled().through(decoder.convs[1])
    logit = logit.doubled().through(decoder.convs[2]).doubled().through(decoder.convs[3])
    sides[f"logit, {name}"] = logit.doubled().through(decoder.convs[4]).side
figures.receptive_fields(validation.images[0], sides)

# %% [markdown]
# **The pyramid widens the square from 677 to 773 pixels, and not one of the additional pixels lies on a photo.** The
# photo is the small picture in the middle on the right. From stride 16 on every cell sees all of it, and one in a
# corner sees the opposite corner. Whatever atrous convolution brings here, it cannot
# be pixels that were out of sight before.
#
# At 513 pixels, DeepLab's size, it is another matter: there stride 32's square covers less than the photo. Keep the
# two cases apart.
#
# ## What falls through the holes?
#
# If one layer with holes is good, are three better? Count the *paths*: stack three layers of ones, and ask by
# gradient how many ways lead from each pixel to the one in the middle.
#
# > **Predict.** Rates 2, 2, 2 and rates 1, 2, 3 both give a field of 13 x 13 = 169 pixels. How many of the 169 does
# > each of the two really read?


# %%
def paths(rates, size=15):
    """Number of ways from each pixel to the one in the middle through a stack of 3 x 3 kernels, int (size, size)."""
    x = y = torch.zeros(1, 1, size, size, requires_grad=True)
    for rate in rates:
        y = F.conv2d(y, torch.ones(1, 1, 3, 3), padding=rate, dilation=rate)
    y[0, 0, size // 2, size // 2].backward()
    return x.grad[0, 0].int().numpy()


# %% tags=["nbval-check-output"]
stacks = {stack: paths(stack) for stack in ((1, 1, 1), (2, 2, 2), (1, 2, 3))}
for stack, ways in stacks.items():
    side = 1 + 2 * sum(stack)
    print(f"rates {stack}: field {side} x {side}, reads {(ways > 0).sum()} of its {side**2} pixels")
titles = [f"rates {stack}" for stack in stacks]
alt = "Number of paths from each pixel to the middle through three layers: rates 2, 2, 2 leave a grid of holes."
plots.panels([[np.log1p(ways) for ways in stacks.values()]], [titles], alt)

# %% [markdown]
# Black is never read. **Three layers of rate 2 read 49 of 169 pixels: the middle depends on every second pixel of
# every second row, and its neighbour on others altogether.** Two cells side by side are computed from different
# pixels, so a checkerboard may appear in the output: *gridding*. Rates 1, 2, 3 have the same field, the same cost,
# and no hole. [Wang et al. 2018](https://arxiv.org/abs/1702.08502) call it hybrid dilated convolution; [Yu et al.
# 2017](https://arxiv.org/abs/1705.09914) remove grids by further layers of smaller rate.
#
# The brightness tells a second story: paths pile up in the middle. Even without holes the rim of a field counts
# little. We shall come back to it.
#
# {{ explorer("field") }}
#
# ## How large may a rate be?
#
# Near the rim of a map some of the nine weights stand outside and read zeros of the padding. With holes they stand
# further out. The authors of [DeepLabv3](https://arxiv.org/abs/1706.05587) noticed: at a rate near the size of the
# map a 3 x 3 kernel degenerates to a 1 x 1, because only its centre is still on the map. We count, over all cells of
# a map, the share of weights that read something.
#
# > **Predict.** DeepLabv3's rates are 6, 12 and 18, on maps of 33 x 33. What is left of rate 12 there, and what on
# > our 8 x 8?


# %% tags=["nbval-check-output"]
def on_map(size, rate):
    """Share of nine weights, averaged over the cells of a size x size map, that read the map and not its padding."""
    ones, nine = torch.ones(1, 1, size, size), torch.ones(1, 1, 3, 3)
    return F.conv2d(ones, nine, padding=rate, dilation=rate).mean().item() / 9


shares = {f"rate {rate}": {f"{s} x {s}": on_map(s, rate) for s in (4, 8, 33, 65)} for rate in (1, 2, 3, 6, 12, 18)}
pd.DataFrame(shares).round(2)

# %% [markdown]
# **Of rate 12 on an 8 x 8 map one ninth is left: a 1 x 1 convolution that pays for nine weights.** Rate 6 keeps a
# quarter. On 33 x 33, DeepLab's map of a photo of 513 pixels at stride 16, even rate 18 keeps two fifths; at stride
# 8, where the map is 65 x 65, DeepLab doubles the rates. So "rates 6, 12, 18" is no recipe by itself; it is a recipe
# for 33 x 33. The write-up of family A names no rates. We took 1, 2 and 3, on the 8 x 8 map and not on the 4 x 4,
# where rate 3 would keep a quarter.
#
# ## A pyramid in ten lines
#
# One rate is one width of view. *Atrous spatial pyramid pooling* (ASPP) takes several at once: a 1 x 1 convolution
# (the cell itself), three 3 x 3 at three rates, and the mean of the whole map, the widest view there is. A last 1 x
# 1 mixes the five.


# %%
def conv(c_in, c_out, kernel, rate=1):
    """Convolution that keeps the size, batch norm, ReLU."""
    layer = nn.Conv2d(c_in, c_out, kernel, padding=rate * (kernel // 2), dilation=rate, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(c_out), nn.ReLU())


def aspp(x, branches, project):
    """Every branch looks at the same map x (N, C, h, w); a 1 x 1 convolution mixes what they saw."""
    views = [branch(x).expand(-1, -1, *x.shape[-2:]) for branch in branches]
    return project(torch.cat(views, dim=1))


# %% [markdown]
# Is it the library's? Give both the same weights and the same map, and compare.

# %% tags=["nbval-check-output"]
C = 96  # channels of the map at stride 16
whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(C, C, 1), nn.ReLU())
branches, project = [conv(C, C, 1), *(conv(C, C, 3, rate) for rate in (1, 2, 3)), whole], conv(5 * C, C, 1)
library, mine = ASPP(C, C, (1, 2, 3)).eval(), nn.ModuleList([*branches, project]).eval()
mine.load_state_dict(dict(zip(mine.state_dict(), library.state_dict().values(), strict=True)))
x = torch.randn(2, C, 8, 8)
assert torch.allclose(aspp(x, branches, project), library(x), atol=1e-6)
weights = [sum(p.numel() for p in part.parameters()) for part in mine]
print("parameters: " + ", ".join(f"{n:,}" for n in weights), f"= {sum(weights):,}; one 7 x 7 kernel: {C * C * 49:,}")

# %% [markdown]
# The assertion passed: the same numbers. The five branches and the projection stand in the order of the text. **All
# three rates cost the same**, and together less than one 7 x 7 kernel, which has the view of rate 3 without holes.
# The mean of the map is by far the cheapest look at everything.
#
# > **Predict.** By what share does the pyramid raise the parameters of the whole network? And its arithmetic?

# %% tags=["nbval-check-output"]
PLAIN, ATROUS = "segnet-attention-finetuned", "segnet-attention-atrous-finetuned"
networks = {name: build.build_segmenter(recipes.get_recipe(name), None) for name in (PLAIN, ATROUS)}
total = {name: cost.count_parameters(network)["total"] for name, network in networks.items()}
macs = {name: cost.count_macs(network, (128, 128)) for name, network in networks.items()}
for name in networks:
    print(f"{name:34} {total[name]:9,} parameters, {macs[name] / 1e6:.1f} million multiply-accumulates")
print(f"more: {total[ATROUS] / total[PLAIN] - 1:.1%} parameters, {macs[ATROUS] / macs[PLAIN] - 1:.1%} arithmetic")
assert total[ATROUS] - total[PLAIN] == sum(weights)

# %% [markdown]
# A tenth more parameters, 7 % more arithmetic. Holes are free, channels are not: most of the bill is three kernels of
# 96 x 96 channels.
#
# ## Does it help?
#
# Family A reports {{ number("segnet-attention-finetuned", "recipe.claimed.iou", ".2f") }} IoU and
# {{ number("segnet-attention-finetuned", "recipe.claimed.dice", ".2f") }} Dice for SegNet with attention, and
# {{ number("segnet-attention-atrous-finetuned", "recipe.claimed.iou", ".2f") }} and
# {{ number("segnet-attention-atrous-finetuned", "recipe.claimed.dice", ".2f") }} with atrous convolutions added. Our two recipes differ
# in nothing else, so a difference between them has one cause, or chance. We call them *plain* and *atrous*; plain is
# what lesson 09 called gated.
#
# > **Predict** the gain in points, and write down why. What did the squares say?

# %%
fits = {name: lesson.fit(name) for name in (PLAIN, ATROUS)}
for name, fit in fits.items():
    late = [epoch.validation_jaccard for epoch in fit.history[-20:]]
    print(f"{name}, last {len(late)} epochs, validation Jaccard:", end=" ")
    print(f"mean {np.mean(late):.3f}, {min(late):.3f} to {max(late):.3f}; epoch {fit.best_epoch} was kept")
plots.curves({name: fit.history for name, fit in fits.items()})

# %% [markdown]
# The two runs cross each other all the way. **After a handful of epochs neither gains anything on validation**: the
# score jumps about by two points, the training loss goes on falling, the validation loss turns up. As in lesson 09,
# luck has a part in which epoch is kept.
#
# On the test photos, official rule, beside the claims:

# %%
rows, rules = [], {}
for title, fit in (("plain", fits[PLAIN]), ("atrous", fits[ATROUS])):
    for metric, claimed in (("jaccard", fit.recipe.claimed.iou), ("dice", fit.recipe.claimed.dice)):
        s = fit.record["test"][metric]
        rows.append({"name": f"{title} {metric}", "value": s["mean"], "claimed": claimed, **s})
        rules[title, metric] = {"claimed": claimed} | {rule: r[metric] for rule, r in fit.record["readings"].items()}
plots.comparison(rows, f"mean over {len(fits[PLAIN].table)} test photos")

# %% [markdown]
# Plain we measured {{ number("segnet-attention-finetuned", "jaccard") }} ({{ number("segnet-attention-finetuned", "jaccard_interval") }}), atrous
# {{ number("segnet-attention-atrous-finetuned", "jaccard") }} ({{ number("segnet-attention-atrous-finetuned", "jaccard_interval") }}). **Both lie
# above their claims, plain by more than thirteen points, atrous by less than four; between them is about one point,
# not eleven.** So what has to be explained is less the height of the second claim than the depth of the first.
#
# ## Is the difference real?
#
# Both networks saw the same test photos, so we take the difference photo by photo and bootstrap its mean. And since a
# write-up may have tested on fewer photos than we do, we also draw small test sets from ours: what would they have
# shown?
#
# > **Predict.** How wide is the interval with 379 photos? With 45? Could chance make ten points of one?

# %%
gain = 100 * (fits[ATROUS].table["jaccard"] - fits[PLAIN].table["jaccard"])
low, high = bootstrap.bootstrap_interval(gain.to_numpy())
verdict = "no difference can be shown" if low <= 0 <= high else "they differ on photos like these"
print(f"plain -> atrous: {gain.mean():+.2f} points ({low:+.2f} to {high:+.2f}): {verdict}")
size = pd.Series(lesson.decoded.test.masks.mean((1, 2))).rank(method="first")
by_size = gain.groupby(pd.qcut(size, 4, labels=False)).mean().round(1).tolist()
print(f"quarters, smallest lesions first: {by_size}; the median photo {gain.median():+.2f}")
for n in (len(gain), 45, 20):
    low, high = np.quantile(np.random.default_rng(0).choice(gain, (2000, n)).mean(1), (0.025, 0.975))
    print(f"test sets of {n:3} such photos: 95 % of the gains from {low:+.1f} to {high:+.1f} points")

# %% [markdown]
# **These two networks differ on photos like these: atrous is better by .3 to 2.2 points.** The squares had led us to
# expect nothing that could be shown, so look twice. And ten points are far outside: even test sets of 45 photos do
# not reach them, and some of those would have shown a loss.
#
# Twice, then. *Who gains?* The smallest quarter, by four points; the rest next to nothing, and the median photo half
# a point. That is not where one would look for the use of a wider view. *What was compared?* Two networks, each from
# its luckiest epoch on the validation photos, epoch {{ number("segnet-attention-finetuned", "best_epoch") }} for plain,
# {{ number("segnet-attention-atrous-finetuned", "best_epoch") }} for atrous. Over the last twenty epochs (printed above the curves)
# the two differ by two tenths of a point on validation, while each wanders over about two points. An interval over
# photos does not know that.
#
# ## And another seed?
#
# The interval asks about other photos, not about other trainings. For that there are the records of further seeds:
# the same recipe with other first weights and another order of batches. We also look at the same pair behind a frozen
# encoder, from the records. Where both recipes of a pair have been run, `compare_two` resamples photos and seeds
# together.

# %% tags=["nbval-check-output"]
recorded = records.load_records()
for first in (PLAIN.replace("finetuned", "frozen"), PLAIN):
    pair = (first.replace("attention", "attention-atrous"), first)
    for name in pair:
        means = {seed: round(100 * r["test"]["jaccard"]["mean"], 1) for seed, r in recorded.get(name, {}).items()}
        print(f"{name:34} mean Jaccard by seed, in points: {means or 'no record here'}")
    if recorded.keys() >= set(pair):
        print("   ", comparison.compare_two(*pair, recipes.load_recipes())[0].sentence())

# %% [markdown]
# Read the seeds before the sentences. **The gain of the fine-tuned pair does not survive.** The three runs of atrous
# lie nearly as far apart as atrous and plain did above; the one that we looked at was the luckiest of them. With all
# three, half a point is left, and zero lies inside the interval. A gain is of the *recipe* only if it is larger than
# what one recipe loses or gains from seed to seed. Behind the frozen encoder the pyramid gains nothing that could be
# shown, in one pair of runs. And `compare_two` knows only the seeds it is given: plain, with a single one, enters as
# if it could not have come out otherwise, so even this interval is too short.
#
# ## Where may ten points come from?
#
# Each record keeps the score of the same predictions by every rule that is called "IoU" or "Dice" somewhere (lesson
# 03). We put the claims on top.
#
# > **Predict.** Is there a rule by which our two networks, one point apart, lie ten points apart?

# %%
pd.DataFrame(rules).round(3)

# %% [markdown]
# **There is: `soft`.** It multiplies probabilities in place of masks, so it pays for certainty. By it plain has
# {{ number("segnet-attention-finetuned", "readings.soft.jaccard") }} and {{ number("segnet-attention-finetuned", "readings.soft.dice") }}, atrous
# {{ number("segnet-attention-atrous-finetuned", "readings.soft.jaccard") }} and
# {{ number("segnet-attention-atrous-finetuned", "readings.soft.dice") }}: the claimed gap, and within four points the claimed
# heights. For plain no other rule comes as near to the claimed pair. (For atrous scoring in training mode,
# `train_mode`, comes nearer still, but it leaves plain far above its claim.) The reason is dull. Plain was kept after
# 3 epochs, when it drew much the same masks but was less sure of them.
#
# It is a story that fits, on two runs; the author's code could tell, and nobody else. Others remain: another seed,
# fewer test photos, a plain network that was trained less well, 100 epochs. What we may say: **with official masks,
# on these photos, these ten points are not there.**
#
# ## How far does a cell see, really?
#
# The square says what *can* influence a cell. [Luo et al. 2016](https://arxiv.org/abs/1701.04128) asked what *does*:
# take the gradient of one output with respect to every pixel. In deep stacks of convolutions they found a bell: the
# middle weighs most, because most paths lead through it, as you saw above. We average the gradient's size over all
# validation photos, for the middle cell of each level of ImageNet's encoder and for the middle logit of the two
# trained networks.
#
# The table gives widths of squares in pixels: the field in theory; the square that would hold half of the gradient if
# it were spread evenly over that field (as far as it lies on the photo); the squares that hold half and 95 % of it.
#
# > **Predict.** In theory the logit sees five times the photo's width. Is half of its gradient within 10 pixels, 40, or
# > 90? Is the square wider with the pyramid?

# %%
photos, plain, atrous = fits[PLAIN].model.normalise(validation.images), fits[PLAIN].model, fits[ATROUS].model
levels = {f"stride {s}": lambda x, i=i: encoder(x)[i] for i, s in enumerate(encoder.strides)}
shares = {name: influence(view, photos) for name, view in (levels | {"plain": plain, "atrous": atrous}).items()}
table = pd.DataFrame({"field, in theory": [*sides.values()]}, index=[*shares])
table["half, if it were even"] = table["field, in theory"].clip(upper=max(validation.size)) * 0.5**0.5
for part in (0.5, 0.95):
    table[f"{part:.0%} of the gradient"] = [side_of(s, part) for s in shares.values()]
table.round().astype(int)

# %% tags=["nbval-check-output"]
maps = {name: np.log(s + 1e-9) for name, s in shares.items()}
height, width = validation.size
distance = np.maximum(
    *(abs(axis - n // 2) for axis, n in zip(np.indices((height, width)), (height, width), strict=True))
)
squares = {name: 2 * distance < side_of(s, 0.5) + 1 for name, s in shares.items()}
names = [*shares][2:]
alt = "Average size of the gradient of one middle cell, on a logarithmic scale, with the square that holds half of it."
plots.panels([[maps[n] for n in names]], [names], alt, [[squares[n] for n in names]])

# %% [markdown]
# Two findings. **First, seeing is not looking.** At stride 8 a cell can see 59 pixels, and half of its gradient
# comes from 17; spread evenly it would need 42. That is the bell. At stride 32 there is none: its field is so much
# wider than the photo that only the flat top of the bell lies on it, and half of the gradient takes as wide a square
# as an even spread would.
#
# **Second, the trained networks do look far.** Half of a logit's gradient comes from outside of 73 pixels (plain) or
# 79 (atrous). The bright spot in the middle is the logit's own place, which the skips bring; around it lies the
# whole photo. So the pyramid does widen the view a little, on these two networks, one seed each. But plain already
# looked everywhere, as its square had said. A wider view alone cannot be worth ten points here.
#
# ## What does each branch contribute?
#
# The trained pyramid has five branches. Rob it of one: replace its output by its mean over training photos, which
# says the same to every cell of every photo. If the network leans on that branch, its score falls.
#
# > **Predict.** Which branch is missed most: the cell itself, rates 1, 2, 3, or the mean of the map?
# > <!-- choose: the cell itself | rate 1 | rate 2 | rate 3 | the mean -->

# %%
context, said = atrous.decoder.context, {}
branches = {"1 x 1": context.point, "mean": context.whole}
branches |= {f"rate {rate}": branch for rate, branch in zip(context.rates, context.atrous, strict=True)}
keep = lambda branch, _, y: said.setdefault(branch, []).append(y.mean((2, 3)))  # noqa: E731
hooks = [branch.register_forward_hook(keep) for branch in branches.values()]
atrous.logits(train.images)
for hook in hooks:
    hook.remove()
average = {branch: torch.cat(parts).mean(0)[:, None, None] for branch, parts in said.items()}  # (C, 1, 1)


# %%
def without(*names):
    """Validation Jaccard when these branches say to every cell of every photo what they say on average."""
    hooks = [branches[n].register_forward_hook(lambda m, _, y: average[m].expand_as(y)) for n in names]
    drawn = atrous.logits(validation.images)
    for hook in hooks:
        hook.remove()
    return scoring.score_images(sigmoid(drawn), lesson.splits.validation)["jaccard"].mean()


gone = {"nothing": (), **{name: (name,) for name in branches}, "rates": list(branches)[2:], "all": list(branches)}
left = {what: without(*names) for what, names in gone.items()}
plots.grouped_bars({"without": left}, "mean Jaccard on validation", ".3f")

# %% [markdown]
# **No single branch is missed: the largest loss is a quarter of a point.** Without its three rates the network loses
# two points. Without all five, through which passes all that strides 16 and 32 know, it loses ten, and the skips
# carry the rest. So the branches say much the same, and each can speak for the others. That does not prove that one
# would have been enough, for they learned it together. But it does not look like five widths of view of which each is
# needed.
#
# ## What were holes invented for?
#
# Not for pyramids. Classification networks shrink their maps, and [DeepLab](https://arxiv.org/abs/1606.00915) wanted
# dense ones *without training anew*. Take away the last stride: the map becomes four times as large, but every later
# kernel now sees neighbours that are half as far apart, which it never learned. So pull these kernels apart by rate
# 2: each weight is again on the pixel it was trained for. In MobileNetV2 the last stride is in `features[14]`; three
# 3 x 3 depthwise convolutions follow it.
#
# > **Predict.** Every second cell of the new map stands where a cell of the old map stood. How well do they agree:
# > roughly, closely, exactly? And at the rim?

# %%
dense = copy.deepcopy(encoder)
for block in dense.features[14:18]:
    depthwise = next(m for m in block.modules() if isinstance(m, nn.Conv2d) and m.groups > 1)
    if depthwise.stride != (2, 2):
        depthwise.dilation = depthwise.padding = (2, 2)
    depthwise.stride = (1, 1)
with torch.no_grad():
    coarse, fine = encoder(photos[:8])[-1], dense(photos[:8])[-1]
print(f"{tuple(coarse.shape)} became {tuple(fine.shape)}; largest value {coarse.max():.2f}")
print(f"largest difference at the common places {(fine[..., ::2, ::2] - coarse).abs().max():.1e}")

# %%
assert torch.allclose(fine[..., ::2, ::2], coarse, atol=1e-4)
for name, network in (("stride 32", encoder), ("stride 16, rate 2", dense)):
    cells = network(photos[:1])[3]
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter, torch.no_grad():
        network.stage(4)(cells)
    view = Field().through(network.features)
    print(f"{name:18} {counter.get_total_flops() / 2e6:6.2f} million multiply-accumulates in stage 4,", end=" ")
    print(f"field {view.side:.0f}, cells {view.distance:.0f} pixels apart")

# %% [markdown]
# **Exactly, at the rim too.** Rate 2 with a padding of 2 puts each weight on the pixel that it met before, and
# outside the map both meet zeros. The field is the same 491 pixels; only the cells stand closer. The three out of
# four cells that lie between are, padding aside, what the old network would have said of a photo moved by 16 pixels.
# The price: 3.6 times the arithmetic of stage 4. (Not four: the first 1 x 1 of `features[14]` stood before the stride
# and has always seen 8 x 8.)
#
# That is what a rate is for. **It buys resolution at an unchanged field, or field at an unchanged resolution.**
# DeepLab needed the first; family A, whose skips bring resolution, bought the second, of which it had enough.
#
# What is the denser map worth? Read it off as in lesson 06, with one weight per channel and no decoder. A fair rival
# is the old map, enlarged smoothly to the same number of cells.
#
# > **Predict.** Which scores higher: the old map enlarged, or the dense one? By much?
# > <!-- choose: the old map enlarged | the dense one -->


# %%
@torch.no_grad()
def deepest(network, data):
    """Deepest maps (N, 1280, h, w) of all photos."""
    return torch.cat([network(plain.normalise(data.images[i : i + 32]))[-1] for i in range(0, len(data), 32)])


def read(known, new):
    """Validation Jaccard of the linear readout of these maps of training and of validation photos."""
    drawn = probing.linear_readout(known, probing.cover(train.masks, train.size[0] // known.shape[-1]), new)
    drawn = drawn.clamp(0, 1).numpy()
    return scoring.score_images(drawn, lesson.splits.validation)["jaccard"].mean()


# %%
old, new = ([deepest(network, data) for data in (train, validation)] for network in (encoder, dense))
larger = [F.interpolate(level, scale_factor=2, mode="bilinear") for level in old]
readouts = {"4 x 4": read(*old), "4 x 4, enlarged": read(*larger), "8 x 8, rate 2": read(*new)}
plots.grouped_bars({"linear readout": readouts}, "mean Jaccard on validation")

# %% [markdown]
# **Eight points more than the old map enlarged, and nobody trained anything but one weight per channel.** Enlarging
# alone brings four of the twelve from the first bar to the last; the other eight come from cells that were computed,
# not interpolated. But compare with lesson 06: the map at stride 16 *before* stage 4 has as many cells and a
# thirteenth of the channels, and its linear readout is far better still. What stage 4 gave up of place, density does
# not bring back.
#
# ## Exercises
#
# **1. Three rates without holes.** Three layers of 3 x 3 kernels, any rates. Which make the field widest while every
# pixel of it is still read? Predict, then try:
#
# ```python
# rates = (2, 2, 2)  # yours here
# exercises.check("10.1", rates)
# ```
#
# <details><summary>Hint</summary>
#
# Stand at the first layer: its field is a full square of $1 + 2a$. At which distance may the next layer put copies of
# that square so that they just touch?
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
for rates in ((1, 2, 3), (1, 2, 5), (1, 3, 9), (1, 3, 10), (2, 3, 9)):
    side = 1 + 2 * sum(rates)
    holes = side**2 - (paths(rates, size=side + 2) > 0).sum()
    print(f"rates {rates}: a field of {side} x {side} with {holes} holes")
exercises.check("10.1", (1, 3, 9))

# %% [markdown]
# **1, 3, 9 gives a full square of 27**, each pixel by exactly one path. After the first layer the field is 3 wide, so
# copies of it 3 apart just touch; these make 9, and so on. No three layers can do better: in each direction they have
# 3 x 3 x 3 = 27 paths. And without a rate of 1 the pixel next to the rim is always lost.
#
# **2. Does family C leave holes?** Its decoder (lesson 01) has three layers of rate 2, one after the other: at
# strides 16, 8 and 4. Which cells of each skip reach one cell of its last map? Predict for each of the three: all of
# a square, or a grid?
#
# <details><summary>Hint</summary>
#
# `influence(function, level)` works for any input, not only photos. Make a random pyramid of five levels
# (`encoder.channels`, `encoder.strides`), hold four of them and vary the one of this skip. Take the enlargement at
# the end away: `decoder.upsample_to_target = nn.Identity()`.
#
# </details>
#
# ```python
# cells = {16: None, 8: None, 4: None}  # stride of the skip: how many cells are read
# exercises.check("10.2", cells, encoder)
# ```

# %% Solution tags=["hide-cell", "nbval-check-output"]
torch.manual_seed(0)
decoder_c = build.build_segmenter(recipes.get_recipe("dilated-frozen"), None).decoder.eval()
decoder_c.upsample_to_target = nn.Identity()
pyramid = [torch.rand(1, c, 256 // s, 256 // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)]
reach = {encoder.strides[i]: np.nonzero(influence(lambda x, i=i: decoder_c([*pyramid[:i], x, *pyramid[i + 1 :]], None),
                                                  pyramid[i])) for i in (1, 2, 3)}  # fmt: skip
for stride, (rows, columns) in reach.items():
    square = f"{np.ptp(rows) + 1} x {np.ptp(columns) + 1}"
    print(f"skip at stride {stride:2}: reads {len(rows)} cells of a square of {square}")
exercises.check("10.2", {stride: len(rows) for stride, (rows, _) in reach.items()}, encoder)

# %% [markdown]
# **Only the finest skip has a grid, 9 cells of 25.** The others are enlarged between one layer and the next, and
# rate 2 on an enlarged map is rate 1 on the map before: the enlargement closes the holes. Neither does the grid at
# stride 4 lose anything of the photo, as each cell sees 19 pixels and the next one read is only 8 away. Grids are a
# worry where layers with holes follow each other *at one resolution*, as in DeepLab's encoders.
#
# **3. Weights that never learn.** Put DeepLab's rates 6, 12 and 18 on our 8 x 8 map. What share of each branch's 3 x
# 3 weights gets no gradient at all, whatever the photo? Write down three numbers, then build the pyramid and count.
#
# ```python
# predicted = None, None, None  # a share for each rate
# exercises.check("10.3", predicted, (6, 12, 18), 8)
# ```
#
# <details><summary>Hint</summary>
#
# A weight learns if it lies on the map for at least one cell; try the cells in the corners. To count, let a random map
# pass through `ASPP(C, C, (6, 12, 18))`, call `backward()` on a sum, and look for zeros in `branch[0].weight.grad` of
# each branch in `.atrous`.
#
# </details>

# %% Solution tags=["hide-cell", "nbval-check-output"]
predicted = (0, 8 / 9, 8 / 9)
wrong = ASPP(C, C, (6, 12, 18))
wrong(torch.randn(4, C, 8, 8)).square().sum().backward()
for rate, branch in zip(wrong.rates, wrong.atrous, strict=True):
    dead = (branch[0].weight.grad == 0).float().mean().item()
    print(f"rate {rate:2}: {dead:.0%} get no gradient")
exercises.check("10.3", predicted, (6, 12, 18), 8)

# %% [markdown]
# At rate 6 every weight reads something somewhere; at 12 and 18 eight of nine never do. They keep the random values
# they began with, and nothing tells you: no error, and the parameters are counted as trainable. **They wake when the
# network is shown a larger photo**: at 512 pixels the map is 32 x 32, and noise from the first day joins the sum.
#
# ## Take-away
#
# - A rate spreads nine weights. View grows; parameters, arithmetic and the size of the map do not.
# - A field follows from $r \leftarrow r + (k - 1)\,a\,d$. Compute it before you widen it: ours was wider than the
#   photo.
# - What a cell can see is an upper bound. What it does see is measured by gradients.
# - Equal rates above 1 in a row leave a grid; rates near the size of the map leave a 1 x 1.
# - Taking a stride away and giving later kernels its rate keeps a network exactly, at four times the cells.
# - Of a claimed gain of eleven points one was left when two recipes differed in nothing else, and two further seeds
#   took half of that one away. Ask first by which rule the claim was scored.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **128 x 128 photos.** At 512 pixels no cell of stride 32 has the whole photo in its field. There a wider view may
#   be worth points; we have not measured it.
# - **A gradient is local.** A feature that is saturated (ReLU6 at 6, a sigmoid near 1) has no gradient and may still
#   decide. The mean over photos also hides single photos that look far.
# - **Robbing a trained network is not training it without.** The branches learned together; what one says another may
#   repeat.
# - **Our rates are ours.** The write-up names none, nor where the pyramid stands. Another place may do better.
# - **25 epochs for the write-up's 100**, one rate schedule, one split. A difference between recipes may need longer to
#   show.
#
# **In the library**: {{ api("models.receptive_field") }} says how far a cell can see and how far it does, {{ api("models.decoders") }} has
# the pyramid, {{ api("models.cost") }} its price, {{ api("training.probing") }} the linear readout; {{ api("results.comparison") }} and {{ api("results.records") }}
# compare runs.
#
# Next, [lesson 11](11_where_it_fails.ipynb): one network taken apart: where it fails, and for whom.
