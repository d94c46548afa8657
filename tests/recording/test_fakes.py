"""A fake has the form of what it stands for, is known as one, and is the same for the same value."""

import hiding
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj, cpf
from stdnum.in_ import gstin

from spapi_invoices.documents import access_key
from spapi_invoices.documents.tax_ids import cnpj_is_valid
from spapi_invoices.recording.fakes import Fakes, is_made_of_fakes, shape_of

FAKES, KEEPING = Fakes(b"key"), Fakes(b"another", keeps_fakes=True)
anything = (
    st.text() | hiding.personal | hiding.tokens | st.text(st.sampled_from("09xyzXY8a@.-+SCRUBED|þ😀"), max_size=40)
)


class TestText:
    """Free text."""

    @given(anything)
    def test_a_fake_is_known_as_one(self, text: str):
        """What keeps fakes keeps it, whatever the key."""
        assert KEEPING.text(FAKES.text(text)) == FAKES.text(text)

    @given(st.text())
    def test_form(self, text: str):
        """Character for character: capitals, digits, blanks and punctuation stay what they are, and so does the plane."""
        fake = FAKES.characters(text)
        assert len(fake) == len(text)
        for was, now in zip(text, fake, strict=True):
            assert (was.isascii(), ord(was) >> 16) == (now.isascii(), ord(now) >> 16)
            if was.isascii():
                assert (was.isalpha(), was.isdigit(), was.isupper()) == (now.isalpha(), now.isdigit(), now.isupper())
                assert was.isalnum() or was == now

    @given(st.text(min_size=1))
    def test_it_can_be_written(self, text: str):
        """A lone surrogate does not come out again."""
        assert FAKES.text(text).encode("utf-8")

    @given(hiding.personal | hiding.tokens)
    def test_it_is_another(self, text: str):
        """It is never the text itself, in any case, and no form of the text is left in it."""
        assert hiding.written(text).isdisjoint({FAKES.text(text), FAKES.text(text).lower()})

    def test_at_sight(self):
        """A fake name cannot be taken for one."""
        assert is_made_of_fakes(FAKES.text("João da Silva, Rua 25 de Março 7"))
        assert not is_made_of_fakes("Maria")

    @pytest.mark.parametrize("text", ["", " ", "-./()", "\n", "«»"])
    def test_what_has_nothing_to_hide(self, text: str):
        """Blanks and punctuation are their own fake."""
        assert FAKES.text(text) == text

    def test_keys(self):
        """Another key gives other fakes; the key is not shown."""
        assert FAKES.text("Maria Souza") != Fakes(b"other").text("Maria Souza")
        assert "key" not in repr(FAKES).replace("keeps", "")


