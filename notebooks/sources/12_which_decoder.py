# %% [markdown]
# # 12 · Which decoder?
#
# Five write-ups describe seventeen experiments and claim a score for thirteen of them. We run all of them ourselves,
# some with several seeds, with controls that differ in one setting, a widely used library as a peer, and three
# predictors without any network as a floor. Now the question that everybody asks first and that can only be answered
# last. **After this lesson you can**
#
# - tell from two figures, without rerunning anything, that a claim cannot be, or can only be in a strange way;
# - give a score an interval over images *and* seeds, and say how small a difference an experiment can show;
# - read the effect of one change from a controlled pair, with the number of looks counted in;
# - rank networks together with your doubt about the order, and weigh a point against what it costs.
#
# **You need** lesson 03 (Jaccard index *J*, Dice *D*, bootstrap) and one of 06 to 11.
#
# **Time**: forty-five minutes to read and try. Its cells took less than a minute on one CPU core.
#
# This lesson trains nothing. It reads the course's *records*, one file a run with its scores and settings, and one
# table of images. They are installed with the library, so all cells run anywhere: no photos, no weights, no GPU.

# %% tags=["nbval-check-output"]
from dataclasses import replace

import numpy as np
import pandas as pd

from lesionseg_lib import plots
from lesionseg_lib.results import ablations, claims, comparison, ranking, records
from lesionseg_lib.results.seeds import seed_spread
from lesionseg_lib.teaching import exercises
from lesionseg_lib.training import recipes

RESULTS = records.published_results()
everything, runs = recipes.load_recipes(), records.load_records()
known = {name: recipe for name, recipe in everything.items() if recipe.family != "study"}
recorded = {name: seeds for name, seeds in runs.items() if name in known or name not in everything}
print(f"{sum(map(len, recorded.values()))} runs of {len(recorded)} names; {len(known)} recipes")
print("several seeds:", ", ".join(f"{name} ({len(seeds)})" for name, seeds in recorded.items() if len(seeds) > 1))

# %% [markdown]
# Left out are the runs of lesson 04, which repeat `light` with other losses and optimisers.
#
# ## Claimed and ours
#
# The whole table. Ours is the organisers' rule on the 379 test images: the score of every image at the size of its
# true mask, then the mean. *low* and *high* are its 95 % interval. Where a recipe has several seeds, its row is their
# mean, and the interval is over images and seeds. Earlier lessons look at the first run, so `dilated-all` and the
# atrous network score a little differently there. The last three rows need no network:
# `all-foreground` calls every pixel lesion, `mean-mask` what is lesion in most of the training masks, and `otsu`
# takes the dark region in the middle, below a threshold that Otsu's rule finds for each image.
#
# > **Predict.** Of the claimed IoUs, how many lie inside our interval? And are claims rather above or below?

# %% tags=["nbval-check-output"]
rows = [row for row in comparison.compare_all(known, recorded, RESULTS) if row.jaccard]
claimed = [row for row in rows if row.claim]
pd.DataFrame(
    {
        "claimed IoU": {row.name: row.claim.iou for row in claimed},
        **{f"IoU, {end}": {row.name: getattr(row.jaccard, end) for row in rows} for end in ("mean", "low", "high")},
        "claimed Dice": {row.name: row.claim.dice for row in claimed},
        "Dice": {row.name: row.dice.mean for row in rows},
    }
).loc[[row.name for row in rows]].map(lambda score: "" if np.isnan(score) else f"{score:.3f}")

# %% tags=["nbval-check-output"]
place = {r.name: (r.claim.iou > r.jaccard.high) - (r.claim.iou < r.jaccard.low) for r in claimed}
for sign, word in ((1, "above our interval"), (0, "inside it"), (-1, "below it")):
    names = [name for name, where in place.items() if where == sign]
    print(f"{len(names):2} claims {word}: {', '.join(names)}")
