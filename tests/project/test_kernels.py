"""Kernels that are started side by side do not take each other's ports, for they have none."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager

from tools import ROOT, kernels
from tools.execute import execute
from tools.kernels import over_ipc

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kernels use TCP on Windows")

TRANSPORT = "from ipykernel.kernelapp import IPKernelApp\nprint(IPKernelApp.instance().transport)"


def run(number: int) -> tuple[str, list[int], list[str]]:
    """Start a kernel, run a cell in it, shut it down; return what it printed, its TCP ports, its sockets' paths."""
    settings = over_ipc()
    manager = KernelManager(**settings)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    printed: list[str] = []
    try:
        client.wait_for_ready(timeout=120)

        def keep(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        client.execute_interactive(f"print({number} ** 2)", timeout=60, output_hook=keep)
        process = psutil.Process(manager.provisioner.pid)
        ports = [c.laddr.port for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        sockets = [c.laddr for c in process.net_connections("unix") if "-ipc-" in c.laddr]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not [path for path in (settings["connection_file"], *sockets) if Path(path).exists()]
    return "".join(printed), ports, sockets


def test_a_kernel_is_reached_over_no_tcp_port_and_its_sockets_have_short_paths():
    printed, ports, sockets = run(3)
    assert printed == "9\n"
    # Over TCP there are six. One is ipykernel's own, for what forked processes print: it cannot be set, and no other
    # kernel can take it, since the system chooses it when it is bound.
    assert len(ports) <= 1
    assert len(set(sockets)) == 5 and max(map(len, sockets)) < 60


@pytest.mark.slow
def test_twenty_kernels_start_at_once():
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(run, range(20)))
    assert [printed for printed, _, _ in found] == [f"{number**2}\n" for number in range(20)]
    assert max(len(ports) for _, ports, _ in found) <= 1
    assert len({path for _, _, sockets in found for path in sockets}) == 20 * 5


def test_a_lesson_is_executed_over_ipc(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRANSPORT)])
    execute(notebook, tmp_path / "lesson.ipynb", tmp_path / "work", {})
    assert [(output.name, output.text) for output in notebook.cells[0].outputs] == [("stdout", "ipc\n")]


def test_nbval_runs_a_notebook_over_ipc(tmp_path):
    output = nbformat.v4.new_output("stream", name="stdout", text="ipc\n")
    cell = nbformat.v4.new_code_cell(
        TRANSPORT, execution_count=1, outputs=[output], metadata={"tags": ["nbval-check-output"]}
    )
    path = tmp_path / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    for plugin, status in ((["-p", "tools.kernels"], 0), ([], 1)):  # without the plugin the output differs: it was TCP
        command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-q", "-p", "no:cacheprovider", *plugin]
        done = subprocess.run([*command, "--nbval-lax", str(path)], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr


def test_on_windows_kernels_use_tcp(monkeypatch):
    monkeypatch.setattr(kernels.os, "name", "nt")
    assert over_ipc() == {}
