"""What the two faces share, the officers' console and the customers' portal: stylesheet, words, policy of content.

`static/governance.css` is the design system (docs/design.md tells of it), `languages` finds the words of each face in
its catalogues, `serving` serves the stylesheet and says what browsers may load.
"""