families = {row.name: known[row.name].family if row.name in known else "no network" for row in rows}
plots.forest(
    [{"name": r.name, "group": families[r.name], "value": r.jaccard.mean, "low": r.jaccard.low, "high": r.jaccard.high,
      "claimed": r.claim and r.claim.iou} for r in rows],
    "mean Jaccard on test", ("95 % interval", ""),
)  # fmt: skip

# %% [markdown]
# Read the figure from below. **A network must first beat what needs none.** The baselines are the floor, and five of
# our networks stay below `otsu`: all those that read nothing but the deepest map of a frozen encoder. The distance
# from the floor to the best row is what deep learning is worth on this task. Then look for diamonds inside their
# bars: there is not one. About half of the claims lie above ours and half below, so this is no matter of better or
# worse training alone. A claim outside our interval may be a better network, another set of images, another way of
# scoring, or a mistake, of its author's or ours. Most comparisons in papers stop at this figure, and at the diamonds.
#
# ## Pairs that cannot be
#
# Begin with what needs no rerun. For one image $D = f(J) = 2J/(1+J)$. For means over images, Jensen's inequality says
# $\bar D \le f(\bar J)$, and since Dice is nowhere below IoU, $\bar J \le \bar D$. So every honest pair lies in
# between, and *where* it lies says something:
#
# $$e = \frac{\bar D - \bar J}{f(\bar J) - \bar J}.$$
#
# Call it **evenness**. It is 1 if all images score alike (or all pixels are pooled), 0 if each image scores 0 or 1,
# and outside of that range no set of masks can have the pair.
#
# It can be said in pictures, too: if a share $p$ of the images were missed entirely and all others scored $x$ alike,
# how many would that be, and what is $x$? From $\bar J = (1 - p)\,x$ and $\bar D = (1 - p)\,f(x)$ it follows that
# $x = 2 \bar J / \bar D - 1$.
#
# > **Predict.** Ours: nearer to 1 or to 0? Which families' claims will stand out?


# %%
def evenness(jaccard, dice):
    """1: all images score alike; 0: each scores 0 or 1. Beyond: impossible."""
    return (dice - jaccard) / (claims.highest_dice(jaccard) - jaccard)


def per_image(name):
    """Jaccard index, one row a seed, one column a test image."""
    return comparison.image_scores(RESULTS, name, recorded[name], "jaccard")


# %% tags=["nbval-check-output"]
even = pd.DataFrame({"claimed": {r.name: evenness(r.claim.iou, r.claim.dice) for r in claimed}})
even["possible"] = ["yes" if claims.is_possible(r.claim) else "NO" for r in claimed]
even["others score"] = [2 * r.claim.iou / r.claim.dice - 1 for r in claimed]
even["missed"] = [1 - r.claim.iou / other for r, other in zip(claimed, even["others score"], strict=True)]
even.loc[even["possible"] == "NO", ["others score", "missed"]] = np.nan
even["ours"] = [evenness(r.jaccard.mean, r.dice.mean) for r in claimed]
even["below .1 in ours"] = [float((per_image(r.name) < 0.1).to_numpy().mean()) for r in claimed]
even.sort_values("claimed").round(2)

# %% [markdown]
# Our own pairs are all alike: most images score well, a few badly. **B's pairs are impossible**, as lesson 06 found:
# evenness far above 1. A's and E's claims, rounded to two digits, are near ours, but for one of A's that lies lower.
# **C's and D's are possible, and yet strange.** It is as if C had missed one lesion in sixteen entirely, and drawn
# all others as ours draws only its best; and as if D had missed one in seven. The last column says how many of ours
# fail like that. So either their test sets were very different, or IoU and Dice were not computed by the same rule.
#
# {{ explorer("claims") }}
#
# ## Which rule would fit?
#
# Every record holds the same predictions scored by nine rules that are called "IoU" and "Dice" somewhere (lesson 03).
# We look for the one that comes nearest to each claimed pair, in the plane of both figures. Nine tries find something
# near by luck. So we add a control: how many *other* networks have a rule that comes nearer to this claim than the
# network it was made for?
#
# > **Predict.** For how many claims is the right network the nearest of all?


