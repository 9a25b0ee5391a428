"""The ways in for requests and files of other programs: by HTTP, and in folders."""

from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from dtm_contact.errors import WrongSettingError
from dtm_contact.model import Channel
from dtm_contact.settings.common import ListenHost, ListenPort, WrittenPath
from dtm_contact.settings.files import SecretFile, secret_file

SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""What a source is called: in its address, in its messages, and in the rules."""

_MOST_TOKENS = 2


def _from_program(channel: Channel) -> Channel:
    if not channel.traits.from_program:
        fitting = ", ".join(each.value for each in Channel if each.traits.from_program)
        raise ValueError(f"what a program hands over is none of these; choose from {fitting}")
    return channel


NumberPath = Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$")]
"""Where a source's request number stands: a key, or the keys that lead to it, from outside in, with dots between."""


class HttpSource(BaseModel):
    """One program that hands over requests by HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: SecretFile = Field(
        description="File that holds its token in the first line; while tokens change, the next one in the second"
    )
    number: NumberPath = Field(default="number", description="The key of its request number, or the path to it")
    channel: Channel = Field(default=Channel.FORM, description="The channel of what it hands over")

    @field_validator("channel")
    @classmethod
    def _channel_of_programs(cls, channel: Channel) -> Channel:
        return _from_program(channel)

    def read_tokens(self, setting: str) -> tuple[str, ...]:
        """Return the tokens that are valid: one, or two while they change.

        Args:
            setting: what names the file, for errors.

        Raises:
            WrongSettingError: the file cannot be read, or holds none or too many.
        """
        path = secret_file(self.tokens, setting)
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except OSError as error:
            raise WrongSettingError(f"{setting}: {error.strerror}: {path}; let the daemon's user read it") from error
        except UnicodeDecodeError:
            # Not as the cause, which holds the secret.
            raise WrongSettingError(f"{setting}: {path} holds more than ASCII; write a token of letters") from None
        found = tuple(token for line in lines if (token := line.strip()))
        if not 0 < len(found) <= _MOST_TOKENS:
            told = f"{setting}: {path} holds {len(found)} tokens"
            raise WrongSettingError(f"{told}; write one a line: one, or two while they change")
        return found


class DropFolder(BaseModel):
    """One folder in which a source drops files, by SFTP or over a share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: WrittenPath = Field(description="The folder")
    number: NumberPath = Field(
        default="number", description="The key of a request's number, or the path to it, in .json files"
    )
    channel: Channel = Field(default=Channel.FORM, description="The channel of its .json files")

    @field_validator("channel")
    @classmethod
    def _channel_of_programs(cls, channel: Channel) -> Channel:
        return _from_program(channel)


class FolderSettings(BaseModel):
    """The way in for files that are dropped in folders: mail, requests, scanned letters."""

    sources: dict[SourceName, DropFolder] = Field(
        default={},
        description="Sources and their folders, by the source's name (JSON object): of each `path`, and where they "
        "differ, for its .json files, `number` and `channel` as in DTM_HTTP_SOURCES",
    )
    quiet_seconds: float = Field(
        default=30.0,
        ge=0,
        description="Seconds without a change, by the folder's clock, after which a file is whole",
    )
    poll_seconds: float = Field(default=5.0, gt=0, description="Seconds after which the folders are looked at again")
    size_limit: int = Field(default=50_000_000, gt=0, description="Octets of the largest file taken")
    done_days: float = Field(default=30.0, ge=0, description="Days after which files in `done` are erased")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        paths = [each.path.absolute() for each in self.sources.values()]
        for path in paths:
            if any(path in (other, *other.parents) for other in paths if other is not path):
                raise ValueError(f"{path} is the folder of two sources, or holds another's; give each its own")
        return self


class HttpSettings(BaseModel):
    """The way in for requests by HTTP (JSON or a form with files), and the public form page."""

    host: ListenHost = Field(default="127.0.0.1", description="Address to listen on")
    port: ListenPort = Field(default=8028, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    sources: dict[SourceName, HttpSource] = Field(
        default={},
        description="Programs that may hand over requests, by name (JSON object): of each `tokens`, the file of its "
        "token (or `credential:NAME`), and where they differ `number`, the key of its request number or the path to it "
        "(`evenement.id`), and `channel`, " + " or ".join(f"`{each}`" for each in Channel if each.traits.from_program),
    )
    form_source: str = Field(
        default="",
        pattern=r"^(|[a-z0-9][a-z0-9-]{0,39})$",
        description="Source's name of what people write on the public form page; empty: there is no such page",
    )
    proxies: tuple[str, ...] = Field(
        default=(), description="Addresses or networks of proxies whose X-Forwarded-For is believed (JSON list)"
    )
    size_limit: int = Field(default=25_000_000, gt=0, description="Octets of the largest request taken")
    memory_limit: int = Field(
        default=200_000_000, gt=0, description="Octets of requests on their way in; beyond it senders try again later"
    )
    files_limit: int = Field(default=10, ge=0, description="Files of one request")
    fields_limit: int = Field(default=200, ge=1, description="Fields of one request, those within others included")
    text_limit: int = Field(default=200_000, ge=1, description="Octets of all fields of one request together")
    depth_limit: int = Field(default=5, ge=1, le=50, description="Depth of objects and lists within each other")
    per_minute: int = Field(default=300, ge=1, description="Requests of one source within a minute")
    form_per_minute: int = Field(default=5, ge=1, description="Forms that one client may send within a minute")
    connections: int = Field(default=200, ge=1, description="Connections open at once")
    body_seconds: float = Field(default=60.0, gt=0, description="Seconds that sending one request may take in all")
    stop_seconds: int = Field(
        default=10, ge=1, description="Seconds that a stop waits for requests that are being stored"
    )

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError(f"{proxy[:50]!r} is no address and no network; write 10.0.0.0/8") from None
        return proxies

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.memory_limit < self.size_limit:
            raise ValueError("memory_limit is less than size_limit: the largest requests would be put off for ever")
        if self.form_source in self.sources:
            raise ValueError(f"form_source is {self.form_source}, which is among sources; people need one of their own")
        return self
