"""What would mend an error of the packages below, in the API's words, where the error does not say it or says it to who types commands;
and at which field of what was sent it is looked for."""

from __future__ import annotations

from data.accounts import NoSuchAccount
from data.bookings import Clash
from data.clients import NoSuchClient, NoSuchSecret
from data.closures import ClosedAlready, NoSuchClosure, NoSuchSchool, OutsideTheTerm
from data.feed_owners import NoSuchOwner
from data.feeds import BadAlarms, BadDaysBack, NoSuchSubscription, NotSpoken
from data.intake import TooManyGone, WouldReturn
from data.records import BadMinutes, NothingToRecord, WrongMembers
from data.run_problems import HasEnded, NobodyMay, NoRun, NoSuchRound
from data.settings import BadSettings
from data.term_settings import ZoneStays
from data.terms import BackwardDays, BadZone, NoSuchTerm
from data.webhooks import BadUrl, Disabled, NoSuchWebhook, UnknownTypes
from data.wishes import BadReminders
from scheduler.fetch import NoAddress, NotFetched
from scheduler.ics import BadLine, NoCalendar
from scheduler.publish import PublishedAlready
from scheduler.refusals import AlreadySo, BadLink, BadMeetings, DayOff, InThePast, NoFreeTime, NotThere, WrongState
from scheduler.results import DoesNotFit
from scheduler.term import EndsBeforeItBegins, NoSuchCountry, NoSuchZone
from scheduler.timetables import TermIsOver
from scheduler.undo import WasHeld

MENDS: dict[type[Exception], str] = {
    AlreadySo: "there is nothing left to do",
    BackwardDays: "write the days in order",
    BadAlarms: "write other minutes",
    BadDaysBack: "write another number",
    BadLine: "export the calendar anew, and send that",
    BadMeetings: "write weekly times such as Tue 19:00",
    BadMinutes: "write how long it was, or 0 where nobody came",
    BadReminders: "write other minutes",
    BadSettings: "see the errors",
    BadZone: "write one, such as Asia/Seoul",
    Clash: "take a time at which all are free",
    ClosedAlready: "leave it as it is, or remove that closure first",
    DayOff: "take another day, or send on_day_off=true",
    Disabled: "change it with enabled=true first",
    DoesNotFit: "solve the round anew with what there is now",
    EndsBeforeItBegins: "write the days in order",
    HasEnded: "read its result",
    InThePast: "change what is still to come",
    NoCalendar: "send a calendar of iCalendar (RFC 5545)",
    NoFreeTime: "write when as starts_at",
    NoRun: "list the round's runs",
    NoSuchAccount: "list the program's roles",
    NoSuchClient: "list the API clients",
    NoSuchClosure: "list the term's closures",
    NoSuchOwner: "list the term's mentors, mentees or groups",
    NoSuchRound: "list the term's rounds",
    NoSuchSecret: "read the client, which names its secrets",
    NoSuchSubscription: "list the subscriptions",
    NoSuchTerm: "list the program's terms",
    NoSuchWebhook: "list the webhooks",
    NoSuchZone: "write one, such as Asia/Seoul",
    NobodyMay: "note a guardian's consent first",
    NotFetched: "see that the address answers with a calendar, or send the calendar itself",
    NotSpoken: "write one of these, or leave it out",
    NotThere: "look at whom the group has",
    NothingToRecord: "record what was held, once it is over",
    OutsideTheTerm: "write days of the term",
    PublishedAlready: "there is nothing left to do",
    TermIsOver: "take a term that goes on",
    TooManyGone: "send allow_removals=true where that is meant",
    WasHeld: "undo no run that people have met by",
    WouldReturn: "send allow_returns=true where that is meant",
    WrongState: "read it again, and do what its state allows",
    ZoneStays: "leave the zone as it is",
}

POINTERS: dict[type[Exception], str] = {
    BackwardDays: "/last_on",
    BadAlarms: "/alarm_minutes",
    BadDaysBack: "/days_back",
    BadLine: "/calendar",
    BadLink: "/link",
    BadMeetings: "/meetings",
    BadMinutes: "/minutes_held",
    BadReminders: "/reminder_minutes",
    BadUrl: "/url",
    BadZone: "/zone",
    EndsBeforeItBegins: "/last_on",
    NoAddress: "/address",
    NoCalendar: "/calendar",
    NoSuchCountry: "/country",
    NoSuchOwner: "/owner",
    NoSuchSchool: "/school",
    NoSuchZone: "/zone",
    NotFetched: "/address",
    NotSpoken: "/language",
    OutsideTheTerm: "/first_on",
    UnknownTypes: "/types",
    WrongMembers: "/attendance",
}
"""Of others it is the whole body."""