# %% tags=["nbval-check-output"]
def nearest(claim, row):
    return min(claims.distances(claim, row.readings), key=lambda reading: reading.distance)


networks = [row for row in rows if row.name in known]
fits = {row.name: nearest(row.claim, row) for row in claimed}
table = pd.DataFrame([vars(fit) for fit in fits.values()], index=list(fits)).round(3)
table["others nearer"] = [sum(nearest(r.claim, o).distance < fits[r.name].distance for o in networks) for r in claimed]
table

# %% [markdown]
# Small distances, and a cold shower in the last column: **for twelve of the thirteen claims some other network has a
# rule that "explains" it better.** With two dozen networks and nine rules something is always near. What counts for
# more is agreement: C's three claims, chosen one by one, all pick the same rule. Even that is a suspicion, worth a
# question to the author; it is no finding. B's two rows are far from everything, as they must be.
#
# The strange evenness of C and D suggested *two* rules in one table. We let IoU and Dice each choose their own.

# %% tags=["nbval-check-output"]
for row in claimed:
    if even["claimed"][row.name] < 0.7:
        names = {
            metric: min(row.readings, key=lambda rule: abs(row.readings[rule][metric] - value))
            for metric, value in (("jaccard", row.claim.iou), ("dice", row.claim.dice))
        }
        both = [f"{m} by {rule}: {row.readings[rule][m]:.3f}" for m, rule in names.items()]
        print(f"{row.name}, claimed {row.claim.iou:.3f} / {row.claim.dice:.3f}: {', '.join(both)}")

# %% [markdown]
# C's IoU wants the rule that averages the easy background in; its Dice wants one that looks at lesions alone.
# Together they have the odd evenness of the claims, for each of the three, and this is the best story we have. The
# same two rules come out for D's first two claims, less closely, and not for its third. It is a story: two free
# choices fit more than one. **The only proof would be the author's code.** Whoever prints the rule beside every score
# is never asked.
#
# ## Two chances
#
# From here on we compare our own runs, where the rule is known. Two chances move a score. *Which images* happen to
# be in the test set: the bootstrap over images sees that. And *which seed* the training began with, which decides
# first weights, order of photos and augmentation. The bootstrap of one run cannot see that at all. A few recipes were
# trained with several seeds for this; the cell lists them.
#
# > **Predict.** A quarter of an interval's length is about its standard error. Do seeds move a score by less than that,
# > as much, or more?


# %% tags=["nbval-check-output"]
spread = seed_spread(recorded)
for name in spread.recipes:
    scores = 100 * per_image(name)
    error = scores.mean().std() / np.sqrt(scores.shape[1])
    runs = ", ".join(f"{mean:.1f}" for mean in scores.mean(axis="columns"))
    print(f"{name}: {runs}. SD between seeds {scores.mean(axis='columns').std():.2f},", end=" ")
    print(f"standard error over images {error:.2f} points")
print(f"pooled SD between seeds: {100 * spread.deviation:.2f} points, from {spread.degrees} degrees of freedom")

# %% [markdown]
# The pooled figure rests on few runs: the true one may be a third smaller, or nearly twice as large. But its size is
# what matters: seeds are no detail beside images. And there is a trap in it. In a *paired* comparison most of the
# chance of images drops out, because a hard image is hard for both. **The chance of seeds does not drop out: every
# training throws its own dice.** So the better you pair, the more of what is left is seeds.
#
# How small a difference between two recipes can then be shown? Its variance is
# $\sigma_\text{pair}^2/N + 2\, \sigma_\text{seed}^2/k$ for $N$ images and $k$ seeds each, and 1.96 standard errors
# must fit below the difference.
#
# > **Predict.** With one seed each: what helps more, ten times the images or ten seeds?

