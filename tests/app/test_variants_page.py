"""The page of variants: empty, with runs that are variants, with bundled numbers; measured and stopped."""

import json
import time

import pytest

from app.views.rankings import runs_to_open
from resnet_core.config import from_flat
from resnet_core.records import Phase
from resnet_core.runs import admission
from resnet_core.runs.store import RunStore, write_machine
from resnet_core.trials import Setup, configs_of, recording_of, trials_of
from tests.app.pages import drawn, errors, link_of, opened, press, texts, warnings

LINK = {"depth": "8", "steps": "40"}
SETUP = Setup(depth=8, steps=40)
SPEED = {"device": "cpu", "seconds_per_layer": 0.25, "seconds_per_mac": 0.0}


@pytest.fixture(autouse=True)
def nothing_bundled(tmp_path, monkeypatch):
    monkeypatch.setattr("app.state.RECORDINGS", tmp_path / "assets" / "recordings")
    (tmp_path / "assets").mkdir()
    return tmp_path / "assets" / "variants.json"


def finish(store: RunStore, accuracy: float | None, **settings):
    """A run as it stands in the catalog once it has ended; None: it diverged."""
    [run] = store.add_race([from_flat({"depth": 8, "steps": 40, **settings})])
    [run] = store.catalog.claim([run.id])
    store.catalog.update(run.id, run.attempt, steps_done=40, test_accuracy=accuracy)
    store.catalog.finish(run.id, run.attempt, Phase.DONE if accuracy is not None else Phase.DIVERGED)
    return store.run(run.id)


@pytest.fixture
def measured(store):
    """Four variants: two that agree with the paper, one that cannot be told, one that diverged."""
    finish(store, 0.80, order="pre")
    finish(store, 0.70)
    finish(store, 0.72, skip="conv1x1")
    finish(store, None, skip="none")
    return store


def table(page) -> dict[str, list]:
    return {name: list(values) for name, values in page.dataframe[0].value.items()}


def row(page, name: str, remark: str = "") -> dict[str, str]:
    columns = table(page)
    at = next(i for i, case in enumerate(columns["Case"]) if (case, columns["Remark"][i]) == (name, remark))
    return {column: values[at] for column, values in columns.items()}


def test_an_empty_store_shows_what_the_paper_has_and_offers_to_measure_it(store):
    page = opened("variants")
    assert errors(page) == warnings(page) == []
    assert page.button(key="measure").label == "Measure the missing 15"
    assert page.button(key="stop trials").disabled
    assert page.button(key="open runs").disabled
    columns = table(page)
    assert columns["Paper"][:2] == ["6.37 % (5.46)", "6.61 % (5.93)"]
    assert columns["Paper"][-4:] == ["fail"] * 4
    assert set(columns["Measured"]) == {"not measured"}
    assert "the paper itself was not opened" in texts(page)


def test_runs_of_any_race_are_found_by_their_settings(measured):
    page = opened("variants", **LINK)
    assert errors(page) == warnings(page) == []
    assert page.button(key="measure").label == "Measure the missing 11"
    assert row(page, "full pre-activation")["Measured"] == "20.0 %"
    assert row(page, "original")["Rank measured"] == "3"
    assert row(page, "full pre-activation")["Against the original"] == "agrees"
    assert row(page, "1×1 conv shortcut")["Against the original"] == "cannot be told apart"
    assert row(page, "constant scaling", "a plain network")["Measured"] == "diverged"
    assert "Of **6** pairs that the paper ranks, **5** agree, **0** disagree and **1** cannot" in texts(page)
    assert "below 4 points counts as none" in texts(page)


def test_what_disagrees_is_said_with_all_four_numbers(measured):
    finish(measured, 0.9, skip="dropout")
    said = texts(opened("variants", **LINK))
    beaten = (
        "full pre-activation (6.37 %; 20.0 %), original (6.61 %; 30.0 %), 1×1 convolution (12.22 %; 28.0 %)"
    )
    assert f"- **dropout 0.5 (fail; 10.0 %)**: than {beaten}" in said


def test_the_small_store_of_other_runs_measures_nothing_here(filled):
    page = opened("variants")
    assert errors(page) == warnings(page) == []
    assert set(table(page)["Measured"]) == {"not measured"}


def test_the_setup_is_in_the_link(store):
    page = opened("variants", **LINK, seeds="2", dataset="cifar10")
    assert link_of(page) == {**LINK, "seeds": "2", "dataset": "cifar10"}
    assert page.button(key="measure").label == "Measure the missing 30"
    page.number_input(key="variants steps").set_value(400)
    assert link_of(drawn(page)) == {"depth": "8", "seeds": "2", "dataset": "cifar10"}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("depth", "57", "depth: 57 is not possible: depths are 6n+2; the nearest are 56 and 62"),
        ("steps", "many", "steps: 'many' is not understood"),
        ("dataset", "[x](https://a.b/c)", "dataset: '[x](https://a.b/c)' is not possible"),
        ("seeds", "4", "seeds: '4' is not possible; there are 1 to 3"),
    ],
)
def test_a_link_that_cannot_be_followed_is_explained_and_the_page_works(store, name, value, sentence):
    page = opened("variants", **{name: value})
    [error] = errors(page)
    assert error.startswith(sentence)
    assert error.endswith("The link's value was not used.")
    assert page.button(key="measure").label == "Measure the missing 15"
    assert errors(drawn(page)) == [error]


