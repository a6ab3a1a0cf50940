"""How is docs/images/process.svg drawn: who acts at each step of the path, from the journey's path and the life cycle's table?"""

from itertools import pairwise

LANES = ("customer", "machine", "outside", "staff", "engineer")
LANE_NAMES = {
    "customer": "Customer",
    "machine": "Keyturn",
    "staff": "Staff",
    "engineer": "Engineers",
    "outside": "Outside",
}
COLUMN, LANE, LEFT, TOP, BOX_W, BOX_H = 150, 122, 112, 12, 116, 54
MAIN_LANE = {"identify": "customer", "gather": "customer", "review": "staff"}
EXTRA = {
    ("verify", "customer"): "prove e-mail",
    ("review", "customer"): "answer question",
    ("sync", "staff"): "CIS said no",
    ("establish", "engineer"): "stuck",
}
OUTSIDE = {
    "verify": ("identity check", "connectors/identity_check"),
    "sync": ("CIS", "connectors/cis"),
    "confirm": ("mail, SMS, letter", "connectors/mail"),
}


def picture() -> str:
    """docs/images/process.svg: columns are the path's steps, lanes are who must act."""
    from keyturn.journeys import START_SERVICE

    path = [str(step) for step in START_SERVICE.path]
    width, height = LEFT + COLUMN * len(path) + 24, TOP + LANE * len(LANES) + 20
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif">',
            "<title>Process 3.3.1 as Keyturn walks it</title>",
            _STYLE,
            f'<rect width="{width}" height="{height}" class="paper"/>',
            *_lanes(width),
            *_transaction(path),
            *_arrows(path),
            *_boxes(path),
            "</svg>",
            "",
        ]
    )


_STYLE = """<style>
.paper{fill:#fff}.lane{fill:#f2f6f4}.name{font-size:14px;font-weight:600;fill:#0b5d5a}.step rect{fill:#0b5d5a}
.step text{fill:#fff;font-size:14px;font-weight:600}.place rect{fill:#fff;stroke:#0b5d5a;stroke-width:1.5}.place text{fill:#16302f;font-size:12.5px}
.outside rect{fill:#fbe9c6;stroke:#a86f00}.outside text{fill:#4d3300;font-size:12.5px}.flow{fill:none;stroke:#3c5a58;stroke-width:1.6;marker-end:url(#tip)}
.side{stroke-dasharray:5 4}.label{font-size:11.5px;fill:#3c5a58}.together{fill:none;stroke:#f2b441;stroke-width:2.5;stroke-dasharray:2 4;stroke-linecap:round}
.note{font-size:11.5px;fill:#7a5600}a:hover rect{stroke:#f2b441;stroke-width:3}
</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="#3c5a58"/></marker></defs>"""


def _lanes(width: int) -> list[str]:
    found = []
    for row, lane in enumerate(LANES):
        top = TOP + row * LANE
        if row % 2 == 0:
            found.append(f'<rect x="0" y="{top}" width="{width}" height="{LANE}" class="lane"/>')
        found.append(f'<text x="18" y="{top + LANE // 2 + 5}" class="name">{LANE_NAMES[lane]}</text>')
    return found


def _centre(path: list[str], step: str, lane: str) -> tuple[int, int]:
    return LEFT + path.index(step) * COLUMN + COLUMN // 2, TOP + LANES.index(lane) * LANE + LANE // 2


def _main(step: str) -> str:
    return MAIN_LANE.get(step, "machine")


def _boxes(path: list[str]) -> list[str]:
    found = [_box(*_centre(path, step, _main(step)), step, f"steps/{step}", "step") for step in path]
    for (step, lane), label in EXTRA.items():
        if step in path:
            found.append(_box(*_centre(path, step, lane), label, f"steps/{step}", "place"))
    for step, (label, folder) in OUTSIDE.items():
        found.append(_box(*_centre(path, step, "outside"), label, folder, "outside"))
    return found


def _box(x: int, y: int, label: str, folder: str, kind: str) -> str:
    return (
        f'<a href="../../keyturn/{folder}/" class="{kind}"><rect x="{x - BOX_W // 2}" y="{y - BOX_H // 2}" width="{BOX_W}"'
        f' height="{BOX_H}" rx="9"/><text x="{x}" y="{y + 5}" text-anchor="middle">{label}</text></a>'
    )


