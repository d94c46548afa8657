"""Signs that are told apart in more than one place, as expressions. Not for words."""

from typing import Final

# Chinese, Japanese and Korean write words without blanks between them.
UNSPACED: Final = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# A letter that has to stand at the border of a word for the word to begin or to end there.
LETTER: Final = rf"[^\W\d_{UNSPACED}]"
# A hyphen, a minus, and what stands for either in print.
DASH: Final = r"[-\u2010-\u2015\u2212\u207b\ufe58\ufe63\uff0d]"
APOSTROPHE: Final = r"['`\u00b4\u02bc\u2018\u2019]"
