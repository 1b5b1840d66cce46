"""The pool and what lies on disk: weights of runs, answers that come with a store, or are damaged."""

from resnet_core.analyst import pool as pool_module
from resnet_core.analyst.answers import answer_file, write_answer
from resnet_core.config import from_flat
from resnet_core.questions import question
from resnet_core.runs.store import RunStore
from tests.core import pretended_analyst as seeds
from tests.core.analyst_scene import FINDING, LONG, ask_about, is_answered, until
from tests.core.finished_runs import CONFIG, add_checkpoint, add_finished_run


def test_a_question_about_a_run_is_given_its_weights(scene):
    run = add_finished_run(scene.store)
    asked = question("gradient-noise", run.config, run_id=run.id, step=3)
    assert is_answered(scene.pool().wait([asked], LONG)[0])
    assert answer_file(scene.store, asked).parent.parent == scene.store.folder(run.id)


def test_what_a_run_has_not_is_said(scene):
    run = add_finished_run(scene.store)
    weights = scene.store.weights_file(run.id, 3)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    other = from_flat({"depth": 8, "skip": "none"})
    asked = [
        question("gradient-noise", config, run_id=run_id, step=step)
        for config, run_id, step in [
            (CONFIG, run.id, 2), (CONFIG, run.id, 3), (other, run.id, 0),
            (CONFIG, run.id[:-1] + "0", 0), (CONFIG, "../../../etc", 0),
        ]
    ]  # fmt: skip
    said = [reply.problem for reply in scene.pool().wait(asked, LONG)]
    words = [
        "has no weights of step 2; it has those of 0, 3", "at step 3 are damaged",
        "has trained a network of other settings", "there is no run", "is not a run id",
    ]  # fmt: skip
    assert all(word in problem for word, problem in zip(words, said, strict=True)), said


def test_weights_that_come_later_are_found(scene, monkeypatch):
    monkeypatch.setattr(pool_module, "SECONDS_OF_A_LACK", 0.05)
    run, pool = add_finished_run(scene.store, checkpoints=(0,)), scene.pool()
    asked = question("gradient-noise", run.config, run_id=run.id, step=3)
    assert "no weights of step 3" in pool.wait([asked], LONG)[0].problem
    add_checkpoint(scene.store, run, 3)
    until(lambda: is_answered(pool.wait([asked], LONG)[0]))


def test_a_run_deleted_while_its_question_is_computed_does_not_come_back(scene):
    pool, config = scene.pool(), from_flat({"depth": 8, "steps": 3, "batch": 4, "seed": seeds.REPORTS})
    run = add_finished_run(scene.store, config)
    asked = question("gradient-noise", config, run_id=run.id)
    until(lambda: pool.ask([asked])[0].share)
    scene.store.delete(run.id)
    (scene.folder / "go").touch()
    pool.wait([asked], LONG)
    assert not scene.store.folder(run.id).exists()


def test_a_store_that_is_only_read_stays_as_it_is(scene):
    run = add_finished_run(scene.store)
    bundled = RunStore(scene.store.root, writable=False)
    asked = [ask_about(), question("gradient-noise", run.config, run_id=run.id)]
    before = sorted(bundled.root.rglob("*"))
    pool = scene.pool(bundled)
    assert all(map(is_answered, pool.wait(asked, LONG)))
    assert sorted(bundled.root.rglob("*")) == before
    scratch = pool._places.scratch()
    pool.close()
    assert not scratch.exists()


def test_answers_that_come_with_a_store_are_used_and_damaged_ones_are_computed(scene):
    run = add_finished_run(scene.store)
    main, bundled = RunStore(scene.folder / "main"), RunStore(scene.store.root, writable=False)
    of_run = question("gradient-noise", run.config, run_id=run.id)
    for asked in (of_run, ask_about(5)):
        write_answer(answer_file(bundled, asked), FINDING)
    pool = scene.pool(main, bundled)
    assert all(map(is_answered, pool.ask([of_run, ask_about(5)])))
    assert scene.asked() == []
    answer_file(bundled, of_run).write_bytes(b"damaged")
    pool = scene.pool(main, bundled)
    assert is_answered(pool.wait([of_run], LONG)[0])
    pool._found.__init__()  # what was computed lies in the scratch folder, which comes first
    assert is_answered(pool.ask([of_run])[0])
    assert answer_file(bundled, of_run).read_bytes() == b"damaged"
    assert len(scene.asked()) == 1


def test_a_damaged_answer_is_computed_again(scene):
    write_answer(answer_file(scene.store, ask_about()), FINDING)
    answer_file(scene.store, ask_about()).write_bytes(b"damaged")
    assert is_answered(scene.pool().wait([ask_about()], LONG)[0])
    assert is_answered(scene.pool().ask([ask_about()])[0])
    assert scene.asked() == [0]
