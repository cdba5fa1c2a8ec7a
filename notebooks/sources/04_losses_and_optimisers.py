# %% [markdown]
# # 04 · Losses and optimisers: what pulls a pixel, and how far does it move?
#
# A network does not know what a good mask is. It knows a number that should become smaller, the *loss*, and at every
# pixel the direction in which that number falls, the *gradient*. The optimiser turns gradients into steps. The five
# write-ups of this task that the course runs again, *families* A to E of its recipes, chose four losses and three
# optimisers, most without saying why. Here we draw what each of them does, first to a pixel, then to a network.
# **After this lesson you can**
#
# - draw the pull of BCE, Dice, IoU, focal, Tversky and boundary loss on a wrong mask, and say where each is blind;
# - say what a small lesion, an empty mask and a saturated sigmoid do to a loss;
# - say, before training, which losses give probabilities that may be believed, and check it on validation;
# - write one update of RMSprop, Adam and NAdam by hand, equal to PyTorch's;
# - judge runs that differ in the loss alone, without comparing their loss values.
#
# **You need** lesson 01, and from lesson 03 the Jaccard index *J*, Dice and the bootstrap interval.
#
# **Time**: forty-five minutes to read and try. Its cells took a minute on one CPU core, from recorded runs; in
# profile `student` three short trainings add some minutes there. A GPU was not measured.
#
# The first half is made by hand and is the same in every profile. Sentences about trained networks speak of profile
# `full`: real photos, the recorded runs. In `smoke` every cell runs too, on a few drawn lesions and for two epochs,
# and its scores mean nothing.

# %%
import numpy as np
import pandas as pd
import torch

from lesionseg_lib import plots
from lesionseg_lib.evaluation import bootstrap, calibration, metrics
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.results import ablations, records
from lesionseg_lib.teaching import exercises, figures, lessons
from lesionseg_lib.training import losses, recipes

lesson = lessons.start()

# %% [markdown]
# ## One mask, three mistakes
#
# A drawn lesion, and a network's answer to it with three mistakes: an added *strip* at the right, a missed *corner* at
# the lower left, and an *island* far away. The logits fall from 6, "lesion, for certain", over 0 at the drawn border
# to -6. So at the border the network doubts, and deep inside its mistakes it is sure.
#
# > **Predict.** Seven losses look at the very same answer. Which gives the largest number? What does that tell you?

# %% tags=["nbval-check-output"]
y, x = np.mgrid[:96, :128]
truth = np.hypot((y - 52) / 28, (x - 58) / 38) < 1 + 0.08 * np.sin(5 * np.arctan2(y - 52, x - 58))
strip, corner = (x > 92) & (x < 104) & (y > 34) & (y < 72) & ~truth, truth & (x < 42) & (y > 58)
island = np.hypot(y - 14, x - 112) < 6
drawn = (truth | strip | island) & ~corner
z = 6 * torch.tensor(-17 * losses.signed_distance(drawn[None])).clamp(-1, 1)[None]  # logits, (1, 1, H, W)
t = torch.tensor(truth)[None, None].float()  # (1, 1, H, W)
NAMES = ["bce", "focal", "dice", "iou", "dice+bce", "tversky", "boundary"]
print(", ".join(f"{name} {losses.get_loss(name)(z, t):.3f}" for name in NAMES))
print(f"J = {metrics.jaccard(metrics.confusion(drawn[None], truth[None]))[0]:.2f}")

# %% [markdown]
# **It tells nothing.** The numbers differ by a factor of more than fifty for one and the same mask. A loss has no
# unit that another loss shares. Nor does the height matter for learning: only its slope does. In words, with $p$ for
# the probability, $t$ for the truth (0 or 1), and sums over the pixels of a photo:
#
# - **BCE**, binary cross-entropy: minus the logarithm of the probability given to the truth, mean over pixels;
# - **focal** ([Lin et al. 2017](https://arxiv.org/abs/1708.02002)): the same, down-weighted where a pixel is right;
# - **Dice** ([Milletari et al. 2016](https://arxiv.org/abs/1606.04797)): $1 - 2\sum pt \,/\, (\sum p + \sum t)$, and
#   **IoU** ([Rahman & Wang 2016](https://doi.org/10.1007/978-3-319-50835-1_22)): the same for the Jaccard index;
# - **Tversky** ([Salehi et al. 2017](https://arxiv.org/abs/1706.05721)): an overlap in which a missed pixel costs .7
#   and an added one .3;
# - **boundary** ([Kervadec et al. 2019](https://arxiv.org/abs/1812.07032)): each wrong pixel costs its distance to the
#   true border.
#
# ## Where does it pull?
#
# The *pull* on a pixel is minus the gradient with respect to its logit: how much the loss wants it raised or lowered.
# We draw it in multiples of each loss's own mean, so all maps have one scale.
#
# > **Predict.** All losses agree on the direction, at every pixel. So where will they differ: strip, corner, island,
# > or where the mask is right?


