"""Mentees whom an import leaves out are taken out of their groups at once: their time is free, and nobody waits for them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, select

from data.audit import Deed
from data.database import reading, transaction
from data.groups import Membership
from data.people import Mentee
from data.programs import Term
from data.sessions import Booking, Session, State
from scheduler.finding import session_named
from scheduler.leavers import take_out_of_all
from tests.sessions import at, booked, taught_term


def test_whoever_is_gone_is_booked_no_more_and_a_group_without_members_meets_no_more(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        take_out_of_all(db, db.get_one(Term, term.id), ["s-2", "s-4"], by="office", now=at("2026-03-09 20:30"), reason="not in the import")
    with reading(database) as db:
        gone = select(Mentee.person_id).where(Mentee.key.in_(["s-2", "s-4"]))
        later = select(Session.id).where(Session.starts_at > at("2026-03-10 00:00"))
        assert not db.scalars(select(Booking).where(Booking.person_id.in_(gone), Booking.session_id.in_(later))).all()
        assert booked(db, session_named(db, term, "g-1@2026-03-10")) == ["m-1", "s-1"]
        assert session_named(db, term, "g-3@2026-03-16").state == State.CANCELLED
        assert booked(db, session_named(db, term, "g-3@2026-03-09")) == ["m-1", "s-4"], "what began today is theirs"
        ends = db.scalars(select(Membership.until_on).join(Mentee).where(Mentee.key == "s-4")).all()
        assert ends == [dt.date(2026, 3, 10)]
        assert [deed.what for deed in db.scalars(select(Deed))] == ["mentees gone"]


def test_who_is_in_no_group_leaves_no_trace(database: Engine) -> None:
    term = taught_term(database)
    with transaction(database) as db:
        take_out_of_all(db, db.get_one(Term, term.id), ["s-5"], by="office", now=at("2026-03-09 20:30"), reason="not in the import")
    with reading(database) as db:
        assert db.scalars(select(Deed)).all() == []
