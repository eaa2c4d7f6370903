"""What a person who deploys is told: one sentence, and a status."""


class DeployError(Exception):
    """Something cannot be deployed; the message says what, where and what to do."""

    exit_status = 2


class LostError(DeployError):
    """The connection to a device was lost on the way."""

    exit_status = 3
