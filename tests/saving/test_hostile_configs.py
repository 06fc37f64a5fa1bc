"""Hostile indexes of weights in several files, arguments of compile and configs, through every door that reads them."""

import json
import zipfile

import pytest

import konv
from konv.errors import FileError, KonvError
from tests.saving.test_hostile import CONFIG, WEIGHTS, edited, network
from tests.saving.test_hostile import parts as parts

INDEXES = {
    "no map": ({}, "weight_map is missing"),
    "list": ({"weight_map": ["a"]}, "weight_map is missing"),
    "traversal": ({"weight_map": {"/vars": "../x_00000.weights.h5"}}, "no name like"),
    "absolute": ({"weight_map": {"/vars": "/etc/x.weights.h5"}}, "no name like"),
    "number": ({"weight_map": {"/vars": [1]}}, "no name like"),
    "other ending": ({"weight_map": {"/vars": "passwd"}}, "no name like"),
    "missing": ({"weight_map": {"/vars": "none.weights.h5"}}, "none.weights.h5: no such file"),
    "many": ({"weight_map": {str(n): f"{n}.weights.h5" for n in range(2000)}}, "more than 1000 files"),
    "text": ({"weight_map": {"/vars": "text.weights.h5"}}, "is not an HDF5 file"),
    "twice": ({"weight_map": {"/vars": ["a.weights.h5", "b.weights.h5"]}}, "in another file"),
}


@pytest.mark.parametrize("case", INDEXES)
def test_hostile_indexes(case, parts, tmp_path):
    (tmp_path / "text.weights.h5").write_text("hello")
    for name in "ab":
        (tmp_path / f"{name}.weights.h5").write_bytes(parts[WEIGHTS])
    (tmp_path / "m.weights.json").write_text(json.dumps(INDEXES[case][0]))
    with pytest.raises(FileError, match=INDEXES[case][1]):
        network().load_weights(tmp_path / "m.weights.json")


AUC = {"module": "keras.metrics", "class_name": "AUC", "config": {"num_thresholds": 10**9}, "registered_name": None}
IOU = {"module": "keras.metrics", "class_name": "MeanIoU", "config": {"num_classes": 10**6}, "registered_name": None}
ADAM = {"module": "keras.optimizers", "class_name": "Adam", "config": {"learning_rate": 10**400}}
COMPILE = {
    "list": (["adam"], "must be an object"),
    "self": ({"optimizer": "adam", "loss": "mse", "self": 1}, "self"),
    "rate": ({"optimizer": ADAM, "loss": "mse"}, "compile_config: OverflowError"),
    "thresholds": ({"loss": "mse", "metrics": [AUC]}, "would count with more than"),
    "classes": ({"loss": "mse", "metrics": [IOU]}, "would count with more than"),
    "many": ({"loss": "mse", "metrics": [AUC | {"config": {}}] * 20_000}, "more than 10,000"),
}


@pytest.mark.parametrize("case", COMPILE)
def test_hostile_arguments_of_compile(case, parts, tmp_path):
    config, message = COMPILE[case]
    edited(lambda whole: whole.update(compile_config=config))(tmp_path / "m.keras", parts)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        text = archive.read(CONFIG).decode()
    for read in (lambda: konv.load_model(tmp_path / "m.keras"), lambda: konv.models.model_from_json(text),
                 lambda: network().compile_from_config(config)):
        with pytest.raises(KonvError, match=message):
            read()


@pytest.mark.parametrize("config", [None, "x", [1], {}, {"filters": 1, "kernel_size": 1, "colour": 2}])
def test_configs_that_are_none(config):
    with pytest.raises(KonvError):
        konv.layers.Conv2D.from_config(config)
    with pytest.raises(KonvError):
        konv.Sequential.from_config(config)
