"""Profiles from a TOML file and from the environment. The only reader of the environment; not for using what it reads.

The file is ``config.toml`` in the user's configuration folder, or what ``SPAPI_INVOICES_CONFIG`` names::

    [profiles.india]
    client_id = "amzn1.application-oa2-client...."
    client_secret = "..."
    refresh_token = "..."
    time_zone = "Asia/Kolkata"

Which account: a profile asked for by name comes from the file; else ``SPAPI_INVOICES_PROFILE`` names one; else the
variables ``SPAPI_INVOICES_CLIENT_ID``, ``_CLIENT_SECRET`` and ``_REFRESH_TOKEN`` are the account (and ``_REGION`` and so on
its settings); else the profile ``default`` of the file. Two places are never mixed.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_config_path

from spapi_invoices.core.wire import Secret
from spapi_invoices.endpoints import OPERATIONS, REGIONS, Rdt
from spapi_invoices.errors import SettingsInvalid

_SECRETS: Final = frozenset({"client_secret", "refresh_token"})
_CREDENTIALS: Final = _SECRETS | {"client_id"}
_PREFIX: Final = "SPAPI_INVOICES_"
NO_SECRET: Final = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One account: who asks, and where.

    Attributes:
        name: As in the file; ``environment`` if it came from variables.
        client_id: Of the application at Login with Amazon.
        client_secret: Likewise; expires 180 days after it was made.
        refresh_token: What the selling partner granted; belongs to one region.
        region: na, eu or fe; empty asks each operation where it is offered (customer invoices eu, shipments na).
        endpoint: A host to ask in place of Amazon's.
        lwa_endpoint: A host to ask for tokens; empty means Amazon's, or ``endpoint`` if that is not Amazon's.
        time_zone: In which a bare date begins.
        api_version: Of Vendor Direct Fulfillment Shipping: v1 or 2021-12-28.
        rdt: What is sent with a restricted data token: auto, always or never; see `spapi_invoices.connect`.
        proxy: A proxy's address; the variable HTTPS_PROXY where empty. Hosts on this machine are asked without.
        ca_bundle: A file of certificates to trust; the variable REQUESTS_CA_BUNDLE where empty.
    """

    name: str = ""
    client_id: str = ""
    client_secret: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET
    region: str = ""
    endpoint: str = ""
    lwa_endpoint: str = ""
    time_zone: str = "UTC"
    api_version: str = "v1"
    rdt: Rdt = "auto"
    proxy: str = field(default="", repr=False)
    ca_bundle: str = ""

    @property
    def has_credentials(self) -> bool:
        """All three parts are there."""
        return bool(self.client_id and self.client_secret and self.refresh_token)

    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises:
            SettingsInvalid: It is not an IANA name.
        """
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsInvalid(
                f"profile {self.name}: time_zone {self.time_zone!r} is unknown. Next: give an IANA name, as Asia/Kolkata"
            ) from None


_KEYS: Final = tuple(one.name for one in fields(Profile) if one.name != "name")


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where the configuration file is or would be."""
    named = (os.environ if environ is None else environ).get(f"{_PREFIX}CONFIG")
    return Path(named) if named else user_config_path("spapi-invoices") / "config.toml"


def enabled_plugins(environ: Mapping[str, str] | None = None) -> tuple[str, ...] | None:
    """The plugins that ``SPAPI_INVOICES_PLUGINS`` names, in its order; ``None`` if it is not set: all, in any order.

    >>> enabled_plugins({"SPAPI_INVOICES_PLUGINS": "receipts, freight"}), enabled_plugins({"SPAPI_INVOICES_PLUGINS": ""})
    (('receipts', 'freight'), ())
    """
    listed = (os.environ if environ is None else environ).get(f"{_PREFIX}PLUGINS")
    return None if listed is None else tuple(name for one in listed.split(",") if (name := one.strip()))


