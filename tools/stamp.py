"""`make stamp`: write what stands in one place into the others that repeat it.

The repository's address stands in `_config.yml`. README.md is written from README.md.j2: its placeholders are those of
tools/placeholders.py, and two tables. results/SHA256SUMS lists the sums of the records beside it.
"""

import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from lesionseg_lib.results.claims import is_possible
from lesionseg_lib.results.comparison import Row, Score, compare_all
from lesionseg_lib.results.records import SUMS, load_records
from lesionseg_lib.results.tables import text_sha256
from lesionseg_lib.training.recipes import load_recipes
from tools import ROOT, TextError, repository, slug
from tools.notebooks import sources
from tools.placeholders import fill

SUMMED = ("*/seed*.json", "*/seed*.csv", "costs.json")
"""What `results/SHA256SUMS` lists; other records carry their sums themselves."""
ADDRESSED = ("CITATION.cff", "LICENSE-text", "pyproject.toml", "environment.yml")
TITLE = re.compile(r"^# # (.+)$", re.MULTILINE)


def stamped_address(root: Path) -> str:
    """The address as it was stamped last: the one in pyproject.toml."""
    with (root / "pyproject.toml").open("rb") as file:
        address: str = tomllib.load(file)["project"]["urls"]["Homepage"]
    return address


def readdress(text: str, old: str, new: str) -> str:
    """Replace the address; also where it is only owner/name (badges, links to Colab)."""
    host = "{0.scheme}://{0.netloc}".format
    return text.replace(old, new).replace(slug(old), slug(new)).replace(host(urlsplit(old)) + "/" + slug(new), new)


def results_table(root: Path) -> str:
    """Claimed and measured figures of every recipe, as Markdown; the study of losses has its table in lesson 04."""
    results = root / "results"
    recipes = {name: recipe for name, recipe in load_recipes().items() if recipe.family != "study"}
    left_out = load_recipes().keys() - recipes.keys()
    records = {name: seeds for name, seeds in load_records(results).items() if name not in left_out}
    rows = compare_all(recipes, records, results)
    header = "| recipe | claimed IoU / Dice | our Jaccard [95 % interval] | our Dice [95 % interval] | seeds |"
    return "\n".join([header, "|---|---|---|---|---|", *map(_result, rows)])


def _result(row: Row) -> str:
    about = "about " if row.claim and row.claim.approximate else ""
    claim = f"{about}{row.claim.iou:g} / {row.claim.dice:g}" if row.claim else "–"
    if row.claim and not is_possible(row.claim):
        claim += " (impossible)"
    seeds = str(len(row.seeds)) if row.seeds else "not run yet"
    return f"| `{row.name}` | {claim} | {_score(row.jaccard)} | {_score(row.dice)} | {seeds} |"


def _score(score: Score | None) -> str:
    return f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]" if score else "–"


def lessons_table(root: Path) -> str:
    """The lessons with their links, as Markdown."""
    lines = ["| lesson | |", "|---|---|"]
    colab = f"https://colab.research.google.com/github/{slug(repository(root))}/blob/main/notebooks"
    for source in sources(root):
        title = TITLE.search(source.read_text(encoding="utf-8"))
        name = title[1] if title else source.stem
        lines.append(f"| [{name}](notebooks/{source.stem}.ipynb) | [Colab]({colab}/{source.stem}.ipynb) |")
    return "\n".join(lines)


def readme(root: Path) -> str:
    """README.md as its template and the records have it now.

    Raises:
        TextError: naming the line of the template and the placeholder.
    """
    tables = {"results_table": lambda: results_table(root), "lessons_table": lambda: lessons_table(root)}
    text = (root / "README.md.j2").read_text(encoding="utf-8")
    return fill(text, root / "results", "README.md.j2", more=tables, root=root)


def sums(results: Path) -> str:
    """The published files' SHA-256, as `sha256sum` prints and checks it; line ends as in the repository."""
    files = [file for pattern in SUMMED for file in sorted(results.glob(pattern))]
    return "".join(f"{text_sha256(file.read_bytes())}  {file.relative_to(results).as_posix()}\n" for file in files)


def stamped(root: Path = ROOT) -> dict[Path, str]:
    """What the files should hold now."""
    old, new = stamped_address(root), repository(root)
    files = {root / name: (root / name).read_text(encoding="utf-8") for name in ADDRESSED}
    written = {root / "README.md": readme(root), root / "results" / SUMS: sums(root / "results")}
    return {path: readdress(text, old, new) for path, text in files.items()} | written


def main() -> None:
    for path, text in stamped().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"Stamped {path.relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main()
    except TextError as error:
        sys.exit(str(error))
