"""The package and its pins: what pip, make and a reader of the licence get."""

import hashlib
import re
import shutil
import subprocess
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from lesionseg_lib.cli.app import app
from tools import ROOT
from tools.offline import build_wheel

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BUILD_TOOLS = re.search(r"^BUILD_TOOLS = (.+)$", MAKEFILE, re.MULTILINE)[1].split()
CONSTRAINTS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_for(name: str, extras: frozenset[str], seen: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Collect name -> version of a distribution and of all that it requires here."""
    for requirement in map(Requirement, distribution(name).requires or []):
        for extra in extras | {""}:
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                key = (canonical(requirement.name), ",".join(sorted(requirement.extras)))
                if key not in seen:
                    seen[key] = distribution(requirement.name).version
                    installed_for(requirement.name, frozenset(requirement.extras), seen)
    return seen


def test_everything_that_make_installs_is_pinned_to_what_is_installed():
    pinned = {canonical(pin.name): pin for pin in CONSTRAINTS if pin.marker is None or pin.marker.evaluate()}
    installed = installed_for("lesionseg", frozenset({"book", "dev"}), {})
    installed |= {(name, ""): distribution(name).version for name in BUILD_TOOLS}
    assert len(installed) > 100
    missing = {name for name, _ in installed if name not in pinned}
    other = {name: version for (name, _), version in installed.items() if version not in pinned[name].specifier}
    assert (missing, other) == (set(), {})


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize(("system", "machine"), [("linux", "x86_64"), ("darwin", "arm64")])
def test_what_is_asked_for_has_one_pin_that_fits_on_every_python_and_system(python, system, machine):
    """What a lock made for one machine alone would lack, or a lower bound that was raised without `make lock`."""
    place = {"python_version": python, "python_full_version": f"{python}.0"}
    place |= {"sys_platform": system, "platform_machine": machine, "platform_system": system.capitalize()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values()), *BUILD_TOOLS]
    pinned: dict[str, list[str]] = {}
    for pin in CONSTRAINTS:
        if pin.marker is None or pin.marker.evaluate(place):
            pinned.setdefault(canonical(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    assert [name for name, versions in pinned.items() if len(versions) > 1] == []
    stale = [
        text
        for text in asked
        if not Requirement(text).specifier.contains(*pinned.get(canonical(Requirement(text).name), ["0"]))
    ]
    assert stale == [], "make lock"


def test_every_pin_is_one_version():
    assert [str(pin) for pin in CONSTRAINTS if not re.fullmatch(r"==[\w.!+]+", str(pin.specifier))] == []


def test_the_library_asks_for_lower_bounds_only():
    needed = [Requirement(text) for text in distribution("lesionseg").requires or []]
    library = [requirement for requirement in needed if "extra" not in str(requirement.marker or "")]
    assert len(library) > 10
    bounds = {requirement.name: [one.operator for one in requirement.specifier] for requirement in library}
    assert {name: found for name, found in bounds.items() if found != [">="]} == {}


def test_no_package_index_is_named():
    for name in ("pyproject.toml", "constraints.txt", "environment.yml", "Makefile"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|trusted-host|pypi\.|download\.pytorch", text), name


def test_the_pythons_are_the_same_everywhere():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    oldest, newest = re.search(r"not \(3, (\d+)\) <= sys\.version_info\[:2\] <= \(3, (\d+)\)", MAKEFILE).groups()
    assert f"Python 3.{oldest} to 3.{newest}" in readme
    assert f"Install Python 3.{oldest} to 3.{newest}" in MAKEFILE
    assert all(f"python3.{minor}" in MAKEFILE for minor in range(int(oldest), int(newest) + 1))
    assert distribution("lesionseg").metadata["Requires-Python"] == f">=3.{oldest}"


def test_the_conda_environment_installs_this_package():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert "-e .[book]" in pip


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == distribution("lesionseg").version


def test_the_changelog_begins_with_the_version_of_the_package():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(.+?)\] - (?:unreleased|\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)[1]
    assert newest == distribution("lesionseg").version
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert commands <= set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", changelog))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the build needs, with a result of its own."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, root)
    (root / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "hatch_build.py", root / "tools")
    shutil.copytree(ROOT / "lesionseg_lib", root / "lesionseg_lib", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "results" / "net").mkdir(parents=True)
    (root / "results" / "net" / "seed0.json").write_text("{}")
    (root / "results" / "net" / "seed0.csv").write_text("id,tp,jaccard,dice\nX1,9,0.5,0.666667\n")
    (root / "results" / "costs.json").write_text("{}")
    return root


@pytest.mark.slow
def test_the_wheel_has_code_recipes_types_records_and_licences(checkout, tmp_path):
    with zipfile.ZipFile(build_wheel(checkout, tmp_path / "wheel")) as wheel:
        names = set(wheel.namelist())
        metadata = Parser().parsestr(wheel.read("lesionseg-0.1.0.dist-info/METADATA").decode())
        table = wheel.read("lesionseg_lib/_results/net/seed0.csv").decode()
    for name in (
        "__init__.py",
        "py.typed",
        "training/recipes.toml",
        "data/datasets/__init__.py",
        "models/pretrained/model.safetensors",
        "models/pretrained/model.json",
        "models/pretrained/LICENSE",
        "_results/net/seed0.json",
    ):
        assert f"lesionseg_lib/{name}" in names
    assert {name.split("/")[0] for name in names} == {"lesionseg_lib", "lesionseg-0.1.0.dist-info"}
    assert table == "id,jaccard,dice\nX1,0.5,0.666667\n"  # what paired comparisons need, and no more
    assert {"lesionseg_lib/_results/costs.json", "lesionseg_lib/_results/SHA256SUMS"} <= names
    assert not [name for name in names if name.endswith(".pyc")]
    kinds = {Path(name).suffix for name in names if name.startswith("lesionseg_lib/") and "/teaching/" not in name}
    assert kinds <= {".py", ".typed", ".toml", ".json", ".csv", ".safetensors", ""}, "no photo, and one network"
    assert len([name for name in names if name.endswith(".safetensors")]) == 1
    assert metadata.get_all("License-File") == ["LICENSE", "LICENSE-text"]


@pytest.mark.slow
@pytest.mark.parametrize("results", ["missing", "empty"])
def test_the_wheel_builds_without_records(checkout, tmp_path, results):
    shutil.rmtree(checkout / "results")
    if results == "empty":
        (checkout / "results").mkdir()
    with zipfile.ZipFile(build_wheel(checkout, tmp_path / "wheel")) as wheel:
        assert not [name for name in wheel.namelist() if "_results" in name]


def test_no_tracked_file_is_large_but_the_runtime_of_the_network_in_the_page():
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    large = [path.name for path in paths if path.exists() and path.stat().st_size > 1_500_000]
    assert large == ["ort-wasm-simd-threaded.wasm.gz"]


def test_a_vendored_file_is_the_one_that_its_readme_names():
    vendor = ROOT / "book" / "_static" / "vendor"
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (vendor / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = {path.relative_to(vendor).as_posix() for path in vendor.glob("*/*")}
    assert {name for _, name in listed} == found
    assert [name for digest, name in listed if hashlib.sha256((vendor / name).read_bytes()).hexdigest() != digest] == []


def test_the_readme_names_only_commands_and_targets_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert {name for name in re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.MULTILINE)} <= set(targets)
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert set(re.findall(r"^lesionseg ([a-z]+(?:-[a-z]+)*)", readme, re.MULTILINE)) == commands
