"""Does it pay to run a frozen encoder once? Seconds per epoch from cached feature maps and from images, in turn."""

import argparse
import copy
import statistics
import time
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from lesionseg_lib.data.cache import CachedDataset, decode_once
from lesionseg_lib.data.datasets import LesionDataset, SyntheticLesions
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.batches import EpochSampler, FrozenPyramids, TrainingSet
from lesionseg_lib.training.build import build_optimizer, build_segmenter
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe, get_recipe

SEED = 0


class Contender:
    """One way to the same training: its samples, its copy of the network, its times and losses per epoch."""

    def __init__(self, recipe: Recipe, network: Segmenter, samples: TrainingSet | FrozenPyramids) -> None:
        self.network = copy.deepcopy(network)
        self.sampler = EpochSampler(len(samples), SEED)
        self.loader = DataLoader(samples, batch_size=recipe.batch_size, sampler=self.sampler)
        self.optimizer = build_optimizer(recipe, self.network)
        self.loss_of = get_loss(recipe.loss)
        self.seconds: list[float] = []
        self.processor: list[float] = []
        self.losses: list[float] = []

    def epoch(self, number: int) -> None:
        """One epoch as ``training.train`` runs it, without validation."""
        torch.manual_seed(SEED + number)  # dropout draws alike on both sides
        self.sampler.set_epoch(number)
        self.network.train()
        start, processor = time.perf_counter(), time.process_time()
        total, images = 0.0, 0
        for inputs, masks in self.loader:
            if isinstance(inputs, Tensor):
                inputs = normalise(inputs, self.network.preprocessing)
            loss = self.loss_of(self.network(inputs), masks[:, None].float())
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            total, images = total + loss.item() * len(masks), images + len(masks)
        self.seconds.append(time.perf_counter() - start)
        self.processor.append(time.process_time() - processor)
        self.losses.append(total / images)


def compare(recipe: Recipe, data: CachedDataset, epochs: int) -> float:
    """Prints both ways; returns how many times faster the cached one is."""
    torch.manual_seed(SEED)
    network = build_segmenter(recipe, weights=None).to(memory_format=torch.channels_last)
    images = TrainingSet(data, recipe, SEED)
    start = time.perf_counter()
    pyramids = FrozenPyramids(network, images)
    filling = time.perf_counter() - start
    megabytes = sum(level.nbytes for level in pyramids.levels) / 1e6
    print(f"Cache    {len(images)} pyramids, {megabytes:,.0f} MB, filled in {filling:.1f} s")
    check_logits(network, images, pyramids, recipe.batch_size)

    cached, uncached = Contender(recipe, network, pyramids), Contender(recipe, network, images)
    print("epoch   cached s  from images s   ratio   loss cached   from images")
    for number in range(epochs):
        pair = (cached, uncached) if number % 2 == 0 else (uncached, cached)
        for contender in pair:
            contender.epoch(number)
        one, other = cached.losses[-1], uncached.losses[-1]
        seconds = cached.seconds[-1], uncached.seconds[-1]
        print(
            f"{number + 1:5d} {seconds[0]:10.2f} {seconds[1]:14.2f} {seconds[1] / seconds[0]:7.2f} "
            f"{one:13.6f} {other:13.6f}"
        )
        # The first differs by rounding alone; later ones by what training makes of it.
        tolerance = 1e-4 if number == 0 else 1e-2
        if abs(one - other) > tolerance * abs(other):
            raise SystemExit(f"The losses of epoch {number + 1} differ by more than {tolerance:g} of their value.")
    fast, slow = statistics.median(cached.seconds), statistics.median(uncached.seconds)
    ratio = slow / fast
    print(f"Median   {fast:.2f} s cached, {slow:.2f} s from images: {ratio:.2f} times faster")
    # Less disturbed by what else the machine does.
    less, more = statistics.median(cached.processor), statistics.median(uncached.processor)
    print(f"         {less:.2f} s and {more:.2f} s of processor time: {more / less:.2f} times less work")
    if slow > fast:
        print(f"Pays     after {filling / (slow - fast):.1f} epochs")
    print(f"Verdict  {'at least twice as fast' if ratio >= 2 else 'LESS than twice as fast: the decoder is the work'}")
    return ratio


@torch.no_grad()
def check_logits(network: Segmenter, images: TrainingSet, pyramids: FrozenPyramids, batch_size: int) -> None:
    network.eval()
    first = range(min(batch_size, len(images)))
    whole = network(network.normalise(images.images[: len(first)]))
    cached = network([level[: len(first)] for level in pyramids.levels])
    difference = float((whole - cached).abs().max())
    print(f"Logits   differ by at most {difference:.1e} of {float(whole.abs().max()):.1e}")
    if difference > 1e-4 * max(1.0, float(whole.abs().max())):
        raise SystemExit("The cached maps give other logits than the images.")


def main(arguments: list[str] | None = None) -> float:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", default="transposed-frozen", help="one whose encoder is frozen")
    parser.add_argument("--images", type=int, default=256, help="before offline augmentation; default 256")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--real", action="store_true", help="ISIC 2016 in place of drawn lesions")
    options = parser.parse_args(arguments)
    recipe = get_recipe(options.recipe)
    if recipe.trainable_stages:
        parser.error(f"{recipe.name} trains encoder stages {recipe.trainable_stages}: its feature maps change.")
    source: LesionDataset
    if options.real:
        train = open_splits(get_profile("full")).train
        source = train.subset(train.ids[: options.images])
    else:
        source = SyntheticLesions(options.images, size=192)
    data = decode_once(source, recipe.size)
    data = replace(data, images=np.array(data.images), masks=np.array(data.masks))  # in memory, on both sides
    threads = f"{torch.get_num_threads()} thread{'s' * (torch.get_num_threads() > 1)}"
    print(f"Recipe   {recipe.name}, batches of {recipe.batch_size}, {source.name}, {threads}")
    if TrainingSet(data, recipe, SEED).online != "none":
        print(f"Note     {recipe.name} augments online, so training cannot use a cache; here it does not augment.")
        recipe = replace(recipe, augmentation="none")
    return compare(recipe, data, options.epochs)


if __name__ == "__main__":
    main()
