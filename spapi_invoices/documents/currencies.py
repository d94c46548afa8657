"""The currencies of ISO 4217, and what documents write for them. Not for amounts: `notations`.

One sign may stand for several currencies: such a sign agrees with each of them and names none.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from spapi_invoices.documents.letters import LETTER

# ISO 4217, list one, without funds, metals and test codes; and ANG, BGN, HRK, SLL, ZWL of invoices that are older.
CODES: Final = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON
    RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
    UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL
    """.split()  # noqa: SIM905 - a line for each would hide the rest of the file
)
_SIGNS: Final = {
    "$": "ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD USD "
    "UYU XCD",
    "€": "EUR", "£": "GBP", "¥": "CNY JPY", "￥": "CNY JPY", "₹": "INR", "₩": "KPW KRW", "₪": "ILS", "₫": "VND",
    "₱": "PHP", "฿": "THB", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₦": "NGN", "₲": "PYG", "₡": "CRC", "₵": "GHS",
    "₸": "KZT", "₾": "GEL", "₼": "AZN", "֏": "AMD", "₭": "LAK", "₮": "MNT", "৳": "BDT", "៛": "KHR", "₨": "INR LKR NPR PKR",
    "円": "JPY", "元": "CNY", "원": "KRW",
    "US$": "USD", "R$": "BRL", "A$": "AUD", "AU$": "AUD", "C$": "CAD NIO", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD",
    "HK$": "HKD", "NT$": "TWD", "MX$": "MXN", "N$": "NAD",
}  # fmt: skip
# In letters: as here, in capitals, or with the first one a capital; a dot may follow.
_WORDS: Final = {
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "usd": "USD", "gbp": "GBP", "inr": "INR", "kr": "DKK ISK NOK SEK",
    "Rs": "INR LKR MUR NPR PKR SCR", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "MDL RON", "лв": "BGN",
    "Fr": "CHF XAF XOF XPF", "SFr": "CHF", "TL": "TRY", "Dh": "AED MAD", "Dhs": "AED MAD", "SR": "SAR SCR",
    **dict.fromkeys(("dollar", "dollars"), _SIGNS["$"]), **dict.fromkeys(("rupee", "rupees"), "INR LKR MUR NPR PKR SCR"),
    "RM": "MYR", "Rp": "IDR", "S/": "PEN", "R": "LSL NAD SZL ZAR", "Tk": "BDT", "KSh": "KES",
}  # fmt: skip
_MARKS: Final = {
    **{code: frozenset({code}) for code in CODES},
    **{form: frozenset(of.split()) for word, of in _WORDS.items() for form in (word, word.capitalize(), word.upper())},
    **{sign: frozenset(of.split()) for sign, of in _SIGNS.items()},
}
_LETTERS: Final = "|".join(
    sorted((mark for mark in _MARKS if re.match(LETTER, mark) and mark.isalpha()), key=len, reverse=True)
)
# Any sign of a currency is one, and so are letters before a dollar: what is not in the table is of a currency unknown.
MARK: Final = (
    rf"(?:(?<!{LETTER})(?={LETTER})(?:[A-Za-z]{{1,3}}\$|S/|(?:{_LETTERS})(?!{LETTER})\.?)"
    r"|[$\xa2-\xa5\u058f\u060b\u09f2\u09f3\u0e3f\u17db\u20a0-\u20cf\ufe69\uff04\uffe0\uffe1\uffe5\uffe6\u5186\u5143\uc6d0])"
)
_MARK: Final = re.compile(MARK)


def marks(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """What a text writes for currencies, and those that each may stand for; none for a sign that is not known.

    >>> [(mark, sorted(codes)) for mark, codes in marks("€ 5, HK$ 3, 7 kr, Q$ 1")]
    [('€', ['EUR']), ('HK$', ['HKD']), ('kr', ['DKK', 'ISK', 'NOK', 'SEK']), ('Q$', [])]
    """
    return ((mark, _MARKS.get(mark.rstrip("."), frozenset())) for mark in _MARK.findall(text))


def agreed(several: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """The currencies that all marks may stand for: none if they contradict; ``None`` where there is no mark."""
    marked = [codes for codes in several if codes is not None]
    return frozenset.intersection(*marked) if marked else None
