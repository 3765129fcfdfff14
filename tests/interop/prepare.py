"""Prepares the checks under target/interop: a Python environment and Node packages, at the versions named here."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from processes import ROOT

HERE = pathlib.Path(__file__).resolve().parent
MADE = ROOT / "target/interop"
REQUIREMENTS, PACKAGES = HERE / "requirements.txt", [HERE / "package.json", HERE / "package-lock.json"]
PYTHON, NODE = MADE / "python/bin/python", MADE / "node"


def works(*command):
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def install(*packages):
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"error: {' '.join(packages)} must be installed; on Debian: apt-get install {' '.join(packages)}", file=sys.stderr)
        sys.exit(2)
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def make_once(name, make, *sources):
    """Calls `make`, unless it has succeeded for exactly these files before. A half-made directory has no stamp."""
    stamp = MADE / f"{name}.stamp"
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_text(digest)


def install_python():
    shutil.rmtree(MADE / "python", ignore_errors=True)
    run("python3", "-m", "venv", MADE / "python")
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS)


def install_node():
    for file in PACKAGES:
        shutil.copy(file, NODE)
    run("npm", "ci", "--prefix", NODE, "--no-audit", "--no-fund", "--loglevel", "error")


def prepare():
    if not works("python3", "-c", "import ensurepip, venv"):
        install("python3", "python3-venv")
    if not (works("node", "--version") and works("npm", "--version")):
        install("nodejs", "npm")
    NODE.mkdir(parents=True, exist_ok=True)
    make_once("python", install_python, REQUIREMENTS)
    make_once("node", install_node, *PACKAGES)
    # Node looks for packages beside the script, so both must be in one directory.
    for script in [*HERE.glob("*.mjs"), ROOT / "examples/verify/express/server.mjs"]:
        shutil.copy(script, NODE)
