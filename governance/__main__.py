"""The command line, for where console scripts do not work: `python -m governance`."""

from governance.cli import main

if __name__ == "__main__":
    main()
