"""The command line: `python -m resnet_core`."""

from resnet_core.cli import main

if __name__ == "__main__":
    main(prog_name="python -m resnet_core")
