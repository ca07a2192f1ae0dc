"""What a screen reader gets of a window: its accessibility tree over AT-SPI, as JSON on stdout.

usage: atspi.py APPLICATION   (the name under which the program registers)
Each node: role, name, description and text where there are any, states, attributes of interest, children.
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

DEEPEST = 60
SECONDS = 30
LONGEST = 2000
STATES = {
    "focused": Atspi.StateType.FOCUSED,
    "focusable": Atspi.StateType.FOCUSABLE,
    "selected": Atspi.StateType.SELECTED,
    "expanded": Atspi.StateType.EXPANDED,
    "expandable": Atspi.StateType.EXPANDABLE,
    "checked": Atspi.StateType.CHECKED,
    "pressed": Atspi.StateType.PRESSED,
    "editable": Atspi.StateType.EDITABLE,
    "multiline": Atspi.StateType.MULTI_LINE,
    "modal": Atspi.StateType.MODAL,
    "showing": Atspi.StateType.SHOWING,
    "enabled": Atspi.StateType.SENSITIVE,
}
ATTRIBUTES = ("posinset", "setsize", "level", "live", "xml-roles", "busy", "current", "keyshortcuts")


def application(name):
    """The registered program of this name, once it is there."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child is not None and (child.get_name() or "").lower() == name.lower():
                return child
        time.sleep(0.2)
    raise SystemExit(f"no program named {name} registered for screen readers within {SECONDS} s")


def words(node):
    """What the node itself says, without the things in it."""
    if node.get_text_iface() is None:
        return ""
    return Atspi.Text.get_text(node, 0, min(LONGEST, Atspi.Text.get_character_count(node))).replace("\ufffc", "")


def tree(node, depth=0):
    """A node with everything below it. What vanishes meanwhile is left out."""
    try:
        states = node.get_state_set()
        attributes = node.get_attributes() or {}
        out = {
            "role": node.get_role_name(),
            "name": node.get_name() or "",
            "description": node.get_description() or "",
            "text": words(node),
            "states": [name for name, state in STATES.items() if states.contains(state)],
            "attributes": {k: attributes[k] for k in ATTRIBUTES if k in attributes},
            "children": [],
        }
        if depth < DEEPEST:
            for i in range(node.get_child_count()):
                child = node.get_child_at_index(i)
                below = None if child is None else tree(child, depth + 1)
                if below is not None:
                    out["children"].append(below)
        return out
    except gi.repository.GLib.GError:
        return None


print(json.dumps(tree(application(sys.argv[1]))))
