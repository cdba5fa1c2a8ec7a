# %% [markdown]
# # 08 · Skips: what does U-Net carry across, and what is it worth?
#
# Lesson 06 ended in a dilemma: fine maps say *where*, coarse maps say *what*, and a decoder that reads one of them
# lacks the other. [U-Net](https://arxiv.org/abs/1505.04597) gives it both. **After this lesson you can**
#
# - write down every shape in a U-Net before you write any code, and build one step of its decoder in ten lines;
# - recognise the wiring mistakes that raise no error, from a picture and from a number;
# - say what concatenation, addition and the kernel of a transposed convolution cost and do;
# - measure what skips are worth: by a control trained without them, on the border, and skip by skip.
#
# **You need** lessons 06 and 07 (pyramid, yardstick, paired bootstrap, fine-tuning), and from lesson 03 the Jaccard
# index *J*.
#
# **Time**: forty-five minutes to read and try. Its cells took a minute on one CPU core, from recorded runs; in profile
# `student` three trainings add about ten minutes there. A GPU was not measured.
#
# Sentences about outcomes speak of profile `full`: real photos, ImageNet weights, the recorded runs. In `smoke` every
# cell runs too, on a few drawn lesions and for two epochs, and its scores mean nothing.

# %%
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, boundaries, scoring
from lesionseg_lib.models import cost, postprocessing
from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching import exercises, lessons
from lesionseg_lib.training import build, losses, probing

lesson = lessons.start()
train, validation = lesson.decoded.train, lesson.decoded.validation
torch.manual_seed(0)
network = build.build_segmenter(lesson.recipe("unet-frozen"), lesson.weights).eval()

# %% [markdown]
# ## Where, or what?
#
# The encoder hands over five maps. Lesson 06 measured what the *grid* of each can carry (the *yardstick*: the truth,
# averaged over cells, enlarged and scored) and what its *channels* know (a linear readout, which was best at stride
# 16).
#
# > **Predict.** Before you scroll: at which strides does the yardstick pass .9?


# %%
def score(logits):
    """Mean Jaccard index on validation, official rule, for logits (N, h, w) of any resolution."""
    return scoring.score_images(sigmoid(logits), lesson.splits.validation)["jaccard"].mean()


encoder = network.encoder
with torch.no_grad():
    pyramid = encoder(network.normalise(validation.images[:1]))  # five maps, finest first
for stride, level in zip(encoder.strides, pyramid, strict=True):
    shares = probing.cover(validation.masks, stride)  # of each cell: how much of it is lesion
    grid = score(torch.logit(shares, eps=1e-6).numpy())
    print(f"stride {stride:2}: {' x '.join(f'{n:4}' for n in level.shape[1:])}   yardstick {grid:.3f}")

# %% [markdown]
# **The map with 1280 channels has a grid on which even the truth scores little more than a half.** The grids of strides
# 2 to 8 would do, but what a linear readout found in their frozen channels was worse than what it found at stride 16.
# You cannot choose; you must combine. In lesson 06 one weight per channel on three levels together beat each of them
# alone.
#
# U-Net's answer: come back up in as many steps as the encoder went down, and at every step lay the encoder's map of
# that size beside the decoder's. The line across is the **skip connection**. Nothing is computed on it; it merely
# carries. (The paper's network has four steps, no batch norm and no pre-training, and its convolutions are unpadded, so
# that skips must be cropped. Ours has five steps, because MobileNetV2 halves five times, with batch norm and padding.)
#
# ## Every shape, on paper
#
# Two formulas decide everything. A transposed convolution with kernel $k$, stride $s$, padding $p$ and output padding
# $o$ makes of $h$ rows
#
# $$h' = (h - 1)\,s - 2p + k + o,$$
#
# so kernel 2, stride 2, no padding doubles exactly: $2(h - 1) + 2 = 2h$. And concatenation along channels adds channel
# counts, if height and width agree. A step of our decoder is: double; concatenate; convolve 3 x 3 twice, with padding 1
# so that the size stays. It leaves 128, 64, 32, 16 and 8 channels.
#
# > **Predict.** Fill in the last column for an input of 128 x 128. Step 1 is done.
# >
# > | step | after doubling | the skip | joined |
# > |---|---|---|---|
# > | 1 | 128 x 8 x 8 | stride 16: 96 x 8 x 8 | 224 x 8 x 8 |
# > | 2 | 64 x 16 x 16 | stride 8: 32 x 16 x 16 | ? |
# > | 3 | 32 x 32 x 32 | stride 4: 24 x 32 x 32 | ? |
# > | 4 | 16 x 64 x 64 | stride 2: 16 x 64 x 64 | ? |
# > | 5 | 8 x 128 x 128 | none | ? |