def _transaction(path: list[str]) -> list[str]:
    """The frame around the steps that are one transaction: from match to sync's intent."""
    left = _centre(path, "match", "machine")[0] - BOX_W // 2 - 12
    right = _centre(path, "sync", "machine")[0] + BOX_W // 2 + 12
    top = TOP + LANE * LANES.index("machine") + 18
    return [
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{LANE - 36}" rx="14" class="together"/>',
        f'<text x="{right - 8}" y="{top - 6}" text-anchor="end" class="note">one transaction, under the identity\'s locks</text>',
    ]


def _arrows(path: list[str]) -> list[str]:
    """The main path, then the side moves that leave or rejoin it."""
    found = []
    inline = [step for step in path if step != "review"]
    for one, two in pairwise(inline):
        found.append(_arrow(_centre(path, one, _main(one)), _centre(path, two, _main(two))))
    for what, source, target, shift in _side_moves(path):
        found.append(_arrow(source, target, what, shift))
    return found


def _side_moves(path: list[str]) -> list[tuple[str, tuple[int, int], tuple[int, int], int]]:
    """Moves of the life cycle between boxes that are drawn, each with a shift that keeps two arrows apart."""
    from keyturn.flow.lifecycle import MOVES

    wanted = {
        "asked": (("verify", "machine"), ("verify", "customer"), 0),
        "check_asked": (("verify", "machine"), ("verify", "outside"), 0),
        "referred": (("decide", "machine"), ("review", "staff"), 0),
        "reviewed": (("review", "staff"), ("match", "machine"), 26),
        "replied": (("review", "customer"), ("review", "staff"), 30),
        "cis_rejected": (("sync", "outside"), ("sync", "staff"), 0),
        "gave_up": (("sync", "outside"), ("establish", "engineer"), 0),
    }
    found = [
        (what.replace("_", " "), _centre(path, *source), _centre(path, *target), shift)
        for what, (source, target, shift) in wanted.items()
        if what in MOVES
    ]
    found.append(("question", _centre(path, "review", "staff"), _centre(path, "review", "customer"), -30))
    found.append(("news", _centre(path, "confirm", "machine"), _centre(path, "confirm", "outside"), 0))
    found.append(("once, by key", _centre(path, "sync", "machine"), _centre(path, "sync", "outside"), 0))
    return found


def _arrow(source: tuple[int, int], target: tuple[int, int], label: str = "", shift: int = 0) -> str:
    (x1, y1), (x2, y2) = source, target
    half_w, half_h = BOX_W // 2, BOX_H // 2
    if y1 == y2:
        line, at = f"M{x1 + half_w} {y1} H{x2 - half_w - 2}", ((x1 + x2) // 2, y1 - 6)
    elif x1 == x2:
        down = 1 if y2 > y1 else -1
        line = f"M{x1 + shift} {y1 + down * half_h} V{y2 - down * (half_h + 2)}"
        far = abs(y2 - y1) > LANE
        at = (x1 + shift + 5, y1 + down * (half_h + 26) if far else (y1 + y2) // 2 + 10)
    elif x2 > x1:
        line, at = (
            f"M{x1 + half_w // 2} {y1 + (half_h if y2 > y1 else -half_h)} V{y2} H{x2 - half_w - 2}",
            (x1 + half_w // 2 + 6, (y1 + y2) // 2 + 4),
        )
        if not label:
            line = f"M{x1 + half_w} {y1} H{x2} V{y2 - half_h - 2 if y2 > y1 else y2 + half_h + 2}"
    else:
        end = y2 + half_h + 2 if y2 < y1 else y2 - half_h - 2
        line, at = f"M{x1 - half_w} {y1 + shift // 2} H{x2} V{end}", (x2 + 8, y1 + shift // 2 - 6)
    side = " side" if label else ""
    text = f'<text x="{at[0]}" y="{at[1]}" class="label">{label}</text>' if label else ""
    return f'<path d="{line}" class="flow{side}"/>{text}'
