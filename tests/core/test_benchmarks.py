"""The benchmarks on a tiny network: they run, peers do the same work, the table tells it. No timing."""

import itertools

import numpy as np
import pytest
import torch

from benchmarks import __main__ as program
from benchmarks import delta, depth, loader, members, multiply, race, step
from benchmarks.peers import plain_torch, textbook_steps
from benchmarks.settings import endless_run
from benchmarks.table import Crash, Row, render
from benchmarks.turns import MIN_ROUNDS, Turns, middle, take_turns
from resnet_core.config import RunConfig
from resnet_core.train import train

CPU = torch.device("cpu")
TINY = {"depth": 8, "width": 2, "batch": 4}


def tiny(**settings: object) -> RunConfig:
    return endless_run(**TINY | settings)


def test_the_textbook_loop_does_the_same_work_bit_for_bit(clothes):
    config = tiny(warmup_steps=0)
    batches = (clothes.batch(config.data, config.seed, number, 4) for number in itertools.count())
    ready = ((clothes.normalize(pictures), labels) for pictures, labels in batches)
    losses = [loss.item() for loss in itertools.islice(textbook_steps(config, ready, CPU), 4)]
    assert losses == [record.loss for record in itertools.islice(train(config, images=clothes), 4)]


def test_plain_torch_gives_the_mode_back():
    before = torch.are_deterministic_algorithms_enabled()
    with plain_torch():
        assert not torch.are_deterministic_algorithms_enabled()
    assert torch.are_deterministic_algorithms_enabled() == before


def test_a_members_textbook_does_the_same_work_bit_for_bit():
    config = tiny(skip="gated", shortcut="B")
    ours, textbook = members.lab_step(config, CPU), members.textbook_step(config, CPU)
    assert [ours().item() for _ in range(3)] == [textbook().item() for _ in range(3)]


@pytest.mark.parametrize("settings", members.MEMBERS.values(), ids=members.MEMBERS)
def test_every_benchmarked_member_is_possible(settings):
    assert endless_run(**settings).model.depth == settings["depth"]


def test_the_tutorials_loader_gives_the_pictures_we_train_on(clothes):
    config = tiny(side=28, augment=True)
    pictures, label = loader._pictures(config.data)[0]
    assert pictures.shape == (1, 28, 28)
    assert label == clothes.train_labels[0]
    assert -1 < pictures.mean() < 1  # normalised


def test_sides_take_turns_and_change_who_is_first():
    calls: list[str] = []
    sides = [lambda: calls.append("a"), lambda: calls.append("b")]
    turns = take_turns(sides, seconds=0, device=CPU, calls=4)
    assert "".join(calls) == "ab" + "abbaabba" * MIN_ROUNDS
    assert turns.wall.shape == turns.processor.shape == (MIN_ROUNDS, 2)


def test_ratios_are_formed_within_a_round():
    # Rounds in which everything took 1, 2 and 10 times as long; one side always takes half as long again.
    wall = np.array([[1.5, 1.0], [3.0, 2.0], [15.0, 10.0]])
    assert Turns(wall, wall).ratio(0, 1) == middle([1.5])


def test_a_linear_growth_has_the_exponent_one():
    assert depth.exponent((20, 56, 110), (2.0, 5.6, 11.0)) == pytest.approx(1)


def test_operations_of_a_step_by_hand():
    # One multiply-add is two operations, three times as many with the backward pass, for each of 4 pictures.
    # Stem 9*1*2*16^2 = 4608; stage 1 2*9*2*2*16^2 = 18432; stage 2 9*2*4*8^2 + 9*4*4*8^2 = 13824;
    # stage 3 9*4*8*4^2 + 9*8*8*4^2 = 13824; classifier 8*10 = 80.
    assert multiply.step_operations(tiny()) == 2 * 3 * 4 * (4608 + 18432 + 13824 + 13824 + 80)


@pytest.mark.parametrize(
    "measure",
    [
        lambda: step.compare(tiny(), CPU, 0),
        lambda: members.compare("tiny", tiny(skip="dropout"), CPU, 0),
        lambda: depth.compare((8, 14), CPU, 0, width=2, batch=4),
        lambda: multiply.compare(tiny(), CPU, 16, 0),
        lambda: race.compare([tiny()], 0, turn=0.01),
    ],
    ids=["step", "members", "depth", "multiply", "race"],
)
def test_a_benchmark_runs_on_a_tiny_network(measure):
    row = measure()
    assert row.value > 0
    assert row.middle[0] <= row.value <= row.middle[1]


def test_the_loader_benchmark_runs_on_a_tiny_network(monkeypatch):
    monkeypatch.setattr(loader, "WORKERS", 0)  # no processes here: they are slow to start
    row = loader.compare(tiny(side=28, augment=True), CPU, 0, steps=2)
    assert row.value > 0
    assert "Fashion-MNIST" in row.note


def test_the_cost_of_a_delta_is_told_with_its_latencies():
    cost, half, slow = delta.rows([1.0, 2.0, 3.0], [[10.0, 10.0], [10.0], [10.0, 50.0]])
    assert (cost.value, cost.verdict) == (2.0, "pass")
    assert (half.value, slow.value) == (10.0, pytest.approx(42.0))


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("a", 1.1, bound=1.1), "pass"),
        (Row("a", 1.2, bound=1.1), "FAIL"),
        (Row("a", 0.997, bound=1.0, better="higher"), "pass"),  # shown as 1.00
        (Row("a", 1.3, bound=1.25, better="higher"), "pass"),
        (Row("a", 1.2, bound=1.25, better="higher"), "FAIL"),
        (Row("a", 1.2), ""),
    ],
)
def test_a_bound_is_met_or_missed(row, verdict):
    assert row.verdict == verdict


def test_an_empty_table_is_its_head():
    assert render({}, "# Nothing").splitlines()[0] == "# Nothing"


def test_the_table_tells_values_bounds_notes_and_crashes():
    rows = [Row("step / bare step", 1.042, "x", (1.01, 1.06), 1.1, note="two rounds")]
    table = render({"step": rows, "race": Crash("OSError: no processes")}, "# Benchmarks")
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert len({len(line) for line in lines}) == 1
    assert lines[2].split("|")[1:-1] == [
        " step    ", " step / bare step      ", " 1.04x ", " 1.01 to 1.06 ", " <= 1.10x ", " pass  "
    ]  # fmt: skip
    assert "CRASH" in lines[3]
    assert "- step: two rounds" in table
    assert "- race: OSError: no processes" in table


def test_the_program_keeps_its_table_and_only_a_crash_is_a_failure(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(program, "REPORT", tmp_path / "build" / "bench.md")
    monkeypatch.setattr(step, "measure", lambda quick: [Row("slow", 9.0, "x", bound=1.1)])
    assert program.main(["step", "--quick"]) == 0
    assert "FAIL" in program.REPORT.read_text()
    assert "FAIL" in capsys.readouterr().out

    def crash(quick: bool) -> None:
        raise OSError("no such machine")

    monkeypatch.setattr(depth, "measure", crash)
    assert program.main(["step", "depth"]) == 1
    assert "no such machine" in program.REPORT.read_text()


def test_a_subject_that_is_not_there_is_named_with_those_that_are(capsys):
    with pytest.raises(SystemExit):
        program.main(["speed"])
    assert "'speed' is not one of step, members" in capsys.readouterr().err
