"""A report as one HTML file: no other file, no script, and nothing from the network. It prints on A4 as it looks."""

import html
import re

import mistune

_STYLE = """
body { font: 15px/1.5 "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1a1a1a; max-width: 52rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; break-after: avoid; }
h2 { border-bottom: 1px solid #ccc; margin-top: 2.2rem; padding-bottom: .2rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .88em; }
th, td { border: 1px solid #ccc; padding: .25rem .55rem; vertical-align: top; }
thead { background: #f2f2f2; }
tr, img, li { break-inside: avoid; }
td[style*="right"] { white-space: nowrap; }
td code { overflow-wrap: anywhere; }
img { max-width: 100%; max-height: 24cm; }
td img { max-width: 25rem; width: 100%; }
code, pre { font-family: Consolas, Menlo, monospace; font-size: .92em; }
pre { background: #f6f6f6; padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
@page { size: A4; margin: 15mm; }
@media print { body { font-size: 10pt; margin: 0; max-width: none; padding: 0; } }
"""

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


class _Renderer(mistune.HTMLRenderer):
    """Shows a vertical bar in code as it is: `markdown.code` escapes it for tables."""

    def codespan(self, text: str) -> str:
        return super().codespan(text.replace("\\|", "|"))


def page(markdown: str, language: str) -> str:
    """The page of a report whose pictures are inside it. HTML within the Markdown is shown as text."""
    title = re.search(r"^# (.+)$", markdown, flags=re.M)
    to_html = mistune.create_markdown(renderer=_Renderer(escape=True), plugins=["table"])
    body = str(to_html(markdown)).strip()
    return _PAGE.format(language=language, title=html.escape(title[1] if title else ""), style=_STYLE, body=body)
