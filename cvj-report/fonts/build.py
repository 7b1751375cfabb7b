"""Makes the two embedded fonts from the variable Inter of Debian's `fonts-inter-variable`.

    python3 build.py /usr/share/fonts/truetype/inter-vf/Inter-roman.var.ttf

Two static weights, subset to Latin, Greek, Cyrillic, punctuation, currency signs and arrows, and renamed, because "Inter" is a
trademark. Needs `fonttools` and `brotli`. The TTF is what the PNG charts are rasterised with; the WOFF2 is what SVG and HTML embed.
"""

import sys

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

UNICODES = "U+20-7E,U+A0-17F,U+18F,U+192,U+1E80-1E85,U+1E9E,U+1EA0-1EF9,U+218-21B,U+2C6,U+2C7,U+2D8-2DD,U+386-3CE,U+400-45F,U+490,U+491,U+2002-2014,U+2018-2026,U+202F,U+2030,U+2032,U+2033,U+2039,U+203A,U+20A0-20BF,U+2122,U+2116,U+2190-2193,U+2212,U+2248,U+2260,U+2264,U+2265,U+25B2,U+25BC,U+25CB,U+25CF,U+2713,U+FFFD"
FAMILY = "Cvj Sans"

for weight, style in ((400, "Regular"), (650, "Bold")):
    font = instancer.instantiateVariableFont(TTFont(sys.argv[1]), {"wght": weight})
    options = subset.Options(
        layout_features=["kern", "tnum", "ccmp", "mark", "locl"], hinting=False, name_IDs=[0, 1, 2, 4, 5, 6, 13, 14],
        notdef_outline=True, glyph_names=False, recalc_timestamp=False,
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=subset.parse_unicodes(UNICODES))
    cutter.subset(font)
    for record in list(font["name"].names):
        text = {1: FAMILY, 2: style, 4: f"{FAMILY} {style}", 6: f"CvjSans-{style}"}.get(record.nameID)
        if text:
            font["name"].setName(text, record.nameID, record.platformID, record.platEncID, record.langID)
    font["OS/2"].usWeightClass = 400 if weight == 400 else 700
    font.save(f"CvjSans-{style}.ttf")
    font.flavor = "woff2"
    font.save(f"CvjSans-{style}.woff2")