class TestNumbers:
    """Numbers with check digits; stdnum is the oracle."""

    @given(hiding.cpfs)
    def test_cpf(self, number: str):
        """A CPF's fake is a CPF in the same form, known as a fake."""
        fake = FAKES.cpf(number)
        assert cpf.is_valid(fake)
        assert (fake != number, KEEPING.cpf(fake)) == (True, fake)
        assert FAKES.cpf(cpf.format(number)) == cpf.format(fake)

    @given(hiding.cnpjs)
    def test_cnpj(self, number: str):
        """A CNPJ's likewise, with letters where it has some."""
        fake = FAKES.cnpj(number)
        assert cnpj.is_valid(fake)
        assert cnpj_is_valid(fake)
        assert (fake != number, KEEPING.cnpj(fake), fake.isdigit()) == (True, fake, number.isdigit())

    @given(st.from_regex(r"[0-3][0-9][A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z", fullmatch=True))
    def test_gstin(self, base: str):
        """A GSTIN's check character is right; it is of no state, as 90 and more are none."""
        number = base + gstin.calc_check_digit(base) if hasattr(gstin, "calc_check_digit") else base + "0"
        fake = FAKES.gstin(number)
        assert KEEPING.gstin(fake) == fake
        assert len(fake) == 15

    @given(hiding.access_keys)
    def test_access_key(self, key: str):
        """An access key's fake is the same invoice of the faked issuer."""
        was, now = access_key.parse(key), access_key.parse(FAKES.access_key(key))
        assert now.cnpj == FAKES.cnpj(was.cnpj)
        assert (was.uf, was.year_month, was.series, was.number) == (now.uf, now.year_month, now.series, now.number)
        assert KEEPING.text(str(now)) == str(now)

    def test_an_access_key_of_a_person(self):
        """A CPF in a key, behind three zeros, is faked as a CPF."""
        body = "352610" + "000" + "52998224725" + "55001000012345112345678"
        key = body + access_key.check_digit(body)
        assert access_key.parse(FAKES.access_key(key)).cnpj == f"000{FAKES.cpf('52998224725')}"

    def test_a_thousand_are_a_thousand(self):
        """Real numbers do not fall together."""
        numbers = [f"{n:09}" for n in range(1000)]
        assert len({FAKES.cpf(f"{n}00") for n in numbers}) == 1000
        assert len({FAKES.cnpj(f"{n}00000") for n in numbers}) == 1000
        assert len({FAKES.page_token(n) for n in numbers}) == 1000

    @pytest.mark.parametrize("form", ["{:06}", "{:05}-090", "(11) 9{:04}-1234", "+55{:08}", "AB{:04}", "9{:05}"])
    def test_short_values_are_told_apart(self, form: str):
        """A thousand authorization codes, postcodes or telephones have a thousand fakes, and each keeps its own."""
        fakes = Fakes(b"key")
        values = [form.format(7 * n) for n in range(1000)]
        made = [fakes.text(value) for value in values]
        assert len(set(made)) == 1000
        assert [fakes.text(value) for value in values] == made
        assert [Fakes(b"key").text(value) for value in values[:1]] == made[:1]

    def test_states_are_told_apart(self):
        """So are the states of Brazil, and numbers in JSON, whose first digit is not free."""
        fakes = Fakes(b"key")
        states = "AC AL AP AM BA CE DF ES GO MA MT MS MG PA PB PR PE PI RJ RN RS RO RR SC SP SE TO"
        assert len({fakes.text(state) for state in states.split(" ")}) == 27
        assert len({fakes.number(str(n)) for n in range(100_000, 100_500)}) == 500

    def test_more_values_than_fakes(self):
        """When no fake is left, values share one, which is still none of them."""
        fakes = Fakes(b"key")
        assert all(fakes.text(str(n)) != str(n) for n in range(10))

    def test_page_tokens_that_differ_in_case(self):
        """Base64 has capitals that mean something."""
        assert FAKES.page_token("AAAa") != FAKES.page_token("AAaA")

    @given(st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
    def test_of_json(self, number: str):
        """A number stays a number of as many digits, and a fake one is known."""
        fake = FAKES.number(number)
        assert isinstance(float(fake), float)
        assert len(fake) == len(number)
        assert KEEPING.number(fake) == fake
        assert fake.removeprefix("-")[0] == ("0" if number.removeprefix("-")[0] == "0" else "9")


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Atza|IwEBI", "token"),
        ("see Atz.sprdt|IwEBI", "token"),
        ("amzn1.oa2-cs.v1.0a", "token"),
        ("AKIAIOSFODNN7EXAMPLE", "token"),
        ("maria@example.org", "email"),
        ("529.982.247-25", "cpf"),
        ("CPF52998224725", "cpf"),
        ("529.982.247-26", None),
        ("12ABC34501DE35", "cnpj"),
        ("11.222.333/0001-81", "cnpj"),
        ("27AAPFU0939F1ZV", "gstin"),
        ("13181017921427000125650010000000309887251170", "access_key"),
        ("(11) 91234-5678", "phone"),
        ("701-3580649-1540386", None),
        ("A2Q3Y263D00KWC", None),
        ("Maria", None),
    ],
)
def test_shapes(text: str, shape: str | None):
    """What gives itself away; a number with a wrong check digit and Amazon's ids do not."""
    assert shape_of(text) == shape
