"""The one writer: a file is there whole, or it is as it was before."""

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from konv.errors import FileError


def write_atomically(path: Path, write: Callable[[BinaryIO], None], overwrite: bool = True) -> None:
    """Call `write` on a new file beside `path`, then put it in the place of `path` in one step.

    Whatever fails, an existing file keeps its contents and nothing else is left behind. Through a symbolic link
    the file that it points to is replaced.
    """
    target = Path(os.path.realpath(path))
    mode = _mode_of(target, path, overwrite)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        # 0o666 and not 0o600: the system takes the umask off, as for any new file.
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise FileError(f"{path}: cannot write into the folder {target.parent}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise
    _sync_folder(target.parent)


def _mode_of(target: Path, path: Path, overwrite: bool) -> int | None:
    """The permissions of the file that is replaced; None when there is none yet."""
    if not target.parent.is_dir():
        raise FileError(f"{path}: the folder {target.parent} does not exist; make it first")
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{path}: is a folder or a device, not a file")
    if not overwrite:
        raise FileError(f"{path}: exists already and overwrite=False; give another name or overwrite=True")
    if not os.access(target, os.W_OK):  # a write-protected file could be replaced, but is protected for a reason
        raise FileError(f"{path}: is write-protected")
    return stat.S_IMODE(status.st_mode)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
