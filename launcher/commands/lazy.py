"""A group of commands whose modules are imported only when one of their commands is called."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Annotated, Any

import typer
from typer._click.exceptions import UsageError
from typer._click.utils import make_default_short_help
from typer.core import TyperGroup
from typer.main import get_command, get_group_from_info
from typer.models import TyperInfo

from launcher.support import account


def _taken_by(use: Callable[[str], None]) -> Callable[[str | None], str | None]:
    def take(value: str | None) -> str | None:
        if value == "":
            raise typer.BadParameter("is empty")
        if value is not None:
            use(value)
        return value

    return take


_REGION_HELP = f"AWS region; default: {account.REGION}, {account.REGION_OF_BOTO3} or the profile's"
_PROFILE_HELP = f"profile of the AWS command line; default: {account.PROFILE}"


def _for_aws(
    region: Annotated[
        str | None,
        typer.Option(metavar="REGION", help=_REGION_HELP, callback=_taken_by(account.use_region), expose_value=False),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=_PROFILE_HELP, callback=_taken_by(account.use_profile), expose_value=False),
    ] = None,
) -> None:
    """The options that every command has, for any may speak to AWS."""


def _with_options_for_aws(params: list[Any]) -> list[Any]:
    app = typer.Typer(add_completion=False)
    app.command()(_for_aws)
    own = {each.name for each in params}
    return params + [each for each in get_command(app).params if each.name not in own]


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made of the Typer app that has it ("module:app") when it is asked for."""

    def __init__(self, places: Mapping[str, str], rich_markup_mode: Any):
        self._places, self._mode = dict(places), rich_markup_mode

    def __getitem__(self, name: str) -> Any:
        """Import the command."""
        app = TyperInfo(pkgutil.resolve_name(self._places[name]))
        group = get_group_from_info(
            app, pretty_exceptions_short=True, suggest_commands=True, rich_markup_mode=self._mode
        )
        found = group.commands.get(name, group)
        below = getattr(found, "commands", {})
        # Those of a lazy group get them when they are imported.
        for each in (found, *(below.values() if isinstance(below, dict) else ())):
            each.params = _with_options_for_aws(each.params)
        return found

    def __iter__(self) -> Iterator[str]:
        """The names, in their order."""
        return iter(self._places)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._places)

    def __setitem__(self, name: str, command: Any) -> None:
        """Refused."""
        raise TypeError("a lazy group has the commands that it was made with")

    def __delitem__(self, name: str) -> None:
        """Refused."""
        raise TypeError("a lazy group has the commands that it was made with")


def lazy_group(
    commands: Mapping[str, tuple[str, str]], remedy: Callable[[str], str] = lambda name: ""
) -> type[TyperGroup]:
    """A class of groups with these commands: by name, the app that has it and the first paragraph of its help.

    boto3 alone takes a third of a second to import, which --help need not wait for. `remedy` says what to do about a
    name that is no command, where it knows more than that.
    """

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any):
            super().__init__(**attributes)
            self.params = _with_options_for_aws(self.params)
            self.commands = _Commands({name: app for name, (app, _) in commands.items()}, self.rich_markup_mode)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            try:
                return super().resolve_command(ctx, args)
            except UsageError as error:
                error.message = f"{error.message} {remedy(args[0])}".strip()
                raise

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            limit = formatter.width - 6 - max(map(len, commands))
            rows = [(name, make_default_short_help(summary, limit)) for name, (_, summary) in commands.items()]
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    return LazyGroup
