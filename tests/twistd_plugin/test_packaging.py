"""The wheel and both ways to install it. Nothing is downloaded: the dependencies of this environment are lent."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PLUGINS = {"twisted/plugins/callcenter_plugin.py", "twisted/plugins/callcenter_linehost_plugin.py"}
pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="needs the checkout")


def run(*command: str | Path, folder: Path) -> str:
    result = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, folder=ROOT)
    (built,) = target.glob("*.whl")
    return built


def environment(folder: Path, *install: str | Path) -> Path:
    """A virtual environment of its own with our package installed; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, folder=folder.parent)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    # Lends the dependencies only: .pth files in there are not read, so an editable install of ours stays unseen.
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(
        sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet",
        "--no-index", "--no-deps", "--no-build-isolation", *install, folder=folder.parent,
    )  # fmt: skip
    return python


@pytest.fixture(scope="module")
def regular(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("regular") / "venv", wheel)


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("editable") / "venv", "--editable", ROOT)


def test_the_wheel_carries_what_is_not_python(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "storage/migrations/env.py",
        "storage/migrations/script.py.mako",
        "web/templates/base.html",
        "web/locale/zh_CN/LC_MESSAGES/messages.mo",
        "web/locale/en/LC_MESSAGES/messages.mo",
        "web/static/css/app.css",
        "web/static/lib/bootstrap.min.css",
        "web/static/lib/htmx.min.js",
        *PLUGINS,
    ):
        assert wanted in names, f"{wanted} is missing; was `make setup` run?"
    assert any(name.startswith("storage/migrations/versions/0001") for name in names)


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    packages = {"callcenter", "protocols", "hardware", "storage", "web", "twistd_plugin", "twisted"}
    assert {top for top in tops if not top.endswith(".dist-info")} == packages
    assert {name for name in names if name.startswith("twisted/")} == PLUGINS
    assert not [name for name in names if "node_modules" in name or name.endswith((".pyc", ".db"))]


@pytest.mark.parametrize("kind", ["regular", "editable"])
def test_an_installation_has_the_daemon_and_the_command(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    python: Path = request.getfixturevalue(kind)
    where = run(python, "-c", "import callcenter; print(callcenter.__file__)", folder=tmp_path).strip()
    assert Path(where).is_relative_to(ROOT if kind == "editable" else python.parents[1])
    twistd = "from twisted.scripts.twistd import run; run()"
    assert "Call center, follow-up and CRM server" in run(python, "-c", twistd, "--help", folder=tmp_path)
    for service in ("callcenter", "callcenter-linehost"):
        assert "--config=" in run(python, "-c", twistd, service, "--help", folder=tmp_path)
    (tmp_path / "callcenter.toml").write_text("[web]\nport = 0\n")
    assert "is right" in run(python.with_name("callcenter"), "check-config", folder=tmp_path)
