"""Thirty small pieces of work of different kinds, each a function without arguments."""

from __future__ import annotations

import bisect
import collections
import difflib
import fractions
import hashlib
import heapq
import itertools
import json
import random
import re
import statistics
import string
import textwrap
import types
import zlib
from typing import Any

_random = random.Random("aa")
NUMBERS = [_random.random() for _ in range(4000)]
WHOLE = [_random.randrange(10**6) for _ in range(4000)]
WORDS = ["".join(_random.choices(string.ascii_lowercase, k=_random.randrange(3, 11))) for _ in range(2000)]
TEXT = " ".join(WORDS)
DOCUMENT = [
    {"name": word, "value": number, "tags": [word[:2], None]}
    for word, number in zip(WORDS, NUMBERS, strict=False)
]
JSON = json.dumps(DOCUMENT)
DATA = TEXT.encode() * 8
PACKED = zlib.compress(DATA)


def sort_floats() -> float:
    return sorted(NUMBERS)[0]


def sort_words() -> str:
    return sorted(WORDS, key=str.upper)[0]


def sum_floats() -> float:
    return sum(value * value for value in NUMBERS)


def median() -> float:
    return statistics.median(NUMBERS)


def variance() -> float:
    return round(statistics.variance(NUMBERS[:300]), 9)


def json_dump() -> int:
    return len(json.dumps(DOCUMENT))


def json_load() -> int:
    return len(json.loads(JSON))


def json_sorted() -> int:
    return len(json.dumps(DOCUMENT, sort_keys=True, indent=1))


def sha256() -> str:
    return hashlib.sha256(DATA).hexdigest()


def blake2() -> str:
    return hashlib.blake2b(DATA).hexdigest()


def compress() -> int:
    return len(zlib.compress(DATA[:20_000]))


def decompress() -> int:
    return len(zlib.decompress(PACKED))


def checksum() -> int:
    return zlib.crc32(DATA)


def pattern() -> int:
    return len(re.findall(r"\b[aeiou]\w*[xyz]\b", TEXT))


def substitute() -> int:
    return len(re.sub(r"(\w)(\w)", r"\2\1", TEXT))


def split_join() -> int:
    return len("-".join(TEXT.split()))


def wrap() -> int:
    return len(textwrap.wrap(TEXT[:6000], 70))


def count_letters() -> int:
    return collections.Counter(TEXT)["e"]


def group() -> int:
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for word in WORDS:
        groups[word[0]].append(word)
    return len(groups)


def heap() -> int:
    return heapq.nsmallest(50, WHOLE)[-1]


def bisection() -> int:
    ordered: list[int] = []
    for number in WHOLE[:1500]:
        bisect.insort(ordered, number)
    return ordered[0]


def primes() -> int:
    sieve = bytearray([1]) * 20_000
    for number in range(2, 142):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(sieve[number * number :: number]))
    return sum(sieve) - 2


def fibonacci() -> int:
    def of(n: int) -> int:
        return n if n < 2 else of(n - 1) + of(n - 2)

    return of(17)


def matrix() -> float:
    rows = [NUMBERS[start : start + 24] for start in range(0, 576, 24)]
    return sum(
        sum(a * b for a, b in zip(row, column, strict=True))
        for row in rows
        for column in zip(*rows, strict=True)
    )


def big_power() -> int:
    return int(pow(3, 10**5 + 7, 10**120 + 7) % 1000 + sum(7**k for k in range(300)) % 1000)


def rationals() -> str:
    return str(sum(fractions.Fraction(1, number) for number in range(1, 120)).denominator % 10**6)


def permutations() -> int:
    return sum(first for first, *_ in itertools.permutations(range(7)))


def similarity() -> float:
    return round(difflib.SequenceMatcher(None, WORDS[:120], WORDS[60:180]).ratio(), 9)


def objects() -> int:
    class Point:
        def __init__(self, x: float, y: float) -> None:
            self.x, self.y = x, y

    return len({round(point.x, 2) for point in map(Point, NUMBERS, WHOLE)})


def formatting() -> int:
    return sum(len(f"{number:.3f} {whole:>8,}") for number, whole in zip(NUMBERS, WHOLE, strict=True))


def everything() -> dict[str, Any]:
    """Every piece by its name."""
    return {
        name: value
        for name, value in globals().items()
        if isinstance(value, types.FunctionType) and name != "everything"
    }
