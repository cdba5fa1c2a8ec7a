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


def test_all_three_are_there():
    assert {path.stem for path in FILES} == {"test", "colab", "publish"}


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
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used), used


def test_the_target_for_colab_leaves_its_environment_alone():
    dry = subprocess.run(["make", "-n", "lessons"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv" not in dry and "COLAB_RELEASE_TAG" in dry and "--nbval-lax" in dry
