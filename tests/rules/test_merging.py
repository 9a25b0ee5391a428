"""A site's rules and today's, both changed since they were the same: every change is there or told, item by item."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dtm_contact.errors import InvalidFilesError
from dtm_contact.rules import load_rules
from dtm_contact.rules.folder_merge import FolderMerge, merge_folders
from dtm_contact.rules.merging import merge_lines, merge_yaml

Change = tuple[str, str, str]
"""A file, a passage of it, and what stands in its place."""


def changes(name: str) -> list[Change]:
    written = yaml.safe_load((Path(__file__).parent / "merge" / name).read_text(encoding="utf-8"))
    return [(each["file"], each["from"], each["to"]) for each in written]


LOCAL, TODAY = changes("site.yaml"), changes("today.yaml")
EXPECTED_CONFLICTS = {
    ("routing.yaml", "rappel-insistant / when / calls"),
    ("routing.yaml", "sinistres"),
    ("queues.yaml", "due / P3"),
    ("queues.yaml", "queues / agence-social"),
    ("topics.yaml", "limits"),
    ("answers/accuse-reception.fr.txt", "these lines"),
}


def folder(tmp_path: Path, name: str, made_of: Sequence[Change]) -> Path:
    made = tmp_path / name
    shutil.copytree(Path(__file__).parent / "earlier" / "version_0_2_0", made)
    for file, before, after in made_of:
        text = (made / file).read_text(encoding="utf-8")
        assert text.count(before) == 1, (file, before, text.count(before))
        (made / file).write_text(text.replace(before, after), encoding="utf-8")
    return made


@pytest.fixture
def three(tmp_path: Path) -> tuple[Path, Path, Path]:
    return folder(tmp_path, "before", ()), folder(tmp_path, "own", LOCAL), folder(tmp_path, "today", TODAY)


def key_of(item: Any) -> str:
    """By what an item of a list is told from the others, said once more and apart from the program."""
    if isinstance(item, dict) and "id" in item:
        return str(item["id"])
    if isinstance(item, dict) and "phrase" in item:
        return str(item["phrase"])
    if isinstance(item, dict):
        return json.dumps(
            {name: value for name, value in item.items() if name not in {"holds", "expect"}}, sort_keys=True
        )
    return str(item)


def items(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Flatten what a file says to single items; a list of rules, tests, phrases or words by what tells them apart."""
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = [(key_of(item), item) for item in value]
    else:
        return {path: value}
    return {at: found for name, item in parts for at, found in items(item, (*path, str(name))).items()}


def said(path: Path) -> dict[tuple[str, ...], Any]:
    text = path.read_text(encoding="utf-8")
    return items(yaml.safe_load(text)) if path.suffix == ".yaml" else {(line,): line for line in text.splitlines()}


def written(merge: FolderMerge, own: Path, tmp_path: Path) -> Path:
    to = tmp_path / "merged"
    shutil.copytree(own, to)
    for name, text in merge.texts.items():
        (to / name).write_text(text, encoding="utf-8")
    return to


