"""What a score of this task class is made of."""

from enum import StrEnum


class BreakdownKey(StrEnum):
    """The parts of a score, each in [0, 1]; README.md says what each asks and weighs."""

    STATUS = "status"
    PARSES = "parses"
    BASE_IMAGE = "base-image"
    NO_RUN = "no-run-in-final-stage"
    NON_ROOT = "non-root"
    EXEC_FORM = "exec-form"
    FILES = "files-kept"
    COMMAND = "command-kept"
    BUILD_IMAGES = "build-images"
    BUILD_STEPS = "build-steps-kept"
    ENVIRONMENT = "environment-kept"
    PORTS = "ports-kept"
    HEALTH = "health-check-kept"