# %% tags=["nbval-check-output"]
def pull(name, z, t, **how):
    """Minus the gradient of a loss with respect to the logits z, (N, 1, H, W)."""
    z = z.clone().requires_grad_(True)
    losses.get_loss(name, **how)(z, t).backward()
    return -z.grad


maps = {name: pull(name, z, t)[0, 0].numpy() for name in NAMES}
figures.gradient_maps({name: maps[name] for name in NAMES if name != "iou"}, truth, drawn)

# %% [markdown]
# Inside the true outline everything is blue, outside everything orange: **every loss pulls every pixel the right way;
# they differ in how hard.** BCE is strongest where the network is confidently wrong, and focal looks at little else.
# Dice and Tversky do the opposite: they work on the *doubtful* rims, of right and of wrong edges alike, and the sure
# middle of strip, corner and island is nearly white. The boundary loss works on doubtful pixels as well, in proportion
# to their distance from the true border: hardest on the rim of the island, hardly at all on the lesion's border. To a
# sure mistake it is as blind as Dice. In numbers, how many times the mean pull acts on a pixel of each part:

# %% tags=["nbval-check-output"]
parts = {"strip": strip, "corner": corner, "island": island}
parts |= {"right lesion": truth & drawn, "right skin": ~(truth | drawn)}
strength = {name: abs(maps[name]) / abs(maps[name]).mean() for name in NAMES}
print(pd.DataFrame({name: {p: strength[name][area].mean() for p, area in parts.items()} for name in NAMES}).round(2).T)
ratio = maps["iou"] / maps["dice"]
print(f"iou / dice at every pixel: {ratio.min():.3f} to {ratio.max():.3f}")

# %% [markdown]
# Two rows are equal: **on one photo IoU pulls exactly like Dice, times a number.** Exercise 1 asks why. The row of
# Dice can be explained as well: its derivative has three factors.
#
# $$\frac{\partial L_\text{Dice}}{\partial z_i} = -\; p_i (1 - p_i) \;\cdot\; \frac{2}{\sum p + \sum t} \;\cdot\;
# \left(t_i - \frac{D}{2}\right),\qquad D = 1 - L_\text{Dice}.$$
#
# The first is **doubt**: it is zero where the sigmoid is sure, right or wrong. The second is **size**, the same for
# all pixels of a photo. The third is the **side**: $1 - D/2$ in the lesion, $-D/2$ outside. So at a poor overlap a
# missed pixel is pulled much harder than an added one, and at a perfect overlap alike.
#
# {{ explorer("pull") }}
#
# ## One pixel, from sure to sure
#
# Take one skin pixel far from everything, and move its logit from -8, rightly sure, to 24, utterly wrong. All other
# pixels stay. Loss and gradient are multiplied by the number of pixels, and the loss starts at 0. `bce-probabilities`
# is how family E trains: first the sigmoid, then BCE of the result. On paper that is the same function.
#
# > **Predict.** At logit 24 the pixel is as wrong as can be. Which of the losses still corrects it?

# %% tags=["nbval-check-output"]
from lesionseg_lib.teaching.demos import pixel_loss

skin_pixel, values = (80, 100), np.linspace(-8, 24, 65)
shown = ("bce", "bce-probabilities", "focal", "dice", "tversky")
curves = {name: pixel_loss.follow_pixel(name, z, t, skin_pixel, values) for name in shown}
figures.pixel_curves(values, curves, "logit of one skin pixel")

# %% [markdown]
# BCE rises in a straight line and corrects with full strength for ever, and so does focal. **Dice and Tversky are
# steepest at the coin toss and blind beyond a logit of about 6**: the loss is a plateau, the pixel is lost until its
# neighbours' weights move it. And the second curve falls off a cliff at about 17. There the sigmoid is exactly 1 in
# 32-bit numbers; its derivative is exactly 0; PyTorch caps the loss at 100 (far above the left panel) instead of
# reporting infinity. The loss shouts, and nobody hears. **Give a loss logits, never probabilities.** (PyTorch's name
# for it ends in `with_logits`.)
#
# ## A small lesion, a large one
#
# Two lesions in one batch, discs of radius 40 and 8, both drawn 20 % too wide. How is the pull shared out? Dice can be
# computed per photo and then averaged (ours), or over the pixels of the whole batch at once (*pooled*, the default of
# a popular library).
#
# > **Predict.** The small one has a twenty-fifth of the pixels. Which share of the pull does it get from BCE, from Dice
# > per photo, from pooled Dice?

