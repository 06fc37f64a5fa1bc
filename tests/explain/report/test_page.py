"""The page of a report in a browser: stepped through by keyboard and mouse, compared with the engine; nothing is loaded."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import konv
from konv.explain import report

layers = konv.layers
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), "/usr/bin/chromium")

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")


def every_kind():
    """Every layer that can be stepped through, in one model."""
    x = konv.Input((12, 10, 4), name="image")
    strided = layers.Conv2D(6, 3, strides=2, padding="same", name="strided", activation="relu")(x)
    grouped = layers.Conv2D(6, (3, 2), dilation_rate=2, groups=2, padding="same", use_bias=False, name="grouped")(x)
    depthwise = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(grouped)
    separable = layers.SeparableConv2D(5, 3, name="separable")(depthwise)
    transposed = layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="transposed")(strided)
    average = layers.AveragePooling2D(3, 2, padding="same", name="average")(transposed)
    norm = layers.BatchNormalization(name="norm")(layers.MaxPooling2D(2, name="max")(average))
    steps = layers.Conv1D(4, 3, padding="causal", name="sequence")(layers.Reshape((6, 3))(norm))
    steps = layers.Dense(2, name="along")(steps)
    y = layers.Concatenate()([layers.GlobalAveragePooling2D(name="global")(separable), layers.Flatten()(steps)])
    y = layers.Dense(30, activation="relu", name="hidden")(y)
    return konv.Model(x, layers.Dense(3, name="<b>answer")(y), name="<script>alert(1)")


class Opened:
    """The page, what it said on the console and what it asked for."""

    def __init__(self, browser, path):
        self.page = browser.new_page(viewport={"width": 1000, "height": 900})
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")

    def value(self):
        """What the page says the output pixel is: (row, column, feature map, value)."""
        told = self.page.inner_text("#value")
        numbers = told.translate(str.maketrans("(),:", "    ")).split()
        found = [float(word) for word in numbers if word.lstrip("-").replace(".", "").replace("e-", "").isdigit()]
        return told, found


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    konv.models.reset_names()
    konv.utils.set_random_seed(0)
    model, batch = every_kind(), np.random.default_rng(0).random((2, 12, 10, 4), dtype="float32")
    path = report(model, batch, {"loss": [2.0, 1.0]}, names=["</script>", "second"]).save(
        tmp_path_factory.mktemp("report") / "report.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        found = Opened(browser, path)
        found.outputs = {layer.name: konv.Model(model.inputs, layer.output).predict(batch, verbose=0)
                         for layer in model.layers if layer.name != "image"}
        yield found
        browser.close()
    assert found.said == []  # after all tests of this file: no error, no warning, no violation of the policy
    assert found.asked == [path.as_uri()]


def test_computed_in_the_page_as_by_the_engine(opened):
    """Every kind of layer at places all over its output, on the second image."""
    opened.page.click("[data-image='1']")
    found = opened.page.evaluate("""() => data.stages.map((stage, place) => {
        const result = maps(stage.result), told = [];
        for (let step = 0; step < 12; step++) {
            go({ stage: place, filter: step % result.channels,
                 row: 5 * step % result.height, column: 3 * step % result.width });
            const { computed, output } = by("chain").dataset;
            told.push([state.row, state.column, state.filter, Number(computed), Number(output)]);
        }
        return [stage.layer, stage.operation, stage.after.length, told];
    })""")
    assert {layer for layer, *_ in found} == {"strided", "grouped", "transposed", "depthwise", "separable", "average", "max",
                                              "norm", "global", "sequence", "along", "hidden", "<b>answer"}
    for layer, operation, after, told in found:
        values = opened.outputs[layer][1]
        values = values.reshape((1,) * (3 - values.ndim) + values.shape)
        for row, column, channel, computed, output in told:
            if operation != "DepthwiseConv":  # what a separable convolution does first is no layer's output
                assert output == pytest.approx(values[row, column, channel], rel=1e-5, abs=1e-6)
            assert (max(computed, 0) if after else computed) == pytest.approx(output, rel=1e-4, abs=1e-5), layer


def test_keyboard_and_mouse(opened):
    page = opened.page
    page.click("[data-image='0']")
    page.select_option("#stage", label="strided")
    for name in ("filter", "row", "column"):
        page.fill(f"#{name}", "0")
        page.press(f"#{name}", "Enter")
    page.focus("#result")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft", "PageDown", "PageDown"):
        page.keyboard.press(key)
    told, (*_, value) = opened.value()
    assert told.startswith("output pixel (2, 1) of feature map 2: ")
    assert value == pytest.approx(opened.outputs["strided"][0, 2, 1, 2], rel=1e-3)
    assert page.locator("#shares .share").count() == 4
    box = page.locator("#result canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 4.5 / 5, box["y"] + box["height"] * 5.5 / 6)  # the last of 6 rows and 5 columns
    _, (*place, value) = opened.value()
    assert place == [5, 4, 2]
    assert value == pytest.approx(opened.outputs["strided"][0, 5, 4, 2], rel=1e-3, abs=1e-6)
    assert page.locator("#source .pad").count() > 0  # the window reaches over the edge
    page.click("#previous")
    assert opened.value()[1][:2] == [5, 3]


def test_a_number_leads_to_the_layer_that_made_it(opened):
    page = opened.page
    page.select_option("#stage", label="transposed")
    page.locator("#shares td button").first.click()
    assert page.locator("#stage option:checked").inner_text() == "strided"
    _, (row, column, channel, value) = opened.value()
    assert value == pytest.approx(opened.outputs["strided"][0, int(row), int(column), int(channel)], rel=1e-3, abs=1e-6)
    page.click("#return")
    assert page.locator("#stage option:checked").inner_text() == "transposed"


def test_the_language_is_switched_in_the_page(opened):
    page = opened.page
    page.click("[data-lang=ko]")
    assert page.locator("h2").first.inner_text() == "윈도우를 한 칸씩"
    assert "출력 픽셀" in page.inner_text("#value")
    assert page.locator("#result").get_attribute("aria-label") == "층의 출력: 방향키로 윈도우를 옮김"
    assert page.get_attribute("[data-lang=ko]", "aria-pressed") == "true"
    page.click("[data-lang=en]")
    assert page.locator("h2").first.inner_text() == "Window by window"


def test_all_pictures_are_drawn_and_nothing_is_too_wide(opened):
    page = opened.page
    page.set_viewport_size({"width": 400, "height": 900})
    for box in page.locator(".maps, .kernels").all():
        box.scroll_into_view_if_needed()
    assert page.evaluate("document.querySelectorAll('.maps:empty, .kernels:empty').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.locator(".tile[type=button]").first.click()
    assert page.locator(".tile.chosen").count() == 1