# %% tags=["nbval-check-output"]
scores = pd.DataFrame({row.name: per_image(row.name).mean() for row in networks})  # (images, recipes)
steps = [s for s in ablations.STEPS if {s.first, s.second} <= set(scores)]
pair = np.median([(scores[s.second] - scores[s.first]).std() for s in steps])


def smallest(images, seeds):
    """Smallest difference, in points, that two recipes with so many seeds each can show."""
    return 196 * np.sqrt(pair**2 / images + 2 * spread.deviation**2 / seeds)


sizes = (100, 379, 1000, 4000)
pd.DataFrame({f"seeds: {k}": {f"{n} images": smallest(n, k) for n in sizes} for k in (1, 3, 10)}).round(2)

# %% [markdown]
# **Follow the row of our 379 images, then the column of one seed.** More images soon stop helping where there is one
# seed: the second term stays. Most tables in this field have one seed and differences of a point. This is one reason
# why they contradict each other. (See [Bouthillier et al. 2021](https://arxiv.org/abs/2103.03098), who measured it at
# scale.)
#
# {{ explorer("ranking") }}
#
# ## One change at a time
#
# Now the comparisons that may be called causes. Each *step* goes from one recipe to another that differs in as little
# as possible; the library reads from the recipes what else differs. Dots are gains on the same images. The thick bar
# resamples images, and says what holds for *these two networks*. The thin one adds the spread between seeds, and says
# what may hold for the two *recipes*. A filled dot leaves zero out even so.
#
# > **Predict.** Which three kinds of change move the score most: training the encoder, skips, attention gates, the
# > atrous pyramid, the optimiser, the loss?

# %% tags=["nbval-check-output"]
found = ablations.measure(known, recorded, RESULTS)
print(f"{len(found)} steps. Were there no effect at all, {0.05 * len(found):.1f} would leave out zero by chance.")
print(f"Zero is left out over images by {sum(e.difference.shown for e in found)}, over images and seeds by", end=" ")
print(f"{sum(e.p < 0.05 for e in found)}, and after Holm's correction by {sum(e.holm < 0.05 for e in found)}.")
gains = [(e.step, 100 * e.difference.mean, 100 * e.difference.low, 100 * e.difference.high, e) for e in found]
plots.forest(
    [{"name": s.label, "group": s.topic, "value": gain, "low": low, "high": high, "wide": (100 * e.low, 100 * e.high)}
     for s, gain, low, high, e in gains],
    "gain in points of mean Jaccard", ("95 % over images", "over images and seeds"), reference=0, number="+.1f",
)  # fmt: skip

# %% [markdown]
# Three counts, each more honest than the one before. The last one handles a chance of another kind: **whoever looks
# twenty times finds, on average, one "significant" difference where there is none.** Holm's correction (1979)
# multiplies the smallest of $m$ p values by $m$, the next by $m - 1$, and so on. We go through the topics, with
# sentences that the intervals allow. First C, whose claims rose with every stage released. Lesson 07 told stages from
# rate by single runs (exercise 3); here seeds and the number of looks are counted in.


# %% tags=["nbval-check-output"]
def tell(*topics):
    for effect in found:
        if effect.step.topic in topics:
            others = ", ".join(effect.other_differences)
            print(effect.sentence(), f"(Also differs: {others}.)" if others else "")


tell("C: rate and stages")

# %% [markdown]
# Read it in pairs. *frozen* to *frozen-slow* changes the rate and nothing else; *frozen-slow* to *stage4* and to
# *all* change the trained stages and nothing else; *frozen* to *all-two-rates* the stages at the decoder's own rate.
# The published step from *frozen* to *stage4* is the sum of two of these, first the rate, then one stage, and shows
# neither. **A comparison that changes two things measures their sum**, and a sum near zero is no evidence that both
# are zero. Here the rate alone shows nothing, and one stage alone shows nothing. Training all stages gains under
# either rate, with an interval that leaves out zero; after the number of looks is counted in, it is likely and not
# shown.

