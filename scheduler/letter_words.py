"""The words of mails in each language.

They stand here and not in the pages' catalogs, which lie above this package: a language that lacks one of them is no `Words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.outbox import About
from data.settings import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language: `subjects` have `{title}` and `{when}` in them, the others what their names say."""

    subjects: Mapping[About, str]
    texts: Mapping[About, str]
    when: str
    was: str
    link: str
    why: str


WORDS = {
    Language.EN: Words(
        subjects={
            About.REMINDER: "Reminder: {title}, {when}",
            About.RECORD: "Please record: {title}, {when}",
            About.ADDED: "New: {title}, {when}",
            About.MOVED: "Moved: {title}, {when}",
            About.CHANGED: "Changed: {title}, {when}",
            About.CANCELLED: "Cancelled: {title}, {when}",
            About.LEFT: "Without you: {title}, {when}",
            About.PUBLISHED: "Your groups: {title}",
            About.PUT_BACK: "As before: {title}",
            About.WITHDRAWN: "Taken back: {title}",
        },
        texts={
            About.REMINDER: "This session is near.",
            About.RECORD: "This session is over. Please record who came, how long it took and what it was about.",
            About.ADDED: "There is a new session.",
            About.MOVED: "This session has moved.",
            About.CHANGED: "This session has changed: its link, or who takes part.",
            About.CANCELLED: "This session is cancelled.",
            About.LEFT: "You no longer take part in this session.",
            About.PUBLISHED: "These are your groups, with the weekly times at which they meet:",
            About.PUT_BACK: "A change of your groups was taken back. These are yours again, with the weekly times at which they meet:",
            About.WITHDRAWN: "Your groups of this term were taken back. You will hear of new ones.",
        },
        when="When: {}",
        was="Before: {}",
        link="Where: {}",
        why="You get this mail because you take part in {}.",
    ),
    Language.KO: Words(
        subjects={
            About.REMINDER: "알림: {title}, {when}",
            About.RECORD: "활동 기록 요청: {title}, {when}",
            About.ADDED: "추가: {title}, {when}",
            About.MOVED: "시간 변경: {title}, {when}",
            About.CHANGED: "변경: {title}, {when}",
            About.CANCELLED: "취소: {title}, {when}",
            About.LEFT: "참여 제외: {title}, {when}",
            About.PUBLISHED: "그룹 안내: {title}",
            About.PUT_BACK: "그룹 변경 취소: {title}",
            About.WITHDRAWN: "그룹 편성 취소: {title}",
        },
        texts={
            About.REMINDER: "곧 시작할 수업을 알려 드립니다.",
            About.RECORD: "수업이 끝났습니다. 출석, 진행 시간, 학습 내용을 기록해 주세요.",
            About.ADDED: "새 수업이 추가되었습니다.",
            About.MOVED: "수업 시간이 변경되었습니다.",
            About.CHANGED: "수업의 접속 링크 또는 참여자가 변경되었습니다.",
            About.CANCELLED: "수업이 취소되었습니다.",
            About.LEFT: "이 수업에는 더 이상 참여하지 않습니다.",
            About.PUBLISHED: "참여하실 그룹과 매주 만나는 시간입니다.",
            About.PUT_BACK: "그룹 변경이 취소되었습니다. 다시 참여하실 그룹과 매주 만나는 시간입니다.",
            About.WITHDRAWN: "이 학기의 그룹 편성이 취소되었습니다. 새 그룹은 다시 안내해 드립니다.",
        },
        when="일시: {}",
        was="변경 전: {}",
        link="장소: {}",
        why="{}에 참여하고 있어 보내 드리는 메일입니다.",
    ),
    Language.ZH_TW: Words(
        subjects={
            About.REMINDER: "提醒:{title},{when}",
            About.RECORD: "請填寫紀錄:{title},{when}",
            About.ADDED: "新增:{title},{when}",
            About.MOVED: "改期:{title},{when}",
            About.CHANGED: "變更:{title},{when}",
            About.CANCELLED: "取消:{title},{when}",
            About.LEFT: "不再參加:{title},{when}",
            About.PUBLISHED: "分組通知:{title}",
            About.PUT_BACK: "分組變更取消:{title}",
            About.WITHDRAWN: "分組取消:{title}",
        },
        texts={
            About.REMINDER: "課程即將開始。",
            About.RECORD: "課程已結束。請填寫出席狀況、實際時數與上課內容。",
            About.ADDED: "新增了一堂課程。",
            About.MOVED: "課程時間已變更。",
            About.CHANGED: "課程的連結或參加者已變更。",
            About.CANCELLED: "課程已取消。",
            About.LEFT: "您不再參加這堂課程。",
            About.PUBLISHED: "以下是您參加的小組及每週上課時間。",
            About.PUT_BACK: "分組變更已取消。以下是您恢復參加的小組及每週上課時間。",
            About.WITHDRAWN: "本學期的分組已取消,新的分組將另行通知。",
        },
        when="時間:{}",
        was="原時間:{}",
        link="地點:{}",
        why="您因參加「{}」而收到此信。",
    ),
}
