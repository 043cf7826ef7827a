"""Texts built from parts with styles, some of which can be clicked.

Rule: texts are never parsed as markup; each part is cleaned by whoever takes it from outside.
Spec: docs/tui.md, section 7.
"""

from __future__ import annotations

from textual.content import Content
from textual.style import Style
from textual.visual import VisualType
from textual.widgets import Static

from restante.client.tui.wrap import cells, wrap

NBSP = "\N{NO-BREAK SPACE}"


class Line(Static):
    """A text that is never parsed as markup; what can be clicked in it keeps its own style."""

    auto_links = False

    def __init__(
        self,
        content: str | Content = "",
        *,
        id: str | None = None,  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        plain = Content(content) if isinstance(content, str) else content
        super().__init__(plain, id=id, classes=classes, markup=False)
        self._shown = plain

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show another text. The same again costs nothing: else each message that arrives would
        have the whole screen laid out anew."""
        plain = Content(content) if isinstance(content, str) else content
        if isinstance(plain, Content) and plain.is_same(self._shown):
            return
        self._shown = plain if isinstance(plain, Content) else Content()
        super().update(plain, layout=layout)


def hint(key: str, label: str) -> str:
    """`r Retry`, which no line break tears."""
    return f"{key} {label}".replace(" ", NBSP)


def clickable(text: str, action: str | None, style: str = "") -> Content:
    """Return a text that runs an action of its screen when it is clicked."""
    content = Content.styled(text, style)
    if action:
        content = content.stylize(Style.from_meta({"@click": action}))
    return content


def banner_text(sentence: str, actions: list[tuple[str, str, str]], width: int) -> Content:
    """Return a sentence and its actions (key, label, action), broken at words."""
    hints = [hint(key, label) for key, label, _ in actions]
    lines = wrap(sentence, width)
    keys = "   ".join(hints)
    if keys and cells(lines[-1]) + 3 + cells(keys) <= width:
        lines[-1] = f"{lines[-1]}   {keys}"
    elif keys:
        lines += wrap(keys, width)
    content = Content("\n".join(lines))
    for (key, _, action), text in zip(actions, hints, strict=True):
        start = content.plain.rfind(text)
        if start >= 0:
            content = content.stylize(
                Style.from_meta({"@click": action}), start, start + len(text)
            ).stylize("bold", start, start + len(key))
    return content