# %% tags=["nbval-check-output"]
discs = np.stack([np.hypot(y - 48, x - 64) < radius for radius in (40, 8, 48, 9.6)])
two_t = torch.tensor(discs[:2])[:, None].float()  # two lesions, (2, 1, H, W)
two_z = 6 * torch.tensor(-17 * losses.signed_distance(discs[2:])).clamp(-1, 1)[:, None]  # and their predictions
rows = {}
for name, per_image in (("bce", True), ("dice", True), ("dice", False)):
    strengths = pull(name, two_z, two_t, per_image=per_image).abs()
    share, strongest = strengths.sum((1, 2, 3)) / strengths.sum(), 1e6 * strengths.amax((1, 2, 3))
    rows[name if per_image else f"{name}, pooled"] = [*(100 * share).tolist(), *strongest.tolist()]
columns = ["large: % of the pull", "small: % of the pull", "large: strongest pixel", "small: strongest pixel"]
pd.DataFrame.from_dict(rows, orient="index", columns=columns).round(1)

# %% [markdown]
# (The last two columns are in millionths: the gradient of the loss with respect to one logit, times a million.)
#
# **Per photo, Dice turns the order round: the small lesion gets most of the pull.** The second factor of the formula
# does it: $2 / (\sum p + \sum t)$ is twenty-five times larger for the small lesion, so each of its pixels is pulled
# that much harder, and a small disc has more rim for its area. Our score, the mean *J* over photos, does not ask for
# size either, so the two go well together. Pooled Dice pulls each pixel alike, whichever photo it is in, and large
# lesions rule, as with BCE; and a photo's gradient then depends on which others share its batch.
#
# ## Nothing there
#
# If a photo has no lesion, Dice is $0/0$. So a constant $s$ is added above and below the line, as if $s/2$ more pixels
# were lesion and found. ISIC 2016 has no such photo; other data sets have thousands.
#
# > **Predict.** Large $s$ helps on the empty photo. Whom does it harm?


# %% tags=["nbval-check-output"]
def smooth_dice(p, t, s):
    return (1 - (2 * (p * t).sum() + s) / ((p + t).sum() + s)).item()


dot, nothing = torch.tensor(np.hypot(y - 48, x - 64) < 3).float(), torch.zeros(truth.shape)
cases = {"no lesion, p = .001 everywhere": (nothing + 0.001, nothing), "no lesion, a dot drawn": (dot, nothing)}
cases |= {"a dot, missed": (nothing, dot), "a large lesion, missed": (nothing, t[0, 0])}
table = {case: {f"s = {s:g}": smooth_dice(*pair, s) for s in (1e-6, 1, 100, 10_000)} for case, pair in cases.items()}
pd.DataFrame(table).T.round(3)

# %% [markdown]
# Left: almost without smoothing, a photo that is rightly called skin everywhere, at one in a thousand, is charged the
# full price. Right: with a large constant the empty photo is fine, and **a small lesion may be missed for next to
# nothing; the loss has gone deaf to it.** The library takes $s = 1$, half a pixel, as every photo here has a lesion. A
# large constant is a common mistake in public code, and it shows only on small lesions.
#
# ## What does a doubtful pixel come to rest at?
#
# Now the question that decides what a probability *means*. Many pixels cannot be known: a blurred border, two experts
# with two opinions. Suppose a pixel is lesion in a share $q$ of all photos that look like this one. The loss is then a
# mixture, $q$ times the loss if it is lesion plus $1 - q$ times the loss if it is not. Where is it smallest?
#
# > **Predict** the resting probability for $q = .3$, under BCE and under Dice.

# %% tags=["nbval-check-output"]
shares = (0.1, 0.3, 0.4, 0.5, 0.7, 0.9)
shown = ("bce", "focal", "dice", "tversky", "dice+bce")
rest = {name: pixel_loss.resting_probability(name, z, t, skin_pixel, shares) for name in shown}
print(f"Dice of this answer, soft: {1 - losses.get_loss('dice')(z, t):.2f}")
pd.DataFrame(rest, index=[f"q = {q}" for q in shares]).T.round(2)

