# %% [markdown]
# # A1 · Score it like the organisers
#
# Two groups score the same masks, and one of them reports four points more. Nobody cheated: one read the files with
# another limit, cut before enlarging, left empty masks out, or paired two listings by their place. In this assignment
# you write the scorer, and it has to agree with the organisers' to the last digit that matters. **You will have**
#
# - four functions that turn files and probabilities into one honest mean;
# - the score of each photo of a pack that is yours alone, and an interval for its mean.
#
# **You need** lessons 02 and 03. **Time**: one to two hours, an estimate; the cells take seconds, on any machine.
#
# **Rules.** NumPy and OpenCV are enough. The library's own scores (`lesionseg_lib.evaluation`) are not there when your
# functions are graded. Help from people and language models is allowed where your course allows it: say so in the last
# cell, and be ready to explain every line.

# %%
import cv2
import numpy as np

from lesionseg_lib.assignments.a1 import drawing
from lesionseg_lib.assignments.notebook import start

# %% [markdown]
# Put in your id, as your course knows you: no name. Your masks are drawn from it.

# %% tags=["variant"]
STUDENT = "demo-student"  # SOLUTION
TERM = "{{ term }}"
work = start("a1", STUDENT, TERM)
pack = drawing.mask_pack(work.variant)

# %% [markdown]
# ## 1 · From a file to a mask (2 marks)
#
# A mask lies on disk as grey bytes. The organisers' rule has one limit for all files: a byte **above 128** is lesion.
# Many files hold 0 and 255 alone, others have greys along the border, and now and then somebody saves 0 and 1.
#
# > **Predict.** What does the rule make of a file of 0 and 1?
#
# `read_mask(grey)`: uint8 (H, W) → bool (H, W).


# %% tags=["question:read_mask"]
def read_mask(grey):
    # BEGIN SOLUTION
    return grey > 128
    # END SOLUTION


# %%
work.check("read_mask", read_mask)

# %% [markdown]
# ## 2 · To the size of the truth (3 marks)
#
# A network answers in a small size, and the truth has the photo's. The score is taken at the truth's size, so the
# probabilities are enlarged, bilinearly and with pixel centres, as `cv2.resize` and `torch` with
# `align_corners=False` do it; then a pixel **above .5** is lesion.
#
# > **Predict.** Which order loses what the network knew about the border?
#
# `to_native(probabilities, size)`: float32 (h, w) and (H, W) → bool (H, W).


# %% tags=["question:to_native"]
def to_native(probabilities, size):
    # BEGIN SOLUTION
    height, width = size
    large = cv2.resize(probabilities, (width, height), interpolation=cv2.INTER_LINEAR)
    return large > 0.5
    # END SOLUTION


# %%
work.check("to_native", to_native)

# %% [markdown]
# ## 3 · Two scores of one photo (4 marks)
#
# Count true positives, false positives and false negatives; then the Jaccard index and Dice. Where both masks are empty
# there is nothing to divide by, and the organisers call it perfect.
#
# `scores(mask, truth)`: two masks, bool (H, W) → Jaccard index, Dice.


# %% tags=["question:scores"]
def scores(mask, truth):
    # BEGIN SOLUTION
    both = int((mask & truth).sum())
    either = int((mask | truth).sum())
    if either == 0:
        return 1.0, 1.0
    return both / either, 2 * both / (either + both)
    # END SOLUTION


# %%
work.check("scores", scores)

# %% [markdown]
# ## 4 · One mean of many photos (4 marks)
#
# Masks and truths come in two dictionaries, from id to mask, in any order. The score is the mean of the photos' own
# Jaccard indices. A photo for which no mask was handed in counts as one on which nothing was drawn. A mask whose photo
# is not there counts for nothing.
#
# `mean_jaccard(masks, truths)`: two dictionaries id → bool (H, W) → one number.


# %% tags=["question:mean_jaccard"]
def mean_jaccard(masks, truths):
    # BEGIN SOLUTION
    found = []
    for name, truth in truths.items():
        mask = masks.get(name, np.zeros_like(truth))
        found.append(scores(mask, truth)[0])
    return sum(found) / len(found)
    # END SOLUTION


# %%
work.check("mean_jaccard", mean_jaccard)

# %% [markdown]
# ## 5 · Your own pack (2 marks)
#
# `pack.truths` holds files, id → uint8 (H, W); `pack.maps` a network's probabilities, id → float32 (h, w). Their orders
# differ, one photo has no map, and one map has no photo.
#
# `table`: id → Jaccard index, for every photo that has a truth.

# %%
table = {}
# BEGIN SOLUTION
for name, grey in pack.truths.items():
    truth = read_mask(grey)
    mask = np.zeros_like(truth)
    if name in pack.maps:
        mask = to_native(pack.maps[name], truth.shape)
    table[name] = scores(mask, truth)[0]
# END SOLUTION

# %% [markdown]
# `interval`: the ends of a 95 % interval of the mean over photos, the lower one first. Lesson 03 resamples; a formula
# will do, too.

# %%
interval = ...
# BEGIN SOLUTION
rng = np.random.default_rng(0)
values = np.array(list(table.values()))
draws = rng.choice(values, (10_000, len(values))).mean(axis=1)
interval = [float(end) for end in np.quantile(draws, [0.025, 0.975])]
# END SOLUTION

# %% [markdown]
# ## Hand in
#
# The next cell writes `a1-answers.json`. Save the notebook (on Colab: *File, Download .ipynb*, then put it beside the
# file of answers), and run `lesionseg hand-in a1 NOTEBOOK.ipynb`: it packs one zip, reads it as the grader will, and says
# what is graded and what cannot be checked here. A check that says *right* has asked public cases. The graded ones are
# drawn for you from other numbers, and ask for exactly what the text above says.

# %%
work.save(table=table, interval=interval)
