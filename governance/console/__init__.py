"""The entry point for officers: pages for staff, each for those whose roles permit it; every act works without script.

`place` is the installation as the console sees it, `pages_table` says which page needs which permission (navigation and
guard go by it), `guard` opens the unit of work of a page, `cookies` and `forms` keep sessions and forms from being
borrowed, `frame` is what all pages share. A module for each page.
"""
