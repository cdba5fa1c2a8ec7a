"""One style sheet and one script for the whole book, and fonts that hold what its pages show.

The theme and the extensions ask for some twenty files on every page, 1.5 MB of them a script that draws ten icons, and
Sphinx for its search index. When the pages are written, this puts their style sheets and scripts, and the course's own
from ``_page/``, into ``_static/book.css`` and ``_static/book.js``, in the order in which the pages ask for them. Icons
come from the theme's icon fonts and formulas from STIX Two Math, each cut down to the characters that the book shows.
"""

import base64
import io
import logging
import os
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

STYLE = re.compile(r'<link\b[^>]*\bhref="([^"]*_static/[^"]+\.css)(?:\?[^"]*)?"[^>]*>\n?')
SCRIPT = re.compile(r'<script\b[^>]*\bsrc="([^"]*_static/[^"]+\.js)(?:\?[^"]*)?"[^>]*></script>\n?')
PRELOAD = re.compile(r'<link\b[^>]*\brel="preload"[^>]*>\n?')
NEEDS_A_SCRIPT = re.compile(r"<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\n?")
FORMULA = re.compile(r"<math\b.*?<annotation", re.DOTALL)
FORMULA_FONT = Path("_static", "vendor", "stix-two-math", "stix-two-math.woff")
ICON_FONTS = {"Free": "fa-solid-900.ttf", "Brands": "fa-brands-400.ttf"}
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\(f[0-9a-f]+)"\}')
ICON_FACE = re.compile(r"@font-face\{[^}]*font-family:[^;}]*(?:Awesome|Font Awesome)[^}]*\}")
VARIABLE_ICON = re.compile('--pst-icon-[\\w-]+:"([\ue000-\uf8ff])"')
# Asked for by none of our pages, or replaced: icons, Sphinx's search, tabs.
UNUSED = ("fontawesome.js", "searchtools.js", "language_data.js", "searchindex.js", "design-tabs.js", "thebe")
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it reports every table
OWN_SCRIPTS = ("memory.js", "page.js", "predict.js", "quiz.js", "progress.js", "figures.js", "search.js")
OWN_STYLES = (
    "course.css",
    "code.css",
    "figures.css",
    "predict.css",
    "quiz.css",
    "reading.css",
    "print.css",
)


def bundle(app: Sphinx, error: Exception | None) -> None:
    """Write the two files and the fonts, and make every page ask for them alone."""
    if error is not None or app.builder.name != "html":
        return
    out, own = Path(app.outdir), Path(app.srcdir) / "_page"
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(out.glob("**/*.html"))}
    pages = {path: text for path, text in pages.items() if "_static" not in path.relative_to(out).parts}
    styles = _asked_for(pages, STYLE)
    scripts = _asked_for(pages, SCRIPT)
    code = [path.read_text(encoding="utf-8") for path in (*scripts, *(own / name for name in OWN_SCRIPTS))]
    sheet = "\n".join(_style(path, out) for path in (*styles, *(own / name for name in OWN_STYLES)))
    everything = "".join(pages.values())
    sheet = _with_icons(sheet, everything + "".join(code), out / "_static" / "vendor" / "fontawesome" / "webfonts")
    sheet += _formula_face(Path(app.srcdir) / FORMULA_FONT, "".join(FORMULA.findall(everything)))
    (out / "_static" / "book.css").write_text(sheet, encoding="utf-8")
    for path in (*out.glob("_static/**/*.map"), out / "_static" / "scripts" / "fontawesome.js"):
        path.unlink(missing_ok=True)
    (out / "_static" / "book.js").write_text("\n;\n".join(code), encoding="utf-8")
    for path, text in pages.items():
        path.write_text(_asking(text, "../" * (len(path.relative_to(out).parts) - 1)), encoding="utf-8")


def _asked_for(pages: dict[Path, str], tag: re.Pattern[str]) -> list[Path]:
    """The files below ``_static`` that pages name in such tags, in order and once; explorers ask for their own."""
    found = [(path.parent / match[1]).resolve() for path, text in pages.items() for match in tag.finditer(text)]
    return [path for path in dict.fromkeys(found) if not any(word in path.name for word in UNUSED)]


