"""The rubric tells a migration from everything that only looks like one; the SUT earns what it earns."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from benchgov.eval import BenchScore
from benchgov.eval.loader import load_cases, load_task_class

BENCH = Path(__file__).resolve().parents[1]
PACKAGE = f"bench.{BENCH.name}"
CASES = {case.case_id: case for case in load_cases(load_task_class(BENCH.name, BENCH.parent))}
UNSOLVED = ("010-static-site-nginx", "013-libpq-at-run-time")
WITHOUT_HEALTH_CHECK = "016-go-health-check"

rubric = import_module(f"{PACKAGE}.rubric").MigrationRubric()
migrate = import_module(f"{PACKAGE}.sut").migrate
dockerfile = import_module(f"{PACKAGE}.dockerfile")
cheats = import_module(f"{PACKAGE}.tests.cheats").CHEATS

FLASK, GO, JAVA, GUNICORN = (
    "001-flask-slim",
    "003-go-alpine-two-stages",
    "004-java-jar-shell-form",
    "007-gunicorn-apt-health-check",
)


def score(name: str, answer: dict[str, Any]) -> BenchScore:
    found: BenchScore = rubric.score(CASES[name], answer)
    return found


def written(name: str, text: str) -> BenchScore:
    return score(name, {"status": "migrated", "dockerfile": text})


@pytest.mark.parametrize("cheat", cheats, ids=lambda cheat: cheat.__name__)
def test_a_cheat_gets_nothing(cheat: Callable[[Any], dict[str, Any]]) -> None:
    """No case gives any part of a score to a system that does not do the work."""
    for name, case in CASES.items():
        found = score(name, cheat(case))
        assert (found.passed, found.score) == (False, 0.0), name
        assert not any(found.breakdown.values()), name


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        (FLASK, "python:latest\n", "python:latest-dev\n", "base.not-distroless"),
        (FLASK, "python:latest\n", "node:latest\n", "base.not-distroless"),
        (FLASK, "FROM cgr.dev/chainguard/python:latest\n", "FROM build-image\n", "base.not-distroless"),
        (FLASK, "python:latest\n", "../python:latest\n", "base.not-distroless"),
        (FLASK, "USER nonroot", "USER root", "user.root"),
        (FLASK, "USER nonroot", "USER 0:0", "user.root"),
        (FLASK, "USER nonroot", "RUN id\nUSER nonroot", "final.runs"),
        (FLASK, "COPY --from=build-image /app /app\n", "", "files.lost"),
        (FLASK, "COPY --from=build-image /app /app\n", "COPY app.py /app/\n", "files.lost"),
        (FLASK, "COPY --from=build-image /opt/venv /opt/venv\n", "", "files.lost"),
        (FLASK, 'ENV PATH="/opt/venv/bin:$PATH"\nWORKDIR', "WORKDIR", "files.lost"),
        (FLASK, "AS build-image", "AS build-image\nFROM node AS build-image", "dockerfile.unreadable"),
        ("005-maven-two-stages", "COPY pom.xml .", "COPY pom.yaml .", "build.step-lost"),
        (GO, "COPY --from=builder /out/api", "COPY api", "files.lost"),
        (FLASK, 'ENTRYPOINT ["python"]', 'ENTRYPOINT ["sh", "-c"]', "command.shell-form"),
        (FLASK, 'CMD ["app.py"]', "CMD app.py", "command.shell-form"),
        (FLASK, 'CMD ["app.py"]', 'CMD ["main.py"]', "command.changed"),
        (FLASK, 'CMD ["app.py"]', 'CMD ["app.py", "--debug"]', "command.changed"),
        (FLASK, "EXPOSE 5000", "EXPOSE 5001", "port.lost"),
        (FLASK, "EXPOSE 5000\n", "", "port.lost"),
        (FLASK, "FROM cgr.dev/chainguard/python:latest-dev", "FROM python:3.11", "build.foreign-image"),
        (FLASK, "RUN pip install --no-cache-dir -r requirements.txt", "RUN true", "build.step-lost"),
        (FLASK, "RUN pip", "RUNN pip", "dockerfile.unreadable"),
        (GO, "/usr/local/bin/api\n", "/usr/bin/api\n", "files.lost"),
        (JAVA, "-XX:MaxRAMPercentage=75", "-XX:MaxRAMPercentage=50", "environment.lost"),
        (GUNICORN, "WORKDIR /srv/shop\nCOPY --from", "COPY --from", "command.changed"),
        (GUNICORN, "8000/healthz", "8000/health", "health.lost"),
        (GO, 'ENTRYPOINT ["/usr/local/bin/api"]', 'ENTRYPOINT ["/opt/api"]', "command.changed"),
        (GO, "--from=builder", "--from=example.org/builder", "files.lost"),
        (GO, "USER nonroot", "USER app", "user.root"),
        (FLASK, "ENV PYTHONUNBUFFERED=1", "ENV PYTHONUNBUFFERED", "dockerfile.unreadable"),
        (FLASK, "USER nonroot", "COPY --from=busybox /bin/sh /bin/sh\nUSER nonroot", "build.foreign-image"),
        (GUNICORN, '"--workers", "2"', '"--workers", "4"', "command.changed"),
        (GUNICORN, 'CMD ["python", "-c"', 'CMD ["curl", "-c"', "command.shell-form"),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_found_and_named(name: str, old: str, new: str, code: str) -> None:
    """A right answer with one thing in it changed loses for that one thing."""
    text = migrate(CASES[name])["dockerfile"]
    assert old in text
    found = written(name, text.replace(old, new))
    assert code in [mode.code for mode in found.failure_modes]
    assert found.score < 1


def test_a_dropped_health_check_costs_little() -> None:
    """An image without its health check still runs: a part of the score is lost, the case is passed."""
    dropped = score(WITHOUT_HEALTH_CHECK, migrate(CASES[WITHOUT_HEALTH_CHECK]))
    assert (dropped.passed, dropped.score) == (True, 0.9)
    assert [mode.code for mode in dropped.failure_modes] == ["health.lost"]
    lines = migrate(CASES[GUNICORN])["dockerfile"].splitlines(keepends=True)
    found = written(GUNICORN, "".join(line for line in lines if not line.startswith("HEALTHCHECK")))
    assert found.passed
    assert found.score == pytest.approx(0.9)


def test_another_way_to_migrate_is_as_good() -> None:
    """Other stage names, places of dependencies and splits between ENTRYPOINT and CMD are as good."""
    text = """
