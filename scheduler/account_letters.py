"""What mails to accounts say: a link that lets somebody in, and until when; or that what guards the account has changed, and when. Where
nothing is known of their language, it is said in all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from data.outbox import SECRET, About, Message
from data.settings import Language

CHANGES = (About.PASSWORD_SET, About.FACTOR_ADDED, About.FACTOR_TAKEN)
OF_AN_ACCOUNT = (About.SIGN_IN, About.PASSWORD, About.INVITED, *CHANGES)


@dataclass(frozen=True, slots=True)
class AccountWords:
    """The words of one language: subjects and texts, and what is said of the time until which a link is good, and to others; the same of
    the time of a change."""

    subjects: Mapping[About, str]
    texts: Mapping[About, str]
    until: str
    others: str
    at: str
    alarm: str


WORDS = {
    Language.KO: AccountWords(
        subjects={
            About.SIGN_IN: "로그인 링크",
            About.PASSWORD: "비밀번호 재설정",
            About.INVITED: "{} 초대",
            **dict.fromkeys(CHANGES, "계정 보안 설정 변경"),
        },
        texts={
            About.SIGN_IN: "아래 링크를 열면 로그인됩니다. 한 번만 사용할 수 있습니다.",
            About.PASSWORD: "아래 링크에서 새 비밀번호를 정해 주세요. 한 번만 사용할 수 있습니다.",
            About.INVITED: "{}에서 역할을 받으셨습니다. 아래 링크에서 비밀번호를 정해 주세요.",
            About.PASSWORD_SET: "계정 비밀번호가 변경되었습니다.",
            About.FACTOR_ADDED: "계정에 인증 기기나 패스키가 추가되었습니다.",
            About.FACTOR_TAKEN: "계정에서 인증 기기나 패스키가 삭제되었습니다.",
        },
        until="유효 기한: {} (UTC)",
        others="요청하신 적이 없다면 이 메일을 무시하셔도 됩니다.",
        at="일시: {} (UTC)",
        alarm="직접 하신 일이 아니라면 바로 비밀번호를 재설정하고 프로그램 담당자에게 알려 주세요.",
    ),
    Language.EN: AccountWords(
        subjects={
            About.SIGN_IN: "Your link to sign in",
            About.PASSWORD: "A new password",
            About.INVITED: "Invitation: {}",
            **dict.fromkeys(CHANGES, "Your account was changed"),
        },
        texts={
            About.SIGN_IN: "Open this link to sign in. It is good once.",
            About.PASSWORD: "Open this link to set a new password. It is good once.",
            About.INVITED: "You were given a role in {}. Open this link to set your password.",
            About.PASSWORD_SET: "The password of your account was changed.",
            About.FACTOR_ADDED: "A device or a passkey was added to your account.",
            About.FACTOR_TAKEN: "A device or a passkey was taken from your account.",
        },
        until="It is good until {} UTC.",
        others="If you did not ask for this, you need do nothing.",
        at="It was done at {} UTC.",
        alarm="If that was not you, set a new password at once and tell whoever runs your program.",
    ),
    Language.ZH_TW: AccountWords(
        subjects={
            About.SIGN_IN: "登入連結",
            About.PASSWORD: "重設密碼",
            About.INVITED: "邀請:{}",
            **dict.fromkeys(CHANGES, "帳號安全設定已變更"),
        },
        texts={
            About.SIGN_IN: "開啟此連結即可登入,僅能使用一次。",
            About.PASSWORD: "請開啟此連結設定新密碼,僅能使用一次。",
            About.INVITED: "您已獲得「{}」的身分,請開啟此連結設定密碼。",
            About.PASSWORD_SET: "您的帳號密碼已變更。",
            About.FACTOR_ADDED: "您的帳號已新增驗證裝置或通行金鑰。",
            About.FACTOR_TAKEN: "您的帳號已移除驗證裝置或通行金鑰。",
        },
        until="有效期限:{} (UTC)",
        others="若您並未提出要求,請忽略此信。",
        at="時間:{} (UTC)",
        alarm="若非您本人操作,請立即重設密碼並通知計畫負責人。",
    ),
}


def said_to_account(message: Message, about: About) -> tuple[str, tuple[str, ...]]:
    """The subject of a mail and its lines."""
    program = message.body.get("program", "")
    when = f"{dt.datetime.fromisoformat(message.body['at' if about in CHANGES else 'ends_at']):%Y-%m-%d %H:%M}"
    subject = " / ".join(words.subjects[about].format(program) for words in WORDS.values())
    lines = [] if about in CHANGES else [message.body[SECRET], ""]
    for words in WORDS.values():
        more = (words.at.format(when), words.alarm) if about in CHANGES else (words.until.format(when), words.others)
        lines += [words.texts[about].format(program), *more, ""]
    return subject, tuple(lines[:-1])


def is_over(message: Message, about: About, now: dt.datetime) -> bool:
    """Whether its link, where it is about one, is good no more."""
    return about not in CHANGES and (SECRET not in message.body or dt.datetime.fromisoformat(message.body["ends_at"]) <= now)
