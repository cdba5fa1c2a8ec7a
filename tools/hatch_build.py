"""Put the recorded results of `results/` into the wheel as `lesionseg_lib/_results`.

A build hook and not a `force-include` line, because that line fails where there is no result yet.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ResultsHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # the checkout's own results/ are read there
            return
        results = Path(self.root) / "results"
        for record in sorted(results.glob("**/*.json")):
            target = Path("lesionseg_lib", "_results", record.relative_to(results))
            build_data["force_include"][str(record)] = target.as_posix()