# %% [markdown]
# A column is how often the pixel is lesion, a row is a loss, the entry what the network will say. **BCE comes to rest
# at the share itself: it rewards honesty. Dice and Tversky know no rest but certainty**, and the third factor of the
# formula says on which side: above half the overlap, $q > D/2$, the pixel is pushed to lesion, below it to skin. Three
# remarks.
#
# - The switch of Dice lies below one half. That of Tversky lies lower still, at $.3$ times its own overlap. So a
#   network trained with Tversky should draw larger masks: the pixels that BCE would give more than about .26.
# - Focal errs to the other side. What it says lies too near to one half: what is lesion in .9 of all cases gets .7.
# - Dice + BCE, a common choice, rests in between, too near to the ends.
#
# That is theory, for a network that could move each pixel freely. A *reliability diagram* sorts pixels by their
# probability into ten bins and draws, for each bin, the share that is lesion; an honest network stays on the diagonal.
# Sketch the curve that theory predicts for each loss; below we look whether real networks follow.
#
# ## What does an optimiser do with a gradient?
#
# Plain gradient descent takes a step of *rate* times gradient. The trouble: weights differ in their gradients by
# factors of a thousand, and one rate must do for all. The three optimisers of the write-ups share one remedy. They
# keep a running mean $v$ of the squared gradient of each weight, and divide by its root:
#
# - **RMSprop** divides the gradient by $\sqrt v$;
# - **Adam** ([Kingma & Ba 2015](https://arxiv.org/abs/1412.6980)) divides a running mean $m$ of the gradient by it.
#   Both means start at 0 and are too small in the first steps, so each is divided by the share of its due that it has
#   reached, for $m$ after $i$ steps $1 - .9^i$: *bias correction*;
# - **NAdam** ([Dozat 2016](https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ)) looks one step ahead: it mixes the
#   gradient of now with the mean as it will be next time, Nesterov's idea.


# %%
def plain(g, state, step):
    return g


def rmsprop(g, state, step):
    state["v"] = 0.99 * state["v"] + 0.01 * g**2
    return g / (np.sqrt(state["v"]) + 1e-8)


def adam(g, state, step, correct=True):
    state["m"] = 0.9 * state["m"] + 0.1 * g
    state["v"] = 0.999 * state["v"] + 0.001 * g**2
    lack_m, lack_v = (1 - 0.9**step, 1 - 0.999**step) if correct else (1, 1)
    return state["m"] / lack_m / (np.sqrt(state["v"] / lack_v) + 1e-8)


# %% [markdown]
# A page of the paper is four lines of code. NAdam needs a few more, because its momentum grows slowly from .45
# towards .9, and `mu` keeps the product of all momenta so far.


# %%
def nadam(g, state, step):
    now, after = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * i)) for i in (step, step + 1))
    state["m"] = 0.9 * state["m"] + 0.1 * g
    state["v"] = 0.999 * state["v"] + 0.001 * g**2
    state["mu"] *= now
    ahead = after / (1 - state["mu"] * after) * state["m"] + (1 - now) / (1 - state["mu"]) * g
    return ahead / (np.sqrt(state["v"] / (1 - 0.999**step)) + 1e-8)


# %% [markdown]
# Is it what PyTorch does? A valley of two weights, fifty times steeper across than along,
# $\frac12 (w_1^2 + 50\, w_2^2)$, 150 steps, and the two paths compared.

# %%
STEEPNESS, START = np.array([1.0, 50.0]), np.array([-4.0, 1.5])


def walk(rule, rate=0.1, steps=150, scale=1):
    path, state = [START], {"m": 0.0, "v": 0.0, "mu": 1.0}
    for step in range(1, steps + 1):
        path.append(path[-1] - rate * rule(scale * STEEPNESS * path[-1], state, step))
    return np.array(path)


# %% tags=["nbval-check-output"]
for rule, theirs in ((rmsprop, torch.optim.RMSprop), (adam, torch.optim.Adam), (nadam, torch.optim.NAdam)):
    weights, path = torch.tensor(START, requires_grad=True), [START]
    optimizer = theirs([weights], lr=0.1)
    for _ in range(150):
        weights.grad = torch.tensor(STEEPNESS) * weights.detach()
        optimizer.step()
        path.append(weights.detach().numpy().copy())
    same = np.allclose(walk(rule), path, rtol=1e-6)  # the whole path: all of them end near 0
    print(f"{rule.__name__} over 150 steps: {'equal to' if same else 'DIFFERS from'} torch.optim.{theirs.__name__}")
    assert same

# %% [markdown]
# **Equal.** Now watch them, beside plain descent at nearly the largest rate that does not throw it out of the valley.
#
# > **Predict.** Who runs straight towards the lowest point, who down the steep wall first? Who overshoots?

