"""`python -m hearsight_desktop`, and what a packed app starts with."""

from hearsight_desktop.app import main

if __name__ == "__main__":
    main()
