"""What does axe find on a page, on a desktop and on a phone, in light and in dark? And is anything wider than the screen?

Every rule is tried on the desktop in light and on the phone in dark. What depends on both is contrast: it is measured in
the other two looks as well, of every text that came into sight or looks otherwise than in the other width.
"""

from importlib.resources import files

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
WIDE, NARROW = 1280, 390

INSPECT = """async ([rules, onlyOthers]) => {
  const texts = new Map(), behind = new Map();
  for (const it of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(it), size = parseFloat(style.fontSize);
    const own = [style.backgroundColor, style.backgroundImage, style.opacity].join();
    const back = (behind.get(it.parentElement) || "") + (own === "rgba(0, 0, 0, 0),none,1" ? "" : own + ";");
    behind.set(it, back);
    const says = it.matches("input, select, textarea, a")
      || [...it.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    if (says && it.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      texts.set(it, [back, style.color, size >= 24 || (size >= 18.66 && style.fontWeight >= 700), style.position,
        style.clip, style.clipPath, style.textDecorationLine, style.textShadow].join("|"));
  }
  const known = window.looksOfTexts || new Map();
  const others = [...texts].filter(([it, look]) => known.get(it) !== look).map(([it]) => it);
  window.looksOfTexts = texts;
  if (onlyOthers && !others.length) return [];
  return (await axe.run(onlyOthers ? { include: others } : document, rules)).violations;
}"""


def complaints(page: Page, name: str, *, narrow: int = NARROW) -> list[str]:
    """One line for each thing that is wrong with the page as it stands; it is left wide and dark."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found = []
    for width, scheme, others in (
        (WIDE, "light", False), (narrow, "light", True), (narrow, "dark", False), (WIDE, "dark", True),
    ):  # fmt: skip
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for each in page.evaluate(INSPECT, [COLOURS if others else EVERYTHING, others]):
            where = "; ".join(node["html"][:160] for node in each["nodes"][:3])
            found.append(f"{name} ({scheme}, {width}): {each['id']}: {where}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{name}: wider than {width}")
    return found