# %%
paths = {"plain": walk(plain, rate=0.035), "RMSprop": walk(rmsprop), "Adam": walk(adam), "NAdam": walk(nadam)}
figures.descent(lambda a, b: (a**2 + 50 * b**2) / 2, paths)

# %% [markdown]
# **The three head for the goal at a slant, plain descent hits the walls.** Divided by their own size, gradients of
# steep and flat weights count alike, and every weight moves by about one rate a step. Adam's running mean carries it
# past the goal, and it swings back; NAdam, which looks ahead, swings less. RMSprop has no momentum and wins by far,
# but not for that reason: its first steps are much longer, as the next cell shows. With Adam's bias correction it
# would stand no lower than Adam after fifty steps. Do not believe this race: the valley has no noise. A batch of
# sixteen photos gives another gradient than the next sixteen, and a running mean of gradients is there to calm that.
#
# {{ explorer("valley") }}
#
# > **Predict.** Somebody forgets to divide the loss by the number of pixels: all gradients are thousands of times
# > larger. Take a thousand: what happens to each rule? And how long, in multiples of the rate, is its very first step?
# > (`uncorrected` is Adam without bias correction.)


# %% tags=["nbval-check-output"]
def uncorrected(g, state, step):
    return adam(g, state, step, correct=False)


for rule, rate in ((plain, 0.035), (rmsprop, 0.1), (adam, 0.1), (uncorrected, 0.1), (nadam, 0.1)):
    once, scaled = walk(rule, rate, 20), walk(rule, rate, 20, scale=1000)
    first, second, third = np.abs(np.diff(once[:4, 0])) / rate
    verdict = "the same path" if np.allclose(once, scaled, atol=1e-3) else "lost"
    print(f"{rule.__name__:11} first steps {first:.2f}, {second:.2f}, {third:.2f} rates; thousandfold loss: {verdict}")

# %% [markdown]
# **The size of the loss cancels**: a thousand above the line, a thousand below it. So one rate can serve Dice and BCE,
# whose gradients differ in size. Only a factor of the *whole* loss cancels. In Dice + BCE the larger of the two
# gradients rules, and their weights remain a choice.
#
# The first steps show what bias correction is for. Adam's are of one rate from the first; without the correction they
# would be three to five. **RMSprop's first step is ten rates long**, since $v$ starts at 0 and has seen a hundredth of
# its due. Is that a blow to a pre-trained encoder, or a flying start? We shall see below.
#
# ## Eight runs that differ in one thing
#
# Now real networks. The course's lightest decoder, `light`, was trained with Dice + BCE and Adam. Eight other runs
# change one setting each, the loss or the optimiser: same photos, augmentation, rate, schedule, epochs and seed.
# In profile `full` all nine are taken from their checkpoints. Otherwise three are trained here, to be examined below;
# the table shows the recorded runs all the same, whose records are installed with the library.
#
# > **Predict.** Sort the losses by the *J* that their networks reach. How many points lie between best and worst?

# %%

known = recipes.load_recipes()
changes = [step for step in ablations.ablation_steps(known) if step.change in ("loss", "optimiser")]
names = ["light", *(step.second for step in changes)]
fits = {n: lesson.fit(n) for n in (names if lesson.profile.name == "full" else ["light", "light-bce", "light-dice"])}
recorded = records.load_records()
ablations.ablation_table(names, recorded).sort_values("validation loss").round(4)

# %% [markdown]
# **Sorted by loss, the table is not sorted by *J*.** Focal has the lowest loss by far and the lowest *J*; IoU's loss is
# near the other end, and its *J* is the highest. BCE and Dice have nearly the same loss, by accident. Between the best
# and the worst *J* lies little more than a point. All networks were best early, at a third or half of their epochs;
# from here on we look at those epochs.
#
# ## May their probabilities be believed?
#
# Theory said: BCE honest, focal too modest, Dice and Tversky certain of everything. We take the validation photos, and
# for each network the expected calibration error (ECE): the mean distance of its bins from the diagonal, weighted by
# their pixels (lesson 11 takes it apart). It is printed with its 95 % interval; beside it stand the share of pixels
# that the network is sure of (below .01 or above .99), and how much lesion it claims.
#
# > **Predict** the order of the ECE, and the sign of "claimed minus true" for Tversky.

