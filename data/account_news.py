"""Mails to an account's own address when what guards it has changed, which somebody else may have done."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session as DbSession

from data.base import new_id
from data.grants import Account
from data.outbox import About, Notice, write


def tell_account(db: DbSession, account: Account, about: About, *, now: dt.datetime) -> None:
    """Says that something was done at a moment."""
    body = {"about": about.value, "at": now.isoformat()}
    write(db, [Notice(key=f"{about}:{new_id()}", address=account.email, body=body)], now=now)
