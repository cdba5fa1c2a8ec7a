"""Draws with and without workers: the copied generator repeats itself, the seed per sample does not."""

from __future__ import annotations

from lesionseg_lib.teaching.demos.worker_seeds import OwnGenerator, SeedPerSample, draws


def test_a_copied_generator_gives_both_workers_and_both_epochs_the_same_draws() -> None:
    dataset = OwnGenerator(8, seed=0)
    first, second = draws(dataset, 2), draws(dataset, 2)
    assert first[:2] == first[2:4] and first[4:6] == first[6:] and first == second
    assert len(set(draws(dataset, 0))) == 8  # without workers nothing shows


def test_a_seed_per_sample_does_not_care_who_loads() -> None:
    dataset = SeedPerSample(8, seed=0)
    alone, helped = draws(dataset, 0), draws(dataset, 2)
    assert alone == helped and len(set(alone)) == 8
    dataset.set_epoch(1)
    assert draws(dataset, 0) != alone