# %%
truths = np.array(lesson.decoded.validation.masks) == 1
said = {name: sigmoid(fit.model.logits(lesson.decoded.validation.images)) for name, fit in fits.items()}
bins = {name: calibration.bin_pixels(p, truths) for name, p in said.items()}
for name, p in said.items():
    low, high = calibration.calibration_interval(bins[name])
    error, sure = calibration.calibration_error(bins[name]), ((p < 0.01) | (p > 0.99)).mean()
    print(f"{name:20} ECE {error:.4f} ({low:.4f} to {high:.4f}), sure of {sure:.0%},", end=" ")
    print(f"claims {p.mean():.1%} lesion, true {truths.mean():.1%}")
four = [name for name in ("light-bce", "light-focal", "light-dice", "light-tversky") if name in bins]
plots.reliability({name: bins[name].reliability() for name in four})

# %% [markdown]
# **Theory holds, curve by curve.** BCE runs along the diagonal. Focal crosses it steeply: what it calls .75 is nearly
# always lesion, it is sure of nothing, and its ECE is the largest, nine times that of BCE. Dice and Tversky cross it
# flat: what Dice calls .15 is lesion in more than a third of the cases, and of what it calls .85 not two thirds are.
# Its probabilities hardly mean anything, and there are few of them: the right panel shows an empty middle. Tversky is
# the one overlap loss that claims more lesion than there is.
#
# Two warnings. Dice + BCE has the ECE of BCE, but ECE weighs bins by their pixels, and most are easy: print
# `bins["light"].reliability()`, and you will find its middle between the two curves. And `light-rmsprop` has the very
# loss of `light` and about twice its ECE. Its best epoch came later, when it had grown surer. **The loss says where
# probabilities are pulled; how far they get, training decides.**
#
# ## Each loss at its own threshold
#
# A network that claims too much is cut better above .5, one that claims too little below. Is it fair, then, to judge
# all at .5? We let each choose its own threshold on every second validation photo, and judge the choice on the others.
# The first two numbers are sensitivity and specificity at .5, in percent. All masks stay at the network's 128 x 128,
# which is quicker and moves *J* by little.
#
# > **Predict.** Whose curve is flat, and whose best threshold is farthest from .5?

# %%
cuts, half = np.round(np.arange(0.05, 1, 0.05), 2), 9  # cuts[9] is .5
counts = {name: [metrics.confusion(p > cut, truths) for cut in cuts] for name, p in said.items()}
J = {name: np.array([metrics.jaccard(c) for c in at]) for name, at in counts.items()}  # (cuts, N)
for name, scores in J.items():
    own = int(scores[:, ::2].mean(axis=1).argmax())
    low, high = bootstrap.bootstrap_interval(100 * (scores[own] - scores[half])[1::2])
    rates = [100 * metric(counts[name][half]).mean() for metric in (metrics.sensitivity, metrics.specificity)]
    print(f"{name:20} {rates[0]:.1f} / {rates[1]:.1f}; own cut {cuts[own]:.2f}, gain {low:+.1f} to {high:+.1f} points")
print(f"light-bce cut at .25 {100 * metrics.sensitivity(counts['light-bce'][4]).mean():.1f}")
plots.lines(cuts, {name: J[name].mean(axis=1) for name in four}, "threshold", "mean J on validation")

# %% [markdown]
# **Dice's curve is flat: with few pixels in the middle, no threshold can repair it or ruin it.** For BCE, and still
# more for focal, the cut matters, and .5 is right. Tversky would rather be cut high; that takes back the larger masks
# it was chosen for. No gain can be shown on the other half of the photos, whichever loss it is.
#
# Tversky's masks are larger, as predicted: it has the highest sensitivity, and pays with specificity. They are not as
# large as predicted, though. BCE's probabilities cut near .26 find still more. The theory moved one pixel freely; a
# network cannot.
#
# ## And the optimiser?
#
# Three runs with one loss and three optimisers, from the records.
#
# > **Predict** from the valley and the first steps: who leads after one epoch, and who at the end?

# %% tags=["nbval-check-output"]
same_loss = [name for name in ("light", "light-nadam", "light-rmsprop") if name in recorded]
plots.curves({f"{name} ({known[name].optimizer})": recorded[name][0]["history"] for name in same_loss})

# %% [markdown]
# **RMSprop has a flying start, and after six epochs nobody leads.** Its long first steps did no harm; they saved two
# epochs. Adam and NAdam can hardly be told apart, and at their best epochs all three are within two tenths of a point.
# What no valley shows: from the tenth epoch on the training loss goes on falling, and *J* hardly rises for any of
# them.
#
# ## What may be said
#
# Twelve steps that change one thing: our eight; two from Dice to its *twins*, IoU and Dice + boundary, which pull
# nearly as Dice does (the boundary term is small beside it); and two from the write-ups' family D, another decoder
# behind a frozen encoder. So far everything was looked at on validation; test comes now, once, from the records, and
# `light` enters with the mean of its three recorded seeds, the others with their one. The thick bar resamples photos
# (and seeds where there are several); the thin one adds what seeds do elsewhere. The printed verdicts also correct for
# having looked twelve times (Holm's correction; lesson 12 explains both).
#
# > **Predict.** How many of the twelve leave out zero?
# > <!-- number: of twelve -->

