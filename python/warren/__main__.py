"""The command line: `python3 -m warren serve`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from typing import NoReturn

_FILE = "/etc/cyberfusion/rabbitmq.yml"
# As of the program `warren`.
_NOT_DRAINED = 75
_CONFIGURATION = 78


def _end(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(_CONFIGURATION)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m warren", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        allow_abbrev=False,
        help="run handlers of cyberfusion's RabbitMQ consumer",
        description="Run the handlers cyberfusion.RabbitMQHandlers.exchanges.<exchange>.Handler "
        "until SIGTERM, which lets those that run end.",
    )
    serve.add_argument(
        "--config",
        "--config-file-path",
        metavar="FILE",
        default=os.environ.get("CONFIG_FILE_PATH") or _FILE,
        help="the consumer's configuration; default: $CONFIG_FILE_PATH, or %(default)s",
    )
    serve.add_argument(
        "--virtual-host-name", metavar="NAME", help="serve this one alone; default: all"
    )
    serve.set_defaults(run=_serve)
    return parser


def _serve(given: argparse.Namespace) -> int:
    logging.basicConfig(
        level=logging.INFO,
        format="[%(threadName)s] [%(levelname)s] %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        from warren.cyberfusion import handlers, serve
        from warren.cyberfusion.config import read_config
        from warren.cyberfusion.document import ConfigError
    except ModuleNotFoundError as error:
        _end(f"{error}: install python3-pydantic and python3-yaml")
    try:
        config = read_config(given.config, given.virtual_host_name)
        server = serve.make_server(config, given.config)
    except (ConfigError, handlers.HandlerError) as error:
        _end(str(error))
    except Exception:
        traceback.print_exc()
        _end("a handler's module could not be imported: see above")
    return 0 if server.run(serve.tell_ready) else _NOT_DRAINED


def main() -> int:
    """Do what the command line says; the exit code."""
    given = _parser().parse_args()
    code: int = given.run(given)
    return code


if __name__ == "__main__":
    sys.exit(main())
