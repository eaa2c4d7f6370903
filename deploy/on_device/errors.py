"""How a command on the device ends when it does not do what it was asked for."""


class Refused(Exception):
    """The input is wrong and nothing was changed; one sentence with the remedy. Status 2."""


class NotWell(Exception):
    """The release does not do its job here; one sentence with the reason. Status 1."""
