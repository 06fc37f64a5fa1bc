"""Where the time goes: every layer is there, the work is that of the spec."""

import json

import pytest
from click.testing import CliRunner

import konv
from konv.cli import main
from konv.runtime.profile import peak_gflops, profile
from tests import networks


@pytest.mark.parametrize("training", [False, True])
def test_profile(training):
    model = networks.seed(konv)
    times = {time.layer: time for time in profile(model.graph(), model.weight_map(), 4, training, rounds=1)}
    macs = {"conv2d": 2 * 4 * 28 * 28 * 9 * 75, "conv2d_1": 2 * 4 * 14 * 14 * 9 * 75 * 50}
    # training: the kernel's gradient as well, and the input's but for the first layer
    assert times["conv2d"].flop == macs["conv2d"] * (2 if training else 1)
    assert times["conv2d_1"].flop == macs["conv2d_1"] * (3 if training else 1)
    assert all(time.seconds > 0 for time in times.values())
    assert times["conv2d"].bytes > 4 * 28 * 28 * 75 * 4


def test_command(tmp_path):
    path = tmp_path / "m.keras"
    networks.frozen(konv).save(path)
    result = CliRunner().invoke(main, ["bench", str(path), "--batch", "2", "--json"])
    assert result.exit_code == 0, result.output
    assert {row["layer"] for row in json.loads(result.output)["layers"]} >= {"first", "dense"}
    result = CliRunner().invoke(main, ["bench", str(path), "--batch", "2", "--training"])
    assert "GFLOP/s" in result.output


def test_peak_is_that_of_some_processor():
    assert 1 < peak_gflops(20) < 2000
