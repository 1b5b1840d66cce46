"""Maps of ImageNet networks: against the same maps one by one, torchvision's own transforms and loaders."""

import numpy as np
import psutil
import pytest
import torch
from torchvision.models import get_model, get_model_weights

from resnet_core.analyst.answers import write_answer
from resnet_core.attribution import grad_cam, watched
from resnet_core.config import RunConfig
from resnet_core.imagenet_weights import PUBLISHED
from resnet_core.instruments import answer
from resnet_core.options import BLOCK_METHODS, ImageNetOptions
from resnet_core.questions import question
from resnet_core.saliency import imagenet
from resnet_core.saliency.imagenet import (
    cropped,
    imagenet_maps,
    normalized,
    places,
    trained_network,
)
from resnet_core.saliency_findings import ImageNetMaps, Upload

ENDS = {  # where the first map is taken, and the last; ResNets begin behind the stem
    "alexnet": ("features.1", "features.11"),
    "vgg16": ("features.1", "features.29"),
    "vgg16_bn": ("features.2", "features.42"),
    "googlenet": ("conv1", "inception5b"),
    "densenet121": ("features.pool0", "features.norm5"),
}


@pytest.fixture(scope="module", autouse=True)
def _no_network_stays():
    yield
    imagenet._kept.cache_clear()


@pytest.fixture(scope="module")
def found() -> ImageNetMaps:
    """Of two classes by an untrained ResNet-18."""
    return imagenet_maps(ImageNetOptions(target=7, other=3), lambda share: None)