def test_a_depth_that_cannot_be_is_said_and_nothing_can_be_measured(store):
    page = opened("variants")
    page.number_input(key="variants depth").set_value(57)
    [error] = errors(drawn(page))
    assert error == "depth: 57 is not possible: depths are 6n+2; the nearest are 56 and 62"
    assert "measure" not in [button.key for button in page.button]
    page.number_input(key="variants depth").set_value(20)
    assert errors(drawn(page)) == []
    assert link_of(page) == {"depth": "20"}


def test_the_button_says_how_long_it_will_take(store):
    write_machine(store.root, SPEED)
    # 40 steps of 8 layers of 1/4 s each are 80 s; 15 of those, and a few more layers, on the cores there are
    assert "(about " in opened("variants", **LINK).button(key="measure").label


def test_what_is_missing_is_queued_as_many_at_once_as_the_machine_trains(measured, monkeypatch):
    monkeypatch.setenv("RESNET_LAB_SLOTS", "2")
    page = press(opened("variants", **LINK), "measure")
    assert errors(page) == []
    waiting = [run for run in measured.runs() if run.phase is Phase.QUEUED]
    assert len(waiting) == 11
    assert [len(measured.race(race)) for race in measured.catalog.queue()] == [2, 2, 2, 2, 2, 1]
    assert page.button(key="measure").label == "Nothing is missing"
    assert page.button(key="measure").disabled
    assert trials_of(measured.runs(), SETUP)[2].going


def test_a_new_visit_finds_the_runs_again_and_stop_ends_them(store):
    press(opened("variants", **LINK), "measure")
    page = opened("variants", **LINK)
    assert page.button(key="measure").disabled
    press(page, "stop trials")
    assert {run.phase for run in store.runs()} == {Phase.STOPPED}
    assert page.button(key="measure").label == "Measure the missing 15"


def test_a_queue_that_is_full_takes_what_it_can_and_says_so(store, monkeypatch):
    monkeypatch.setattr(admission, "MAX_WAITING", 4)
    monkeypatch.setenv("RESNET_LAB_SLOTS", "3")
    [error] = errors(press(opened("variants", **LINK), "measure"))
    assert error.startswith("3 of 15 runs were queued. The rest was not: 3 runs wait already and at most 4")
    assert len(store.runs()) == 3


def test_progress_counts_the_steps_of_what_trains(store):
    press(opened("variants", **LINK), "measure")
    write_machine(store.root, SPEED)
    [run] = store.catalog.claim([store.catalog.unfinished()[0].id])
    store.catalog.update(run.id, run.attempt, phase=Phase.RUNNING, steps_done=20)
    [bar] = opened("variants", **LINK).get("progress")
    assert bar.proto.text.startswith("0 of 15 measured, 1 training, 14 waiting; about ")
    assert bar.proto.value == round(100 * 0.5 / 15)


def test_a_store_that_cannot_be_written_is_looked_at(measured, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    page = opened("variants", **LINK)
    [warning] = warnings(page)
    assert "cannot be written (no permission)" in warning
    assert page.button(key="measure").disabled
    assert row(page, "original")["Measured"] == "30.0 %"


def bundle(store: RunStore, path) -> None:
    """Every variant, seed 0, at 50 % accuracy, in a store of its own."""
    runs = {}
    for key, config in configs_of(SETUP):
        [run] = store.add_race([config])
        [run] = store.catalog.claim([run.id])
        facts = {"device_name": "a CPU", "torch": "2"}
        store.catalog.update(run.id, run.attempt, test_accuracy=0.5, environment=facts, started=time.time())
        store.catalog.finish(run.id, run.attempt, Phase.DONE)
        runs[key] = [store.run(run.id)]
    path.write_text(json.dumps(recording_of(SETUP, runs)))


def test_bundled_numbers_are_marked_as_such_and_only_of_their_setup(store, tmp_path, nothing_bundled):
    bundle(RunStore(tmp_path / "elsewhere"), nothing_bundled)
    page = opened("variants", **LINK)
    assert set(table(page)["Measured"]) == {"50.0 %"}
    assert page.info[0].value.startswith("**Measured on another machine.** 15 real runs, 1 seed of each")
    assert page.button(key="measure").label == "Measure the missing 15"
    assert set(table(opened("variants", depth="14", steps="40"))["Measured"]) == {"not measured"}


def test_own_numbers_come_before_the_bundled_ones(measured, tmp_path, nothing_bundled):
    bundle(RunStore(tmp_path / "elsewhere"), nothing_bundled)
    page = opened("variants", **LINK)
    assert row(page, "original")["Measured"] == "30.0 %"
    assert not page.info
    page.segmented_control(key="variants source").set_value("bundled")
    assert row(drawn(page), "original")["Measured"] == "50.0 %"
    assert len(page.info) == 1


def test_chosen_variants_open_their_runs_seed_by_seed_up_to_four(measured):
    finish(measured, 0.71, seed=1)
    trials = trials_of(measured.runs(), SETUP._replace(seeds=2))
    runs = runs_to_open(trials, ["original", "conv1x1", "dropout"])
    configs = [measured.run(run_id).config for run_id in runs]
    assert [(config.model.skip, config.seed) for config in configs] == [
        ("identity", 0), ("conv1x1", 0), ("identity", 1),
    ]  # fmt: skip
    everything = [trial.variant for trial in trials]
    assert len(runs_to_open(trials, everything)) == 4
