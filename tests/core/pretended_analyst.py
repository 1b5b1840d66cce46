"""An analyst that computes nothing: what it does depends on the seed that it is asked about.

It needs the standard library only, so that it starts at once. Its argument is a folder with answer.npz, where
it notes what it was asked.
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
    for line in sys.stdin:
        order = json.loads(line)
        seed, file = json.loads(order["question"])["config"]["seed"], Path(order["files"][0])
        with open(folder / "asked", "a") as noted:
            noted.write(f"{seed}\n")
        answer(folder, seed, file)


def answer(folder: Path, seed: int, file: Path) -> None:
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
    shutil.copy(folder / "answer.npz", file)
    if seed == SPOILS:
        file.write_bytes(b"half")
    say(json.dumps({"file": str(file)}))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
