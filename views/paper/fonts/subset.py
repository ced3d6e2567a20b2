#!/usr/bin/env python3
"""Makes the two font files of this directory. See README.md.

usage: subset.py SC LATIN    the unpacked packages @expo-google-fonts/noto-sans-sc
                             and @expo-google-fonts/source-sans-3
"""

import bz2
import os
import struct
import sys

from fontTools import subset
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

UNIHAN = "/usr/share/unicode/Unihan_OtherMappings.txt.bz2"
HERE = os.path.dirname(os.path.abspath(__file__))


def table(encoding, first, last):
    """The code points of the rows first..last of a two-byte encoding."""
    found = set()
    for high in range(first, last + 1):
        for low in range(0x40, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode(encoding)))
            except UnicodeDecodeError:
                pass
    return found


def general_standard():
    """The 8105 characters of China's table of general standard characters."""
    with bz2.open(UNIHAN, "rt", encoding="utf-8") as lines:
        return {int(line.split("\t")[0][2:], 16) for line in lines if "\tkTGH\t" in line}


# The letters that Noto Sans SC lacks: Polish, Turkish, Vietnamese and so on.
EXTENDED = set(range(0x100, 0x250)) | set(range(0x1E00, 0x1F00))

LATIN = (
    set(range(0x20, 0x7F)) | set(range(0xA0, 0x180)) | set(range(0x218, 0x21C))
    | set(range(0x2010, 0x2028)) | set(range(0x2030, 0x2040))
    | {0x3A9, 0x20AC, 0x2103, 0x2116, 0x2122, 0x2192, 0x2264, 0x2265}
    | set(range(0x3000, 0x3018)) | set(range(0x3041, 0x30FF)) | set(range(0xFF01, 0xFF5F))
)

FILES = (
    # Any Chinese text that a letter is likely to need, names of people included.
    ("400Regular/NotoSansSC_400Regular.ttf", "400Regular/SourceSans3_400Regular.ttf", "NotoSansSC-Regular.ttf",
     LATIN | table("gb2312", 0xA1, 0xF7) | table("big5", 0xA4, 0xC6) | general_standard()),
    # Headings and the demarcation. Text with a rarer character is set in Regular.
    ("600SemiBold/NotoSansSC_600SemiBold.ttf", "600SemiBold/SourceSans3_600SemiBold.ttf", "NotoSansSC-SemiBold.ttf",
     LATIN | table("gb2312", 0xB0, 0xD7)),
)


def main(folder, latin):
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "STAT"]
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.recalc_timestamp = False
    for source, extra, target, wanted in FILES:
        font = subset.load_font(os.path.join(folder, source), options)
        subsetter = subset.Subsetter(options)
        # The PDF library addresses characters by 16 bits.
        subsetter.populate(unicodes={c for c in wanted if c <= 0xFFFF})
        subsetter.subset(font)
        add_letters(font, TTFont(os.path.join(latin, extra)))
        spell_out_widths(font)
        font.save(os.path.join(HERE, target))
        print(target, len(font.getBestCmap()), "characters")


def add_letters(font, donor):
    """Adds the extended Latin letters that the font lacks from the family that
    its Latin letters were drawn after, scaled to the same height of capitals."""
    have, theirs = font.getBestCmap(), donor.getBestCmap()
    height = font["glyf"][have[ord("H")]].yMax / donor["glyf"][theirs[ord("H")]].yMax
    shapes, order = donor.getGlyphSet(), font.getGlyphOrder()
    for code in sorted((EXTENDED & set(theirs)) - set(have)):
        name = "latin%04X" % code
        outline = DecomposingRecordingPen(shapes)
        shapes[theirs[code]].draw(outline)
        pen = TTGlyphPen(None)
        outline.replay(TransformPen(pen, (height, 0, 0, height, 0, 0)))
        glyph = pen.glyph()
        glyph.recalcBounds(font["glyf"])
        order.append(name)
        font["glyf"].glyphs[name] = glyph
        width = round(donor["hmtx"][theirs[code]][0] * height)
        font["hmtx"].metrics[name] = (width, getattr(glyph, "xMin", 0))
        for cmap in font["cmap"].tables:
            if cmap.format in (4, 12):
                cmap.cmap[code] = name
    font.setGlyphOrder(order)
    font["glyf"].glyphOrder = order


def spell_out_widths(font):
    """Gives each glyph its own entry in hmtx.

    The PDF library reads the short form (one width for the rest of the font)
    by writing into the bytes of the font, which must stay as they are.
    """
    font.recalcBBoxes = False
    order = font.getGlyphOrder()
    metrics = font["hmtx"].metrics
    raw = newTable("hmtx")
    raw.__class__ = newTable("raw ").__class__
    raw.data = b"".join(struct.pack(">Hh", *metrics[name]) for name in order)
    raw.compile = lambda _: raw.data
    font["hhea"].numberOfHMetrics = len(order)
    font.tables["hmtx"] = raw


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