def test_each_of_thirty_local_changes_and_each_of_todays_is_there_or_told(
    three: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, own, today = three
    assert len(LOCAL) == 30
    merge = merge_folders(before, own, today)
    assert {(each.file, each.what) for each in merge.conflicts} == EXPECTED_CONFLICTS
    assert all(each.line > 0 for each in merge.conflicts if each.own != "(not there)")
    told: dict[str, list[list[str]]] = {each.file: [] for each in merge.conflicts}
    for each in merge.conflicts:
        told[each.file].append(each.what.split(" / "))
    for name in ("routing.yaml", "queues.yaml", "topics.yaml", "phrases.yaml"):
        # Where something conflicts, what the marks hold as the site's is looked at: the rest is as it is merged.
        text = merge.texts[name]
        settled = tmp_path / "settled.yaml"
        settled.write_text(_site_side(text), encoding="utf-8")
        was, ours, theirs, merged = (said(path) for path in (before / name, own / name, today / name, settled))
        for mine, other in ((ours, "own"), (theirs, "today")):
            for path in was.keys() | mine.keys():
                if mine.get(path) == was.get(path) or merged.get(path) == mine.get(path):
                    continue
                conflict = any(list(path[: len(what)]) == what for what in told.get(name, ()))
                assert conflict, f"{name}: {' / '.join(path)}: the change of {other} is neither there nor told"


def _site_side(text: str) -> str:
    kept, side = [], "both"
    for line in text.splitlines():
        if line.startswith("<<<<<<< "):
            side = "own"
        elif line.startswith("||||||| ") or line == "=======":
            side = "others"
        elif line.startswith(">>>>>>> "):
            side = "both"
        elif side != "others":
            kept.append(line)
    return "\n".join(kept) + "\n"


def test_comments_and_order_of_the_site_stay(three: tuple[Path, Path, Path]) -> None:
    before, own, today = three
    merge = merge_folders(before, own, today)
    assert merge.notes == []
    for name in ("routing.yaml", "queues.yaml", "phrases.yaml"):
        ours, theirs = (
            {line.strip() for line in (folder / name).read_text(encoding="utf-8").splitlines() if "#" in line}
            for folder in (own, before)
        )
        merged = {line.strip() for line in merge.texts[name].splitlines()}
        assert {line for line in ours - theirs if line.startswith("#")} <= merged
    routing = merge.texts["routing.yaml"]
    assert "tags: jardins}   # Mme Diallo s'en occupe" in routing
    assert routing.index("id: velos") < routing.index("id: jardins-partages") < routing.index("id: fuite")
    assert "# Signal Logement, un tribunal, une préfecture :" in routing
    assert "then: {kind: spam, queue: none}" in routing


def test_what_is_unsettled_is_refused_and_what_is_settled_is_sound(
    three: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, own, today = three
    merged = written(merge_folders(before, own, today), own, tmp_path)
    with pytest.raises(InvalidFilesError) as refused:
        load_rules(merged)
    unsettled = {problem.file for problem in refused.value.problems if "rules merge" in problem.message}
    assert unsettled == {file for file, _what in EXPECTED_CONFLICTS}
    for path in (*merged.glob("*.yaml"), *merged.glob("answers/*.txt")):
        path.write_text(_site_side(path.read_text(encoding="utf-8")), encoding="utf-8")
    rules = load_rules(merged)
    assert {rule.id for rule in rules.rules} >= {"velos", "jardins-partages"}
    assert rules.queues["agence-solidarite"].label == "Agence – accompagnement social"


def test_where_the_site_changed_nothing_it_gets_todays(tmp_path: Path) -> None:
    before, today = folder(tmp_path, "before", ()), folder(tmp_path, "today", TODAY)
    merged = written(merge_folders(before, before, today), before, tmp_path)
    for path in (*today.glob("*.yaml"), *today.glob("answers/*.txt")):
        assert (merged / path.relative_to(today)).read_text() == path.read_text()


def test_where_nothing_is_new_nothing_is_written(tmp_path: Path) -> None:
    before, own = folder(tmp_path, "before", ()), folder(tmp_path, "own", LOCAL)
    merge = merge_folders(before, own, before)
    assert {name for name in merge.texts if not name.startswith("schema/")} == set()
    assert (merge.conflicts, merge.taken) == ([], {})


def test_a_rule_that_the_program_moved_is_moved_with_what_the_site_changed_in_it() -> None:
    before = "- id: a\n  then: {queue: x}\n\n# b\n- id: b\n  then: {queue: x}\n\n- id: c\n  then: {queue: x}\n"
    own = before.replace("# b\n- id: b\n  then: {queue: x}", "# b\n- id: b\n  then: {queue: y}   # ici")
    today = "# b\n- id: b\n  then: {queue: x}\n\n- id: a\n  then: {queue: x}\n\n- id: c\n  then: {queue: x}\n"
    merged = merge_yaml("routing.yaml", before, own, today)
    assert merged.conflicts == ()
    assert [rule["id"] for rule in yaml.safe_load(merged.text)] == ["b", "a", "c"]
    assert "then: {queue: y}   # ici" in merged.text


def test_an_item_that_both_took_out_or_both_changed_alike_is_no_conflict() -> None:
    before = "topics:\n  a: {label: A}\n  b: {label: B}\n"
    both = "topics:\n  a: {label: AA}\n"
    merged = merge_yaml("topics.yaml", before, both, "topics:\n  a: {label: AA}\n  c: {label: C}\n")
    assert merged.conflicts == ()
    assert yaml.safe_load(merged.text) == {"topics": {"a": {"label": "AA"}, "c": {"label": "C"}}}


def test_lines_of_answers_are_merged_as_diff3_does() -> None:
    before, own, today = "a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nc\nD\nE\n"
    assert merge_lines("x.txt", before, own, today).text == "a\nB\nc\nD\nE\n"
    conflict = merge_lines("x.txt", before, own, "a\nbb\nc\nd\n")
    assert [(each.line, each.own, each.before, each.today) for each in conflict.conflicts] == [(2, "B", "b", "bb")]


def test_windows_line_ends_of_a_site_stay() -> None:
    before = "due:\n  P1: 1 hour\n  P2: 2 hours\n"
    own = before.replace("1 hour", "3 hours").replace("\n", "\r\n")
    merged = merge_yaml("queues.yaml", before, own, before.replace("2 hours", "4 hours"))
    assert merged.text == "due:\r\n  P1: 3 hours\r\n  P2: 4 hours\r\n"


_VALUES = st.sampled_from(["1 hour", "2 hours", "P1", "true", "12:30", "l'été", "a: b", "# x"])
_ENTRIES = st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3)
_FILES = st.dictionaries(st.sampled_from(["nord", "sud", "est", "ouest"]), _ENTRIES, min_size=1, max_size=4)


def laid_out(value: dict[str, dict[str, str]], *, braces: bool) -> str:
    return "queues:\n" + "".join(
        f"  # {name}\n  {name}: {yaml.safe_dump(entry, default_flow_style=True, allow_unicode=True).strip()}\n"
        if braces or not entry
        else f"  # {name}\n  {name}:\n"
        + "".join(f"    {key}: {json.dumps(each, ensure_ascii=False)}\n" for key, each in entry.items())
        for name, entry in value.items()
    )


@settings(max_examples=60)
@given(_FILES, _FILES, _FILES, st.booleans(), st.booleans())
def test_whatever_three_files_say_no_change_is_lost_unsaid(
    before: dict[str, dict[str, str]],
    own: dict[str, dict[str, str]],
    today: dict[str, dict[str, str]],
    own_braces: bool,  # noqa: FBT001 - a layout that chance chooses
    today_braces: bool,  # noqa: FBT001 - the same
) -> None:
    texts = (
        laid_out(before, braces=own_braces),
        laid_out(own, braces=own_braces),
        laid_out(today, braces=today_braces),
    )
    merged = merge_yaml("queues.yaml", *texts)
    told = [tuple(each.what.split(" / ")) for each in merged.conflicts]
    was, ours, theirs = (items(yaml.safe_load(text)) for text in texts)
    result = items(yaml.safe_load(_site_side(merged.text)))
    for mine in (ours, theirs):
        for path in was.keys() | mine.keys():
            if mine.get(path) != was.get(path) and result.get(path) != mine.get(path):
                assert any(path[: len(what)] == what for what in told) or told == [("the file",)]
