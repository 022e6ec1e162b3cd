#!/usr/bin/python3
"""A window with a WebKit view that WebKitWebDriver drives, in place of WebKit's own MiniBrowser.

MiniBrowser is at least 447 px wide, wider than a phone, and prints no errors of scripts while it is driven. This runs
on Debian's Python, as ``gi`` comes with Debian's libraries.
"""

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402  the versions come first

context = WebKit2.WebContext.get_default()
settings = WebKit2.Settings(enable_write_console_messages_to_stdout=True)
window = Gtk.Window()
view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
window.add(view)
window.show_all()


def start(context: WebKit2.WebContext, session: WebKit2.AutomationSession) -> None:
    """Give the driver the view, by the name that Selenium expects."""
    application = WebKit2.ApplicationInfo()
    application.set_name("MiniBrowser")
    session.set_application_info(application)
    session.connect("create-web-view", lambda session: view)


context.set_automation_allowed(True)
context.connect("automation-started", start)
Gtk.main()
