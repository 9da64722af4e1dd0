"""Opens reports in headless Chromium and measures them: python3 tests/browse_report.py REPORT.html ...

For each page, at widths 360 and 1200: no message on the console, no request, nothing wider than the window (with every <details> open as
well), every figure's parts inside the figure, every label of a picture inside the picture, and no two labels of a picture on top of each
other. The measuring script goes into a copy of the page, whose policy lets that one script run and forbids requests like the page's own.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (360, 1200)

MEASURE = r"""
addEventListener('load', () => {
  const faults = [], slack = 1;
  const inside = (a, b) => a.left >= b.left - slack && a.right <= b.right + slack && a.top >= b.top - slack && a.bottom <= b.bottom + slack;
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
  const box = e => e.getBoundingClientRect();
  const check_width = when => {
    const d = document.documentElement;
    if (d.scrollWidth > d.clientWidth) faults.push(`${when}: the page is ${d.scrollWidth} wide in a window of ${d.clientWidth}`);
  };
  check_width('closed');
  document.querySelectorAll('details').forEach(d => d.open = true);
  check_width('open');
  document.querySelectorAll('figure').forEach(f => {
    if (!inside(box(f), { left: 0, right: innerWidth, top: -1e9, bottom: 1e9 })) faults.push(`${f.id} leaves the window`);
    for (const e of f.querySelectorAll('svg, h3, figcaption, details, .scroll, .images li, .images img'))
      if (!inside(box(e), box(f))) faults.push(`${f.id}: <${e.tagName}> leaves the figure`);
    for (const svg of f.querySelectorAll('svg')) {
      const labels = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim() !== '');
      if (box(svg).width < 200) faults.push(`${f.id}: the picture is only ${box(svg).width} wide`);
      labels.forEach((t, i) => {
        if (!inside(box(t), box(svg))) faults.push(`${f.id}: "${t.textContent.trim()}" leaves the picture`);
        for (const u of labels.slice(i + 1))
          if (meet(box(t), box(u))) faults.push(`${f.id}: "${t.textContent.trim()}" and "${u.textContent.trim()}" overlap`);
      });
    }
  });
  for (const e of performance.getEntriesByType('resource')) if (!e.name.startsWith('data:')) faults.push(`a request: ${e.name}`);
  parent.postMessage(JSON.stringify({ width: innerWidth, figures: document.querySelectorAll('figure').length, faults }), '*');
});
"""

# Chromium's windows are at least 500 wide; a frame is as narrow as it is told to be.
FRAME = """<!DOCTYPE html><title>frame</title><script>
addEventListener('message', event => {
  const result = document.createElement('pre');
  result.id = 'measured';
  result.textContent = event.data;
  document.body.append(result);
});
</script><iframe src="page.html" style="width:%dpx;height:900px;border:0"></iframe>
"""


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    sys.exit("no Chromium: install it (Debian: apt-get install chromium) to check reports in a browser")


def with_script(page):
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy in page, "the page has lost its policy"
    page = page.replace(policy, policy + "; script-src 'unsafe-inline'")
    return page.replace("</head>", f"<script>{MEASURE}</script></head>", 1)


def open_page(program, path, home):
    words = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", f"--user-data-dir={home}", "--hide-scrollbars",
             "--window-size=1400,1000", "--virtual-time-budget=2000", "--dump-dom", "file://" + os.path.realpath(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.S)
    return console, json.loads(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) if found else None


def check(program, path, folder):
    faults = []
    copy = os.path.join(folder, "page.html")
    with open(path, encoding="utf-8") as page, open(copy, "w", encoding="utf-8") as out:
        out.write(with_script(page.read()))
    for width in WIDTHS:
        frame = os.path.join(folder, "frame.html")
        with open(frame, "w", encoding="utf-8") as out:
            out.write(FRAME % width)
        console, measured = open_page(program, frame, os.path.join(folder, "home"))
        if measured is None or measured["width"] != width or measured["figures"] == 0:
            faults.append(f"at {width}: not measured ({measured})")
        else:
            faults += [f"at {width}: {fault}" for fault in measured["faults"]]
        faults += [f"at {width}: console: {line}" for line in console]
    return faults


def main(paths):
    program, bad = browser(), 0
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            faults = check(program, path, folder)
        print(f"{'not ok' if faults else 'ok'} - {path}")
        for fault in faults:
            print(f"    {fault}")
        bad += bool(faults)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
