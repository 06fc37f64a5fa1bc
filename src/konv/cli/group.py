"""The command `konv`: how errors become exit codes, and the options that several commands share."""

import json
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

import click

from konv.errors import KonvError, MissingExtraError


class Failure(click.ClickException):
    """What was asked for is well said but cannot be done: exit code 1."""

    exit_code = 1


class Commands(click.Group):
    """A group of commands that answers every foreseeable error with one line and an exit code."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **settings: Any) -> NoReturn:  # type: ignore[override]
        settings.pop("standalone_mode", None)
        warnings.showwarning = lambda message, *rest: click.echo(f"konv: {message}", err=True)
        try:
            result = super().main(args, prog_name or "konv", standalone_mode=False, **settings)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(2)
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "konv"
            _stop(2, f"{error.format_message()} (see {where} --help)")
        except click.ClickException as error:
            _stop(error.exit_code, error.format_message())
        except MissingExtraError as error:
            _stop(1, str(error))
        except KonvError as error:
            _stop(2, str(error))
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except OSError as error:
            _stop(1, f"{error.filename or 'a file'}: {error.strerror or error}")
        except click.Abort:
            _stop(1, "stopped")
        sys.exit(result if isinstance(result, int) else 0)


def _stop(code: int, message: str) -> NoReturn:
    click.echo(f"konv: {' '.join(message.split())}", err=True)
    sys.exit(code)


def answer(as_json: bool, data: Any, text: str) -> None:
    """Print what came of a command, as JSON for programs or as text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2) if as_json else text)


class ImageSize(click.ParamType):
    """64, or 48x64 for height x width."""

    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        parts = str(value).lower().split("x")
        if len(parts) not in (1, 2) or not all(part.isdecimal() and int(part) > 0 for part in parts):
            self.fail(f"{value!r} is not a size such as 64, or 48x64 for height x width", param, ctx)
        return int(parts[0]), int(parts[-1])


def _version() -> str:
    try:
        return version("konv")
    except PackageNotFoundError:  # run from a checkout
        return "(not installed)"


model_argument = click.argument("path", metavar="MODEL", type=click.Path(exists=True, dir_okay=False))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
lang_option = click.option("--lang", type=click.Choice(["en", "ko"], case_sensitive=False), default="en", show_default=True,
                           help="Language of the explanation.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), prog_name="konv", message="%(prog)s %(version)s")
def main() -> None:
    """Convolutional networks: train on a folder of images, predict, and see the arithmetic.

    \b
    Example:
      konv train photos -o out --image-size 64
      konv predict out/model.keras photo.jpg
    """
