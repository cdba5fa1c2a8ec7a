"""``python -m lesionseg_lib``, and with it ``accelerate launch -m lesionseg_lib``."""

from lesionseg_lib.cli.app import app

if __name__ == "__main__":
    app(prog_name="lesionseg")