# %% tags=["nbval-check-output"]
tell("frozen or trained")

# %% [markdown]
# **Training the encoder is worth most where the decoder sees least.** B, D and E read only the deepest map; there it
# is the largest effect in the course. With A's skips it is a fraction of that, and for the recipes it cannot be shown
# in any of the three, since finer frozen maps already say where things are (lesson 06). Note A's and C's decoders on
# frozen encoders in the table: they stand above fully trained networks without skips.

# %% tags=["nbval-check-output"]
tell("skips", "attention gates", "atrous pyramid")
tell("optimiser", "loss")

# %% [markdown]
# The first line has one cause and no excuse: same encoder, same rates, same photos, only the skips are missing. **Of
# all parts of a decoder, skips are the only one whose worth these runs show**, seeds and number of looks counted in.
# So training the encoder moves the score most, then skips, and no third kind can be shown. (By size the optimiser
# comes next; other seeds could undo it.) The others are the questions on which papers are written: gates, pyramids,
# optimisers, losses. Compare each gain with the width of its interval before you compare it with another gain. The
# pyramid is a lesson in seeds: its first run gained more than a point, and two further seeds took half of that back
# (lesson 10). And "no difference can be shown" is a result of *this experiment*, not of the idea: at 128 x 128 and
# with one seed a true gain of less than the table above allows would look the same.

# %% tags=["nbval-check-output"]
tell("peer", "own")

# %% [markdown]
# The peer is the check on ourselves. If a well-known library's U-Net with the same encoder, data and epochs were far
# above all of ours, our decoders would be badly built, and all the comparisons above would be comparisons of
# mistakes. **It is not; it and our U-Net cannot be told apart.** And `light`, the course's own, asks the question from
# the other side: with fewer than 60,000 weights in its decoder, what is lost? Beside the peer nothing that can be
# shown. But its training differs, too, so the last two lines take that step apart: our U-Net under `light`'s training,
# and from there to `light`'s decoder, everything else equal. In neither can a difference be shown. (When `light` had
# one seed, the last line read "a point lost, these two networks differ". Its third seed is the best of all.)
#
# ## A ranking that admits its doubt
#
# We draw images, and for every recipe another seed, ten thousand times, and note each time who is first. *best* is
# the share of draws in which a recipe wins; *places* holds 95 % of its places.
#
# > **Predict.** How sure can the winner be of its place? How many recipes cannot be told apart from it?

# %% tags=["nbval-check-output"]
order = ranking.rank([row.name for row in networks], recorded, RESULTS)
tied = [one.name for one in order if one.tied]
print(f"{order[0].name} has the highest mean; it comes first in {order[0].best:.0%} of the draws.")
print(f"Not to be told apart from it ({len(tied) - 1} of {len(order) - 1}): {', '.join(tied[1:]) or 'none'}")
pd.DataFrame(
    {one.name: [f"{one.jaccard:.3f}", f"{one.best:.0%}", f"{one.first}\u00a0to\u00a0{one.last}",
                f"{100 * one.behind:.1f}"] for one in order},
    index=["mean Jaccard", "best", "places", "points behind"],
).T  # fmt: skip

# %% [markdown]
# The table is sorted, and the sorting says more than we know. **"Which is best?" has the answer "one of these"**; the
# first row is there because it is good *and* because it was lucky: the highest of many always was. The useful line is
# the other end of the group, where recipes begin that are *not* among the best. And the group is no tie. Its last
# rows are three points behind and hardly ever among the first nine: one look alone, decided on beforehand, would have
# told them from the first. Among two dozen looks Holm's correction asks for more. So being in the group says that
# these runs cannot rule a recipe out, not that it is as good.
#
# ## What does a point cost?
#
# Where several recipes share the first place, choose by price. There are four prices, and lesson 07 showed that they
# disagree: weights to be stored, products to be computed (MACs), milliseconds to wait, minutes to train. The first
# two are counted; the other two were measured, one recipe after another on a machine that did nothing else. An open
# marker is a frozen encoder. The dashed line is the *front*: it joins the networks that no cheaper one beats.
#
# > **Predict.** Does one recipe lie on the front of all four panels?


