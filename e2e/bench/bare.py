"""A bare WebKitGTK window, to compare with: prints milliseconds from its making to its first painted frame, and its process id.

Python's own start and its imports are left out, which is in the bare window's favour.
"""

import os
import time

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

PAGE = """<!doctype html><p>A page with a line.</p><script>
requestAnimationFrame(() => requestAnimationFrame(() => { document.title = "painted"; }));
</script>"""

started = time.monotonic()
context = WebKit2.WebContext.new_ephemeral()
view = WebKit2.WebView.new_with_context(context)
window = Gtk.Window(default_width=1280, default_height=800)
window.add(view)


def painted(view, _property):
    if view.get_title() == "painted":
        print(f"{(time.monotonic() - started) * 1000:.0f} {os.getpid()}", flush=True)


view.connect("notify::title", painted)
view.load_html(PAGE, None)
window.show_all()
Gtk.main()
