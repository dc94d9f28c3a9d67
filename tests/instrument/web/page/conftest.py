"""An engine, its server, and a browser for all tests of a file: playwright keeps an event loop running meanwhile."""

import pytest

from tests.instrument.web.page.stage import PHONE, Stage


@pytest.fixture(scope="module")
def browser(need):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = driver.chromium.launch(executable_path=need("chromium", "chromium"), args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage(engine_process, browser, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    engine = engine_process(home, "play", "--output", "none", "--osc-port", 0, "--release", "first-light")
    port = engine.client().engine[1]
    server = engine_process(home, "web", "--http-port", 0, "--no-discovery", "--connect", f"127.0.0.1:{port}")
    yield Stage(engine, server, browser)
    server.close()
    engine.close()


@pytest.fixture
def page(stage):
    page = stage.open()
    yield page
    page.context.close()


@pytest.fixture
def phone(stage):
    page = stage.open(PHONE, touch=True)
    yield page
    page.context.close()