def _style(path: Path, out: Path) -> str:
    """A style sheet's text with the sheets that it imports, its addresses as seen from ``_static``."""
    text = re.sub(r"/\*#\s*sourceMappingURL.*?\*/", "", path.read_text(encoding="utf-8"))
    text = re.sub(r'@import "([^"]+)";', lambda match: _style(path.parent / match[1], out), text)

    def one(match: re.Match[str]) -> str:
        address = match[1].strip("\"'")
        if address.startswith(("data:", "#")) or out not in path.parents:
            return match[0]
        return f"url({os.path.relpath(path.parent / address, out / '_static')})"

    return re.sub(r"url\(([^)]+)\)", one, text) if "url(" in text else text


def _with_icons(sheet: str, shown: str, fonts: Path) -> str:
    """Leave the rules of the icons that are shown, and the fonts' characters for them inside the sheet."""
    used = set(re.findall(r"\bfa-[\w-]+", shown))
    characters = set(VARIABLE_ICON.findall(sheet))

    def one(match: re.Match[str]) -> str:
        names = [name for name in match[1].split(",") if name[1:].removesuffix(":before") in used]
        if not names:
            return ""
        characters.add(chr(int(match[2], 16)))
        return f'{",".join(names)}{{content:"\\{match[2]}"}}'

    sheet = ICON_FACE.sub("", ICON_RULE.sub(one, sheet))
    for kind, file in ICON_FONTS.items():
        data = base64.b64encode(cut(fonts / file, characters)).decode()
        sheet += (
            f'@font-face{{font-family:"Font Awesome 6 {kind}";font-weight:{900 if kind == "Free" else 400};'
            f'src:url(data:font/woff;base64,{data}) format("woff")}}\n'
        )
    return sheet


def _formula_face(font: Path, formulas: str) -> str:
    text = unescape(re.sub(r"<[^>]+>", "", formulas))
    letters = {chr(code) for start in (0x41, 0x61) for code in range(start, start + 26)}
    # An <mi> of one letter is shown in the slanted letters of another block.
    slanted = {chr(0x1D434 + ord(c) - 0x41) for c in letters if c < "a"} | {
        chr(0x1D44E + ord(c) - 0x61) for c in letters if c >= "a"
    }
    greek = {chr(0x1D6FC + ord(c) - 0x3B1) for c in text if "α" <= c <= "ω"} | {"\u1d715", "\U0001d715"}
    data = base64.b64encode(cut(font, set(text) | letters | slanted | greek | {"ℎ", "√", "¯", "ˆ"})).decode()
    return f'@font-face{{font-family:"STIX Two Math";src:url(data:font/woff;base64,{data}) format("woff")}}\n'


def cut(font: Path, characters: Iterable[str]) -> bytes:
    """A font of these characters alone, as WOFF; with what stretches and shifts them in formulas."""
    options = subset.Options(flavor="woff", layout_features=["*"], notdef_outline=True)
    with TTFont(font) as whole:
        cutter = subset.Subsetter(options)
        cutter.populate(text="".join(sorted(set(characters))))
        cutter.subset(whole)
        whole.flavor = "woff"
        buffer = io.BytesIO()
        whole.save(buffer)
    return buffer.getvalue()


def _asking(page: str, root: str) -> str:
    """The page's HTML with one style sheet and one script, which waits until the page is read."""
    page = NEEDS_A_SCRIPT.sub("", SCRIPT.sub("", PRELOAD.sub("", page)))
    asks = (
        f'<link rel="stylesheet" href="{root}_static/book.css" />\n'
        f'<script defer src="{root}_static/book.js"></script>\n'
    )
    return STYLE.sub("", page).replace("</head>", f"{asks}</head>", 1)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", bundle, priority=900)  # after the theme has written its colours of code
    return {"parallel_read_safe": True, "parallel_write_safe": True}
