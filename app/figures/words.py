"""Numbers as words of a sentence: what is exactly 0, infinite or no number is called so."""

import math

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def in_words(value: float, digits: int = 2) -> str:
    """0.92, 2,700 or 3.1 · 10⁻⁸; 0, infinity and NaN as words."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    if value == 0:
        return "exactly 0"
    factor, _, power = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if -4 < exponent < 5:
        decimals = digits - 1 - exponent
        return f"{round(value, decimals):,.{max(decimals, 0)}f}".replace("-", "−")
    return f"{factor} · 10{str(exponent).translate(_RAISED)}".replace("-", "−")