# %%
def bill(row):
    record, price = next(iter(recorded[row.name].values())), costs["recipes"][row.name]
    return {
        "name": row.name, "group": families[row.name], "open": not known[row.name].trainable_stages,
        "score": row.jaccard.mean, "low": row.jaccard.low, "high": row.jaccard.high,
        "million parameters": record["parameters"]["total"] / 1e6, "million MACs": record["macs"] / 1e6,
        "milliseconds an image": price["milliseconds_per_image"],
        "minutes of training": price["training_seconds_per_epoch"] * record["epochs_run"] / 60,
    }  # fmt: skip


# %% tags=["nbval-check-output"]
costs = records.load_costs()
print(f"Times: {costs['device']}, {costs['threads']} thread{'s' * (costs['threads'] > 1)}")
bills = pd.DataFrame([bill(row) for row in networks if row.name in costs["recipes"]])
prices = [*bills.columns[-4:]]
plots.cost_scatter(bills.to_dict("records"), {price: price for price in prices})

# %% tags=["nbval-check-output"]
good = bills[bills["name"].isin(tied)].set_index("name")
for price in prices:
    least, most = good.loc[good[price].idxmin()], good.loc[good[price].idxmax()]
    print(f"{price}: from {least[price]:.3g} ({least.name}, J {least['score']:.3f})", end=" ")
    print(f"to {most[price]:.3g} ({most.name}, J {most['score']:.3f})")

# %% [markdown]
# Vertical bars first: along the top of each panel they overlap, while the horizontal axis runs over a factor of
# several. **Among networks that cannot be told apart, price is the only thing that can be told**, as long as you stay
# near the top of the group. All share one encoder, so no panel goes left of what that costs; what differs is the
# decoder. Points below the front cost more than another network that scores as well. Two recipes lie on the front of
# all four panels: `light` and `unet-as-light`.
#
# ## Twenty-five epochs instead of a hundred
#
# One more reason for doubt is of our own making. A's write-up trained for 100 epochs; we had time for 25. Every
# record says whether its validation curve had *levelled off*: what the last fifth of the epochs gained over the
# fifth before, beside how much single epochs jump about in it.
#
# > **Predict.** Whose curve still rises at its last epoch: A's, cut short, or others', which nobody cut?

# %% tags=["nbval-check-output"]
first = {name: next(iter(runs.values())) for name, runs in recorded.items() if name in known}
curves = pd.DataFrame({name: record["levelling"] for name, record in first.items()}).T
rising = curves[curves["gain"] > curves["spread"]]
print(f"still rising by more than an epoch's jump ({len(rising)} of {len(curves)}):")
for name, row in rising.iterrows():
    print(
        f"  {name}: {100 * row['gain']:+.1f} points in {row['epochs']:.0f} epochs, a jump is {100 * row['spread']:.1f}"
    )
print("of family A:", ", ".join(name for name in rising.index if families[name] == "A") or "none")

# %% [markdown]
# Mostly the others': all three of D, two of C's four, and of A's six, cut short, one. (The other three are controls.) D
# and C train for 15 epochs. D's write-up says so of one of its three networks; C's does not say (lesson 07). A recipe
# on this list may climb further with more epochs, so its row may say less than the idea can do. **A comparison between
# families is one of recipes, epochs included**, not of decoders. Within a family all have the same epochs, and the
# steps above stay fair. (A curve that is level is no proof either: a smaller rate might let it go on.)
#
# ## So: which decoder?

