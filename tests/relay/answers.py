"""What a relay answered, and a clock that a test turns."""

from __future__ import annotations

import time
from typing import Any

from restante.protocol import frames as f


class Clock:
    """The relay's clock, which goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = float(int(time.time()) // 3600 * 3600)

    def __call__(self) -> float:
        return self.now_s


def code_of(answer: Any) -> int:
    assert isinstance(answer, f.Refused), answer
    assert answer.reason
    return answer.code
