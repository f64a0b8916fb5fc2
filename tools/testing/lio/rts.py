# SPDX-License-Identifier: GPL-2.0
"""Calls rtslib as targetctl does, once for each line of standard input. Runs inside a
Debian root, hence with that release's Python, and knows no file of this tree."""

import json
import sys
import traceback

from rtslib_fb import RTSRoot


def restore(path):
    return RTSRoot().restore_from_file(restore_file=path)


def save(path):
    RTSRoot().save_to_file(save_file=path)
    return []


def clear():
    RTSRoot().clear_existing(confirm=True)
    return []


VERBS = {"restore": restore, "save": save, "clear": clear}


def main():
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        errors, raised = [], None
        try:
            # A new process would start with nothing in it.
            RTSRoot().invalidate_caches()
            errors = VERBS[verb](*arguments)
        except Exception:   # pylint: disable=broad-except
            raised = traceback.format_exc()
        print(json.dumps({"errors": errors, "raised": raised}), flush=True)


if __name__ == "__main__":
    main()
