"""Write incidents as issues: open, comment, close. A refusal is a warning, the rest is delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchgov.gate.comparison import Comparison
from benchgov.github.incidents import LABEL, Circumstances, Incident, OpenIssue, Plan, body, parse_marker
from benchgov.github.session import RefusedByGitHubError, Session

MAX_PAGES = 5
_PAGE = 100


@dataclass
class Written:
    """Addresses of what was written, and what GitHub refused."""

    opened: list[str] = field(default_factory=list)
    continued: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class IssueTracker:
    """The issues of one repository; reading raises `RefusedByGitHubError`, writing notes what was refused."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open_incidents(self) -> tuple[OpenIssue, ...]:
        """The open issues that this program made: labelled, and with a marker at their start."""
        found: list[OpenIssue] = []
        for number in range(1, MAX_PAGES + 1):
            listed = self._session.get("/issues", state="open", labels=LABEL, per_page=_PAGE, page=number)
            found += [issue for raw in listed if (issue := _issue(raw))]
            if len(listed) < _PAGE:
                break
        return tuple(found)

    def last_good_commit(self, workflow: str, branch: str) -> str | None:
        """The commit of the last run of `workflow` (its file's name) on `branch` that succeeded."""
        runs = self._session.get(
            f"/actions/workflows/{workflow}/runs", branch=branch, status="success", per_page=1
        )["workflow_runs"]
        return str(runs[0]["head_sha"]) if runs else None

    def carry_out(self, plan: Plan, at: Circumstances, comparison: Comparison | None) -> Written:
        """Do what is planned."""
        written = Written()
        for incident in plan.opened:
            self._open(incident, body(incident, at, comparison), written)
        for number, incident in plan.continued:
            self._comment(number, body(incident, at, comparison), at, written)
        for number in plan.closed:
            self._close(number, at, written)
        return written

    def _open(self, incident: Incident, text: str, written: Written) -> None:
        def create() -> Any:
            return self._session.repository.create_issue(incident.title, body=text, labels=[LABEL])

        self._note(create, written.opened, written, f"the issue “{incident.title}” was not opened")

    def _comment(self, number: int, text: str, at: Circumstances, written: Written) -> None:
        def comment() -> Any:
            issue = self._session.repository.get_issue(number)
            # A run that is tried again says the same once.
            if at.links.run and any(at.links.run + ")" in (one.body or "") for one in issue.get_comments()):
                return issue
            return issue.create_comment(text)

        self._note(comment, written.continued, written, f"issue {number} was not told more")

    def _close(self, number: int, at: Circumstances, written: Written) -> None:
        def close() -> Any:
            issue = self._session.repository.get_issue(number)
            where = f" ([run]({at.links.run}))" if at.links.run else ""
            issue.create_comment(f"Recovered at `{(at.commit or 'unknown')[:12]}`{where}.")
            issue.edit(state="closed", state_reason="completed")
            return issue

        self._note(close, written.closed, written, f"issue {number} was not closed")

    def _note(self, write: Any, kept: list[str], written: Written, failed: str) -> None:
        try:
            kept.append(str(self._session.attempt(write).html_url))
        except RefusedByGitHubError as error:
            hint = "; the token lacks `issues: write`" if error.status in (403, 404) else ""
            written.warnings.append(f"{failed}: {error}{hint}")


def _issue(raw: Any) -> OpenIssue | None:
    """An issue with a marker; a pull request, which GitHub lists among the issues, is none."""
    marker = None if "pull_request" in raw else parse_marker(str(raw.get("body") or ""))
    return OpenIssue(int(raw["number"]), *marker) if marker else None
