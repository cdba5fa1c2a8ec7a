"""Put the recorded results of `results/` into the wheel as `lesionseg_lib/_results`.

All of every JSON; of the tables of images what paired comparisons need, a third of the bytes, and so a `SHA256SUMS` of
their own. A build hook and not a `force-include` line, because that line fails where there is no result yet.
"""

import csv
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COLUMNS = ("id", "jaccard", "dice")


class ResultsHook(BuildHookInterface[Any]):
    """Hatch's hook: what `lesionseg compare` reads of results/ goes into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the records, and only the columns of their tables that are read."""
        if version == "editable":  # the checkout's own results/ are read there
            return
        results = Path(self.root) / "results"
        self._temporary = tempfile.TemporaryDirectory()
        sums = ""
        for file in sorted([*results.glob("**/*.json"), *results.glob("*/seed*.csv")]):
            inside = file.relative_to(results)
            if file.suffix == ".csv":
                file = keep_columns(file, Path(self._temporary.name, inside))
            build_data["force_include"][str(file)] = Path("lesionseg_lib", "_results", inside).as_posix()
            sums += f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {inside.as_posix()}\n"
        if sums:
            listed = Path(self._temporary.name, "SHA256SUMS")
            listed.write_text(sums, encoding="utf-8", newline="\n")
            build_data["force_include"][str(listed)] = "lesionseg_lib/_results/SHA256SUMS"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The copies go."""
        if version != "editable":
            self._temporary.cleanup()


def keep_columns(table: Path, copy: Path) -> Path:
    """Write the columns of `table` that `lesionseg compare` reads to `copy`."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with table.open(newline="", encoding="utf-8") as source, copy.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(csv.DictReader(source))
    return copy
