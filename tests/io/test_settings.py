"""Profiles from file and environment."""

import pickle
from pathlib import Path

import pytest

from spapi_invoices.errors import SettingsInvalid
from spapi_invoices.io.settings import load_profile, require_credentials

INDIA = """
[profiles.india]
client_id = "id-1"
client_secret = "very-secret"
refresh_token = "also-secret"
time_zone = "Asia/Kolkata"
"""
VARIABLES = {
    "SPAPI_INVOICES_CLIENT_ID": "id-2",
    "SPAPI_INVOICES_CLIENT_SECRET": "secret-2",
    "SPAPI_INVOICES_REFRESH_TOKEN": "refresh-2",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file, not yet there."""
    return tmp_path / "config.toml"


def test_a_named_profile_comes_from_the_file(config: Path):
    """A profile that is asked for by name is the file's, whatever the environment says."""
    config.write_text(INDIA)
    profile = load_profile("india", {"SPAPI_INVOICES_CONFIG": str(config), **VARIABLES})
    assert (profile.client_id, profile.client_secret.reveal(), str(profile.zone())) == (
        "id-1",
        "very-secret",
        "Asia/Kolkata",
    )


def test_the_environment_is_an_account(config: Path):
    """Without a name, the variables are the account."""
    config.write_text(INDIA)
    profile = load_profile(None, {"SPAPI_INVOICES_CONFIG": str(config), **VARIABLES})
    assert (profile.name, profile.client_id, profile.has_credentials) == ("environment", "id-2", True)


def test_the_environment_names_a_profile(config: Path):
    """SPAPI_INVOICES_PROFILE chooses like a name that is given."""
    config.write_text(INDIA)
    assert (
        load_profile(None, {"SPAPI_INVOICES_CONFIG": str(config), "SPAPI_INVOICES_PROFILE": "india"}).client_id
        == "id-1"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (INDIA, "no profile 'brazil'"),
        (INDIA, "it has india"),
        ("[profiles.brazil]\nclientid = 'x'", "unknown setting clientid"),
        ("[profiles.brazil]\nclient_id = 5", "client_id is no text"),
        ("[profiles.brazil]\nregion = 'us'", "region is 'us'. Next: give one of na, eu, fe"),
        ("[profiles.brazil]\ntime_zone = 'Mars/Base'", "time_zone 'Mars/Base' is unknown"),
        ("[profiles.brazil]\napi_version = 'v2'", "api_version is 'v2'"),
        ("[profiles.brazil]\nrdt = 'yes'", "rdt is 'yes'. Next: give one of auto, always, never"),
        ("[profiles", "cannot be read"),
        ("[profiles.brazil]\nclient_secret = hidden-7", "cannot be read"),
        ("[profiles.brazil]\nclient_secret = 'hidden-7'\ncolour = 'hidden-7'", "unknown setting colour"),
        ("profiles = 1", "profiles are not tables"),
        (None, "the file does not exist"),
    ],
)
def test_what_is_wrong_is_said(config: Path, content: str | None, says: str):
    """Each fault of the file is a message that names it, without a secret."""
    if content is not None:
        config.write_text(content)
    with pytest.raises(SettingsInvalid) as raised:
        load_profile("brazil", {"SPAPI_INVOICES_CONFIG": str(config)})
    assert says in str(raised.value)
    assert "hidden-7" not in str(raised.value)


def test_missing_credentials_are_named(config: Path):
    """What is missing is named, and where to put it."""
    with pytest.raises(SettingsInvalid, match="lacks client_id, client_secret, refresh_token") as raised:
        require_credentials(load_profile(None, {"SPAPI_INVOICES_CONFIG": str(config)}))
    assert str(config) in str(raised.value) or "config.toml" in str(raised.value)


def test_a_profile_shows_no_secret(config: Path):
    """Neither repr nor pickle gives a secret away."""
    config.write_text(INDIA)
    profile = load_profile("india", {"SPAPI_INVOICES_CONFIG": str(config)})
    assert "secret'" not in repr(profile).replace("client_secret", "")
    assert "very-secret" not in repr(profile)
    with pytest.raises(TypeError):
        pickle.dumps(profile)