FROM cgr.dev/chainguard/python:latest-dev AS wheels
WORKDIR /app
COPY requirements.txt .
RUN pip install --prefix=/deps -r requirements.txt
FROM cgr.dev/chainguard/python@sha256:0000000000000000000000000000000000000000000000000000000000000000
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/deps/lib/python3.13/site-packages
COPY --from=wheels /deps /deps
COPY . /app/
EXPOSE 5000/tcp
ENTRYPOINT ["/usr/bin/python3", "/app/app.py"]
"""
    assert written(FLASK, text).score == 1


def test_what_the_sut_gives_up_on_can_be_done() -> None:
    """Both cases that the SUT does not solve have answers with a full score."""
    site = """
FROM cgr.dev/chainguard/node:latest-dev AS build
WORKDIR /site
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build
FROM cgr.dev/chainguard/nginx:latest
COPY --from=build /site/dist /usr/share/nginx/html
EXPOSE 8080
"""
    assert written(UNSOLVED[0], site).score == 1
    worker = """
FROM cgr.dev/chainguard/python:latest-dev AS build
USER root
RUN apk add --no-cache build-base postgresql-dev libpq && python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
FROM cgr.dev/chainguard/python:latest
WORKDIR /app
COPY --from=build /usr/lib/libpq.so.5 /usr/lib/libpq.so.5
COPY --from=build /opt/venv /opt/venv
COPY . .
ENTRYPOINT ["/opt/venv/bin/python", "-m", "worker"]
"""
    assert written(UNSOLVED[1], worker).score == 1


def test_the_parser_reads_what_the_reference_allows() -> None:
    """Continuations with comments, here-documents, both forms, flags, arguments in FROM, another escape."""
    found = dockerfile.parse(
        "# escape=`\n"
        "ARG TAG=3.11\n"
        "from --platform=linux/amd64 python:${TAG:-3}-slim As Base\n"
        'ENV A=1 `\n  # between\n  B="two words"\n'
        "ENV OLD a value\n"
        "RUN <<EOT sh `\n  -e\necho FROM nowhere\nEOT\n"
        "FROM base\n"
        'COPY --from=base --chown=1:1 ["a b", "./"]\n'
    )
    base, final = found.stages
    assert (base.base, base.name, found.stage("BASE")) == ("python:3.11-slim", "Base", base)
    env, old = base.all("ENV")
    assert dockerfile.assignments(env) == {"A": "1", "B": "two words"}
    assert dockerfile.assignments(old) == {"OLD": "a value"}
    assert next(iter(base.all("RUN"))).bodies == ("echo FROM nowhere",)
    copy = final.last("COPY")
    assert (copy.flags, copy.words) == ({"from": "base", "chown": "1:1"}, ("a b", "./"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no FROM"),
        ("RUN true\nFROM a\n", "before the first FROM"),
        ("FROM a\nINSTALL b\n", "no instruction"),
        ("FROM a\nRUN <<EOF\ntrue\n", "has no end"),
        ("FROM a b c d\n", "not a FROM"),
        ("#" * 200_001, "too long"),
    ],
)
def test_what_is_no_dockerfile_is_refused(text: str, said: str) -> None:
    """A text that Docker would refuse is refused, with the reason."""
    with pytest.raises(dockerfile.DockerfileError, match=said):
        dockerfile.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM php:8-apache\nCOPY . /var/www/html\n", "no Chainguard image"),
        ("FROM python:3\nWORKDIR /a\nCOPY . .\nCMD python a.py --port $PORT\n", "needs a shell"),
        ("FROM python:3\nWORKDIR /a\nRUN apt-get install -y ffmpeg\nCMD python a.py\n", "ffmpeg"),
        ("FROM node:20\nWORKDIR /a\nCOPY . .\nCMD npm start\n", "npm"),
        ("FROM node:20\nWORKDIR /a\nRUN npm ci\n", "what the image starts"),
        ("FROM python:3\nCOPY . .\nRUN pip install x\nCMD python a.py\n", "no folder of their own"),
        ("FROM debian:12\nCOPY tool /usr/bin/tool\nCMD tool\n", "not built here"),
        ("FROM golang:1\nWORKDIR /a\nRUN go build .\nCMD ./a\n", "both built and run"),
        ("FROM node:20\nWORKDIR /a\nRUN if true; then apt-get install -y git; fi\nCMD node a\n", "intricate"),
    ],
)
def test_the_sut_says_what_it_cannot_do(tmp_path: Path, text: str, said: str) -> None:
    """Outside of what it knows, it answers with the reason instead of a guess."""
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    case = CASES[FLASK].model_copy(update={"input_path": tmp_path})
    answer = migrate(case)
    assert answer["status"] == "not-possible"
    assert said in answer["reason"]
