"""A process with PyTorch alone that runs exported codes: `python -I run_exported.py CASES`.

CASES was written by torch.save: codes, pictures (B, C, S, S), and what the lab's own networks made of them.
Prints as JSON what is wrong with each case, and which lines of its code never ran.
"""

import json
import sys
from types import CodeType, FrameType, ModuleType
from typing import Any

import torch

WITH_TORCH = frozenset(sys.modules)


def problems(case: dict[str, Any], module: ModuleType) -> list[str]:
    """Differences between the exported network and the lab's, in words."""
    network = module.build_network()
    found = []
    if not same_state(network.state_dict(), case["state"]):
        found.append("other names or initial values")
    found += differing_logits(network, case, "start")
    network.load_state_dict(case["other_state"], strict=True)
    found += differing_logits(network, case, "loaded")
    return found


def same_state(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def differing_logits(network: torch.nn.Module, case: dict[str, Any], moment: str) -> list[str]:
    found = []
    for mode in ("eval", "train"):  # the other way round, running statistics would have moved
        logits = network.train(mode == "train")(case["pictures"])
        expected = case["logits"].get((moment, mode))
        if expected is not None and not torch.equal(logits, expected):
            found.append(f"{moment}, {mode}: other logits")
    return found


def lines_of(code: CodeType) -> set[int]:
    """The numbers of all lines that do anything."""
    own = {line for _, _, line in code.co_lines() if line}
    return own.union(*(lines_of(const) for const in code.co_consts if isinstance(const, CodeType)))


def run(number: int, case: dict[str, Any]) -> dict[str, list]:
    module, seen = ModuleType(f"exported{number}"), set()
    compiled = compile(case["code"], module.__name__, "exec")

    def watch(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != module.__name__:
            return None
        seen.add(frame.f_lineno)
        return watch

    sys.settrace(watch)
    try:
        exec(compiled, module.__dict__)
        found = problems(case, module)
    finally:
        sys.settrace(None)
    return {"problems": found, "unused": sorted(lines_of(compiled) - seen)}


def main(path: str) -> None:
    torch.set_num_threads(1)
    results = [run(number, case) for number, case in enumerate(torch.load(path))]
    new = {name.partition(".")[0] for name in sys.modules.keys() - WITH_TORCH}
    strangers = new - sys.stdlib_module_names - {"torch"}
    print(json.dumps({"results": results, "strangers": sorted(strangers)}))


if __name__ == "__main__":
    main(sys.argv[1])