# %% tags=["nbval-check-output"]
light = next((one for one in order if one.name == "light"), order[-1])
floor = max((row for row in rows if row.name not in known), key=lambda row: row.jaccard.mean, default=rows[0])
print(f"1. Any of {len(tied)}: {', '.join(tied)}. Which is best of them, these runs cannot say.")
for price in prices[1:3]:
    print(f"2. Lowest in {price} among them: {good[price].idxmin()}.")
print(f"3. {light.name} is {100 * light.behind:.1f} points behind the highest,", end=" ")
print("in the group." if light.tied else "and not in the group.")
print("4. Shown to matter: " + "; ".join(f"{e.step.first} -> {e.step.second}" for e in found if e.verdict == "shown"))
print(f"5. The best without a network, {floor.name}, has {floor.jaccard.mean:.3f}.")

# %% [markdown]
# **Not the answer that a leaderboard gives, and the one that these runs support.** Take a decoder with skips, the
# cheapest of those that cannot be told apart from the best. A decoder without skips needs a trained encoder; with
# skips, training it too, gently, may gain a point or two more, which these runs make likely for C and do not show.
# Spend what you saved on seeds, on more data, on looking at the failures (lesson 11). All of this holds for
# dermoscopic photos like these, at 128 x 128, with this encoder.
#
# ## Exercises
#
# **1. Judge a claim.** The winner of the ISIC 2016 challenge is on record with the pair below ([Gutman et al.
# 2016](https://arxiv.org/abs/1605.01397)), on the same 379 images at full size. Is it possible? How even is it? Is
# our best recipe worse? Then judge a pair from a paper that you have read.
#
# ```python
# winner = recipes.Claim(iou=0.843, dice=0.910)
# ours = next(row for row in rows if row.name == order[0].name)
# possible = None  # True or False
# how_even = None  # a number
# inside = None  # True or False: does the winner's IoU lie in our interval?
# exercises.check("12.1", (possible, how_even, inside), winner, ours)
# ```
#
# <details><summary>Hint</summary>
#
# `recipes.Claim(iou, dice)` goes into `claims.is_possible`; `evenness` is above. For the last question look at where
# the claim lies in the interval of `order[0]`, and think of what that interval leaves out.
#
# </details>

# %% Solution tags=["hide-cell", "nbval-check-output"]
winner = recipes.Claim(iou=0.843, dice=0.910)
ours = next(row for row in rows if row.name == order[0].name)
possible, how_even = claims.is_possible(winner), evenness(winner.iou, winner.dice)
inside = ours.jaccard.low <= winner.iou <= ours.jaccard.high
print("possible" if possible else "impossible", f"evenness {how_even:.2f}")
print(f"our {ours.name}: {ours.jaccard.mean:.3f} ({ours.jaccard.low:.3f} to {ours.jaccard.high:.3f})", end="; ")
print("the winner's IoU is", "inside" if inside else "outside")
exercises.check("12.1", (possible, how_even, inside), winner, ours)

# %% [markdown]
# Possible, and as even as ours. If it is inside our interval, "no difference can be shown"; but one cannot *pair*
# with figures alone, and unpaired intervals are wide. With the winner's 379 scores the question could be settled.
# **Publish the table of images, not only its mean.**
#
# **2. How many test images would show one point?** Two recipes, three seeds each. What is the smallest number? If
# none is enough, say `np.inf`.
#
# <details><summary>Hint</summary>
#
# `smallest(images, 3)` above gives points; find the number of images at which it falls to 1. Or set the variance above
# equal to $(.01 / 1.96)^2$ and solve for $N$.
#
# </details>

# %% tags=["nbval-check-output"]
yours = None  # a number of images
exercises.check("12.2", yours, 3, pair, spread)

