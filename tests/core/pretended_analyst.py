"""An analyst that computes nothing: what it does depends on the seed that it is asked about.

A visitor's file stands for the seed that is written in it. The standard library is all it needs, so that it
starts at once. Its argument is a folder with answer.npz and picture.npz, where it notes what it was asked and
the visitor's files that it was given.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

HANGS, DIES, BABBLES, REPORTS, REFUSES, SPOILS, LEAVES = range(101, 108)


def main(folder: Path) -> None:
    (folder / f"started.{os.getpid()}").touch()
    say(json.dumps({"ready": True}))
    for line in sys.stdin:
        order = json.loads(line)
        question, file = json.loads(order["question"]), Path(order["files"][0])
        is_upload = question["instrument"] == "upload"
        seed = int(Path(order["file"]).read_bytes()[:3]) if is_upload else question["config"]["seed"]
        note(folder / "asked", seed)
        note(folder / "given", order["file"])
        answer(folder, seed, file, "picture.npz" if is_upload else "answer.npz")


def note(file: Path, what: object) -> None:
    with open(file, "a") as noted:
        noted.write(f"{what}\n")


def answer(folder: Path, seed: int, file: Path, found: str) -> None:
    if seed == DIES:
        os.kill(os.getpid(), 9)
    if seed == LEAVES:
        sys.exit(3)
    if seed == HANGS:
        time.sleep(600)
    if seed == BABBLES:
        say("hello")
        return
    if seed == REFUSES:
        say(json.dumps({"problem": "there is no such layer"}))
        return
    if seed == REPORTS:
        say(json.dumps({"share": 0.25}))
        while not (folder / "go").exists():
            time.sleep(0.01)
    file.parent.mkdir(exist_ok=True)
    shutil.copy(folder / found, file)
    if seed == SPOILS:
        file.write_bytes(b"half")
    say(json.dumps({"file": str(file)}))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
