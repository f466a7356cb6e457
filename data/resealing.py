"""A new key of the service: all that is sealed is sealed anew with the first of its keys, and no other is needed any more."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from data.audit import write_down
from data.factors import Totp
from data.identities import IdentityProvider
from data.sealing import seal, unseal


def reseal(db: DbSession, *, by: str, now: dt.datetime) -> int:
    """Seals all secrets with the first key, and tells how many there are.

    Raises
    ------
    SealError
        Some key is missing, or there is none.
    """
    devices = db.scalars(select(Totp).with_for_update()).all()
    found = [*devices, *db.scalars(select(IdentityProvider).with_for_update())]
    for row in found:
        row.secret = seal(db, unseal(db, row.secret))
    write_down(db, at=now, by=by, what="secrets sealed anew", whom="the service", details={"secrets": len(found)})
    return len(found)