# %%
size = lesson.recipe("unet-frozen").size
lines = cost.list_convolutions(network.decoder, pyramid, size)
for number in range(5):
    print(f"step {number + 1}", *lines[3 * number : 3 * number + 3], sep="\n  ")
print("head", lines[-1], sep="\n  ")

# %% [markdown]
# The joined maps are what the second line of each step takes in: 224, 96, 56, 32 and 8 channels. At the fourth step
# **half of the channels come straight from stride 2**, a map of edges and colours. At the fifth nothing joins: no map
# of the encoder has the size of the photo, so the last doubling has nothing to lean on.
#
# The right column counts weights. Which steps are expensive?
#
# > **Predict.** Each step has half the channels of the one before, and four times the cells. Which step holds most
# > parameters? Which does most multiply-accumulates (MACs)?

# %% tags=["nbval-check-output"]
with torch.no_grad(), torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
    network.decoder(pyramid, size)
flops, rows = counter.get_flop_counts(), {}
for i, stride in enumerate([16, 8, 4, 2, 1]):
    parts = [getattr(network.decoder, part)[i] for part in ("up", "convs")]
    weights = sum(p.numel() for part in parts for p in part.parameters())
    macs = sum(sum(flops[f"UNetDecoder.{part}.{i}"].values()) for part in ("up", "convs")) // 2
    rows[f"to stride {stride}"] = {"parameters": weights, "MACs": macs}
spent = pd.DataFrame(rows).T
plots.grouped_bars((100 * spent / spent.sum()).to_dict(), "% of the decoder", ".1f")

# %% [markdown]
# **The first step holds most of the parameters; the arithmetic is spread almost evenly.** Half the channels means a
# quarter of the weights in a convolution, four times the cells means that each is used four times as often, and the two
# cancel. The first step stands out because it takes in 1280 channels. So the way to a smaller U-Net is a narrow first
# step. Leaving out the last saves a seventh of the arithmetic and hardly any weights, at little risk: by the yardstick
# above a grid of stride 2 loses next to nothing.
#
# ## One step in ten lines
#
# A transposed convolution sounds mysterious. With kernel 2 and stride 2 it is the plainest layer there is: every cell
# becomes 2 x 2 cells, and each of the four is a matrix times the cell's channels. No cell looks at its neighbour.


# %%
def step(x, skip, up, convs):
    """x (N, C, h, w) and skip (N, S, 2h, 2w), or None -> (N, C', 2h, 2w), with the layers of one step."""
    n, _, h, w = x.shape
    x = torch.einsum("nchw,cdij->ndhiwj", x, up.weight).reshape(n, -1, 2 * h, 2 * w)  # i, j: which of the four
    x = x + up.bias[:, None, None]
    if skip is not None:
        x = torch.cat([x, skip], dim=1)  # (N, C' + S, 2h, 2w)
    for convolution, norm, _ in convs:
        x = norm(convolution(x)).clamp(min=0)
    return x


# %%
decoder, (*skips, x) = network.decoder, pyramid
with torch.no_grad():
    for i, (up, convs) in enumerate(zip(decoder.up, decoder.convs, strict=True)):
        x = step(x, skips.pop() if skips else None, up, convs)
        print(f"step {i + 1} leaves {tuple(x.shape[1:])}")
    gap = (decoder.head(x) - network(pyramid)).abs().max().item()
print(f"largest difference from the library's decoder: {gap:.0e}")
assert gap < 1e-4

# %% [markdown]
# **Ours and the library's agree to rounding.** One word in it does all the work: `skips.pop()` takes the *last* of the
# list, the deepest. The encoder lists its maps from fine to coarse, the decoder needs them from coarse to fine. So here
# is the first mistake that everybody makes once.
#
# ## Wired backwards
#
# > **Predict.** Take the skips in the order in which the encoder lists them: the finest map goes to the smallest step.
# > What does PyTorch say?

# %%
try:
    step(pyramid[-1], pyramid[0], decoder.up[0], decoder.convs[0])
except RuntimeError as error:
    print(error)

# %% [markdown]
# That is the good case: a loud error. The bad day begins when somebody looks the message up and finds the remedy
# "resize the skip with `F.interpolate`", and cuts the convolutions to the channels that now arrive. Here is
# that network.


# %%
class Backwards(UNetDecoder):
    def __init__(self, channels, strides):
        super().__init__([*reversed(channels[:-1]), channels[-1]], strides)  # layers cut to what arrives

    def forward(self, pyramid, size):
        *skips, x = pyramid
        for up, convs, skip in zip(self.up, self.convs, [*skips, None], strict=True):  # finest first: wrong
            here = [2 * n for n in x.shape[-2:]]
            x = step(x, None if skip is None else F.interpolate(skip, here, mode="bilinear"), up, convs)
        return self.head(x)


