"""What WhatsApp's exports say by themselves, in the languages that we have seen: halves of the day,
media, messages that were deleted, and lines of nobody's.

Rule: a phrase is one only where it stands alone, as WhatsApp writes it; what isn't here stays what
somebody said. Pure data. Source: exports of Android and iOS.
"""

from __future__ import annotations

import re
from typing import Final

HALVES: Final = {
    **dict.fromkeys(("上午", "오전", "午前", "ص", "πμ"), "am"),
    **dict.fromkeys(("下午", "오후", "午後", "م", "μμ"), "pm"),
}
"""Halves of the day that aren't written as some kind of AM and PM."""

BEFORE_HALVES: Final = "上午|下午|오전|오후|午前|午後"
AFTER_HALVES: Final = r"[AaPp]\.?\s?[Mm]\.?|ص|م|[πμ]\.\s?μ\.?"
BETWEEN: Final = r"klo|kl\.|um|à|às|a las|alle|at"
"""Words that some languages have between the date and the time."""

_THINGS: Final = (
    "image|video|audio|sticker|GIF|document|contact card|video note"
    "|Bild|Dokument|Kontaktkarte|Videonotiz"
    "|imagen|documento|tarjeta de contacto|immagine|imagem|vidéo|vídeo|figurinha"
    "|afbeelding|foto"
)
_OMITTED: Final = (
    "omitted|ausgeschlossen|weggelassen|omitido|omitida|omitidos|omessi|omesso|omessa|omis|omise"
    "|absente|absent|oculta|oculto|ocultado|ocultada|não revelado|weggelaten|utelatt|utelämnats"
    "|pominięto|dahil edilmedi|Без медиафайлов|已省略|생략"
)
_ATTACHED: Final = (
    "file attached|Datei angehängt|archivo adjunto|fichier joint|file allegato"
    "|arquivo anexado|ficheiro anexado|bestand bijgevoegd|файл добавлен|plik załączony|dosya ekli"
)
_ATTACHMENT: Final = (
    "attached|Anhang|adjunto|pièce jointe|allegato|anexado|bijlage|вложено|załączono|ekli"
)

MEDIA: Final = re.compile(
    rf"<[^<>\n]{{0,40}}(?:{_OMITTED})[^<>\n]{{0,20}}>"
    rf"|(?:{_THINGS}) (?:{_OMITTED})"
    rf"|<(?:{_ATTACHMENT}) ?: [^<>\n]+>"
    rf"|[^\n]{{1,200}} \((?:{_ATTACHED})\)",
    re.IGNORECASE,
)
"""A line that is a medium's whole place in the file."""

ATTACHED_BEHIND: Final = re.compile(rf"\s*<(?:{_ATTACHMENT}) ?: [^<>\n]+>\s*\Z", re.IGNORECASE)
"""A medium after what was said about it."""

DELETED: Final = frozenset(
    {
        *("this message was deleted", "you deleted this message"),
        *("diese nachricht wurde gelöscht", "du hast diese nachricht gelöscht"),
        *("se eliminó este mensaje", "eliminaste este mensaje", "este mensaje fue eliminado"),
        *("ce message a été supprimé", "vous avez supprimé ce message"),
        *("questo messaggio è stato eliminato", "hai eliminato questo messaggio"),
        *("mensagem apagada", "você apagou esta mensagem", "esta mensagem foi apagada"),
        *("dit bericht is verwijderd", "u hebt dit bericht verwijderd"),
    }
)

EDITED: Final = re.compile(
    r"\s*<(?:This message was edited|Diese Nachricht wurde bearbeitet|Se editó este mensaje"
    r"|Ce message a été modifié|Mensagem editada)\.?>\s*\Z"
)

RENAMED: Final = re.compile(
    r"[^\n]{1,100} (?:changed|hat|cambió|a changé|a modifié|ha cambiato|mudou|alterou|heeft)"
    r' [^\n]{0,80}["\u201c\u201e\u00ab]'
)
"""A subject or name that was changed: what is quoted in it may hold a colon."""

BY_NOBODY: Final = re.compile(
    r"(?:Messages and calls are end-to-end encrypted"
    r"|Messages to this (?:chat|group) (?:and calls )?are (?:now )?secured"
    r"|Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt"
    r"|Los mensajes y las llamadas están cifrados"
    r"|Les messages et les appels sont chiffrés"
    r"|I messaggi e le chiamate sono crittografati"
    r"|As mensagens e (?:as )?(?:chamadas|ligações) são protegidas"
    r"|Berichten en oproepen zijn end-to-end versleuteld"
    r"|Missed (?:group )?(?:voice|video) call\b"
    r"|Verpasster (?:Sprach|Video)anruf\b"
    r"|[^\n]{1,100} created (?:this )?group\b"
    r"|[^\n]{1,100} (?:joined using|changed (?:the|this) (?:subject|group)|left\Z|added )"
    r"|You (?:were added|created|added|removed)\b)"
)
"""What iOS writes under somebody's name, though nobody said it; a mark stands before it."""
