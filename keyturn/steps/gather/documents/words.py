"""What is said about a file that cannot be taken, and what should its sender do?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "G-20": _(
        "We can only take photos (JPEG or PNG) and PDF files. Choose another file, or take a photo of the paper."
    ),
    "G-21": _("This file is larger than %(most)s MB. Choose a smaller one, or take a photo of the paper."),
    "G-21.empty": _("This file is empty. Choose another one."),
    "G-21.none": _("Choose a file first, or take a photo."),
    "G-22": _("You have added %(most)s files already, which is as many as we take. Remove one first."),
    "G-23": _("We could not open this file. Choose another one, or take a photo of the paper."),
    "G-23.damaged": _("This file is damaged or not complete. Choose another one, or take a photo of the paper."),
    "G-23.locked": _("This PDF is locked with a password. Save it without one, or take a photo of the paper."),
    "G-23.too_many_pages": _("This PDF has more than %(most)s pages. Send us only those that are needed."),
    "G-23.too_many_pixels": _("This picture is too large for us to open. Take a photo with an ordinary phone instead."),
    "G-23.too_demanding": _(
        "This file takes too much to open. Save it in a simpler form, or take a photo of the paper."
    ),
    "G-24": _("Our virus scanner stopped this file, and we did not keep it. Choose another one, or take a photo."),
    "G-25": _("We cannot check files for viruses right now. Nothing is lost: try again in a few minutes."),
    "G-30": _("We cannot take files right now. Everything else is kept: add this one again in a few minutes."),
    "G-27": _("One of these documents is not part of this request. Add it again."),
}
