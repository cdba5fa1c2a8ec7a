"""The hosting service's automation: thin, and made of commands that exist. It cannot be run here."""

import re
import subprocess

import pytest
import yaml

from tools import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def steps(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_all_of_them_are_there():
    assert {path.stem for path in FILES} == {"test", "colab", "parity", "publish", "links"}


def test_the_oldest_and_the_newest_python_and_macos_are_tried():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    oldest, newest = re.search(r"not \((3, \d+)\) <= sys\.version_info\[:2\] <= \((3, \d+)\)", makefile).groups()
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]
    tried = jobs["check"]["strategy"]["matrix"]["include"]
    assert {oldest.replace(", ", "."), newest.replace(", ", ".")} <= {place["python"] for place in tried}
    assert {place["os"].partition("-")[0] for place in tried} == {"ubuntu", "macos"}


def test_a_link_check_reads_what_is_there():
    (lychee,) = [step for step in steps(ROOT / ".github/workflows/links.yml") if "lychee" in step.get("uses", "")]
    words = re.sub(r"--exclude \S+", "", lychee["with"]["args"]).split()
    read = [word.strip('"') for word in words if "." in word and not word[0].isdigit()]
    assert len(read) >= 5 and [pattern for pattern in read if not list(ROOT.glob(pattern))] == []


def test_the_actions_are_renewed():
    settings = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert [update["package-ecosystem"] for update in settings["updates"]] == ["github-actions"]


def test_a_commit_is_checked_by_what_make_check_runs():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = {hook["id"]: hook for repo in yaml.safe_load(text)["repos"] for hook in repo["hooks"]}
    assert set(hooks) == {"ruff", "ruff-format", "mypy", "check-yaml"}
    check = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for hook in ("ruff", "ruff-format", "mypy"):
        command = hooks[hook]["entry"].removesuffix(" --force-exclude")
        assert re.search(rf"^{re.escape(command)}( --check)?$", check, re.MULTILINE), command


@each
def test_a_workflow_runs_only_what_the_project_has(path):
    for command in [step["run"] for step in steps(path) if "run" in step]:
        program, argument = command.split()[:2]
        assert (
            (program == "make" and argument in TARGETS)
            or (program == "sh" and (ROOT / argument).is_file())
            or program == "gh"
        ), command


@each
def test_a_workflow_says_when_it_may_do_what_and_for_how_long(path):
    # YAML reads the key `on` as true.
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow[True] and workflow["permissions"]["contents"] == "read"
    running = [job for job in workflow["jobs"].values() if any("checkout" in str(step) for step in job["steps"])]
    assert running and all(0 < job["timeout-minutes"] <= 90 for job in running)


@each
def test_actions_are_of_a_named_version(path):
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert all(re.fullmatch(r"(actions/[a-z-]+|lycheeverse/lychee-action)@v\d+", action) for action in used), used


def test_the_target_for_colab_leaves_its_environment_alone():
    dry = subprocess.run(["make", "-n", "lessons"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv" not in dry and "COLAB_RELEASE_TAG" in dry and "-p tools.kernels --nbval-lax" in dry