def load_profile(name: str | None = None, environ: Mapping[str, str] | None = None) -> Profile:
    """Find the account to use, in the order the module's docstring gives. Nothing found is a profile without credentials.

    Raises:
        SettingsInvalid: The file cannot be read, the profile is not in it, or a setting is unknown or wrong.
    """
    variables = _variables(environ)
    asked = name or _plain(variables, "PROFILE") or None
    given = {key: variables[key.upper()] for key in _KEYS if key.upper() in variables}
    defaults = {key: variables[one] for key, one in _DEFAULTS.items() if one in variables}
    if asked is None and _CREDENTIALS & given.keys():
        return _profile("environment", {**defaults, **given})
    path = config_path(environ)
    profiles = _read(path) if path.exists() else {}
    if asked is not None and asked not in profiles:
        there = f"it has {', '.join(sorted(profiles)) or 'none'}" if path.exists() else "the file does not exist"
        raise SettingsInvalid(
            f"no profile {asked!r} in {path}: {there}. Next: add [profiles.{asked}] there, or name another profile"
        )
    chosen = asked or "default"
    return _profile(chosen, {**defaults, **profiles.get(chosen, {})})


def require_credentials(profile: Profile, environ: Mapping[str, str] | None = None) -> Profile:
    """The profile, if it can ask Amazon.

    Raises:
        SettingsInvalid: A part of the credentials is missing.
    """
    if profile.has_credentials:
        return profile
    missing = [key for key in ("client_id", "client_secret", "refresh_token") if not getattr(profile, key)]
    raise SettingsInvalid(
        f"no credentials: profile {profile.name or 'default'} lacks {', '.join(missing)}. Next: put them in {config_path(environ)} "
        f"or in {_PREFIX}{missing[0].upper()} and so on; or try without: spapi-invoices demo"
    )


# What is read is secret until it is known not to be: a secret under a misspelt key is one too, and the locals of a
# traceback show what a function holds. So the plain text is in no function that raises.
_Values = Mapping[str, object]
# Setting -> the variable, not ours, that stands in for it.
_DEFAULTS: Final = {"proxy": "HTTPS_PROXY", "ca_bundle": "REQUESTS_CA_BUNDLE"}


def _variables(environ: Mapping[str, str] | None) -> dict[str, Secret]:
    """Ours without their prefix, and those that stand in; none that is empty."""
    environ = os.environ if environ is None else environ
    ours = {key.removeprefix(_PREFIX): text for key, text in environ.items() if key.startswith(_PREFIX)}
    others = {one: environ.get(one) or environ.get(one.lower()) for one in _DEFAULTS.values()}
    return {key: Secret(text) for key, text in {**others, **ours}.items() if text}


def _plain(variables: Mapping[str, Secret], key: str) -> str:
    return variables[key].reveal() if key in variables else ""


def _read(path: Path) -> Mapping[str, _Values]:
    profiles = _profiles(path)
    if isinstance(profiles, str):
        raise SettingsInvalid(f"{path}{profiles}")
    return profiles


def _profiles(path: Path) -> dict[str, dict[str, object]] | str:
    """The tables of the file's profiles, or what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # The decoder names line and column only; an OSError names the file.
        return f" cannot be read: {error}. Next: mend the file"
    profiles = content.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) for one in profiles.values()):
        return ": profiles are not tables. Next: write [profiles.NAME] and the settings below it"
    return {
        name: {key: Secret(value) if isinstance(value, str) else None for key, value in one.items()}
        for name, one in profiles.items()
    }


def _profile(name: str, values: _Values) -> Profile:
    if unknown := sorted(values.keys() - set(_KEYS)):
        raise SettingsInvalid(f"profile {name}: unknown setting {', '.join(unknown)}. Next: use {', '.join(_KEYS)}")
    if wrong := sorted(key for key, value in values.items() if not isinstance(value, Secret)):
        raise SettingsInvalid(f"profile {name}: {', '.join(wrong)} is no text. Next: put it in quotes")
    profile = _built(name, values)
    if profile.ca_bundle and not Path(profile.ca_bundle).exists():
        raise SettingsInvalid(
            f"profile {name}: ca_bundle {profile.ca_bundle} is not there. Next: give the path of a file of certificates"
        )
    _check_choice(name, "region", profile.region, ("", *REGIONS))
    _check_choice(name, "api_version", profile.api_version, API_VERSIONS)
    _check_choice(name, "rdt", profile.rdt, get_args(Rdt))
    profile.zone()
    return profile


def _built(name: str, values: Mapping[str, Any]) -> Profile:
    return Profile(name=name, **{key: value if key in _SECRETS else value.reveal() for key, value in values.items()})


API_VERSIONS: Final = tuple(row.version for row in OPERATIONS if row.operation_id == "getCustomerInvoices")


def _check_choice(name: str, key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        choices = ", ".join(choice for choice in allowed if choice)
        raise SettingsInvalid(f"profile {name}: {key} is {value!r}. Next: give one of {choices}")
