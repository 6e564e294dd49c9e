"""The page of a plan in headless Chromium: no message, no request, no overflow, readable; screenshots to look at.

CFGEN_SCREENSHOTS names a folder for them; CHROMIUM the browser (else the one on PATH).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cfgen import document, pipeline
from cfgen.catalogue import load
from cfgen.plan import make
from cfgen.plan.page import page
from cfgen.render import render
from cfgen.spec import load_spec
from tests.conftest import SPECS

playwright = pytest.importorskip("playwright.sync_api", reason="make test-browser installs it")
LOOKS = ((1280, "light"), (768, "dark"), (390, "light"), (390, "dark"))
# the contrast of every visible text with the ground behind it (WCAG 2.2, 1.4.3)
CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => { for (; node; node = node.parentElement) {
    const found = rgb(getComputedStyle(node).backgroundColor); if (found.length < 4 || found[3] > 0.99) return found; }
    return [255, 255, 255]; };
  const bad = [];
  for (const node of document.querySelectorAll('body *:not(svg):not(svg *):not(script):not(style)')) {
    const said = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!said || !node.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push([node.tagName, node.className, node.textContent.trim().slice(0, 30), ratio.toFixed(2)]);
  }
  return bad;
}"""
# text of the picture that leaves its box, and boxes that leave the picture
OUTSIDE = """() => [...document.querySelectorAll('svg.picture')].filter((svg) => svg.getClientRects().length).flatMap(
  (svg) => [...svg.querySelectorAll('g.node')].flatMap((node) => {
    const box = node.querySelector('rect').getBoundingClientRect();
    const all = svg.getBoundingClientRect();
    const out = [...node.querySelectorAll('text')].filter((text) => text.getBoundingClientRect().right > box.right + 0.5)
      .map((text) => text.textContent);
    return box.left < all.left - 1 || box.right > all.right + 1 ? [...out, 'box'] : out;
  }))"""


def chromium() -> str:
    """The browser's program."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "no Chromium: apt-get install chromium, or CHROMIUM=/path/to/it"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of every example, in two regions."""
    folder, catalogue, found = tmp_path_factory.mktemp("pages"), load(), {}
    for path in SPECS:
        spec = load_spec(path)
        stack = pipeline.plan(spec, catalogue)
        template = render(stack)
        plan = make(
            template,
            document.load(template.text),
            ["us-east-1", "eu-west-1"],
            catalogue,
            spec=spec,
            stack=stack,
        )
        found[path.stem] = folder / f"{path.stem}.html"
        found[path.stem].write_text(page(plan), encoding="utf-8")
    return found


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", [path.stem for path in SPECS])
def test_the_page_in_a_browser(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    tab = context.new_page()
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(pages[name].as_uri())
    assert said == []
    assert asked == [pages[name].as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    wide = tab.evaluate(
        "() => [...document.querySelectorAll('body *')].filter((e) => !e.closest('.canvas, thead, .skip') && "
        "e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + '.' + e.className)"
    )
    assert wide == []
    assert tab.evaluate(OUTSIDE) == []
    assert tab.evaluate(CONTRAST) == []
    assert tab.locator("svg.picture:visible").count() == 1
    # a picture that must be read is not shrunk to nothing
    size = tab.evaluate(
        "() => { const svg = [...document.querySelectorAll('svg.picture')].find((one) => one.getClientRects().length);"
        " return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width }"
    )
    assert size >= 0.75
    if folder := os.environ.get("CFGEN_SCREENSHOTS"):
        tab.screenshot(path=str(Path(folder) / f"{name}.{width}.{scheme}.png"), full_page=True)
    context.close()


def test_it_can_be_used_without_a_mouse(browser: Any, pages: dict[str, Path]) -> None:
    tab = browser.new_page()
    tab.goto(pages["mistral-7b"].as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == "#main"
    tree = tab.locator("body").aria_snapshot()
    for heading in (
        "Architecture",
        "Checks",
        "Costs",
        "Limits",
        "Regions",
        "Parameters",
        "Rights",
        "Resources",
    ):
        assert f'heading "{heading}" [level=2]' in tree
    assert "Architecture of mistral-7b-instruct" in tree
