"""A file of rules merged three ways: as it was shipped when a site began, as it is shipped today, as the site has it.

Merged is what a file says, item by item: a rule by its id, a topic or a queue by its code, a phrase by its words. The
site's text stays as it is written, comments and order included; only items that the program changed since, and the site
did not, are replaced, added or taken out of it. Where both changed one item otherwise, the three are laid between marks
that no check lets pass.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final

import yaml

from dtm_contact.rules.document import CONFLICT_END, CONFLICT_START
from dtm_contact.wording import Translatable, counted, worded

_BASE_MARK: Final = "||||||| shipped before"
_TODAY_MARK: Final = "======="
_LITERAL: Final = re.compile(r"true|false|[-+]?[0-9][0-9_]*(\.[0-9]+)?")
_BESIDE_IDENTITY: Final = frozenset({"holds", "expect", "note"})
"""What of a test does not make it another one."""
_SETS: Final = frozenset({"closures", "formerly", "steps"})
_SHOWN: Final = 120
_GONE: Final = worded("(not there)")

Key = Any
Path = tuple[Key, ...]
Canonical = Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """What the site and the program changed both, each otherwise.

    Attributes:
        file: the file.
        line: where it is in the site's file, from 1; 0 where the site took it out.
        what: which item: `urgence-gaz / then / due`.
        own, before, today: what the three say, in a line.
    """

    file: str
    line: int
    what: str
    own: str
    before: str
    today: str

    @property
    def wording(self) -> Translatable:
        """Where it is, what, and what the three say."""
        return worded(
            "{file}:{line}: {what}: yours {own}; shipped before {before}; shipped now {today}",
            file=self.file,
            line=self.line,
            what=self.what,
            own=self.own,
            before=self.before,
            today=self.today,
        )

    def __str__(self) -> str:
        return self.wording


@dataclass(frozen=True, slots=True)
class MergedFile:
    """A merged file.

    Attributes:
        text: what it holds; with marks where there are conflicts.
        conflicts: those.
        taken: items that were changed, added or taken out as the program now ships them.
        lost_comments: comments of the site's that have no place any more.
    """

    text: str
    conflicts: tuple[Conflict, ...] = ()
    taken: tuple[str, ...] = ()
    lost_comments: tuple[str, ...] = ()


def merge_lines(file: str, before: str, own: str, today: str) -> MergedFile:
    """Merge two changed versions of a plain text line by line by what they had in common before, as diff3 does."""
    old, ours, theirs = (text.splitlines() for text in (before, own, today))
    merged: list[str] = []
    conflicts: list[Conflict] = []
    taken = 0
    for base_part, own_part, today_part, line in _regions(old, ours, theirs):
        if today_part in (own_part, base_part):
            merged += own_part
        elif own_part == base_part:
            merged += today_part
            taken += 1
        else:
            merged += [CONFLICT_START, *own_part, _BASE_MARK, *base_part, _TODAY_MARK, *today_part, CONFLICT_END]
            told = (_line_of(part) for part in (own_part, base_part, today_part))
            conflicts.append(Conflict(file, line, worded("these lines"), *told))
    text = "\n".join(merged) + "\n"
    return MergedFile(text, tuple(conflicts), (counted("{count} passage", "{count} passages", taken),) if taken else ())


def _line_of(lines: Sequence[str]) -> str:
    return _cut(" / ".join(lines)) if lines else _GONE


def _regions(
    base: Sequence[str], own: Sequence[str], today: Sequence[str]
) -> Iterator[tuple[list[str], list[str], list[str], int]]:
    """Yield what stands between lines that all three have, and each of those lines; with the line in the own text."""
    in_own, in_today = _matches(base, own), _matches(base, today)
    at = [0, 0, 0]
    for line in range(len(base) + 1):
        end = line == len(base)
        if not end and (line not in in_own or line not in in_today):
            continue
        stops = (line, len(own) if end else in_own[line], len(today) if end else in_today[line])
        parts = [list(text[start:stop]) for text, start, stop in zip((base, own, today), at, stops, strict=True)]
        if any(parts):
            yield parts[0], parts[1], parts[2], at[1] + 1
        if not end:
            yield [base[line]], [base[line]], [base[line]], stops[1] + 1
        at = [stop + 1 for stop in stops]


def _matches(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def merge_yaml(file: str, before: str, own: str, today: str) -> MergedFile:
    """Merge a YAML file of the rules.

    Args:
        file: its name in the folder of rules.
        before: its text as it was shipped when the site began, or was merged last; empty where it was not.
        own: the site's.
        today: as it is shipped now.

    Raises:
        yaml.YAMLError: one of the three is no YAML.
    """
    # As people's editors left it is how it goes back.
    ends = "\r\n" if "\r\n" in own else "\n"
    was, ours, theirs = (
        _Text.of(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")) for text in (before, own, today)
    )
    merged = _Merge(file, was, ours, theirs).result()
    return MergedFile(merged.text.replace("\n", ends), merged.conflicts, merged.taken, merged.lost_comments)


@dataclass(frozen=True, slots=True)
class _Text:
    """One of the three texts, and what it holds."""

    text: str
    root: yaml.Node | None
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "_Text":
        starts = (0, *(found.end() for found in re.finditer("\n", text)))
        return cls(text, yaml.compose(text, Loader=yaml.SafeLoader), starts)

    def line(self, number: int) -> str:
        return self.text[self.start(number) : self.start(number + 1)]

    def start(self, number: int) -> int:
        """Return where a line begins, from 0; behind the last one, the end of the text."""
        return self.starts[number] if number < len(self.starts) else len(self.text)

    def raw(self, node: yaml.Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def start_line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line)

    def lead(self, first: int, above: int) -> int:
        """Return the first line of the comment directly above a line, as far up as `above`."""
        while first > above and self.line(first - 1).lstrip().startswith("#"):
            first -= 1
        return first


@dataclass(frozen=True, slots=True)
class _Child:
    """An item of a collection.

    Attributes:
        source: the text that it stands in.
        key: by which it is the same in the three texts.
        head: where it begins: its key, or the value of a list's item.
        node: its value.
        named: what stands before its value where it is written in braces.
        in_block: it has lines of its own.
        lead: its first line, the comment directly above it included; from 0.
        first, end: its first line, and that behind its last.
    """

    source: _Text
    key: Key
    head: yaml.Node
    node: yaml.Node
    named: str
    in_block: bool
    lead: int
    first: int
    end: int

    @property
    def column(self) -> int:
        """Where its lines begin."""
        text = self.source.line(self.first)
        return len(text) - len(text.lstrip(" "))

    @property
    def flow(self) -> str:
        """It as it stands in braces."""
        if self.in_block and not _is_flow(self.node):
            return self.named + _dumped(self.node)
        return self.named + self.source.raw(self.node)

    def comment(self, column: int) -> str:
        """The comment directly above it, as lines that begin in a column."""
        lines = (self.source.line(number) for number in range(self.lead, self.first)) if self.in_block else ()
        return "".join(_shifted(line, column - self.column) for line in lines)

    def lines(self, column: int, *, lead: bool, dash: bool) -> str:
        """Return its YAML, indented anew.

        Args:
            column: where its lines begin, counted from 0.
            lead: include the comment above it, and the empty line above that.
            dash: it is an item of a list, and was written in braces: begin with "- ".
        """
        if not self.in_block:
            return f"{' ' * column}{'- ' if dash else ''}{self.flow}\n"
        first = self.lead if lead else self.first
        if lead and first and not self.source.line(first - 1).strip():
            first -= 1
        shift = column - self.column
        lines = (self.source.line(number) for number in range(first, self.end))
        shifted = [_shifted(line, shift) for line in lines]
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in shifted)


_Children = dict[Key, _Child]
_ORDERED: Final = "routing.yaml"
"""The file whose list is read from top to bottom."""


class _ConflictError(Exception):
    """Both changed it, each otherwise: the lines that it stands in are to be settled by a person."""

    def __init__(self, path: Path, own: yaml.Node | None, before: yaml.Node | None, today: yaml.Node | None) -> None:
        super().__init__()
        self.path = path
        self.nodes = own, before, today


@dataclass
class _Merge:
    """Merges one file: what is to be changed in the site's text is gathered, and done at the end."""

    file: str
    before: _Text
    own: _Text
    today: _Text
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    moves: list[tuple[int, int, int]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def result(self) -> MergedFile:
        """Merge, and hold the outcome against what the data alone must become."""
        roots = self.before.root, self.own.root, self.today.root
        try:
            self._head()
            self._merge(*roots, ())
        except _ConflictError as error:
            return self._as_a_whole(error)
        text = self._applied()
        if not self.conflicts:
            was, ours, theirs = (canonical(root) for root in roots)
            wanted = merged_data(was, ours, theirs, self.file)
            if canonical(_Text.of(text).root) != wanted:
                return self._as_a_whole(_ConflictError((), None, None, None))
        return MergedFile(text, tuple(self.conflicts), tuple(self.taken), tuple(self._lost(text)))

    def _as_a_whole(self, error: _ConflictError) -> MergedFile:
        """Return the whole file as one conflict."""
        parts = (CONFLICT_START, self.own.text, _BASE_MARK, self.before.text, _TODAY_MARK, self.today.text)
        text = "".join(part if part.endswith("\n") else f"{part}\n" for part in (*parts, CONFLICT_END))
        told = (_as_text(node) if node is not None else worded("(the whole file)") for node in error.nodes)
        return MergedFile(text, (Conflict(self.file, 1, _called(error.path) or worded("the file"), *told),))

    def _head(self) -> None:
        """Take the comments at the head of the file as they are now, where the site left them as they were."""
        own, before, today = (_head_of(text) for text in (self.own, self.before, self.today))
        if own == before and today != before:
            self.edits.append((0, len(own), today))

    def _merge(self, before: yaml.Node | None, own: yaml.Node | None, today: yaml.Node | None, path: Path) -> None:
        """Gather the edits that bring what changed since into the site's value."""
        was, ours, theirs = (canonical(node) for node in (before, own, today))
        if theirs in (ours, was):
            return
        same_kind = own is not None and today is not None and type(own) is type(today)
        same_kind = same_kind and (before is None or type(before) is type(own))
        children = None
        if same_kind and not isinstance(own, yaml.ScalarNode):
            children = self._children(before, own, today, path)
        if children is None or own is None or today is None:
            if ours != was or own is None or today is None:
                raise _ConflictError(path, own, before, today)
            self._replace(own, today)
        elif _is_flow(own):
            text = self._flow(before, own, today, path)
            self.edits.append((own.start_mark.index, own.end_mark.index, text))
        else:
            self._block(*children, path, dash=isinstance(own, yaml.SequenceNode))

    def _children(
        self, before: yaml.Node | None, own: yaml.Node | None, today: yaml.Node | None, path: Path
    ) -> tuple[dict[Key, _Child], dict[Key, _Child], dict[Key, _Child]] | None:
        """Return the items of the three by their keys; None where items have none, or one twice."""
        found = [
            _children_of(node, source, path, self.file)
            for node, source in ((before, self.before), (own, self.own), (today, self.today))
        ]
        if any(each is None for each in found):
            return None
        return found[0] or {}, found[1] or {}, found[2] or {}

    def _replace(self, own: yaml.Node, today: yaml.Node) -> None:
        text = self.today.raw(today) if _is_flow(today) else _dumped(today)
        if _is_flow(own):
            self.edits.append((own.start_mark.index, own.end_mark.index, text))
        else:
            raise _ConflictError((), own, None, today)

    def _block(self, before: _Children, own: _Children, today: _Children, path: Path, *, dash: bool) -> None:
        """Merge a collection whose items have lines of their own, item by item."""
        column = next(iter(own.values())).column
        for key in _in_order(before, own, today):
            three = _Three(before.get(key), own.get(key), today.get(key))
            edits, taken = len(self.edits), len(self.taken)
            place = self._behind(key, own, today)
            try:
                self._item(three, (*path, key), place, column, dash=dash)
            except _ConflictError as error:
                del self.edits[edits:], self.taken[taken:]
                self._mark(three, place, column, dash=dash)
                line = three.own.first + 1 if three.own is not None else 0
                # What stands within braces is between the marks as a whole; told is where in it they differ.
                within = _called(error.path[len(path) + 1 :])
                told = (
                    worded("{within}: {value}", within=within, value=each) if within else each
                    for each in map(_as_text, error.nodes)
                )
                self.conflicts.append(Conflict(self.file, line, _called((*path, key)), *told))
        self._reorder(before, own, today, path)

    def _item(self, three: "_Three", path: Path, place: int, column: int, *, dash: bool) -> None:
        """Merge one item of a block.

        Args:
            three: the item as the three have it.
            path: which one it is.
            place: where it goes in the site's text, where it is not there.
            column: where its lines begin.
            dash: it is an item of a list.
        """
        was, ours, theirs = three.before, three.own, three.today
        if ours is None and theirs is not None:
            if was is not None and not _same(was, theirs):
                raise _ConflictError(path, *three.nodes)
            if was is None:
                self.edits.append((place, place, theirs.lines(column, lead=True, dash=dash)))
                self.taken.append(worded("added {item}", item=_called(path)))
        elif theirs is None and ours is not None and was is not None:
            if not _same(was, ours):
                raise _ConflictError(path, *three.nodes)
            self.edits.append((self.own.start(ours.lead), self.own.start(ours.end), ""))
            self.taken.append(worded("taken out {item}", item=_called(path)))
        elif ours is not None and theirs is not None:
            self._both(was, ours, theirs, path, dash=dash)

    def _both(self, was: _Child | None, ours: _Child, theirs: _Child, path: Path, *, dash: bool) -> None:
        """Merge an item that the site and the program both have."""
        count, taken = len(self.edits), len(self.taken)
        lines = [each.lines(ours.column, lead=False, dash=dash) if each else "" for each in (was, ours, theirs)]
        if lines[0] == lines[1] != lines[2]:
            self.edits.append((self.own.start(ours.first), self.own.start(ours.end), lines[2]))
        else:
            self._merge(was.node if was else None, ours.node, theirs.node, path)
        if len(self.edits) > count and len(self.taken) == taken:
            self.taken.append(worded("changed {item}", item=_called(path)))
        if was is not None:
            leads = [each.comment(ours.column) for each in (was, ours, theirs)]
            if leads[0] == leads[1] != leads[2]:
                self.edits.append((self.own.start(ours.lead), self.own.start(ours.first), leads[2]))

    def _mark(self, three: "_Three", place: int, column: int, *, dash: bool) -> None:
        """Lay the three between marks, in the place of the site's."""
        parts = [each.lines(column, lead=False, dash=dash) if each else "" for each in three.in_order]
        text = f"{CONFLICT_START}\n{parts[0]}{_BASE_MARK}\n{parts[1]}{_TODAY_MARK}\n{parts[2]}{CONFLICT_END}\n"
        ours = three.own
        stretch = (place, place) if ours is None else (self.own.start(ours.first), self.own.start(ours.end))
        self.edits.append((*stretch, text))

    def _behind(self, key: Key, own: _Children, today: _Children) -> int:
        """Return where an item that the site has not goes: behind the nearest one before it that the site has."""
        before = list(today)[: list(today).index(key)] if key in today else list(own)
        nearest = next((each for each in reversed(before) if each in own), None)
        if nearest is not None:
            return self.own.start(own[nearest].end)
        return self.own.start(next(iter(own.values())).lead)

    def _reorder(self, before: _Children, own: _Children, today: _Children, path: Path) -> None:
        """Move items of a list that the program has moved since, where the site left their order as it was."""
        if path or self.file != _ORDERED:
            return
        common = [key for key in before if key in own and key in today]
        ours, theirs = ([key for key in each if key in common] for each in (own, today))
        if theirs in (common, ours):
            return
        if ours != common:
            raise _ConflictError((), None, None, None)
        stay = _longest_in_order([theirs.index(key) for key in ours])
        for key in theirs:
            if theirs.index(key) in stay:
                continue
            child = own[key]
            behind = theirs[: theirs.index(key)]
            place = self.own.start(own[behind[-1]].end) if behind else self.own.start(own[ours[0]].lead)
            self.moves.append((self.own.start(child.lead), self.own.start(child.end), place))
            self.taken.append(worded("moved {item}", item=_called((key,))))

    def _flow(self, before: yaml.Node | None, own: yaml.Node, today: yaml.Node, path: Path) -> str:
        """Return a merged collection that the site writes in braces or brackets."""
        if "#" in re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", "", self.own.raw(own)):
            # A comment within braces has no item that it belongs to.
            raise _ConflictError(path, own, before, today)
        children = self._children(before, own, today, path)
        if children is None:
            raise _ConflictError(path, own, before, today)
        parts = []
        for key in _in_order(*children):
            three = _Three(*(each.get(key) for each in children))
            parts += self._flow_item(three, (*path, key))
        inside = ", ".join(parts)
        return f"{{{inside}}}" if isinstance(own, yaml.MappingNode) else f"[{inside}]"

    def _flow_item(self, three: "_Three", path: Path) -> list[str]:
        was, ours, theirs = three.before, three.own, three.today
        if ours is None or theirs is None:
            only = ours or theirs
            if was is None:
                return [only.flow] if only is not None else []
            if only is None or _same(was, only):
                return []
            raise _ConflictError(path, *three.nodes)
        if _same(ours, theirs) or (was is not None and _same(was, theirs)):
            return [ours.flow]
        if was is not None and _same(was, ours):
            return [theirs.flow]
        collection = type(ours.node) is type(theirs.node) and not isinstance(ours.node, yaml.ScalarNode)
        if not collection:
            raise _ConflictError(path, *three.nodes)
        return [ours.named + self._flow(was.node if was else None, ours.node, theirs.node, path)]

    def _applied(self) -> str:
        """Return the site's text with all edits made, and then what is moved laid elsewhere."""
        moved = {(start, end): self._edited(start, end) for start, end, _place in self.moves}
        edits = [edit for edit in self.edits if not any(start <= edit[0] and edit[1] <= end for start, end in moved)]
        edits += [(start, end, "") for start, end in moved]
        edits += [(place, place, moved[start, end]) for start, end, place in self.moves]
        return _edited(self.own.text, edits, 0, len(self.own.text))

    def _edited(self, start: int, end: int) -> str:
        return _edited(self.own.text, [edit for edit in self.edits if start <= edit[0] and edit[1] <= end], start, end)

    def _lost(self, text: str) -> Iterator[str]:
        """Yield the site's own comments that the merged text does not hold."""
        theirs = set(_comments(self.before.text))
        kept = list(_comments(text))
        for comment in _comments(self.own.text):
            if comment in kept:
                kept.remove(comment)
            elif comment not in theirs:
                yield comment


@dataclass(frozen=True, slots=True)
class _Three:
    """One item as the three have it; None where it is not there."""

    before: _Child | None
    own: _Child | None
    today: _Child | None

    @property
    def in_order(self) -> tuple[_Child | None, _Child | None, _Child | None]:
        """As conflicts are told: the site's, the one before, today's."""
        return self.own, self.before, self.today

    @property
    def nodes(self) -> tuple[yaml.Node | None, yaml.Node | None, yaml.Node | None]:
        """Their values, in the same order."""
        own, before, today = (each.node if each is not None else None for each in self.in_order)
        return own, before, today


def canonical(node: yaml.Node | None) -> Canonical:
    """Return what a value says, whatever its layout; of the order of a mapping's keys nothing."""
    if node is None:
        return None
    if isinstance(node, yaml.MappingNode):
        return {_scalar(key): canonical(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [canonical(each) for each in node.value]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Canonical:
    value: str = node.value
    if isinstance(node, yaml.ScalarNode) and node.style is None and _LITERAL.fullmatch(value):
        # Written bare, it is a truth value or a number; in quotation marks it would be text.
        return ("literal", value)
    return value


def merged_data(before: Canonical, own: Canonical, today: Canonical, file: str, path: Path = ()) -> Canonical:
    """Return what three values become together by their data alone, where nothing of it conflicts."""
    if today in (own, before):
        return own
    if own == before:
        return today
    keyed = [_keyed(each, path, file) for each in (before, own, today)]
    was, ours, theirs = ({} if each is None else each for each in keyed)
    merged: dict[Key, Any] = {}
    for key in _in_order(was, ours, theirs):
        if key in ours and key in theirs:
            merged[key] = merged_data(was.get(key), ours[key], theirs[key], file, (*path, key))
        elif key not in was:
            merged[key] = ours.get(key, theirs.get(key))
        # Else one of the two took it out, and the other left it as it was.
    if isinstance(own, dict):
        return merged
    return list(merged.values()) if not _moved(was, ours, theirs) else _by_order(merged, was, ours, theirs)


def _moved(was: Mapping[Key, Any], ours: Mapping[Key, Any], theirs: Mapping[Key, Any]) -> bool:
    common = [key for key in was if key in ours and key in theirs]
    return [key for key in theirs if key in common] != common


def _by_order(
    merged: dict[Key, Any], was: Mapping[Key, Any], ours: Mapping[Key, Any], theirs: Mapping[Key, Any]
) -> list[Any]:
    """Return the items of a list in which the program has moved some: as they stand today, the site's own between."""
    common = [key for key in was if key in ours and key in theirs]
    if [key for key in ours if key in common] != common:
        return list(merged.values())
    order = list(merged)
    wanted = [key for key in theirs if key in common]
    stay = _longest_in_order([wanted.index(key) for key in common])
    for key in wanted:
        if wanted.index(key) in stay:
            continue
        order.remove(key)
        behind = wanted[: wanted.index(key)]
        order.insert(order.index(behind[-1]) + 1 if behind else order.index(common[0]), key)
    return [merged[key] for key in order]


def _keyed(value: Canonical, path: Path, file: str) -> dict[Key, Any] | None:
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        return None
    return {_key_of(each, path, file): each for each in value}


def _key_of(value: Canonical, path: Path, file: str) -> Key:
    """Return by what an item of a list is the same in other texts; None where by nothing."""
    within = path[-1] if path else None
    named = "id" if file == _ORDERED and not path else "label" if within == "parts" else None
    if named is not None:
        return value.get(named) if isinstance(value, dict) else None
    if within == "tests":
        if not isinstance(value, dict):
            return None
        return json.dumps({name: each for name, each in value.items() if name not in _BESIDE_IDENTITY}, sort_keys=True)
    if file.startswith("phrases") and len(path) == 1:
        phrase = value.get("phrase") if isinstance(value, dict) else value
        return f"{value['topic']}: {phrase}" if isinstance(value, dict) and "topic" in value else phrase
    if path and not isinstance(value, (dict, list)) and (file == _ORDERED or within in _SETS):
        return value
    return None


def _children_of(node: yaml.Node | None, source: _Text, path: Path, file: str) -> _Children | None:
    """Return the items of a collection by their keys; None where one has none, or two have the same."""
    if node is None:
        return {}
    found: _Children = {}
    end = source.start_line(node)
    pairs = node.value if isinstance(node, yaml.MappingNode) else [(each, each) for each in node.value]
    for head, value in pairs:
        mapping = isinstance(node, yaml.MappingNode)
        key = _scalar(head) if mapping else _key_of(canonical(value), path, file)
        if key is None or key in found:
            return None
        first, last = head.start_mark.line, _last_line(value)
        named = f"{source.raw(head)}: " if mapping else ""
        in_block = not _is_flow(node)
        lead = source.lead(first, end) if in_block else first
        found[key] = _Child(source, key, head, value, named, in_block, lead, first, last + 1)
        end = last + 1
    return found


def _last_line(node: yaml.Node) -> int:
    """Return the last line that holds something of a value, from 0."""
    if isinstance(node, yaml.ScalarNode) or _is_flow(node) or not node.value:
        mark = node.end_mark
        literal = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
        return max(node.start_mark.line, mark.line - 1 if literal and mark.column == 0 else mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _is_flow(node: yaml.Node) -> bool:
    """Return whether a value stands by itself within a line: a text, or a collection in braces."""
    if isinstance(node, yaml.ScalarNode):
        return node.style not in ("|", ">")
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _dumped(node: yaml.Node) -> str:
    """Return a value of several lines as it is written in braces."""
    value = yaml.safe_dump(_plain(node), default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return value.removesuffix("\n").removesuffix("\n...")


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) for each in node.value]
    found = _scalar(node)
    return yaml.safe_load(found[1]) if isinstance(found, tuple) else found


def _same(one: _Child, other: _Child) -> bool:
    return bool(canonical(one.node) == canonical(other.node))


def _in_order(before: Mapping[Key, Any], own: Mapping[Key, Any], today: Mapping[Key, Any]) -> list[Key]:
    """Return the keys of all three: the site's in their order, each other one behind that which it follows today."""
    order = list(own)
    for others in (today, before):
        last: Key = None
        for key in others:
            if key not in order:
                order.insert(order.index(last) + 1 if last in order else 0, key)
            last = key
    return order


def _longest_in_order(places: Sequence[int]) -> set[int]:
    """Return the longest run of growing numbers among some: what need not be moved."""
    runs: list[list[int]] = []
    for place in places:
        fitting: list[list[int]] = [run for run in runs if run[-1] < place]
        runs.append([*max(fitting, key=len, default=[]), place])
    longest: list[int] = max(runs, key=len, default=[])
    return set(longest)


def _edited(text: str, edits: Sequence[tuple[int, int, str]], start: int, end: int) -> str:
    """Return a stretch of a text with edits made, which do not overlap; at one place in the order given."""
    parts, at = [], start
    for first, last, new in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        parts += [text[at:first], new]
        at = last
    return "".join((*parts, text[at:end]))


def _head_of(text: _Text) -> str:
    """Return the comments at the head of a file: all above its first empty line."""
    found = re.match(r"(?:#[^\n]*\n)+(?=\s*\n)", text.text)
    return found.group() if found else ""


def _comments(text: str) -> Iterator[str]:
    for found in re.finditer(r"^\s*(#.*)$", text, re.MULTILINE):
        yield found.group(1).rstrip()


def _shifted(line: str, columns: int) -> str:
    if columns >= 0:
        return " " * columns + line if line.strip() else line
    return line[min(-columns, len(line) - len(line.lstrip(" "))) :]


def _called(path: Path) -> str:
    return " / ".join(_cut(str(part[1] if isinstance(part, tuple) else part)) for part in path)


def _as_text(node: yaml.Node | None) -> str:
    return _GONE if node is None else _cut(_dumped(node))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
