"""`analyze`: an instrument pointed at a run or at a network of given settings, from the command line."""

import json

import numpy as np
import pytest

from resnet_core import instruments
from resnet_core.analyst.answers import read_answer
from resnet_core.config import RunConfig, from_flat
from resnet_core.findings import FeatureMaps, Profile
from resnet_core.questions import INSTRUMENTS, question
from tests.core.command_line import ROOT, assert_mistake, call
from tests.core.finished_runs import add_stopped_run
from tests.core.given_weights import TINY
from tests.core.other_options import other_options

TINY_NETWORK = ["--depth", "8", "--width", "2", "--batch", "4"]
PROFILE = question("profile", RunConfig())


@pytest.fixture
def found(monkeypatch):
    """What `analyze` finds without measuring: {"finding": ..., "asked": the question}."""
    here = {"finding": None}

    def answer(asked, weights):
        here.update(asked=asked, weights=weights)
        return here["finding"]

    monkeypatch.setattr(instruments, "answer", answer)
    return here


def profile(size: int = 2) -> Profile:
    columns = {name: np.linspace(0.123456, 1, size) for name in Profile._fields}
    return Profile(**columns | {"layers": np.array(["conv1", "fc"][:size]), "loss": np.float64(2.34567)})


# what is asked


def test_a_run_at_a_step_is_measured(trained):
    run = trained.runs()[0]
    result = call(trained, "analyze", "profile", "--run", run.id, "--step", "3", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    told, record = json.loads(result.stdout), trained.steps(run.id)[3]
    assert np.float32(told["loss"]) == np.float32(record.loss)
    measured = record.quantities["gradient_norm"]
    assert np.float32(told["gradients"]).tolist() == measured[: len(told["gradients"])].tolist()


def test_an_untrained_network_is_measured_and_saved(store, tmp_path):
    out = tmp_path / "found.npz"
    result = call(store, "analyze", "profile", *TINY_NETWORK, "--skip", "none", "--out", str(out))
    assert result.exit_code == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0][0] == "loss:"
    assert rows[2][:4] == ["layers", "kinds", "depths", "gradients"]
    finding = read_answer(out, PROFILE)
    assert [row[0] for row in rows[3:]] == finding.layers.tolist()
    assert [row[3] for row in rows[3:]] == [f"{value:.4g}" for value in finding.gradients]


def test_without_a_step_the_newest_weights_are_taken(trained, found):
    run = trained.runs()[0]
    found["finding"] = profile()
    assert call(trained, "analyze", "profile", "--run", run.id).exit_code == 0
    assert found["asked"] == question("profile", run.config, run_id=run.id, step=12)
    assert found["weights"] == trained.weights_file(run.id)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_has_its_name_and_options(store, found, instrument):
    found["finding"] = profile()
    options = other_options(INSTRUMENTS[instrument].options)
    texts = [part for name, value in options.items() for part in ("--option", f"{name}={value}")]
    network = TINY_NETWORK if INSTRUMENTS[instrument].needs_network else ()
    result = call(store, "analyze", instrument, *network, *texts)
    assert result.exit_code == 0, result.stderr
    asked = found["asked"]
    assert (asked.instrument, asked.options.model_dump()) == (instrument, options)


def test_networks_of_ones_own_are_not_given_another(store):
    result = call(store, "analyze", "scalar-nets", *TINY_NETWORK)
    assert result.exit_code == 2
    assert "scalar-nets has networks of its own" in result.stderr


def test_settings_come_from_a_file_as_a_run_has_it(store, found, tmp_path):
    found["finding"] = profile()
    config = from_flat(TINY | {"seed": 3})
    (tmp_path / "config.json").write_text(config.to_json())
    assert call(store, "analyze", "profile", "--config", str(tmp_path / "config.json")).exit_code == 0
    assert found["asked"] == question("profile", config)


def test_an_option_can_be_written_as_settings_are(store, found):
    found["finding"] = profile()
    call(store, "analyze", "read-out", "--option", "fit-images=60", "--option", "picture=3")
    assert (found["asked"].options.fit_images, found["asked"].options.picture) == (60, 3)


# what is printed


def test_numbers_come_first_and_columns_of_one_length_side_by_side(store, found):
    found["finding"] = profile()._replace(sizes=np.arange(3), signals=np.array([np.nan, -np.inf, 1e-9]))
    lines = call(store, "analyze", "profile").stdout.splitlines()
    assert lines[:2] == ["loss: 2.346", ""]
    assert lines[2].split()[:3] == ["layers", "kinds", "depths"]
    assert lines[3].split()[:3] == ["conv1", "0.1235", "0.1235"]
    assert [line.split() for line in lines[6:]] == [
        ["sizes", "signals"], ["0", "nan"], ["1", "-inf"], ["2", "1e-09"],
    ]  # fmt: skip


