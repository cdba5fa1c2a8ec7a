"""The repository's address and the recorded numbers stand in one place; everything else repeats them."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.records import put_record
from tools import ROOT, repository, slug
from tools.numbers import UnknownNumber
from tools.stamp import ADDRESSED, lessons_table, readdress, readme, results_table, stamped

ELSEWHERE = "https://gitlab.com/clinic/skin-course"


def test_the_readme_and_every_address_are_up_to_date():
    stale = [path.name for path, text in stamped().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "make stamp"


def test_the_address_stands_nowhere_but_in_the_config_and_the_stamped_files():
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    found = subprocess.run(["git", "grep", "-lF", slug(repository())], cwd=ROOT, capture_output=True, text=True)
    holders = {name for name in found.stdout.split() if not name.startswith("notebooks/") or "sources" in name}
    assert holders == {"_config.yml", "README.md", *ADDRESSED} - {"environment.yml"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the files that are stamped, without results and lessons."""
    for name in (*ADDRESSED, "_config.yml", "README.md.j2"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "results").mkdir()
    return tmp_path


def test_a_new_address_reaches_every_file(root):
    config = (root / "_config.yml").read_text(encoding="utf-8").replace(repository(), ELSEWHERE)
    (root / "_config.yml").write_text(config, encoding="utf-8")
    texts = {path.name: text for path, text in stamped(root).items()}
    assert not [name for name, text in texts.items() if slug(repository()) in text]
    assert f'Homepage = "{ELSEWHERE}"' in texts["pyproject.toml"]
    assert f'repository-code: "{ELSEWHERE}"' in texts["CITATION.cff"]
    assert f"git+{ELSEWHERE}" in texts["README.md"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pip install git+https://github.com/lab/course", "pip install git+https://gitlab.com/clinic/skin-course"),
        ("(https://github.com/lab/course/issues)", "(https://gitlab.com/clinic/skin-course/issues)"),
        ("colab/github/lab/course/blob", "colab/github/clinic/skin-course/blob"),
        ("https://github.com/other/course", "https://github.com/other/course"),
    ],
)
def test_addresses_are_replaced_whole_and_as_owner_and_name(text, expected):
    assert readdress(text, "https://github.com/lab/course", ELSEWHERE) == expected


def record(root: Path, recipe: str) -> None:
    score = {"mean": 0.83449, "low": 0.8201, "high": 0.8496}
    put_record(root / "results", recipe, np.array([0.5]), test={"jaccard": score, "dice": score})


def test_the_table_has_a_row_for_every_recipe_and_says_what_was_not_run(root):
    record(root, "dilated-all")
    record(root, "light-focal")
    rows = {line.split("`")[1]: line for line in results_table(root).splitlines()[2:]}
    score = "0.834 [0.820, 0.850]"
    assert rows["dilated-all"] == f"| `dilated-all` | 0.8834 / 0.9121 | {score} | {score} | 1 |"
    assert rows["transposed-frozen"] == "| `transposed-frozen` | 0.2985 / 0.7522 (impossible) | – | – | not run yet |"
    assert "light" in rows and "light-focal" not in rows  # the study of losses is lesson 04's


def test_the_readme_is_its_template_with_the_tables_and_numbers_of_the_records(root):
    record(root, "net")
    (root / "README.md.j2").write_text(
        'J = {{ number("net", "jaccard") }}\n{{ results_table() }}\n{{ lessons_table() }}\n'
    )
    assert readme(root) == f"J = 0.834\n{results_table(root)}\n{lessons_table(root)}\n"
    (root / "README.md.j2").write_text('one\n{{ number("other", "jaccard") }}\n')
    with pytest.raises(UnknownNumber, match=r"^README\.md\.j2, line 2: .*no record of 'other'"):
        readme(root)


def test_lessons_are_listed_by_their_titles_with_a_link_to_colab(root):
    (root / "notebooks" / "sources").mkdir(parents=True)
    (root / "notebooks" / "sources" / "01_first.py").write_text("# %% [markdown]\n# # 01 · First steps\n")
    name, link = lessons_table(root).splitlines()[2].strip("| ").split(" | ")
    assert name == "[01 · First steps](notebooks/01_first.ipynb)"
    assert link.endswith(f"/github{repository()[18:]}/blob/main/notebooks/01_first.ipynb)")