# %% Solution tags=["hide-cell", "nbval-check-output"]
needed = {}
for k in (1, 3, 5, 10):
    left = 1 / 196**2 - 2 * spread.deviation**2 / k  # what the images' term may be
    needed[k] = np.ceil(pair**2 / left) if left > 0 else np.inf
    print(f"{k:2} seeds: {f'{needed[k]:.0f} images' if left > 0 else 'no number of images is enough'}")
exercises.check("12.2", needed[3], 3, pair, spread)

# %% [markdown]
# Solve the formula for $N$: $N = \sigma_\text{pair}^2 / ((.01/1.96)^2 - 2\sigma_\text{seed}^2/k)$. Where the bracket
# is negative, **no test set in the world is large enough; train more often**. (Strictly, to *find* a true point four
# times out of five takes 2.8 standard errors instead of 1.96, that is, twice the images *and* twice the seeds. With
# three seeds the bracket is then negative.)
#
# **3. Design the next control.** `smp-unet` to `light` changes more than the decoder. Write the recipe that `light`
# should be compared with, so that only the decoder differs. The cell judges it.
#
# <details><summary>Hint</summary>
#
# `replace(recipe, name=..., decoder=...)` copies a recipe with some settings changed. Which of the two recipes has the
# training that is to be kept?
#
# </details>

# %% tags=["nbval-check-output"]
control = None  # a recipe: replace(recipes.get_recipe("..."), ...)
exercises.check("12.3", control)

# %% Solution tags=["hide-cell", "nbval-check-output"]
control = replace(recipes.get_recipe("light"), name="smp-unet-as-light", decoder="smp-unet")
exercises.check("12.3", control)

# %% [markdown]
# Start from `light` and change the decoder, not the other way round. `lessons.start().fit(control)` trains it with
# seed 0, as in lesson 07 (import `lessons` first), and `experiments.run.run` with any other. Train three seeds of
# each, or the seeds' spread swallows the answer.
#
# ## Take-away
#
# - Two figures can convict themselves: mean Dice lies between mean IoU and $2J/(1+J)$, and where it lies says how
#   unevenly the images score.
# - A rule that comes near a claim is a suspicion. Check how near it comes for networks that the claim is not about.
# - An interval over images speaks of a network; only seeds let you speak of a recipe. Pairing removes the first chance,
#   never the second.
# - One cause needs one change. Count your looks.
# - The end of a comparison is a group, not a winner. Within the group, choose by cost.
#
# ## Check yourself
#
# {{ quiz() }}
#
# ## Where this breaks
#
# - **One spread for all.** We take the spread of a few recipes for that of all. A recipe whose training is less stable,
#   such as B with its one large rate, may spread more, and then its thin bars are too short.
# - **One split, one test set.** Training photos, validation split and test photos are fixed; other hospitals are not in
#   it. Intervals over these images say nothing of them.
# - **Recipes, not decoders.** Rates and epochs were chosen by the write-ups, or by us. A decoder with a poor rate looks
#   like a poor decoder.
# - **Test scores were looked at.** Every row here was scored once, but reading two dozen rows and building the next
#   network on them would make a validation set of the test set.
# - **Small photos.** At 128 x 128 what fine maps can add is limited. Whoever needs the exact border must ask again at
#   512.
# - **Milliseconds belong to a machine**; on a phone or a GPU the order may be another.
#
# **In the library**: {{ api("results.claims") }} judges a pair of figures, {{ api("results.records") }} reads what was run, {{ api("results.comparison") }}
# puts the two side by side, {{ api("results.ablations") }} measures steps and the spread of seeds, {{ api("results.ranking") }} orders with its
# doubt.
#
# This was the last lesson. What next? Train a network of your own: take a recipe, change one thing, and compare it
# with its control over three seeds, as in exercise 3. When you read a claim, judge its pair of figures and ask for
# the rule, the seeds and the number of looks. And what you find, a record, a better control or a mistake of ours,
# send to the repository that this notebook comes from.