# %% tags=["nbval-check-output"]
twins = [ablations.Step("loss", "light-dice", name, "loss") for name in ("light-iou", "light-dice-boundary")]
steps = [*changes, *twins, *(step for step in ablations.STEPS if step.topic in ("loss", "optimiser"))]
found = ablations.measure(known, recorded, records.published_results(), sorted(steps, key=lambda step: step.topic))
gains = [(e, [100 * v for v in (e.difference.mean, e.difference.low, e.difference.high, e.low, e.high)]) for e in found]
rows = [{"name": e.step.label, "group": e.step.topic, "value": g, "low": low, "high": high, "wide": wide}
        for e, (g, low, high, *wide) in gains]  # fmt: skip
print(*(e.sentence() for e in found), sep="\n")
plots.forest(
    rows, "points of J on test", ("95 % over photos", "and seeds"), reference=0, number="+.1f"
) if rows else None

# %% [markdown]
# **With seeds counted in, not one of the twelve leaves out zero.** Two do over photos alone: those networks differ,
# their recipes may not. The twins stay within a quarter of a point of Dice, as their pulls foretold. And look at the
# two steps with RMSprop. With `light` its mean is the higher one, with family D's decoder the lower one, both within
# what seeds can do. Two write-ups with one run each would teach two opposite lessons.
#
# Now put the two results side by side. The losses moved the *masks* by less than can be shown, and the *probabilities*
# by so much that one sees it without a ruler. So choose a loss by what its probabilities have to mean, and by which
# error costs more. Do not expect points of *J* from it, on data like these.
#
# ## Exercises
#
# **1. Two losses, one pull.** Derive the gradient of soft IoU by hand, with $I = \sum pt$, $U = \sum p + \sum t - I$
# and the constant $s = 1$, and write it down. Why is it Dice's, times one number a photo?
#
# <details><summary>Hint</summary>
#
# The chain rule: $\partial p / \partial z = p (1 - p)$. Then $\partial I / \partial p = t$ and
# $\partial U / \partial p = 1 - t$. For the second question write $J$ as a function of $D$.
#
# </details>


# %% tags=["nbval-check-output"]
def iou_gradient(z, t):
    """Of one photo, (1, 1, H, W)."""
    return None  # yours


exercises.check("04.1", iou_gradient)


# %% Solution tags=["hide-cell", "nbval-check-output"]
def iou_gradient(z, t):  # noqa: F811
    p = torch.sigmoid(z)
    overlap, union = (p * t).sum() + 1, (p + t - p * t).sum() + 1
    return -p * (1 - p) * (t * union - (1 - t) * overlap) / union**2


exercises.check("04.1", iou_gradient)

# %% [markdown]
# $J = D / (2 - D)$ holds for the soft scores, too (but for the constant). So
# $\partial J / \partial z_i = 2 / (2 - D)^2 \cdot \partial D / \partial z_i$: **the same direction, a factor that does
# not know the pixel.** It lies between one half and two and is larger at good overlaps. Adam cancels a common factor
# anyway. What remains of "IoU instead of Dice" is how photos of one batch are weighed against each other.
#
# **2. Misses cost more.** A noisy picture of our lesion, and a reader with two weights:
# $z = a \cdot \text{picture} + b$. No reader can draw this picture without error, so it must trade. Write Tversky's
# loss in three lines, and choose `beta` so that the reader's recall (sensitivity) lies between .94 and .96. The check
# fits $a$ and $b$ by your loss.

# %% tags=["nbval-check-output"]
noisy = t + torch.tensor(np.random.default_rng(0).normal(0, 0.5, truth.shape)).float()
greys = [np.uint8(85 * (picture[0, 0].clamp(-1, 2).numpy() + 1)) for picture in (noisy, t)]
alt = "A noisy picture of the lesion, with its outline, and the lesion itself."
plots.panels([[np.dstack([grey] * 3) for grey in greys]], [["the picture", "its truth"]], alt, [[truth, None]])