@pytest.fixture(scope="module")
def network(found) -> torch.nn.Module:
    """That very network."""
    return imagenet._kept("resnet18", None)[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Torch hub's folder of checkpoints."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


def saved(name: str, folder) -> tuple[dict, str]:
    """The random state of a network in the file that torchvision's own loader finds; the file."""
    heads = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
    network = get_model(name, weights=None, **heads)
    state = network.state_dict()
    if name == "densenet121":  # as the published file spells them, from before BN counted batches
        state = {key: tensor for key, tensor in state.items() if not key.endswith("num_batches_tracked")}
        for number in "12":
            for kind in ("norm", "conv"):
                for key in [key for key in state if f"denselayer1.{kind}{number}." in key]:
                    state[key.replace(f"{kind}{number}.", f"{kind}.{number}.")] = state.pop(key)
    file = folder / PUBLISHED[name].file
    torch.save(state, file)
    return state, file


@pytest.mark.parametrize("name", PUBLISHED)
def test_there_is_a_map_of_every_block(name):
    with torch.device("meta"):
        network = get_model(name, weights=None, **imagenet._HEADS.get(name, {}))
    units = list(places(network))
    assert len(units) == PUBLISHED[name].blocks
    last = f"layer4.{len(network.layer4) - 1}" if hasattr(network, "layer4") else ENDS[name][1]
    assert (units[0], units[-1]) == (ENDS.get(name, ("maxpool",))[0], last)


def test_maps_of_all_blocks_are_those_of_each_alone(found, network):
    image = normalized(torch.from_numpy(found.picture))[None]
    assert list(found.units) == list(places(network))
    for number in (0, 4, 8):
        layer = places(network)[str(found.units[number])]
        for row, target in enumerate((7, 3)):
            alone = grad_cam(network, layer, image, torch.tensor([target]), relu=False)[0]
            maps = found.maps[number][row, BLOCK_METHODS.index("grad-cam")]
            np.testing.assert_allclose(maps, alone, rtol=1e-3, atol=1e-5 * np.abs(maps).max())


def test_at_the_last_block_three_methods_agree(found):
    # global mean and one fully connected layer behind it: the gradient is the same at all 7 x 7 places
    last = dict(zip(BLOCK_METHODS, found.maps[-1][0], strict=True))
    for method in ("hires-cam", "xgrad-cam"):
        np.testing.assert_allclose(last[method], last["grad-cam"], rtol=1e-4, atol=1e-6)


def test_eigen_cam_is_the_same_for_both_classes(found):
    place = BLOCK_METHODS.index("eigen-cam")
    assert all(np.array_equal(*maps[:, place]) for maps in found.maps)


def test_what_is_found_has_its_shapes(found):
    assert [maps.shape[2:] for maps in found.maps] == [
        (56, 56), (56, 56), (56, 56), (28, 28), (28, 28), (14, 14), (14, 14), (7, 7), (7, 7),
    ]  # fmt: skip
    assert list(found.stages) == ["{} x {}".format(*maps.shape[2:]) for maps in found.maps]
    assert {maps.shape[:2] for maps in found.maps} == {(2, len(BLOCK_METHODS))}
    assert found.picture.shape == (3, 224, 224)
    assert found.picture.dtype == np.uint8
    assert found.logits.shape == found.classes.shape == (1000,)
    assert found.classes[207] == "golden retriever"
    assert list(found.targets) == [7, 3]
    assert not found.is_trained


def test_without_a_class_it_is_the_one_that_the_network_says(found):
    alone = imagenet_maps(ImageNetOptions(), lambda share: None)
    assert list(alone.targets) == [found.logits.argmax()]
    assert alone.maps[0].shape[0] == 1
    np.testing.assert_array_equal(alone.logits, found.logits)


def test_a_random_network_is_torchvisions_and_its_bn_has_the_statistics_of_generated_pictures(network):
    from resnet_core.data.shapes import shapes

    torch.manual_seed(imagenet.SEED)
    theirs = get_model("resnet18", weights=None)
    assert torch.equal(network.layer4[1].conv2.weight, theirs.layer4[1].conv2.weight)
    drawn = shapes(np.arange(imagenet.SETTLING), 224).images
    with torch.no_grad():
        values = network.conv1(torch.stack([normalized(torch.from_numpy(one)) for one in drawn]))
    torch.testing.assert_close(network.bn1.running_mean, values.mean((0, 2, 3)))
    torch.testing.assert_close(network.bn1.running_var, values.var((0, 2, 3), correction=0))
    assert not network.training


@pytest.mark.parametrize("size", [(300, 200), (90, 512), (224, 224), (1, 7)])
def test_a_picture_is_cut_as_by_the_transforms_of_the_weights(size):
    pixels = torch.randint(256, (3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    theirs = get_model_weights("resnet50").IMAGENET1K_V1.transforms()(pixels)
    assert torch.equal(normalized(cropped(pixels)), theirs)


def test_all_weights_on_offer_have_the_same_transforms():
    told = {str(get_model_weights(name).IMAGENET1K_V1.transforms()) for name in PUBLISHED}
    assert len(told) == 1


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121"])
def test_weights_of_a_file_make_the_network_that_torchvision_makes_of_it(name, folder):
    _, file = saved(name, folder)
    ours = trained_network(name, file)
    theirs = get_model(name, weights=get_model_weights(name).IMAGENET1K_V1).eval()  # finds that file
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(ours(image), theirs(image))
    assert not ours.training
    assert {tensor.device.type for tensor in ours.state_dict().values()} == {"cpu"}


def test_a_file_of_half_precision_is_computed_with_in_single(folder):
    state, file = saved("resnet18", folder)
    torch.save(
        {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}, file
    )
    assert {parameter.dtype for parameter in trained_network("resnet18", file).parameters()} == {torch.float}


def test_weights_of_another_network_are_refused(folder):
    torch.save({"conv1.weight": torch.zeros(1)}, folder / "some.pth")
    with pytest.raises(ValueError, match="does not have the weights of ResNet-18"):
        trained_network("resnet18", folder / "some.pth")


def test_a_file_with_more_than_tensors_is_refused(folder):
    class Greeting:
        def __reduce__(self):
            return print, ("run by a pickle",)

    torch.save({"conv1.weight": Greeting()}, folder / "some.pth")
    with pytest.raises(ValueError, match="does not have the weights of ResNet-18"):
        trained_network("resnet18", folder / "some.pth")


def test_a_visitors_picture_is_taken_from_its_file(tmp_path):
    pixels = np.random.default_rng(0).integers(256, size=(40, 60, 3), dtype=np.uint8)
    file = tmp_path / "some.npz"
    write_answer(file, Upload(pixels, np.array("PNG"), np.array([60, 40])))
    asked = ImageNetOptions(picture=f"file:{'a' * 64}")
    found = imagenet_maps(asked, lambda share: None, file)
    np.testing.assert_array_equal(found.picture, cropped(torch.from_numpy(pixels).permute(2, 0, 1)))
    with pytest.raises(ValueError, match="choose the file again"):
        imagenet_maps(asked, lambda share: None, None)


def test_it_is_answered_as_any_question():
    asked = question("imagenet-maps", RunConfig(), options={"network": "resnet18", "target": 7, "other": 3})
    assert isinstance(answer(asked), ImageNetMaps)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"network": "resnet9"}, "network: 'resnet9' is not one of resnet18"),
        ({"target": 4, "other": 4}, "other: 4 is the class that is explained already"),
    ],
)
def test_what_cannot_be_asked_is_told(chosen, said):
    with pytest.raises(ValueError, match=said):
        imagenet_maps(ImageNetOptions(**chosen), lambda share: None)


def test_too_little_memory_is_told_before_anything_is_made(monkeypatch):
    full = psutil.virtual_memory()._replace(available=10**9)
    monkeypatch.setattr("psutil.virtual_memory", lambda: full)
    with pytest.raises(ValueError, match=r"VGG-16 needs about 2\.0 GB of memory and 1\.0 GB is free"):
        imagenet_maps(ImageNetOptions(network="vgg16"), lambda share: None)


def test_the_network_is_not_changed_by_being_explained(network):
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    units = list(places(network).values())
    watched(network, units, torch.rand(1, 3, 32, 32), torch.tensor([0]))
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_the_same_question_has_the_same_answer_and_changes_nothing_around_it(found):
    imagenet._kept.cache_clear()
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    again = imagenet_maps(ImageNetOptions(target=7), lambda share: None)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_allclose(again.logits, found.logits, rtol=1e-4, atol=1e-6)  # threads may differ


def test_published_weights_are_downloaded_first_which_is_most_of_the_work(folder, monkeypatch):
    _, file = saved("resnet18", folder)

    def fetched(name, report):
        report(1.0)
        return file

    monkeypatch.setattr(imagenet, "download", fetched)
    shares: list[float] = []
    found = imagenet_maps(ImageNetOptions(weights="imagenet"), shares.append)
    assert found.is_trained
    assert shares == [0.95]
