"""`python -m restante`: the command line without the installed script."""

from restante.cli import main

if __name__ == "__main__":
    main()
