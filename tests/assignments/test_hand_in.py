"""The zip: written and read by one reader."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.assignments.hand_in import pack_hand_in, read_hand_in, write_answers, zipped
from lesionseg_lib.assignments.model import FileRule
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.errors import AssignmentError
from tests.helpers.hand_ins import RIGHT, TERM, members, notebook, submit

A1 = get_assignment("a1")


def work(folder: Path, student: str = "ann") -> tuple[Path, Path]:
    (folder / "mine.ipynb").write_bytes(notebook(list(RIGHT.values())))
    write_answers(
        A1, student, TERM, {"table": {"x": np.float32(0.5)}, "interval": np.array([0.1, 0.2])}, folder / "a.json"
    )
    return folder / "mine.ipynb", folder / "a.json"


def test_what_is_packed_is_read_again(tmp_path: Path) -> None:
    path, read = pack_hand_in(A1, *work(tmp_path), tmp_path, tmp_path / "out")
    assert path.name == "a1-ann.zip" and read == read_hand_in(path, A1)
    assert (read.student, read.term, read.cells, read.problems) == ("ann", TERM, tuple(RIGHT.values()), {})
    assert read.answers == {"table": {"x": 0.5}, "interval": [0.1, 0.2]}
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["answers.json", "notebook.ipynb"]


def test_files_of_the_assignment_go_along_and_a_bad_one_is_said_before_it_is_handed_in(tmp_path: Path) -> None:
    more = replace(A1, files={"data/*.npz": FileRule("npz", 10_000), "plan.json": FileRule("json", 100, needed=False)})
    notebook_, answers = work(tmp_path)
    with pytest.raises(AssignmentError, match=r"data/\*.npz is missing"):
        pack_hand_in(more, notebook_, answers, tmp_path, tmp_path)
    assert not (tmp_path / "a1-ann.zip").exists()
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "x.npz", a=np.arange(3))
    (tmp_path / "secret.npz").write_bytes(b"not asked for")
    _, read = pack_hand_in(more, notebook_, answers, tmp_path, tmp_path)
    assert read.file("data/x.npz")["a"].tolist() == [0, 1, 2] and list(read.files) == ["data/x.npz"]
    (tmp_path / "data" / "x.npz").write_bytes(bytes(20_000))
    with pytest.raises(AssignmentError, match="more than the 10,000 bytes"):
        pack_hand_in(more, notebook_, answers, tmp_path, tmp_path)


def test_a_folder_around_everything_and_what_a_mac_adds_are_passed_over(tmp_path: Path) -> None:
    files = {f"a1-ann/{name}": content for name, content in members("ann").items()}
    path = tmp_path / "a1-ann.zip"
    path.write_bytes(zipped({**files, "__MACOSX/a1-ann/._answers.json": b"x", "a1-ann/.DS_Store": b"x"}))
    assert read_hand_in(path, A1).student == "ann"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"assignment": "a2"}, "belongs to assignment 'a2'"), ({"format": 2}, "another form"),
        ({"answers": [1]}, "another form"), ({"student": "../ann"}, "student id"), ({"student": None}, "student id"),
        ({"assignment": {"x": "y" * 999}}, "belongs to assignment"),
    ],
)  # fmt: skip
def test_answers_of_another_form_are_refused(changed: dict[str, object], says: str, tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match=says):
        read_hand_in(submit(tmp_path, "ann", **changed), A1)


def test_missing_parts_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a1-ann.zip"
    path.write_bytes(zipped({"notebook.ipynb": notebook([])}))
    with pytest.raises(AssignmentError, match=r"holds no answers.json"):
        read_hand_in(path, A1)
    path.write_bytes(zipped({"answers.json": members("ann")["answers.json"]}))
    assert read_hand_in(path, A1).problems == {"notebook.ipynb": "notebook.ipynb is missing from the zip."}
    for content in (b"[]", b"{}", json.dumps({"cells": 3}).encode()):
        path.write_bytes(zipped({**members("ann"), "notebook.ipynb": content}))
        assert "no Jupyter notebook" in read_hand_in(path, A1).problems["notebook.ipynb"]


def test_answers_that_json_has_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match="a set cannot be written"):
        write_answers(A1, "ann", TERM, {"table": {1, 2}}, tmp_path / "a.json")
