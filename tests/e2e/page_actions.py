"""What is done and waited for on a page in a browser: buttons, rows of a table, points of a curve, a zoom."""

CURVES = "document.querySelector('.rl-curves .rl-plot')"
COUNT_POINTS = f"({CURVES}?.data?.[0]?.x?.length ?? 0)"


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def wait_until_drawn(page) -> None:
    """Until then fields appear one by one, and the first field of a name may be the second arm's."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def start_race(page) -> None:
    """Presses Train; from then on the address of the page names the race."""
    button(page, "Train").click()
    page.wait_for_url("**race=*")


def choose_row(page, row: int) -> None:
    """A click on the box in front of a row of the table, which is drawn on a canvas: 35 pixels a row."""
    table = page.get_by_test_id("stDataFrame").first
    table.locator("canvas").first.wait_for()
    table.click(position={"x": 18, "y": 35 * (row + 1) + 18})


def wait_for_points(page, count: int) -> None:
    """So many, and no more, of the first curve."""
    page.wait_for_function(f"{COUNT_POINTS} === {count}")


def zoom(page, end: int) -> None:
    """Into the left of the curves, by the mouse, until less than `end` steps are seen."""
    box = page.locator(".rl-curves .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_function(f"{CURVES}._fullLayout.xaxis.range[1] < {end}")


def axis_ranges(page) -> list:
    return page.evaluate(f"(({{xaxis, yaxis}}) => [xaxis.range, yaxis.range])({CURVES}._fullLayout)")
