# SPDX-License-Identifier: GPL-2.0
"""Lists of exceptions, each with its reason: what all files of that kind share."""


def reasoned(text):
    """(number, line, reason) for each line that is neither empty nor a comment. The
    comment right above a line is its reason, "" if there is none; it holds for the lines
    that follow until another comment, or until a blank line ends its reach."""
    why, fresh = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            why, fresh = [], False
        elif line[0] == "#":
            why = why + [line[1:].strip()] if fresh else [line[1:].strip()]
            fresh = True
        else:
            fresh = False
            yield number, line, " ".join(why)
