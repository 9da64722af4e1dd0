"""Reads a report as a stranger would: python3 tests/read_report.py REPORT.html

Fails unless the page is well formed (every element closed in order), asks for nothing from outside (a sweep's may link to pages of its
runs, beside it), holds no script, uses each id once,
every picture is XML with a role, a title and a description and has its axes' numbers apart, and the embedded JSON reads. Prints one line per figure: its id.
"""
import html.parser
import json
import re
import sys
import xml.etree.ElementTree

VOID = {"meta", "img", "br", "link", "input", "hr", "source"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.faults, self.figures = [], [], [], [], []
        self.scripts, self.data = [], {}

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in a:
            self.ids.append(a["id"])
        if tag == "figure":
            self.figures.append(a.get("id"))
        if tag == "script":
            self.scripts.append(a.get("type"))
            self.current = a.get("id")
        for name, value in attributes:
            value = value or ""
            if name.startswith("on"):
                self.faults.append(f"<{tag} {name}=...>")
            if tag == "a" and re.fullmatch(r"\./[\w.+:,=%-]+/report\.html", value):
                continue
            if name in ("src", "href", "xlink:href", "action", "data") and not value.startswith(("data:image/png;base64,", "#")):
                self.faults.append(f"<{tag} {name}={value[:60]}>")
            if name in ("href", "xlink:href") and value.startswith("#"):
                self.references.append(value[1:])
            if name == "aria-labelledby":
                self.references += value.split()
        if tag in ("iframe", "object", "embed", "base", "form", "link"):
            self.faults.append(f"<{tag}>")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.data[self.current] = self.data.get(self.current, "") + data


def check_picture(text, faults):
    try:
        root = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        faults.append(f"a picture is no XML: {error}")
        return
    names = [child.tag.split("}")[-1] for child in root]
    if root.get("role") != "img" or names[:2] != ["title", "desc"] or not root[0].text or not root[1].text:
        faults.append("a picture without role, title and description")


def check_ticks(text, faults):
    """Labels at the end of one vertical axis stand at least a letter's height (13) apart."""
    columns = {}
    for x, y in re.findall(r'translate\(([\d.]+),([\d.]+)\)"[^>]*text-anchor="end"', text):
        columns.setdefault(x, []).append(float(y))
    for ys in columns.values():
        ys.sort()
        if any(b - a < 13 for a, b in zip(ys, ys[1:])):
            faults.append("numbers of an axis stand on top of each other")


def main(path):
    text = open(path, encoding="utf-8", errors="strict").read()
    page = Page()
    page.feed(text)
    page.close()
    faults = page.faults
    faults += [f"<{tag}> is never closed" for tag in page.open]
    faults += [f"id {i} {page.ids.count(i)} times" for i in sorted(set(page.ids)) if page.ids.count(i) > 1]
    faults += [f"no id {r}" for r in sorted(set(page.references)) if r not in page.ids]
    faults += ["a script that is no data"] * sum(kind != "application/json" for kind in page.scripts)
    if re.search(r"@import|url\((?!#)", text):
        faults.append("a style asks for something")
    for picture in re.findall(r"<svg .*?</svg>", text, re.S):
        check_picture(picture, faults)
        check_ticks(picture, faults)
    numbers = json.loads(page.data["numbers"])
    for figure in page.figures:
        print(figure)
    scored = [run for run in numbers["runs"] if run.get("status", "finished") == "finished"]
    if not page.figures or not scored or not all(run["metrics"] for run in scored):
        faults.append("no figures, or no numbers")
    for fault in faults:
        print(f"{path}: {fault}", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
