"""CODEOWNERS as GitHub reads it: the last match wins, and a line that is skipped is a fault."""

from __future__ import annotations

import pytest

from benchgov.promotion.codeowners import MAX_BYTES, parse_codeowners


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "a/b/c.txt", True),
        ("*.js", "src/deep/a.js", True),
        ("*.js", "a.jsx", False),
        ("/build/logs/", "build/logs/x/y", True),
        ("/build/logs/", "a/build/logs/x", False),
        ("docs/*", "docs/getting-started.md", True),
        ("docs/*", "docs/build-app/troubleshooting.md", False),
        ("apps/", "x/apps/y/z", True),
        ("apps/", "apps", False),
        ("/docs/", "docs/a", True),
        ("/scripts/", "deep/scripts/a", False),
        ("**/logs", "build/logs/a", True),
        ("**/logs", "deeply/nested/logs/x", True),
        ("/apps/github", "apps/github/a", True),
        ("/bench/*/baselines/", "bench/core/baselines/r/b/baseline.json", True),
        ("/bench/*/baselines/", "bench/a/b/baselines/x", False),
        ("/docs/trust-tiers.yaml", "docs/trust-tiers.yaml", True),
        ("docs/trust-tiers.yaml", "other/docs/trust-tiers.yaml", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("file?.txt", "x/file1.txt", True),
        ("file?.txt", "file/.txt", False),
    ],
)
def test_patterns_match_as_github_says(pattern: str, path: str, matches: bool) -> None:
    """The examples of GitHub's documentation, and those that tell anchored from floating."""
    owners = parse_codeowners(f"{pattern} @octocat")

    assert owners.faults == ()
    assert (owners.owners_of(path) == ("@octocat",)) is matches


def test_the_last_match_wins_and_may_take_ownership_away() -> None:
    """A later line without owners leaves its paths to nobody."""
    owners = parse_codeowners("* @org/all\n/docs/ @writer\n/docs/open/  # nobody\n")

    assert owners.owners_of("src/a") == ("@org/all",)
    assert owners.owners_of("docs/a") == ("@writer",)
    assert owners.owners_of("docs/open/a") == ()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("!docs/ @a", "does not support"),
        ("[ab].md @a", "does not support"),
        (r"\#x @a", "does not support"),
        ("* octocat", "neither a user"),
        ("* @", "neither a user"),
        ("* @a/b/c", "neither a user"),
        ("* @-x", "neither a user"),
    ],
)
def test_a_line_that_github_skips_is_a_fault(line: str, fault: str) -> None:
    """It would fail open: the paths fall to an earlier line."""
    owners = parse_codeowners(f"* @org/all\n{line}\n")

    assert fault in owners.faults[0]
    assert owners.faults[0].startswith("line 2: ")
    assert owners.owners_of("docs/x") == ("@org/all",)


def test_users_teams_and_addresses_are_owners() -> None:
    """With comments at the end of the line."""
    owners = parse_codeowners("* @user @org/team name@example.invalid # why\n")

    assert owners.owners_of("x") == ("@user", "@org/team", "name@example.invalid")


def test_a_huge_file_owns_nothing() -> None:
    """GitHub does not load it."""
    owners = parse_codeowners("* @a\n" + "#" * MAX_BYTES)

    assert owners.owners_of("x") == ()
    assert len(owners.faults) == 1