# %% [markdown]
# ```python
# def tversky(z, t, beta):  # alpha = 1 - beta weighs false positives, beta false negatives
#     p = torch.sigmoid(z)
#     return ...
#
#
# exercises.check("04.2", (tversky, None), noisy, t)  # your beta for None
# ```
#
# <details><summary>Hint</summary>
#
# tp, fp and fn are sums over pixels of `p * t`, `p * (1 - t)` and `(1 - p) * t`. Try `beta` at .5 and .7 first. Is
# .95 the answer?
#
# </details>


# %% Solution tags=["hide-cell"]
from lesionseg_lib.teaching.demos.loss_recall import recall


def tversky(z, t, beta):
    p = torch.sigmoid(z)
    tp, fp, fn = (p * t).sum(), (p * (1 - t)).sum(), ((1 - p) * t).sum()
    return 1 - (tp + 1) / (tp + (1 - beta) * fp + beta * fn + 1)


for beta in (0.5, 0.7, 0.85, 0.95):
    print(f"beta {beta}: recall {recall(lambda z, t, b=beta: tversky(z, t, b), noisy, t):.3f}")
exercises.check("04.2", (tversky, 0.85), noisy, t)

# %% [markdown]
# The trade is for sale: **each step of `beta` buys recall and pays with false alarms.** And the name of the weight
# promises nothing: a `beta` of .95 does not give a recall of .95. What it gives depends on the picture, so it is chosen
# on validation, like a threshold. A threshold has the advantage that nothing must be trained again.
#
# **3. A sick loss.** Each of its three mistakes stands in public code. It runs, its value falls during training, and
# masks come out. Find the mistakes, and write `cured`.


# %% tags=["nbval-check-output"]
def sick(z, t):  # soft Dice, (N, 1, H, W)
    p = torch.sigmoid(torch.sigmoid(z))
    overlap = (p * t).sum()
    return 1 - (2 * overlap + 1000) / (p.sum() + t.sum() + 1000)


cured = sick  # yours
exercises.check("04.3", cured)

# %% [markdown]
# <details><summary>Hint</summary>
#
# What is the smallest probability that two sigmoids in a row can give? Which photos feel the constant? Over which
# axes should be summed?
#
# </details>


# %% Solution tags=["hide-cell", "nbval-check-output"]
def cured(z, t):
    p = torch.sigmoid(z)
    overlap = (p * t).sum((1, 2, 3))
    return (1 - (2 * overlap + 1) / (p.sum((1, 2, 3)) + t.sum((1, 2, 3)) + 1)).mean()


exercises.check("04.3", cured)

# %% [markdown]
# Two sigmoids give nothing below one half: all skin is called lesion with .5 at least, and the loss is high on the
# best of masks. The constant is larger than the small lesion. The sums pool the batch. **A loss is tested like any
# other code**: on cases worked out by hand, small, empty and in a batch, and against a library.
#
# ## Take-away
#
# - A loss is known by its pull. BCE corrects what is confidently wrong, focal little else, Dice and its family the
#   doubtful rims.
# - Overlap losses weigh photos, BCE weighs pixels. Per photo, a small lesion pulls as hard as a large one, or harder.
# - Loss values of different losses have no common unit, and the sigmoid belongs inside the loss.
# - BCE has its rest at the true share, overlap losses at 0 and 1. The loss decides what a probability means.
# - Adam and its family take steps of the length of the rate, whatever the loss is multiplied by. Weights *between* two
#   added losses still count.
# - Nine networks, seven losses: the masks differ by less than can be shown, the probabilities much as theory says.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One decoder, one pair of rates, one or few seeds.** The rates are those of family A and were tuned for no loss
#   here. Another rate might suit another loss better; a fair trial would tune each.
# - **The pull on a logit is not the step of a weight.** Weights are shared by all pixels; what the maps show is passed
#   back through the network, and mixed. A pixel without pull still moves with its neighbours.
# - **A quarter of our pixels is lesion.** Focal and Tversky were made for one in a hundred or less; there BCE suffers
#   more than here.
# - **The boundary loss was used without its schedule.** Its authors raise its weight as training goes on.
# - **Calibration was measured at the epoch with the best *J***, early in each run, and on photos like those of
#   training. Later epochs tend to be surer, and another clinic's photos are a new question.
#
# **In the library**: {{ api("training.losses") }} holds all of them, {{ api("teaching.demos.pixel_loss") }} follows a pixel, {{ api("evaluation.calibration") }} sorts
# probabilities into bins, {{ api("results.ablations") }} and {{ api("results.ablations") }} compare runs that differ in one setting.
#
# Next, [lesson 05](05_feeding_the_network.ipynb): what the network is fed, and what it waits for.
