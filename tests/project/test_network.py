"""What leaves the machine: nothing. What comes: what a download asks for."""

from __future__ import annotations

import ast
from pathlib import Path

import lesionseg_lib

PACKAGE = Path(lesionseg_lib.__file__).parent
NETWORK = {
    "requests",
    "urllib",
    "http",
    "socket",
    "ftplib",
    "smtplib",
    "aiohttp",
    "httpx",
    "websockets",
    "urllib3",
    "ssl",
}
MAY = {"data/datasets/download.py": "archives, as they are asked for"}
FETCHING = {"load_state_dict_from_url", "get_state_dict", "download_url_to_file", "urlopen", "urlretrieve"}
MAY_FETCH = {"models/encoder.py": "torchvision's weights"}


def test_only_downloads_reach_the_network() -> None:
    importing, fetching = set(), set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            place = path.relative_to(PACKAGE).as_posix()
            if {name.split(".")[0] for name in names if name != "urllib.parse"} & NETWORK:
                importing.add(place)
            if isinstance(node, ast.Attribute) and node.attr in FETCHING:
                fetching.add(place)
    assert importing == set(MAY)
    assert fetching == set(MAY_FETCH)
