"""The command line.

What a command needs beyond names and records is imported when the command runs: torch takes seconds, and ``--help``,
``recipes`` and ``compare`` need none of it.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from lesionseg_lib.cli import assignments, options
from lesionseg_lib.cli import compare as listings
from lesionseg_lib.cli.console import Commands, failed, say
from lesionseg_lib.cli.machine import name_the_user, prepare_training
from lesionseg_lib.errors import RecordError, UnknownNameError
from lesionseg_lib.results.ladder import ladder_records
from lesionseg_lib.results.records import published_results
from lesionseg_lib.training.recipes import get_recipe, load_ladder, load_recipes

app = typer.Typer(
    cls=Commands,
    help="Segment skin lesions: get data, train the course's recipes, score them, predict masks, compare.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"lesionseg {version('lesionseg')}")
        raise typer.Exit()


@app.callback()
def lesionseg(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """Every command is one of its own."""


@app.command()
def download(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="With --runs: recipes. Without a name: all recorded runs."),
    ] = None,
    recorded: Annotated[
        bool, typer.Option("--runs", help="Fetch trained networks of the course instead of the photos.")
    ] = False,
    url: Annotated[str | None, typer.Option(help="With --runs: another place that has the files of a release.")] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder to put it in, by default $LESIONSEG_DATA/isic2016, else a folder in the user's cache."
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option(help="official: the organisers' archives. mirror128, mirror256, mirror512: one file of squares."),
    ] = "official",
    complete: Annotated[
        bool, typer.Option("--complete", help="Also fetch the pairs that a partial data set lacks.")
    ] = False,
) -> None:
    """Download ISIC 2016, or, with --runs, the networks that the course has trained.

    Continues where it stopped, checks what it got, and fetches only what is missing. Runs go to $LESIONSEG_RUNS, else
    to the folder runs: there lessons in profile full take them in place of training.
    """
    if recorded:
        from lesionseg_lib.experiments.run_folder import runs_root
        from lesionseg_lib.experiments.runs_archive import download_runs

        download_runs(names or [], runs_root(), say, url)
        return
    if names or url:
        raise typer.BadParameter("names and --url go with --runs; ISIC 2016 is downloaded without them.")
    from lesionseg_lib.cli.download import download_photos

    download_photos(root, source, complete, report=say)


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Print all settings of this recipe.")] = None,
    results: options.Results = None,
) -> None:
    """List the recipes, or print all settings of one.

    First the experiments, then the ladder: the way from one of them, light, to the course's own network.
    """
    _check_folder(results)
    records = ladder_records(results or published_results())
    if name is None:
        say(listings.recipe_table(load_recipes(), records))
        say("\n" + listings.ladder_list(load_ladder(), records))
    else:
        say(listings.recipe_settings(get_recipe(name), records.get(name, {})))


@app.command()
def train(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Recipes, see `lesionseg recipes`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Train every experiment; the ladder's steps by name.")] = False,
    profile: options.Profile = None,
    seed: options.Seed = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last epoch that is saved.")] = False,
    force: options.Force = False,
    runs: options.Runs = Path("runs"),
    results: Annotated[
        Path | None, typer.Option(help="Folder for the record. By default results (profile full) or the run's folder.")
    ] = None,
) -> None:
    """Train recipes, score each once on test.

    Several recipes, or --all, are trained one after another; those that have a record already are skipped. After each
    epoch everything is saved: ctrl-C stops, --resume goes on.
    """
    if every == bool(names):
        raise UnknownNameError(f"Name one recipe or more, or give --all. Recipes: {', '.join(load_recipes())}.")
    chosen = [get_recipe(name) for name in dict.fromkeys(names or load_recipes())]
    from lesionseg_lib.experiments.profiles import get_profile

    chosen_profile = get_profile(profile)
    prepare_training()
    from lesionseg_lib.cli.train import train_all

    failures = train_all(
        chosen, chosen_profile,
        seed=seed, resume=resume, force=force, runs=runs, results=results, skip_recorded=len(chosen) > 1,
        report=say,
    )  # fmt: skip
    if failures:
        raise failed("\nError: ".join(failures))


@app.command()
def baseline(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="all-foreground, mean-mask, otsu: one or more.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All three.")] = False,
    profile: Annotated[
        str | None, typer.Option(envvar="LESIONSEG_PROFILE", help="As for `lesionseg train`; the default is student.")
    ] = None,
    force: options.Force = False,
    runs: options.Runs = Path("runs"),
    results: Annotated[
        Path | None, typer.Option(help="Folder for the record. By default results (profile full) or one in --runs.")
    ] = None,
) -> None:
    """Score what needs no network.

    The whole picture as lesion, the mean of the training masks, Otsu's threshold: what a network must beat. Each is
    scored once on test as a recipe is, and writes a record.
    """
    name_the_user()
    from lesionseg_lib.cli.baseline import score_baselines

    score_baselines(names or [], every, profile, force=force, runs=runs, results=results, report=say)


@app.command()
def evaluate(
    model: options.Model,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder that holds images and masks, or test and test_masks. By default ISIC 2016's test set."
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the scores of each image to this file.")] = None,
    mask_value: options.MaskValues = None,
    frame: options.Frame = None,
    force: options.Force = False,
    runs: options.Runs = Path("runs"),
) -> None:
    """Score a saved model.

    As the challenge does it: at the size of each true mask, then the mean over images, with its 95 % interval.
    """
    name_the_user()
    from lesionseg_lib.cli.tables import demand_own_table, score_table, write_scores
    from lesionseg_lib.data.mask_values import mask_value_of
    from lesionseg_lib.data.splits import open_test_data
    from lesionseg_lib.evaluation.scoring import score_model
    from lesionseg_lib.experiments.run_folder import find_model, open_model

    if csv is not None:
        demand_own_table(csv, force)
    folder = find_model(model, runs)
    network, card = open_model(folder)
    dataset = open_test_data(data, mask_value_of(mask_value), frame)
    say(f"Model    {folder}: {card['recipe']}, threshold {card['threshold']}, on {network.device.type}")
    say(f"Data     {dataset.name}: {len(dataset)} images\n")
    scores = score_model(network, card, dataset)
    say(score_table(scores.summary, scores.official))
    if csv is not None:
        write_scores(csv, scores.table, force)
        say(f"\nScores of each image: {csv}")


@app.command()
def predict(
    paths: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="Photos, or folders of photos.")],
    model: options.Chosen = None,
    onnx: options.Onnx = None,
    out: Annotated[Path, typer.Option(help="Folder for masks and overlays.")] = Path("predictions"),
    threshold: options.Threshold = None,
    overwrite: options.Overwrite = False,
    frame: options.Frame = None,
    runs: options.Runs = Path("runs"),
) -> None:
    """Draw masks for photos of your own.

    Each photo gets NAME_mask.png (0 and 255, at the photo's size) and NAME_overlay.jpg (the outline drawn in). Photos
    are turned upright first if their EXIF data say so. One that cannot be read does not stop the others; it is named at
    the end, and the exit code is 1. Not a medical device.
    """
    name_the_user()
    from lesionseg_lib.cli.networks import ask
    from lesionseg_lib.cli.predict import predict_photos

    if not predict_photos(paths, ask(model, onnx, runs), threshold, out, overwrite, frame):
        raise typer.Exit(1)


@app.command()
def export(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="As for `lesionseg evaluate`.")] = None,
    pretrained: Annotated[bool, typer.Option("--pretrained", help="The network that the package carries.")] = False,
    file_format: Annotated[str, typer.Option("--format", help="Format of the file: onnx.")] = "onnx",
    weights: options.WeightFormat = "fp32",
    size: Annotated[int | None, typer.Option(help="Side of the photo that it takes; default: the model's.")] = None,
    output: options.Exported = None,
    overwrite: options.Overwrite = False,
    runs: options.Runs = Path("runs"),
) -> None:
    """Write a network as one file for other runtimes: photo bytes in, probabilities out.

    int8 needs training photos of ISIC 2016, which tell it the ranges of its numbers.
    """
    name_the_user()
    if pretrained == (model is not None):
        raise UnknownNameError("Name a model, or give --pretrained for the network that the package carries.")
    from lesionseg_lib.cli.export import export_network

    export_network(
        model, runs,
        file_format=file_format, weights=weights, side=size, output=output, overwrite=overwrite, report=say,
    )  # fmt: skip


@app.command()
def compare(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="One recipe, or two. Without a name: all.")
    ] = None,
    effects: Annotated[
        bool, typer.Option("--effects", help="What one change does: pairs of recipes that differ in little.")
    ] = False,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="What moves the score: the way from light to the course's own network.")
    ] = False,
    results: options.Results = None,
) -> None:
    """Show what was claimed and what came out.

    From the records alone: needs no data and no network. With one name, the same predictions scored in every way; with
    two, the difference on the same images and whether it can be shown.
    """
    _check_folder(results)
    if (effects or ladder) and (names or effects == ladder):
        raise UnknownNameError("--effects and --ladder each print a table of their own. Give one alone, and no name.")
    if ladder:
        from lesionseg_lib.cli.ladder import ladder_text

        say(ladder_text({**load_recipes(), **load_ladder()}, results or published_results()))
        return
    if effects:
        say(listings.effects(load_recipes(), results))
        return
    if names and len(names) > 2:
        raise UnknownNameError(f"{len(names)} recipes given: {', '.join(names)}. Give none, one or two.")
    say(listings.comparison(names or [], load_recipes(), results))


assignments.add_to(app)


def _check_folder(results: Path | None) -> None:
    if results is not None and not results.is_dir():
        raise RecordError(f"{results}: no such folder. Expected records, as `lesionseg train` writes them.")