# %% [markdown]
# Train both for a few steps on the same photos, behind the same frozen encoder.
#
# > **Predict.** Does the backward one learn? How would you notice?


# %%
def train_a_little(decoder, maps, truth, rounds=4):
    """Mean loss of each round through the maps and masks of a few photos, 16 at a time."""
    optimizer, curve = torch.optim.Adam(decoder.parameters(), 1e-3), []
    for rows in torch.arange(len(truth)).split(16) * rounds:
        loss = losses.get_loss("bce")(decoder([level[rows] for level in maps], size), truth[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return np.reshape(curve, (rounds, -1)).mean(axis=1)


# %%
with torch.no_grad():
    maps = encoder(network.normalise(train.images[:64]))
truth = torch.tensor(np.array(train.masks[:64]))[:, None].float()  # (64, 1, H, W)
for kind in (UNetDecoder, Backwards):
    torch.manual_seed(0)
    trial = kind(encoder.channels, encoder.strides)
    print(f"{kind.__name__:11} {sum(p.numel() for p in trial.parameters()):,} parameters", end=", ")
    print("loss, round by round:", *(f"{loss:.3f}" for loss in train_a_little(trial, maps, truth)))

# %% [markdown]
# **It seems to learn just as well.** No error, no warning, a healthy curve. But these are sixteen steps on 64 photos,
# and a loss, not a score. Trained on all photos the backward network falls behind: in two trials of six epochs each
# (not among the records) its validation *J* ended lower, though not after every epoch, and its curve looked as healthy.
# Two numbers could have told: the count of parameters, which is not the one you get on paper, and the sizes, had the
# code asked for them before it changed them.
#
# What arrives, then? For each skip we draw, as it joins, the channel that separates this photo's lesion best.

# %% tags=["nbval-check-output"]
right = []
for stride, level in zip(encoder.strides[:4], pyramid, strict=False):
    auc = probing.channel_auc(level, probing.cover(validation.masks[:1], stride) > 0.5)
    right.append(level[:, [int(np.abs(auc - 0.5).argmax())]])  # (1, 1, h, w)
wrong = [F.interpolate(m, there.shape[-2:], mode="bilinear") for m, there in zip(right, right[::-1], strict=True)]
rows = [[validation.images[0], *(m[0, 0].numpy() for m in arriving)] for arriving in (right[::-1], wrong)]
names = [f"step {i}: {m.shape[2]} x {m.shape[3]}" for i, m in enumerate(right[::-1], start=1)]
alt = "What joins at steps 1 to 4. Above, as in U-Net; below, wired backwards: fine maps shrunk, coarse ones blurred."
plots.panels(rows, [["as U-Net", *names], ["backwards", *names]], alt, [[validation.masks[0] == 1] * 5] * 2)

# %% [markdown]
# Above, U-Net: coarse and sure first, then finer and finer, down to the texture of stride 2. Below, **the fine maps are
# robbed of what they are for, and the coarse one is blown up where detail was wanted**. At step 1 an 8 x 8 map is made
# of 64 x 64 numbers, and bilinear interpolation reads four in 64 of them; the rest is lost. The finest grid that
# arrives whole is that of stride 8, at step 3. Its yardstick stands above: high enough for a respectable score. That is
# why nobody need notice this mistake: the network works, only worse than it could. The cure is one line in front of
# every concatenation, and no interpolation behind it:
#
# ```python
# assert skip.shape[-2:] == x.shape[-2:]
# ```
#
# ## Layers that collapse
#
# The second classical mistake: transposed convolutions stacked with nothing between them. A transposed convolution is
# linear (plus a constant), and linear maps of linear maps are linear. A function $f$ of that kind obeys
# $f(a + b) + f(0) = f(a) + f(b)$; a ReLU breaks it.
#
# > **Predict.** We stack the five doublings of our decoder and its head: six layers, about 700,000 weights. Without
# > ReLUs between them, how few layers could do the same?

# %% tags=["nbval-check-output"]
linear = torch.nn.Sequential(*decoder.up, decoder.head)
bent = torch.nn.Sequential(*(layer for up in decoder.up for layer in (up, torch.nn.ReLU())), decoder.head)
a, b, zero, units = *torch.randn(2, 1, 1280, 2, 2), torch.zeros(1, 1280, 2, 2), torch.eye(1280)[:, :, None, None]
with torch.no_grad():
    for name, f in {"with ReLUs": bent, "without": linear}.items():
        broken = (f(a + b) + f(zero) - f(a) - f(b)).norm() / (f(a + b) - f(zero)).norm()
        print(f"{name:10}: f(a + b) + f(0) and f(a) + f(b) differ by {broken:.0e}, relative")
    kernel = linear(units) - linear(0 * units[:1])  # what each input channel alone draws: (1280, 1, 32, 32)
    gap = F.conv_transpose2d(a, kernel, stride=32) + linear(zero) - linear(a)
print(f"one layer with a kernel of 32 x 32 instead of six: largest difference {gap.abs().max():.0e}")

# %% [markdown]
# **One layer.** We found its kernel by asking what each input channel draws alone, and it does what the six layers do.
# You know this layer: it is the linear probe of lesson 07, one matrix from a cell's 1280 numbers to the 32 x 32 pixels
# under it, which least squares finds without any training. Whoever stacks transposed convolutions without a
# non-linearity trains that matrix, slowly. Our U-Net has two ReLUs in every step. So look at what stands *between* the
# layers, not at their number.
#
# ## Concatenate, or add?
#
# A convolution over concatenated channels is a sum. The weights that read the decoder's channels and those that read
# the skip's work apart: $W[x; s] = W_x x + W_s s$. So **concatenation is addition, of a skip that a 3 x 3 convolution
# of its own has prepared**. To add outright, both need equal channels. [LinkNet](https://arxiv.org/abs/1707.03718)
# chooses its widths so; the [feature pyramid network](https://arxiv.org/abs/1612.03144) prepares the skip by a 1 x 1
# convolution, and that is what we count here.
#
# > **Predict.** What share of its parameters and of its MACs does our decoder spend on reading skips?

# %%
x, skip, convolution = *(torch.randn(1, c, 8, 8) for c in (128, 96)), decoder.convs[0][0][0]
to_x, to_skip = convolution.weight.split([128, 96], dim=1)
apart = F.conv2d(x, to_x, padding=1) + F.conv2d(skip, to_skip, padding=1)
assert torch.allclose(convolution(torch.cat([x, skip], dim=1)), apart, atol=1e-5)
costs, kinds = {}, ["weights, concatenated", "weights, added", "MACs, concatenated", "MACs, added"]
for stride, c_skip, c_out in zip((16, 8, 4, 2), reversed(encoder.channels[:4]), decoder.widths, strict=False):
    weights = np.array([9, 1]) * c_skip * c_out  # of a 3 x 3 and of a 1 x 1 convolution
    costs[f"to stride {stride}"] = [*weights, *(weights * (size[0] * size[1] // stride**2))]
costs["share of decoder, %"] = sum(map(np.array, costs.values())) * 100 // spent.sum().to_numpy().repeat(2)
pd.DataFrame(costs, kinds).T.map("{:,}".format)

# %% [markdown]
# **A tenth of the weights and a fifth of the arithmetic of the decoder go into reading skips; adding would cost a ninth
# of that.** What do eight ninths buy? Not a look at the neighbours: a sum passes through the same 3 x 3 convolution
# behind it, which sees nine cells of either. It buys weights *of its own* for the skip, where addition reads the
# prepared skip and the decoder's map by one and the same kernel. What that is worth, only training both can tell;
# exercise 2 builds the other one.
#
# ## Checkerboards
#
# A transposed convolution puts a stamp of $k \times k$ pixels down for every cell, and stamps may overlap. How many
# stamps cover a pixel? Feed ones, with all weights one, and the output counts them
# ([Odena et al. 2016](https://distill.pub/2016/deconv-checkerboard/)).
#
# > **Predict.** Stride 2. With which of the kernels 2, 3 and 4 is every pixel covered equally often?
# > <!-- choose: 2 and 3 | 2 and 4 | 3 and 4 | all three -->

# %% tags=["nbval-check-output"]
stamps = {f"kernel {k}": torch.ones(k) for k in (2, 3, 4)} | {"bilinear": torch.tensor([1, 3, 3, 1]) / 4}
pictures = [[], []]
for name, stamp in stamps.items():
    x, k = torch.ones(1, 1, 8, 8), len(stamp)
    for row in pictures:
        x = F.conv_transpose2d(x, torch.outer(stamp, stamp)[None, None], None, 2, (k - 1) // 2, k % 2)
        row.append(F.pad(x, 4 * [-(x.shape[2] // 4)])[0, 0].numpy())  # the inner half: no rim
    print(f"{name}: the pixels of a row are covered", *pictures[0][-1][1].astype(int), "times")
titles = [[f"{name}, {times}" for name in stamps] for times in ("once", "twice")]
plots.panels(pictures, titles, "How often pixels are covered, after one layer and two; uneven only with kernel 3.")

# %% [markdown]
# Each panel is coloured from its own smallest count to its own largest, so a panel that is black all over means even
# coverage. **Kernel 3 with stride 2 covers every other pixel twice as often, in both directions**, and a second layer
# multiplies the pattern. Family E stacks five of them. Training can fight the pattern with unequal weights, but it
# must; kernels 2 and 4, multiples of the stride, begin without it, though unequal weights can still learn it. So the
# remedy of Odena et al. is another: *resize, then convolve*. Enlarge by nearest neighbour or bilinearly, and let an
# ordinary 3 x 3 convolution follow; no stamps, nothing to overlap, at the price of convolving at the larger size.
# Bilinear interpolation is a transposed convolution too: kernel 4, with fixed weights that fall off from the middle.
#
# That kernel is what `align_corners=False` computes, the default: pixels are little squares, and output pixel $i$ of a
# doubling looks at $(i + \frac12)/2 - \frac12$. With `align_corners=True` the *centres* of the corner pixels are laid
# on each other, output $i$ looks at $i\,(h - 1)/(h' - 1)$, and everything between moves, by up to a quarter of a cell
# when a map is doubled, more when it is enlarged further. Nothing crashes if training used one and prediction the
# other; borders are merely off. OpenCV's bilinear resizing is the first kind.
#
# Even coverage is not smoothness. With kernel 2, U-Net's choice, the four pixels of a cell have four matrices that know
# nothing of each other, and blocks can appear. The two 3 x 3 convolutions after it are there to blend them.
#
# ## Train with skips and without
#
# Three runs. `unet-finetuned` follows the write-up's best U-Net: all trained, the encoder at a small rate, for which we
# took a tenth of the decoder's. `unet-without-skips` is its control: **the same recipe, the same five steps of the
# decoder, but nothing joins**. (So it lacks the weights that read skips, counted in the table above.) In `unet-frozen`
# the encoder stays as ImageNet left it. The write-up trains for 100 epochs, we for 25, so ask whether the curves had
# levelled off: the record compares the mean validation Jaccard of the last fifth of the epochs with the fifth before.
#
# > **Predict** the order of the three, and how many points the skips are worth.

# %%
NAMES = ("unet-finetuned", "unet-without-skips", "unet-frozen")
fits = {name: lesson.fit(name) for name in NAMES}
for name, fit in fits.items():
    flat = fit.record["levelling"]
    print(f"{name:18} last {flat['epochs']} epochs against the {flat['epochs']} before:", end=" ")
    print(f"{100 * flat['gain']:+.1f} points, spread within them {100 * flat['spread']:.1f}")
    fit.model.requires_grad_(False)  # from here on we only look
plots.curves({name: fit.history for name, fit in fits.items()})

# %% [markdown]
# **With skips and a trained encoder the first epoch scores higher than the control ever does**, and the frozen U-Net
# needs two. From epoch five on the control's validation loss stays above the others, so this is no matter of the
# threshold.
#
# Have the curves levelled off? The frozen one has: its last five epochs gained less than they scatter. The fine-tuned
# one gained a little more than that, the control twice as much. At 100 epochs both would probably stand somewhat higher
# and somewhat closer together. Nothing promises that the control would catch up: its validation loss has been flat
# since epoch nine. We have not run it.
#
# ## The same photos under the three
#
# Validation photos by rule: the one that gains most from skips, the median, and the one that loses most.

# %%
known = {n: fit.model.encoder(fit.model.normalise(validation.images)) for n, fit in fits.items()}  # pyramids
logits = {n: fit.model(known[n])[:, 0].numpy() for n, fit in fits.items()}
tables = {n: scoring.score_images(sigmoid(z), lesson.splits.validation) for n, z in logits.items()}
scores = {n: table["jaccard"].to_numpy() for n, table in tables.items()}
picks = np.argsort(scores["unet-finetuned"] - scores["unet-without-skips"])[[-1, len(validation) // 2, 0]]
photos = [lesson.splits.validation[int(i)] for i in picks]
rows = [[p.image, *(postprocessing.predict_mask(logits[n][i], p.mask.shape) for n in NAMES)]
        for i, p in zip(picks, photos, strict=True)]  # fmt: skip
titles = [[p.id, *(f"{n[5:]} {scores[n][i]:.2f}" for n in NAMES)] for i, p in zip(picks, photos, strict=True)]
alt = "Three validation photos, and the masks of the three networks with the true outline and the Jaccard index: "
plots.panels(rows, titles, alt + "; ".join(map(", ".join, titles)), [[p.mask] * 4 for p in photos])

# %% [markdown]
# Above, a small lesion: the control knows that there is something, and paints a disc half beside it. The frozen U-Net
# keeps to the straight left edge but misses the pale tip; only the fine-tuned one has both. **In the middle, the usual
# case: without skips the same blob, a few pixels off.** Below, the case against skips. The truth was drawn around
# everything with a few clicks; the U-Net follows the pigment it sees, the control fills more in, and scores higher.
#
# ## Is it real, and for whom?
#
# Now the test set, once: the scores stand in the records' tables. Take each photo's difference and bootstrap the mean;
# then the same in quarters, by the lesion's share of the photo. *Skips*: from the control to the U-Net. *Training*:
# from the frozen to the trained encoder. *Skips for training*, the one in exchange for the other: from the control,
# trained but without skips, to the frozen U-Net.
#
# > **Predict.** In lesson 06 C's lead over B was widest on small lesions. Here only the skips differ, and the encoder
# > is trained. Same picture? And the sign of the third column?


# %%
def mean_and_interval(gain):
    low, high = bootstrap.bootstrap_interval(gain.to_numpy())
    return f"{gain.mean():+.1f} ({low:+.1f} to {high:+.1f})"


finetuned, control, frozen = (100 * fits[name].table["jaccard"] for name in NAMES)
gains = {"skips": finetuned - control, "training": finetuned - frozen, "skips for training": frozen - control}
area = fits["unet-frozen"].table.eval("(tp + fn) / (height * width)")
quarter = pd.qcut(area.rank(method="first"), 4, labels=["smallest", "second", "third", "largest"])
by_size = pd.DataFrame(gains).groupby(quarter, observed=True).agg(mean_and_interval)
pd.concat([pd.DataFrame(gains).agg(mean_and_interval).to_frame("all photos").T, by_size])

# %% [markdown]
# **Skips are worth four and a half points of the mean, ten on the smallest lesions and hardly two on the largest**, and
# no interval of that column touches zero. In scores: {{ number("unet-without-skips", "jaccard") }} without
# ({{ number("unet-without-skips", "jaccard_interval") }}), {{ number("unet-finetuned", "jaccard") }} with ({{ number("unet-finetuned", "jaccard_interval") }}). It
# is less than the twenty points between B and C in lesson 06, and we know two reasons: B and C differed in more than
# skips, and a trained encoder learns to pack *where* into its deepest map (lesson 07).
#
# Training the encoder is worth less than a third as much here. And the third column: **a frozen encoder with skips
# ({{ number("unet-frozen", "jaccard") }}) beats a trained one without**, on small lesions by eight points, with about a third of the
# trained weights. On the larger half of the lesions no difference can be shown. Wire first, then fine-tune.
#
# ## Does a skip mend the border?
#
# That is what the story says: the deep map knows what, the skip brings back where. If it is true, the errors that skips
# remove lie *near the true outline*. Sort all pixels of the validation photos by their distance from it, and count the
# wrong ones. (A cell at stride 32 is 32 pixels wide.)
#
# > **Predict.** Without skips, are there more errors at one pixel's distance, at ten, or at thirty?
# > <!-- choose: at one pixel | at ten | at thirty -->

# %%
EDGES, bands = (0, 1, 2, 4, 8, 16, np.inf), {}
masks = np.array(validation.masks) == 1
for name, z in logits.items():
    bands[name] = boundaries.errors_by_distance(z > 0, masks, EDGES)  # logits above 0: p > .5
names = ["< 1 pixel", "1 to 2", "2 to 4", "4 to 8", "8 to 16", "> 16"]
rates = {n: dict(zip(names, 100 * wrong.sum(0) / pixels.sum(0), strict=True)) for n, (wrong, pixels) in bands.items()}
plots.grouped_bars(rates, "% of pixels wrong", ".1f")

# %% [markdown]
# **Of the errors skips take away the largest share, more than a third, at two to eight pixels from the outline.** In
# percent of the pixels they mend most at one to two, where there is more to mend: so say which of the two you mean.
# Within one pixel they take away less than a tenth, and far away there was little to mend. So the story is right about
# the place, but not to the pixel. Within one pixel four in ten are wrong even with skips, not far from a coin's toss.
# Look at the panels again: of the three true outlines two follow every jag, one was made of a few clicks. A network
# cannot know against which kind it will be scored.
#
# Rates hide how many pixels there are. So count errors instead, in % of the lesion's area, near the outline (up to four
# pixels) and beyond, and ask again whether the difference is real.

# %%
for place, which in {"within 4 pixels": slice(0, 3), "further away": slice(3, None)}.items():
    errors = {n: 100 * wrong[:, which].sum(1) / masks.sum((1, 2)) for n, (wrong, _) in bands.items()}
    print(f"{place:15}", *(f"{n[5:]} {e.mean():.1f}" for n, e in errors.items()), sep="   ")
    saved = errors["unet-without-skips"] - errors["unet-finetuned"]
    low, high = bootstrap.bootstrap_interval(saved)
    print(f"{'':15}   skips save {saved.mean():.1f} ({low:+.1f} to {high:+.1f}), median {np.median(saved):.1f}")

# %% [markdown]
# **Near the outline skips save a fifth of the errors**, and there the frozen U-Net makes no more of them than the
# fine-tuned one: what training the encoder adds lies elsewhere. Further away the mean saving is as large, but look at
# interval and median. Most of it comes from a single photo, on which the control gets several times the lesion's area
# wrong; the median photo gains next to nothing there.
#
# ## Which skip matters?
#
# Ask the trained networks, as lesson 06 asked C: replace one map of the pyramid by its average over all photos, which
# says the same of every cell, and score. And replace all four skips at once.
#
# > **Predict.** Which single map hurts most? Is U-Net without all its skips as good as the network that was trained
# > without?


# %%
def robbed(name, *gone):
    """Validation logits of a trained network when these levels are replaced by their average."""
    pyramid = list(known[name])
    for i in gone:
        pyramid[i] = pyramid[i].mean((0, 2, 3), keepdim=True).expand_as(pyramid[i])
    return fits[name].model(pyramid)[:, 0].numpy()


gone = {"nothing": (), "stride 2": (0,), "4": (1,), "8": (2,), "16": (3,), "2 to 16": (0, 1, 2, 3), "32": (4,)}
lost = {n: {what: score(robbed(n, *levels)) for what, levels in gone.items()} for n in (NAMES[0], NAMES[2])}
plots.grouped_bars(lost, "mean Jaccard on validation, without", ".2f")

# %% [markdown]
# **Most hangs on stride 8 again, as in family C**, whether the encoder was trained or not: without it either network
# loses more than twelve points. Any other map can be spared for about three points or less, the finest for next to
# nothing. The frozen U-Net hardly needs even the deepest: yet its doubling holds half of the decoder's weights, and
# stage 4, which makes it, three quarters of the encoder's. Whoever wants a lighter network sees where to cut.
#
# Robbed of all four skips both collapse, far below the control that was trained without them
# ({{ number("unet-without-skips", "validation.jaccard") }}). So robbing says what a decoder leans on, the control what skips are
# worth. Lesson 06 promised that distinction; here are both numbers.
#
# ## What was claimed
#
# The write-up of family A reports an IoU of {{ number("unet-finetuned", "recipe.claimed.iou", ".2f") }} and a Dice of
# {{ number("unet-finetuned", "recipe.claimed.dice", ".3f") }} for its fine-tuned U-Net. Which reading of our predictions comes nearest to
# the pair?

# %%
fit = fits["unet-finetuned"]
table = pd.DataFrame(fit.record["readings"]).T
table["distance"] = np.hypot(table["jaccard"] - fit.recipe.claimed.iou, table["dice"] - fit.recipe.claimed.dice)
table.sort_values("distance").round(3)

# %% [markdown]
# **This time our figures are above the claim, by seven points, and no reading fits.** The nearest, `last_batch`, is the
# score of the eleven photos that are left over when 379 are cut into batches of 16: what is near is a small, odd
# sample, so do not read it as a finding. The pair itself is possible: an IoU of .77 allows a Dice of .870 at most. What
# differs we cannot see. The write-up names neither widths nor rates nor the photos of its test set, and it trained four
# times as long. A test set of a few dozen photos alone would move the mean by several points. A claim without the
# photos it was measured on can be neither confirmed nor refuted.
#
# ## Exercises
#
# **1. Another format.** A photo of 160 x 96 pixels (height x width) goes in. Write down the five joined maps,
# (channels, height, width), and let the cell compare.
#
# <details><summary>Hint</summary>
#
# Divide height and width by 16, 8, 4, 2 and 1. The channels do not change.
#
# </details>

# %% tags=["nbval-check-output"]
joined = None  # yours: [(224, ?, ?), ...], five of them
exercises.check("08.1", joined, network)

# %% Solution tags=["hide-cell", "nbval-check-output"]
joined = [(224, 10, 6), (96, 20, 12), (56, 40, 24), (32, 80, 48), (8, 160, 96)]
exercises.check("08.1", joined, network)

# %% [markdown]
# A U-Net has no fixed input size: every layer is a convolution. But both sides must be multiples of 32, or a skip and a
# doubled map miss each other by a pixel. That is the other place where people reach for `F.interpolate`; pad the photo
# instead.
#
# **2. Add.** Write `AddUNet`: our decoder with additions instead of concatenations, each skip prepared by a 1 x 1
# convolution with bias. Predict its number of parameters from the table above, then check:
#
# ```python
# class AddUNet(UNetDecoder):
#     ...
#
# exercises.check("08.2", AddUNet, encoder)
# ```
#
# <details><summary>Hint</summary>
#
# Start from `UNetDecoder(..., skips=False)`, which has 1,092,961, and add a `torch.nn.ModuleList` of four.
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
class AddUNet(UNetDecoder):
    def __init__(self, channels, strides):
        super().__init__(channels, strides, skips=False)
        self.prepare = torch.nn.ModuleList(map(torch.nn.Conv2d, reversed(channels[:-1]), self.widths, (1, 1, 1, 1)))

    def forward(self, pyramid, size):
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + self.prepare[i](skips.pop()) if skips else up(x))
        return self.head(x)


exercises.check("08.2", AddUNet, encoder)

# %% [markdown]
# 1,092,961 weights without skips, 15,360 in four 1 x 1 convolutions, 240 biases. To know what it scores, it would have
# to be trained like the others.
#
# **3. What is the finest skip for?** Rob `unet-finetuned` of the map at stride 2 alone, then of all four, and sort the
# errors by distance from the outline as above. Predict in which bands the errors appear.
#
# ```python
# rates = {"all skips": {}}  # band: % of its pixels that are wrong
# rates["without stride 2"] = {}
# rates["without strides 2 to 16"] = {}
# model = fits["unet-finetuned"].model
# exercises.check("08.3", rates, model, validation, EDGES)
# ```
#
# <details><summary>Hint</summary>
#
# `robbed("unet-finetuned", 0)` gives logits; `boundaries.errors_by_distance(z > 0, masks, EDGES)` the counts.
#
# </details>

# %% Solution tags=["hide-cell"]
rates = {}
for what, levels in {"all skips": (), "without stride 2": (0,), "without strides 2 to 16": (0, 1, 2, 3)}.items():
    wrong, pixels = boundaries.errors_by_distance(robbed("unet-finetuned", *levels) > 0, masks, EDGES)
    rates[what] = dict(zip(names, 100 * wrong.sum(0) / pixels.sum(0), strict=True))
print(exercises.check("08.3", rates, fits["unet-finetuned"].model, validation, EDGES))
plots.grouped_bars(rates, "% of pixels wrong", ".1f")

# %% [markdown]
# **Where stride 2 is missed, it is mostly within two pixels of the outline**, by a point or so; beyond four nothing
# changes. Small as it is, it is where the story said. Without any skips the errors are everywhere: this decoder has
# handed the *what* to the skips as well.
#
# ## Take-away
#
# - Skips carry *where* across. A network trained without them lost over four points here, ten on small lesions. Of the
#   errors they take away the largest share between two and eight pixels from the outline, not at the last pixel.
# - A frozen encoder with skips beat a trained one without. The decoder leans on stride 8 and hardly uses stride 2.
# - Shapes first: doubling is $(h - 1)s - 2p + k + o$, concatenation adds channels. Parameters crowd into the step that
#   reads the deepest map; arithmetic does not.
# - Wired backwards, a U-Net still learns, and scores worse. Its loss does not tell. Assert sizes; never let an
#   interpolation silence them.
# - Transposed convolutions without a ReLU between them are one layer. A kernel that is no multiple of the stride covers
#   pixels unevenly; resize-then-convolve cannot.
# - Concatenation is addition of a skip that a 3 x 3 convolution of its own has prepared.
# - What a trained network loses without a skip is how much it leans on it. What a skip is worth, only a network
#   trained without it can tell.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One seed a recipe.** Intervals resample photos, not trainings; a point between two runs may be luck.
# - **The control is a little smaller.** Without skips the decoder has 138,240 fewer weights, a tenth. A wider control
#   would be a fairer one.
# - **25 epochs of 100.** The curves say whether that matters for the order, not for the last half point.
# - **A trained encoder adapts.** In `unet-without-skips` the deepest map may learn *where* (lesson 07). What skips are
#   worth to an encoder that cannot adapt would need a fourth run: frozen, without skips.
# - **Outlines by hand.** Many masks of ISIC 2016 are coarse polygons, others follow every jag. Within a pixel or two of
#   such an outline nobody is right, and no skip can mend that.
# - **128 x 128 photos.** The deepest map has sixteen cells. At 512 it has 256, and skips should have less to add; we
#   have not measured it.
#
# **In the library**: {{ api("models.decoders") }} has the U-Net, {{ api("models.cost") }} its shapes and its price, {{ api("training.probing") }} the
# yardstick, {{ api("evaluation.boundaries") }} sorts errors by distance, {{ api("evaluation.metrics") }} has the bootstrap.
#
# Next, [lesson 09](09_attention_gates.ipynb): a gate that decides how much of a skip passes.
