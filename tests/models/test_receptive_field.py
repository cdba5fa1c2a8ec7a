import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.models.decoders.blocks import double
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.receptive_field import Field, influence, side_of


def positive(module: nn.Module) -> nn.Module:
    """Every path through the network counts: kernels of equal, positive weights that leave a constant as it is."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 1 / layer.weight[0].numel())
    return module.double().eval()  # in 32 bits the rim of 17 kernels, a product of their corners, is rounded to nothing


def seen(function: nn.Module, images: Tensor) -> tuple[int, int]:
    """First and last row that reach the middle cell."""
    rows = np.flatnonzero(influence(function, images).sum(1))
    return int(rows[0]), int(rows[-1])


@pytest.mark.parametrize(
    ("layers", "side", "distance"),
    [
        ([], 1, 1),
        ([nn.Conv2d(1, 1, 3)], 3, 1),
        ([nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)], 5, 1),
        ([nn.Conv2d(1, 1, 3, dilation=6)], 13, 1),
        ([nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3)], 7, 2),  # 3, then 2 more at a distance of 2
        ([nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3, dilation=2)], 11, 2),
        ([nn.Conv2d(1, 1, 1, stride=2), nn.BatchNorm2d(1), nn.ReLU(), nn.Conv2d(1, 1, 5)], 9, 2),
    ],
)
def test_the_closed_form(layers: list[nn.Module], side: int, distance: int) -> None:
    assert Field().through(nn.Sequential(*layers)) == Field(side, distance)


def test_layers_are_walked_from_where_the_field_is() -> None:
    first, second = nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3, dilation=3)
    assert Field().through(first).through(second) == Field().through(nn.Sequential(first, second))


@pytest.mark.parametrize(("level", "expected"), list(enumerate([7, 19, 59, 267, 491])))
def test_the_encoders_fields_are_those_that_gradients_find(level: int, expected: int) -> None:
    encoder = positive(MobileNetV2Encoder(None))
    field = Field()
    for layer in list(encoder.features)[: (2, 4, 7, 14, 19)[level]]:
        field = field.through(layer)
    assert field == Field(expected, encoder.strides[level])
    first, last = seen(lambda x: encoder(x)[level], torch.full((1, 3, 544, 32), 1e-4).double())
    assert last - first + 1 == expected


def test_a_doubling_reads_two_neighbours() -> None:
    conv = positive(nn.Conv2d(1, 1, 3, stride=2, padding=1))
    first, last = seen(lambda x: double(conv(x)), torch.ones(1, 1, 32, 32).double())
    assert Field().through(conv).doubled() == Field(5, 1)
    assert last - first + 1 == 5


def test_influence_is_shared_out_equally_among_images_and_sums_to_one() -> None:
    images = torch.zeros(40, 2, 6, 8)  # more than one batch
    images[:20] = 1.0

    def function(x: Tensor) -> Tensor:  # the middle reads itself in black images, its left neighbour in white ones
        return torch.where(x > 0.5, 5 * torch.roll(x, 1, dims=3), x)

    shares = influence(function, images)
    assert shares.shape == (6, 8)
    assert shares[3, 4] == pytest.approx(0.5) and shares[3, 3] == pytest.approx(0.5)
    assert shares.sum() == pytest.approx(1)


def test_signs_do_not_cancel() -> None:
    difference = torch.tensor([[-1.0, 0.0, 1.0]])[None, None]
    shares = influence(lambda x: F.conv2d(x, difference, padding=(0, 1)), torch.ones(1, 1, 4, 4))
    assert shares[2].tolist() == [0, 0.5, 0, 0.5]


def test_a_cell_that_depends_on_nothing_has_no_shares() -> None:
    assert influence(lambda x: 0 * x, torch.ones(2, 1, 4, 4)).sum() == 0


def test_nothing_is_left_behind_in_the_network() -> None:
    network = nn.Conv2d(1, 1, 3, padding=1)
    influence(network, torch.ones(2, 1, 8, 8))
    assert network.weight.grad is None


@pytest.mark.parametrize(("part", "side"), [(0.5, 1), (0.6, 1), (0.61, 3), (0.9, 3), (0.95, 5), (1.0, 5)])
def test_the_square_that_holds_a_part(part: float, side: int) -> None:
    shares = np.zeros((7, 8))
    shares[3, 4], shares[2, 4], shares[4, 5], shares[3, 6] = 0.6, 0.1, 0.2, 0.1
    assert side_of(shares, part) == side


def test_shares_at_the_corner_need_the_whole_image() -> None:
    shares = np.zeros((8, 8))
    shares[0, 0] = 1
    assert side_of(shares, 0.5) == 9


# ---- what is no square, what enlarges, what has no closed form


@pytest.mark.parametrize(
    ("layer", "sides", "distances"),
    [
        (nn.Conv2d(1, 1, (1, 5)), (1, 5), (1, 1)),
        (nn.Conv2d(1, 1, (3, 5), stride=(2, 1), dilation=(1, 2)), (3, 9), (2, 1)),
        (nn.MaxPool2d(2), (2, 2), (2, 2)),
        (nn.MaxPool2d((3, 1), stride=1, dilation=2), (5, 1), (1, 1)),
        (nn.AvgPool2d((2, 4)), (2, 4), (2, 4)),
        (nn.ConvTranspose2d(1, 1, 2, stride=2), (1, 1), (0.5, 0.5)),  # one weight each
        (nn.ConvTranspose2d(1, 1, 4, stride=2), (2, 2), (0.5, 0.5)),  # weights 0 and 2 meet, or 1 and 3
        (nn.ConvTranspose2d(1, 1, 5, stride=2), (3, 3), (0.5, 0.5)),  # at best 0, 2 and 4
        (nn.ConvTranspose2d(1, 1, 3), (3, 3), (1, 1)),
        (nn.ConvTranspose2d(1, 1, (1, 6), stride=(1, 3)), (1, 2), (1, 1 / 3)),
        (nn.ConvTranspose2d(1, 1, 3, stride=2, dilation=2), (3, 3), (0.5, 0.5)),  # all three meet
        (nn.ConvTranspose2d(1, 1, 4, stride=2, dilation=3), (4, 4), (0.5, 0.5)),  # 0 and 6 lie three cells apart
    ],
)
def test_both_sides_are_as_worked_out_by_hand(layer: nn.Module, sides: tuple, distances: tuple) -> None:
    field = Field().through(layer)
    assert field.sides == sides and field.distances == pytest.approx(distances)


@pytest.mark.parametrize("kernel", range(1, 7))
@pytest.mark.parametrize("stride", range(1, 4))
@pytest.mark.parametrize("rate", range(1, 4))
def test_transposed_convolutions_are_what_gradients_find(kernel: int, stride: int, rate: int) -> None:
    """The widest span of rows that any cell behind the layer depends on."""
    layer = positive(nn.ConvTranspose2d(1, 1, (kernel, 1), (stride, 1), dilation=(rate, 1)))
    nn.init.constant_(layer.weight, 1.0)
    image = torch.ones(1, 1, 24, 1, dtype=torch.float64, requires_grad=True)
    spans = []
    for cell in layer(image)[0, 0, :, 0]:
        rows = np.flatnonzero(torch.autograd.grad(cell, image, retain_graph=True)[0])
        spans.append(np.ptp(rows) + 1 if len(rows) else 0)
    assert Field().through(layer).sides[0] == max(spans)


def test_a_field_that_is_no_square_has_no_side() -> None:
    field = Field().through(nn.Conv2d(1, 1, (1, 5), stride=(1, 2)))
    with pytest.raises(ShapeError, match="side is 1 down and 5 across. Read `sides`"):
        _ = field.side
    with pytest.raises(ShapeError, match="distance is 1 down and 2 across. Read `distances`"):
        _ = field.distance
    assert field.through(nn.Conv2d(1, 1, (5, 1))).doubled().sides == (6, 7)
    assert Field((1, 5), (1, 2)) == field and Field(3, 2) == Field((3, 3), (2, 2))


@pytest.mark.parametrize("layer", [nn.Upsample(scale_factor=2), nn.AdaptiveAvgPool2d(1), nn.PixelShuffle(2)])
def test_what_has_no_closed_form_is_refused(layer: nn.Module) -> None:
    with pytest.raises(ShapeError, match="no kernel and stride"):
        Field().through(nn.Sequential(nn.Conv2d(4, 4, 3), layer))


def test_maps_that_are_not_finite_have_no_influence() -> None:
    with pytest.raises(ShapeError, match="map of shape .* holds NaN"):
        influence(lambda x: x * float("nan"), torch.ones(1, 1, 4, 4))
    with pytest.raises(ShapeError, match="part is 1.5"):
        side_of(np.ones((3, 3)), 1.5)
