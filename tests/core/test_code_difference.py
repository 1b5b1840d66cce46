"""Two codes side by side: pairs of lines and their marks."""

import pytest

from resnet_core.code import differing_lines, model_code
from resnet_core.config import ModelConfig, from_flat


def code(**settings: object) -> str:
    model = from_flat({"depth": 8, "width": 4} | settings).model
    return model_code(model, 3, 10, 16, seed=0)


def body(text: str) -> str:
    """Without the docstring, which names the settings."""
    return text.split('"""\n', 1)[1]


def other_lines(one: str, other: str) -> list[tuple[str, str | None, str | None]]:
    pairs = [pair for pair in differing_lines(body(one), body(other)) if pair.mark != "same"]
    return [(mark, left and left.strip(), right and right.strip()) for mark, left, right in pairs]


def test_nothing_differs_from_itself():
    text = code()
    pairs = differing_lines(text, text)
    assert {pair.mark for pair in pairs} == {"same"}
    assert [pair.left for pair in pairs] == [pair.right for pair in pairs] == text.splitlines()


def test_an_empty_code_has_no_lines():
    assert differing_lines("", "") == []
    assert differing_lines("", "a\n") == [("only right", None, "a")]
    assert differing_lines("a\n", "") == [("only left", "a", None)]


def test_lines_that_are_alike_stand_side_by_side():
    left = "a = 1\nself.conv = Conv(3, 16)\nz = 1\n"
    right = "a = 1\nself.norm = Norm(16)\nself.conv = Conv(3, 32)\nz = 1\n"
    assert differing_lines(left, right) == [
        ("same", "a = 1", "a = 1"),
        ("only right", None, "self.norm = Norm(16)"),
        ("changed", "self.conv = Conv(3, 16)", "self.conv = Conv(3, 32)"),
        ("same", "z = 1", "z = 1"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"skip": "none"}),
        ({}, {"order": "pre", "shortcut": "B"}),
        ({"family": "alexnet"}, {"family": "vgg", "depth": 19}),
        ({"skip": "dense", "depth": 10}, {"family": "googlenet", "depth": 22}),
    ],
)
def test_both_codes_are_there_whole(one, other):
    left, right = code(**one), code(**other)
    pairs = differing_lines(left, right)
    assert [pair.left for pair in pairs if pair.left is not None] == left.splitlines()
    assert [pair.right for pair in pairs if pair.right is not None] == right.splitlines()
    assert all((pair.mark == "same") == (pair.left == pair.right) for pair in pairs)


def test_depth_is_one_line():
    assert other_lines(code(depth=8), code(depth=56)) == [
        (
            "changed",
            "BLOCKS = 1  # in each of three stages: 6 * 1 + 2 = 8 layers",
            "BLOCKS = 9  # in each of three stages: 6 * 9 + 2 = 56 layers",
        )
    ]


def test_a_scaled_skip_is_the_seam_alone():
    found = other_lines(code(), code(skip="scaled", scale=0.5))
    assert found[-1] == (
        "changed",
        "return self.relu2(self.downsample(x) + branch)",
        "return self.relu2(0.5 * self.downsample(x) + branch)",
    )
    assert len(found) == 3  # and the two lines that say so in words


def test_plain_and_residual_differ_in_the_skip():
    found = other_lines(code(skip="none"), code())
    code_lines = [right for mark, _, right in found if mark != "only left" and right and "self." in right]
    assert code_lines[-1] == "return self.relu2(self.downsample(x) + branch)"
    assert "self.downsample = nn.Identity()" in code_lines
    assert not any("conv" in line for line in code_lines)


def test_the_settings_in_the_docstring_are_told_apart():
    left, right = code(width=4), code(width=6)
    changed = [pair.left for pair in differing_lines(left, right) if pair.mark == "changed"]
    assert any("width 4" in line for line in changed)


def test_the_default_network_is_written_the_same_way_every_time():
    assert model_code(ModelConfig(), 1, 10, 16, seed=0) == model_code(ModelConfig(), 1, 10, 16, seed=0)
