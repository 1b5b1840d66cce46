"""Settings of the instruments, each with its bounds. No torch."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BLOCK_METHODS = ("grad-cam", "grad-cam++", "hires-cam", "layer-cam", "xgrad-cam", "eigen-cam")
PIXEL_METHODS = (
    "saliency", "smooth-grad", "integrated-gradients", "guided-backprop", "guided-grad-cam", "deep-lift",
    "occlusion", "feature-ablation", "score-cam",
)  # fmt: skip
METHODS = BLOCK_METHODS + PIXEL_METHODS

# A test picture of the set or a generated one by its number, or a visitor's file by its SHA-256.
PICTURE = r"^(test|shapes):\d{1,7}$|^file:[0-9a-f]{64}$"


class Options(BaseModel):
    """Settings of an instrument; this one has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PathOptions(Options):
    samples: int = Field(3, ge=1, le=20, description="paths sampled of each length")
    lengths: int = Field(20, ge=2, le=200, description="lengths that are sampled, spread evenly")


class LineOptions(Options):
    first: int = Field(0, ge=0, le=9999, description="test picture at which the line begins")
    second: int = Field(1, ge=0, le=9999, description="test picture at which it ends")
    points: int = Field(64, ge=8, le=256, description="places on the line")
    logit: int | None = Field(
        None, ge=0, le=99, description="class whose logit is followed; none: the label of the first"
    )


class SeedsOptions(Options):
    seeds: int = Field(4, ge=1, le=32, description="networks over which is averaged")


class NoiseOptions(Options):
    pictures: int = Field(16, ge=2, le=64, description="pictures of the batch")


class PictureOptions(Options):
    picture: int = Field(0, ge=0, le=9999, description="which test picture")


class MapOptions(PictureOptions):
    channels: int = Field(8, ge=1, le=64, description="feature maps shown of each unit")


class ReadoutOptions(PictureOptions):
    fit_images: int = Field(1000, ge=50, le=10_000, description="training pictures the read-out is fitted to")
    test_images: int = Field(500, ge=50, le=10_000, description="test pictures it is tested on")


class JacobianOptions(PictureOptions):
    block: str = Field(
        "", max_length=60, description="unit such as layer2.0; empty: the first behind the stem"
    )
    values: int = Field(48, ge=1, le=256, description="singular values, largest first")


class ExplainedOptions(Options):
    picture: str = Field(
        "test:0", pattern=PICTURE, description="test:N, a generated one shapes:N, or file:SHA-256"
    )
    target: int | None = Field(
        None, ge=0, le=999, description="class whose logit is explained; none: what the network says"
    )


class PixelMapOptions(ExplainedOptions):
    method: Literal[PIXEL_METHODS] = Field("saliency", description="one of " + ", ".join(PIXEL_METHODS))


class MethodOptions(ExplainedOptions):
    method: Literal[METHODS] = Field("grad-cam", description="one of " + ", ".join(METHODS))
    unit: str = Field(
        "", max_length=60, description="unit of a class activation map; empty: the last with 4 x 4 pixels"
    )


class RandomizedOptions(MethodOptions):
    seed: int = Field(1, ge=0, le=2**31 - 1, description="added to the run's, of the random weights")
    places: int = Field(10, ge=2, le=40, description="depths down to which weights are random")


class PerturbedOptions(MethodOptions):
    shares: int = Field(17, ge=3, le=101, description="shares of the pixels, from none to all")
    orders: int = Field(5, ge=1, le=20, description="random orders of the pixels, as a control")


class PointingOptions(Options):
    pictures: int = Field(200, ge=20, le=1000, description="test pictures of the game")
    chosen_on: int = Field(100, ge=20, le=1000, description="training pictures on which units are chosen")


class GalleryOptions(Options):
    pictures: int = Field(200, ge=1, le=500, description="test pictures, from the first on")


class UploadOptions(Options):
    picture: str = Field(
        "file:" + 64 * "0", pattern=r"^file:[0-9a-f]{64}$", description="file:SHA-256 of its bytes"
    )


class ImageNetOptions(Options):
    network: str = Field("resnet18", max_length=40, description="a network of torchvision")
    weights: Literal["random", "imagenet"] = Field(
        "random", description="random: initial values; imagenet: published, from the cache or downloaded"
    )
    picture: str = Field("shapes:0", pattern=r"^shapes:\d{1,7}$|^file:[0-9a-f]{64}$",
                         description="a generated picture shapes:N, or file:SHA-256")  # fmt: skip
    target: int | None = Field(None, ge=0, le=999, description="class; none: what the network says")
    other: int | None = Field(None, ge=0, le=999, description="a second class, to contrast")
