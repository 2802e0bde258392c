"""What goes wrong on our side or the machine's. A fault in a partner's data is a finding, never one of these."""


class ProjectError(Exception):
    """States what could not be done, and in `hint` what the reader can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ContractError(ProjectError):
    """A contract, layout or rule catalogue breaks its own closed grammar."""


class RegisterError(ProjectError):
    """A register of the fund (`data/reference/*.csv`) cannot be read as its contract says."""


class ReleaseError(ProjectError):
    """A release cannot be built or moved into place."""


class BusyError(ProjectError):
    """Another process is writing in the same data root."""
