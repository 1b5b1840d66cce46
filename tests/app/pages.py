"""A page as a visitor has it before them: opened by a link, pressed, read. No page may ever raise."""

from streamlit.testing.v1 import AppTest

from app import state

MAIN = str(state.RECORDINGS.parents[1] / "app" / "main.py")
SMALL_LINK = {"arms": "none-8,identity-8", "width": "2", "steps": "4", "batch": "4"}


def opened(view: str = "race", **link: str) -> AppTest:
    """A page, once drawn."""
    page = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in link.items():
        page.query_params[name] = value
    if view != "race":
        page.run()
        page.switch_page(f"views/{view}.py")
        for name, value in link.items():
            page.query_params[name] = value
    return drawn(page)


def drawn(page: AppTest) -> AppTest:
    page.run()
    assert [error.message for error in page.exception] == []
    return page


def errors(page: AppTest) -> list[str]:
    """The sentences, without the backslashes that keep Markdown from reading anything into them."""
    return [line for error in page.error for line in error.value.replace("\\", "").split("  \n")]


def warnings(page: AppTest) -> list[str]:
    return [warning.value.replace("\\", "") for warning in page.warning]


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return drawn(page)


def link_of(page: AppTest) -> dict[str, str]:
    return {
        name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()
    }


def depths(page: AppTest) -> list:
    return [number.value for number in page.number_input if number.label == "Depth"]


def texts(page: AppTest) -> str:
    return "\n".join(markdown.value for markdown in (*page.markdown, *page.caption))
