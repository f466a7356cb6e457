"""Reads a made page as a browser does: its elements, their attributes and their text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "wbr", "img", "br", "link"}


@dataclass(slots=True)
class Element:
    """One element; `text` is all the text in it, that of elements within included."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """All elements of a page, in the order in which they open."""

    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        """All elements of this kind."""
        return [element for element in self.elements if element.tag == tag]

    def one(self, tag: str) -> Element:
        """The only element of this kind."""
        (element,) = self.all(tag)
        return element

    @property
    def closed(self) -> bool:
        """Whether every element that was opened is closed."""
        return not self._open


def read_page(html: str) -> Page:
    """Reads a whole page."""
    page = Page()
    page.feed(html)
    page.close()
    return page
