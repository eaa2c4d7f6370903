"""What a person who deploys is told: one sentence, and status 2."""


class DeployError(Exception):
    """Something cannot be deployed; the message says what, where and what to do."""