def test_what_is_no_column_is_named_instead_of_printed(store, found):
    fields = {name: np.arange(2) for name in FeatureMaps._fields}
    tables = {"bins": np.zeros((2, 33)), "maps": (np.zeros((1, 4, 4)),), "picture": np.zeros((1, 2, 2))}
    found["finding"] = FeatureMaps(**fields | tables | {"label": np.int64(3)})
    lines = call(store, "analyze", "feature-maps").stdout.splitlines()
    assert lines[0] == "label: 3"
    assert (
        lines[-1] == "Not shown, since they are no columns: maps, picture, bins; --json and --out have them."
    )


def test_nothing_found_is_an_empty_table(store, found):
    found["finding"] = profile(0)
    result = call(store, "analyze", "profile")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2].split() == [name for name in Profile._fields if name != "loss"]


def test_nan_and_infinity_are_null_in_json(store, found):
    tables = {
        "gradients": np.array([[np.nan, 1.5], [np.inf, 2]]),
        "sizes": (np.float32([-np.inf]), np.arange(2)),
    }
    found["finding"] = profile()._replace(loss=np.float64(np.nan), **tables)
    result = call(store, "analyze", "profile", "--json")
    told = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(name))
    assert list(told) == list(Profile._fields)
    assert (told["loss"], told["gradients"]) == (None, [[None, 1.5], [None, 2.0]])
    assert (told["layers"], told["sizes"]) == (["conv1", "fc"], [[None], [0, 1]])
    assert result.stdout.count("\n") == 1


def test_help_lists_instruments_with_their_options_and_bounds(store):
    told = " ".join(call(store, "analyze", "--help").stdout.split())
    for name, kind in INSTRUMENTS.items():
        assert f"{name} {kind.title}" in told
        for option, field in kind.options.model_fields.items():
            assert f"{option}: {field.description}" in told
    assert "samples: paths sampled of each length [default: 3; 1 to 20]" in told
    assert "--run ID" in told


# mistakes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x-ray"], "'x-ray' is not one of 'profile', 'two-paths'"),
        (["profile", "--depth", "9"], "depth: 9 is not possible"),
        (["profile", "--step", "3"], "only a run has steps; --run names one"),
        (["profile", "--step", "-3"], "-3 is not in the range"),
        (["profile", "--option", "picture"], "--option 'picture' is not NAME=VALUE"),
        (["profile", "--option", "picture=1"], "picture: '1' is not a setting"),
        (["feature-maps", "--option", "picture=abc"], "picture: 'abc' is not understood"),
        (["feature-maps", "--option", "picture=-1"], "picture: '-1' is below the smallest possible value, 0"),
        (["profile", "--config", "pyproject.toml", "--batch", "3", "--eval-every", "2"],
         "--config has all settings; it cannot go with --batch, --eval-every"),
        (["profile", "--config", "pyproject.toml"], "pyproject.toml: settings: "),
        (["profile", "--config", "nothing.json"], "nothing.json' does not exist"),
        (["profile", "--run", "x"], "there is no store in"),
        (["profile", "--run", "x", "--depth", "8"], "--run cannot go with --depth"),
        (["profile", "--run", "x", "--config", "pyproject.toml"], "--run cannot go with --config"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(ROOT)
    assert_mistake(call(tmp_path, "analyze", *arguments), words)


def test_a_run_that_is_not_there_or_has_no_weights_is_a_sentence(store, trained):
    run = add_stopped_run(store)
    assert_mistake(call(store, "analyze", "profile", "--run", run.id), "has no weights yet")
    assert_mistake(call(store, "analyze", "profile", "--run", "../x"), "is not a run id")
    assert_mistake(call(store, "analyze", "profile", "--run", run.id[:-1] + "0"), "there is no run")
    there = trained.runs()[0].id
    assert_mistake(
        call(trained, "analyze", "profile", "--run", there, "--step", "4"), "it has those of 0, 3,"
    )


def test_a_file_that_cannot_be_written_is_a_sentence(store, found, tmp_path):
    found["finding"] = profile()
    (tmp_path / "file").touch()
    result = call(store, "analyze", "profile", "--out", str(tmp_path / "file" / "a.npz"))
    assert_mistake(result, "a.npz cannot be written: ")


def test_what_the_network_has_not_is_a_sentence(store):
    result = call(store, "analyze", "feature-maps", *TINY_NETWORK, "--option", "picture=9999")
    assert_mistake(result, "picture: 9999 is not there; the test pictures are 0 to 1999")
