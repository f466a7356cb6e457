"""What mails to accounts say: a link that lets somebody in, and until when. Where nothing is known of their language, it is said in all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from data.outbox import SECRET, About, Message
from data.settings import Language

OF_AN_ACCOUNT = (About.SIGN_IN, About.PASSWORD, About.INVITED)


@dataclass(frozen=True, slots=True)
class AccountWords:
    """The words of one language: subjects and texts, and what is said of the time until which a link is good, and to others."""

    subjects: Mapping[About, str]
    texts: Mapping[About, str]
    until: str
    others: str


WORDS = {
    Language.KO: AccountWords(
        subjects={About.SIGN_IN: "로그인 링크", About.PASSWORD: "비밀번호 재설정", About.INVITED: "{} 초대"},
        texts={
            About.SIGN_IN: "아래 링크를 열면 로그인됩니다. 한 번만 사용할 수 있습니다.",
            About.PASSWORD: "아래 링크에서 새 비밀번호를 정해 주세요. 한 번만 사용할 수 있습니다.",
            About.INVITED: "{}에서 역할을 받으셨습니다. 아래 링크에서 비밀번호를 정해 주세요.",
        },
        until="유효 기한: {} (UTC)",
        others="요청하신 적이 없다면 이 메일을 무시하셔도 됩니다.",
    ),
    Language.EN: AccountWords(
        subjects={About.SIGN_IN: "Your link to sign in", About.PASSWORD: "A new password", About.INVITED: "Invitation: {}"},
        texts={
            About.SIGN_IN: "Open this link to sign in. It is good once.",
            About.PASSWORD: "Open this link to set a new password. It is good once.",
            About.INVITED: "You were given a role in {}. Open this link to set your password.",
        },
        until="It is good until {} UTC.",
        others="If you did not ask for this, you need do nothing.",
    ),
    Language.ZH_TW: AccountWords(
        subjects={About.SIGN_IN: "登入連結", About.PASSWORD: "重設密碼", About.INVITED: "邀請:{}"},
        texts={
            About.SIGN_IN: "開啟此連結即可登入,僅能使用一次。",
            About.PASSWORD: "請開啟此連結設定新密碼,僅能使用一次。",
            About.INVITED: "您已獲得「{}」的身分,請開啟此連結設定密碼。",
        },
        until="有效期限:{} (UTC)",
        others="若您並未提出要求,請忽略此信。",
    ),
}


def said_to_account(message: Message, about: About) -> tuple[str, tuple[str, ...]]:
    """The subject of a mail and its lines."""
    program = message.body.get("program", "")
    until = f"{dt.datetime.fromisoformat(message.body['ends_at']):%Y-%m-%d %H:%M}"
    subject = " / ".join(words.subjects[about].format(program) for words in WORDS.values())
    lines = [message.body[SECRET], ""]
    for words in WORDS.values():
        lines += [words.texts[about].format(program), words.until.format(until), words.others, ""]
    return subject, tuple(lines[:-1])


def is_over(message: Message, now: dt.datetime) -> bool:
    """Whether its link is good no more."""
    return SECRET not in message.body or dt.datetime.fromisoformat(message.body["ends_at"]) <= now
