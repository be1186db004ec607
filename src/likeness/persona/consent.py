"""Who may read what: the latest answer a shopper gave per purpose."""

from __future__ import annotations

from collections.abc import Collection

from likeness.errors import ConsentError
from likeness.persona.config import PersonaConfig
from likeness.persona.feeds import purpose_of
from likeness.persona.state import PersonaState
from likeness.types import PURPOSES


def consent_of(state: PersonaState, assume: Collection[str] = PURPOSES) -> dict[str, bool]:
    """Return purpose -> granted; a purpose never spoken about is granted if it is in `assume`."""
    return {purpose: bool(state.consent.get(purpose, purpose in assume)) for purpose in PURPOSES}


def require(state: PersonaState, purpose: str, assume: Collection[str] = PURPOSES) -> None:
    """Raise ConsentError unless the purpose is granted."""
    if not consent_of(state, assume).get(purpose, False):
        raise ConsentError(
            f"purpose {purpose!r}: this shopper did not grant it.",
            remedy="Read only what other purposes cover, or ask the shopper and record a `consent` event.",
        )


class Reading:
    """What may be read of one persona; remembers what was withheld."""

    def __init__(self, state: PersonaState, config: PersonaConfig, assume: Collection[str]) -> None:
        """`assume` names the purposes that count as granted until the shopper says otherwise."""
        self.consent = consent_of(state, assume)
        self._config = config
        self._withheld: set[str] = set()

    def may(self, statistic: str) -> bool:
        """Whether the statistic's purpose is granted; a refusal is noted."""
        granted = self.consent.get(self.purpose(statistic), False)
        if not granted:
            self._withheld.add(statistic)
        return granted

    def purpose(self, statistic: str) -> str:
        """Return the purpose of a statistic."""
        return purpose_of(statistic, self._config)

    @property
    def withheld(self) -> tuple[str, ...]:
        """Everything refused so far, by name."""
        return tuple(sorted(self._withheld))
