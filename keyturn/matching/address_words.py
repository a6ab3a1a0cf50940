"""Which words in an address mean the same, and which of them are a street's type, a direction or a unit?"""

from typing import Final


def _table(text: str) -> dict[str, str]:
    """Lines of "short: long longer" as {long: short, longer: short, short: short}."""
    rows = (line.split(":") for line in text.strip().splitlines())
    return {word: short.strip() for short, words in rows for word in (short.strip(), *words.split())}


STREET_TYPES: Final = _table("""
    aly: alley ally allee
    arc: arcade
    ave: avenue av aven avenu avn avnue
    bch: beach
    bnd: bend
    blvd: boulevard boul boulv bvd bd blv
    br: branch
    brg: bridge
    brk: brook
    byp: bypass bypa
    cswy: causeway
    ctr: center centre cntr cent
    cir: circle circ circl crcl
    cct: circuit crct
    cl: close
    cmn: common
    cor: corner
    cors: corners
    crse: course
    ct: court crt
    cts: courts
    cv: cove
    crk: creek
    cres: crescent crsnt crsent crescnt
    xing: crossing crssng
    dr: drive driv drv
    esp: esplanade
    est: estate
    expy: expressway expw
    ext: extension
    fwy: freeway frwy
    gdn: garden
    gdns: gardens
    gtwy: gateway
    gln: glen
    gr: grove grv gve grov
    hbr: harbor harbour
    hvn: haven
    hts: heights ht
    hwy: highway highwy hway hiway
    hl: hill
    hls: hills
    holw: hollow
    jct: junction
    knl: knoll
    lk: lake
    lndg: landing
    ln: lane la
    loop: loops lp
    mall: mall
    mnr: manor
    mdw: meadow
    mdws: meadows medows
    mews: mews
    mtwy: motorway
    orch: orchard
    oval: ovl
    pde: parade
    park: prk
    pkwy: parkway parkwy pky pkway
    pass: pass
    path: paths
    pike: pikes
    pl: place plc
    pln: plain
    plz: plaza plza
    pt: point
    prom: promenade
    qy: quay
    rdg: ridge
    rd: road
    rte: route
    row: row
    run: run
    sq: square sqr
    sta: station
    st: street strt str stree
    ter: terrace terr tce
    trce: trace
    trk: track
    trl: trail trails
    tpke: turnpike trnpk
    vly: valley
    vw: view
    vlg: village
    vis: vista
    walk: walks wlk
    way: wy
    whf: wharf
""")
"""A street's type as the US Postal Service shortens it (Publication 28, appendix C1), with the Australian ones."""

LEADING_TYPES: Final = _table("""
    hwy: highway hiway
    rte: route
    ave: avenue avenida av
    calle: cll
    camino: cmno
    paseo: pso
    cr: county
    fm: fm
    i: interstate
    sr: sr
    us: us
    via: via
    rue: rue
""")
"""Words that come first and are followed by the street's number or name: "Avenue B", "Highway 26", "Calle Luna"."""

DIRECTIONS: Final = _table("""
    n: north norte
    s: south sur
    e: east este
    w: west oeste
    ne: northeast
    nw: northwest
    se: southeast
    sw: southwest
""")

UNITS: Final = _table("""
    apt: apartment apartments apto appt departamento depto flat
    unit: unt
    ste: suite
    rm: room
    num: number no nr
    fl: floor flr
    lot: lote
    trlr: trailer
    spc: space
    bldg: building bld edificio edif
    twr: tower
    ph: penthouse
    slip: slip
    pier: pier
    hngr: hangar
    dept: department
    ofc: office
    villa: villa
    pmb: pmb
    stop: stop
    level: lvl
""")
"""Words that a unit's number or letter follows."""

PLAIN_UNITS: Final = frozenset({"apt", "unit", "ste", "rm", "num", "ofc"})
"""Designators that people use for one another: "Apt 3", "Unit 3" and "#3" are one door. A floor, lot or building is not."""

BARE_UNITS: Final = _table("""
    bsmt: basement
    frnt: front
    lowr: lower
    uppr: upper
    rear: rear
    lbby: lobby
    down: downstairs
    up: upstairs
    ph: penthouse
""")
"""Units that need no number: "rear", "basement"."""


def _numbered(text: str) -> dict[str, int]:
    return {word: number for number, word in enumerate(text.split(), start=1)}


NUMBER_WORDS: Final = _numbered("one two three four five six seven eight nine ten")

TENS: Final = {
    word: 10 * number for word, number in _numbered("ten twenty thirty forty fifty sixty seventy eighty ninety").items()
}

ORDINALS: Final = {
    **_numbered(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
        "sixteenth seventeenth eighteenth nineteenth"
    ),
    **{f"{word[:-1]}ieth": number for word, number in TENS.items() if number > 10},
}

CARE_OF: Final = ("c/o", "c / o", "care of", "attn", "attention", "a/c", "%", "℅")

STATES: Final = {
    "US": {
        "alabama": "al", "alaska": "ak", "arizona": "az", "arkansas": "ar", "california": "ca", "colorado": "co",
        "connecticut": "ct", "delaware": "de", "district of columbia": "dc", "florida": "fl", "georgia": "ga",
        "guam": "gu", "hawaii": "hi", "idaho": "id", "illinois": "il", "indiana": "in", "iowa": "ia", "kansas": "ks",
        "kentucky": "ky", "louisiana": "la", "maine": "me", "maryland": "md", "massachusetts": "ma", "michigan": "mi",
        "minnesota": "mn", "mississippi": "ms", "missouri": "mo", "montana": "mt", "nebraska": "ne", "nevada": "nv",
        "new hampshire": "nh", "new jersey": "nj", "new mexico": "nm", "new york": "ny", "north carolina": "nc",
        "north dakota": "nd", "ohio": "oh", "oklahoma": "ok", "oregon": "or", "pennsylvania": "pa",
        "puerto rico": "pr", "rhode island": "ri", "south carolina": "sc", "south dakota": "sd", "tennessee": "tn",
        "texas": "tx", "utah": "ut", "vermont": "vt", "virginia": "va", "washington": "wa", "west virginia": "wv",
        "wisconsin": "wi", "wyoming": "wy", "virgin islands": "vi",
    },
    "AU": {
        "new south wales": "nsw", "victoria": "vic", "queensland": "qld", "south australia": "sa",
        "western australia": "wa", "tasmania": "tas", "northern territory": "nt", "australian capital territory": "act",
    },
}  # fmt: skip

COUNTRIES: Final = {
    "usa": "US", "united states": "US", "united states of america": "US", "estados unidos": "US", "australia": "AU",
    "aus": "AU", "canada": "CA", "mexico": "MX", "united kingdom": "GB", "uk": "GB", "great britain": "GB",
}  # fmt: skip
