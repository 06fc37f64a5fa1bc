"""Modules of PyTorch are read as models that compute the same; where PyTorch is installed."""

import numpy as np
import pytest

from konv.errors import KonvError, UnsupportedError
from konv.explain import read

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional
IMAGE = (4, 9, 8)


def agree(module, shape=IMAGE):
    module.eval()
    draw = torch.Generator().manual_seed(0)
    for name, one in [*module.named_parameters(), *module.named_buffers()]:
        if one.is_floating_point():
            with torch.no_grad():
                one.copy_(torch.rand(one.shape, generator=draw) * 0.6 + (0.5 if "var" in name else -0.3))
    x = torch.randn((2, *shape), generator=draw)
    wanted = module(x).detach().numpy()
    model = read(module, input_shape=shape)
    moved = model.inputs[0].shape[1:] != shape
    found = model.predict(np.moveaxis(x.numpy(), 1, -1) if moved else x.numpy(), verbose=0)
    turned = np.moveaxis(found, -1, 1)
    found = turned if moved and turned.shape == wanted.shape and np.allclose(turned, wanted, 1e-3, 1e-3) else found
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * max(1, np.abs(wanted).max()))
    assert model.explain("ko")
    return model


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("module", [
    nn.Conv2d(4, 6, 3), nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False),
    nn.Conv2d(4, 6, (2, 4), padding="same"), nn.Conv2d(4, 8, 3, groups=4), nn.Conv2d(4, 6, 3, groups=2, dilation=2),
    nn.ConvTranspose2d(4, 6, 3, stride=2), nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1),
    nn.BatchNorm2d(4), nn.BatchNorm2d(4, affine=False), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.LayerNorm((9, 8)),
    nn.MaxPool2d(2), nn.MaxPool2d(3, 2, padding=1), nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(2),
    nn.AvgPool2d(3, 2, padding=1), nn.AvgPool2d(3, 2, padding=1, count_include_pad=False), nn.AvgPool2d(2, ceil_mode=True),
    nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((3, 4)), nn.AdaptiveMaxPool2d((3, 2)), nn.Flatten(), nn.Identity(),
    nn.Dropout(), nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(0.5), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Sigmoid(), nn.Tanh(), nn.Softplus(), nn.Softsign(), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(), nn.Mish(),
    nn.LogSigmoid(), nn.PReLU(), nn.PReLU(4), nn.Softmax(1), nn.LogSoftmax(-1),
    nn.Upsample(scale_factor=2), nn.Upsample(size=(12, 10), mode="bilinear"),
    nn.ZeroPad2d((1, 2, 0, 3)), nn.Linear(8, 5), nn.Sequential(nn.Flatten(2), nn.Unflatten(2, (8, 9)))], ids=str)
def test_modules(module):
    agree(module)


@pytest.mark.parametrize("module", [
    nn.Conv1d(4, 6, 3, padding=1), nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1), nn.BatchNorm1d(4), nn.MaxPool1d(3, 2, 1),
    nn.AvgPool1d(2), nn.AdaptiveAvgPool1d(1)], ids=str)
def test_sequences(module):
    agree(module, (4, 11))


class Block(nn.Module):
    """A residual block, in the ways that people write one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.shrink = nn.Sequential(nn.Conv2d(4, 6, 1, stride=2), nn.BatchNorm2d(6))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        y = F.relu(self.norm(self.conv(x)), inplace=True)
        y = self.shrink(F.max_pool2d(x + y, 3, stride=1, padding=1) * 0.5)
        y = torch.cat([y, torch.sigmoid(y)], dim=1)[:, :6] if False else y - y.mean(dim=(2, 3), keepdim=True)
        y = F.adaptive_avg_pool2d(F.pad(y, (1, 0, 0, 1)), 1)
        return F.log_softmax(self.head(torch.flatten(F.dropout(y, 0.5, self.training), 1)), dim=-1)


class Views(nn.Module):
    def forward(self, x):
        y = torch.cat([x, x.tanh()], 1).permute(0, 2, 3, 1).contiguous()
        y = y.view(y.size(0), -1, y.shape[3]).transpose(1, 2)
        return (2 - y.unsqueeze(1).squeeze(1)).reshape(-1, 8 * 72).clamp(min=-1) / 3


class Parts(nn.Module):
    """Channels that are shuffled, weighed and split, as in ShuffleNet, squeeze-and-excitation and ConvNeXt."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.squeeze, self.excite = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)

    def forward(self, x):
        batch, channels, height, width = x.size()
        y = x.view(batch, 2, channels // 2, height, width).transpose(1, 2).contiguous().view(batch, channels, height, width)
        y = y * torch.sigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1))))) * self.scale
        left, right = y.chunk(2, dim=1)
        y = torch.cat([F.logsigmoid(left), right[:, :, 1:, ::2].mean((2, 3), keepdim=True) + left], dim=1)
        return torch.split(y, [1, 3], 1)[1][..., 2]


def test_parts():
    agree(Parts())


def test_residual_block():
    model = agree(Block())
    assert model.get_layer("shrink_conv2d_0").strides == (2, 2)


def test_views():
    agree(Views())


def test_a_classifier():
    model = agree(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1),
                                nn.Flatten(), nn.Linear(8, 10)), (3, 16, 16))
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Conv2D", "ReLU", "MaxPooling2D",
                                                               "GlobalAveragePooling2D", "Dense"]
    assert model.layers[1].padding == "same"
    assert model.name == "sequential"


class InPlace(nn.Module):
    """What works in place changes its input, which is read again."""

    def __init__(self):
        super().__init__()
        self.first, self.relu = nn.Conv2d(4, 4, 1), nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.first(x)
        z = self.relu(y)
        y = y + 2 * z
        w = F.leaky_relu(y - 1, 0.1, inplace=False)
        return y - w + w.mul_(3) * w


class Modal(nn.Module):
    def forward(self, x):
        return x * 3 if self.training else x * 2


def test_in_place():
    agree(InPlace())


def test_a_module_in_training_is_read_as_it_is_in_inference_and_stays_in_training():
    module = nn.Sequential(Modal(), nn.Identity().eval())
    np.testing.assert_array_equal(read(module, (2,)).predict(np.ones((1, 2)), verbose=0), [[2, 2]])
    assert module.training
    assert module[0].training
    assert not module[1].training


class Odd(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize(("module", "message"), [
    (nn.Sequential(nn.LSTM(4, 3)), r'module "0" \(LSTM\): konv has no layer for it; it reads AdaptiveAvgPool1d'),
    (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), "padding_mode"),
    (nn.BatchNorm2d(4, track_running_stats=False), "track"),
    (nn.AdaptiveAvgPool2d(2), "windows of different sizes"), (nn.MaxPool2d(2, dilation=2), "dilation"),
    (nn.Flatten(0), "flattens the batch too"), (Odd(), "torch.fx cannot follow its forward.*torch.onnx.export"),
    (nn.Upsample(scale_factor=2, mode="bicubic"), "nearest by whole factors and bilinear"),
    (nn.Upsample(scale_factor=1.3, mode="bilinear"), "do not give whole sizes"), (nn.Softmax(), "dim is not given"),
    (nn.Softplus(threshold=2), "threshold=2; beta=1 and a threshold of 15 or more")])
def test_refused(module, message):
    with pytest.raises(UnsupportedError, match=message):
        read(module, input_shape=IMAGE)


def test_the_shape_is_needed():
    with pytest.raises(KonvError, match="Conv2d: a module does not say what it takes; give input_shape="):
        read(nn.Conv2d(4, 6, 3))
