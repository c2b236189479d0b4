"""Writes domain/contacts/number-places.json: where the numbers of an area belong.

    pip install phonenumbers
    python3 scripts/data/write-number-places.py npa_report.csv

Sources: the time zones by prefix of libphonenumber, as the Python package `phonenumbers` publishes them, and the NPA
database of the North American Numbering Plan Administrator (npa_report.csv) for states and for area codes that overlay
others.

An area is an area code. It has the zones of all longer prefixes of the data, and those that it inherits from a shorter
one, because a number does not tell in which part of its area it is. An area code that overlays others has their zones.
Where the administrator names several time zones for an area code of the United States, it has these too.
"""

import csv
import json
import re
import sys
from pathlib import Path

import phonenumbers
from phonenumbers.phonenumberutil import _GEO_MOBILE_COUNTRIES
from phonenumbers.tzdata import TIMEZONE_DATA

OUT = Path(__file__).parents[2] / "domain" / "contacts" / "number-places.json"

# Digits of an area code after the country code, where a country has several zones. Others: two.
AREA_DIGITS = {"1": 3, "7": 3, "34": 3, "52": 3, "61": 1, "62": 3, "64": 1, "243": 1, "262": 3, "351": 3, "593": 1, "599": 1}

# libphonenumber names zones of neighbours for these. They have other daylight saving, or other offsets.
CORRECTED = {
    ("7", "Europe/Bucharest"): "Europe/Kaliningrad",
    ("211", "Africa/Nairobi"): "Africa/Juba",
    ("212", "Atlantic/Canary"): "Africa/Casablanca",
    ("213", "Europe/Paris"): "Africa/Algiers",
    ("218", "Europe/Bucharest"): "Africa/Tripoli",
    ("505", "America/Chicago"): "America/Managua",
    ("970", "Europe/Bucharest"): "Asia/Hebron",
}

# Areas whose zones libphonenumber does not know: those of Chihuahua have other hours than Mazatlan since 2022, Saratov than
# Moscow since 2016, the east of the Congo than Kinshasa, and parts of some others are missing. A town at the border may have the
# hours of the other side.
BORDER_OF_TEXAS = {"America/Matamoros", "America/Mexico_City"}
BY_AREA = {
    **dict.fromkeys(
        ("52614", "52621", "52625", "52627", "52628", "52629", "52635", "52639", "52648", "52652", "52659"),
        {"America/Chihuahua"},
    ),
    "52636": {"America/Chihuahua", "America/Ciudad_Juarez"},
    "52649": {"America/Chihuahua", "America/Mexico_City"},
    "52657": {"America/Chihuahua", "America/Ciudad_Juarez"},
    **dict.fromkeys(("52862", "52868", "52873", "52891", "52897"), BORDER_OF_TEXAS),
    "2434": {"Africa/Lubumbashi"},
    "2435": {"Africa/Kinshasa", "Africa/Lubumbashi"},
    "2436": {"Africa/Lubumbashi"},
    "5597": {"America/Eirunepe", "America/Manaus"},
    "613": {"Australia/Hobart", "Australia/Melbourne", "Australia/Sydney"},
    "618": {
        "Australia/Adelaide", "Australia/Broken_Hill", "Australia/Darwin", "Australia/Eucla", "Australia/Perth", "Australia/Sydney",
        "Indian/Christmas", "Indian/Cocos",
    },
    "62526": {"Asia/Jakarta", "Asia/Makassar"},
    "68940": {"Pacific/Gambier", "Pacific/Marquesas", "Pacific/Tahiti"},
    "7411": {"Asia/Srednekolymsk", "Asia/Vladivostok", "Asia/Yakutsk"},
    "7845": {"Europe/Saratov"},
    **dict.fromkeys(("97614", "97624"), {"Asia/Hovd", "Asia/Ulaanbaatar"}),
}

# Countries whose mobile numbers libphonenumber counts as those of an area, although they are sold in the whole country.
MOBILE_EVERYWHERE = {62}

# Prefixes of countries that share their code with a larger one: Kazakhstan with Russia.
SECOND_COUNTRIES = ["77"]

# Zones of a country that libphonenumber does not name.
ADDED = {"56": {"America/Punta_Arenas", "Pacific/Easter"}, "675": {"Pacific/Bougainville"}}

# What the administrator's letters mean in the United States.
LETTERS = {"E": "America/New_York", "C": "America/Chicago", "M": "America/Denver", "P": "America/Los_Angeles"}

STATES = {
    "ALBERTA": ["CA-AB"], "BRITISH COLUMBIA": ["CA-BC"], "MANITOBA": ["CA-MB"], "NEW BRUNSWICK": ["CA-NB"],
    "NEWFOUNDLAND AND LABRADOR": ["CA-NL"], "NOVA SCOTIA - PRINCE EDWARD ISLAND": ["CA-NS", "CA-PE"],
    "NORTHWEST TERRITORIES -YUKON - NUNAVUT": ["CA-NT", "CA-NU", "CA-YT"], "ONTARIO": ["CA-ON"],
    "QUEBEC": ["CA-QC"], "SASKATCHEWAN": ["CA-SK"],
}
TERRITORIES = {"AS", "CNMI", "GU", "PR", "VI"}

codes = sorted((str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), key=len, reverse=True)


def country_code(prefix):
    return next((code for code in codes if prefix.startswith(code)), None)


by_code = {}
for prefix, zones in TIMEZONE_DATA.items():
    code = country_code(prefix)
    by_code.setdefault(code, {})[prefix] = {CORRECTED.get((code, zone), zone) for zone in zones} | ADDED.get(code, set())
for area, zones in BY_AREA.items():
    by_code[country_code(area)][country_code(area)] |= zones


def zones_of_area(code, area):
    """The zones of all prefixes in the area, and those that it inherits; empty if the data names only the country."""
    if area in BY_AREA:
        return BY_AREA[area]
    data = by_code[code]
    found = set().union(*(zones for prefix, zones in data.items() if prefix.startswith(area)))
    inherited = [prefix for prefix in data if prefix != code and area.startswith(prefix)]
    return found | (data[max(inherited, key=len)] if inherited else set())


with open(sys.argv[1], newline="", encoding="latin1") as file:
    file_date = file.readline().strip().split(",")[1]
    assigned = {row["NPA_ID"]: row for row in csv.DictReader(file) if row["USE"] == "G" and row["ASSIGNED"] == "Yes"}

nanp = {npa: zones_of_area("1", "1" + npa) for npa in assigned}
for npa, row in assigned.items():
    letters = row["TIME_ZONE"].strip()
    if row["COUNTRY"] == "US" and len(letters) > 1 and set(letters) <= set(LETTERS):
        nanp[npa] |= {LETTERS[letter] for letter in letters}
complexes = {
    npa: {other for other in re.findall(r"\d{3}", row["OVERLAY_COMPLEX"]) if other in assigned} | {npa}
    for npa, row in assigned.items()
}
overlays = {npa for npa, row in assigned.items() if row["PARENT_NPA_ID"].strip() in complexes[npa] - {npa}}
own = dict(nanp)
for npa in overlays:
    parents = complexes[npa] - overlays
    nanp[npa] = set().union(*(own[parent] for parent in parents or complexes[npa]))

areas = {"1" + npa: zones for npa, zones in nanp.items()}
for code, data in by_code.items():
    if code in (None, "1") or len(set(map(frozenset, data.values()))) == 1:
        continue
    digits = AREA_DIGITS.get(code, 2)
    table = {f"{code}{area:0{digits}}": frozenset(zones_of_area(code, f"{code}{area:0{digits}}")) for area in range(10**digits)}
    # Ten areas that agree are one shorter prefix.
    for length in range(len(code) + digits - 1, len(code), -1):
        for prefix in sorted({area[:length] for area in table if len(area) == length + 1}):
            children = [f"{prefix}{digit}" for digit in range(10)]
            if all(child in table and table[child] == table[children[0]] for child in children):
                table[prefix] = table[children[0]]
                for child in children:
                    del table[child]
    areas |= {area: zones for area, zones in table.items() if zones}

countries = {code: data[code] for code, data in by_code.items() if code not in (None, "1") and code in data}
for prefix in SECOND_COUNTRIES:
    countries[prefix] = by_code[country_code(prefix)][prefix]


def grouped(table):
    """Prefixes by their zones, both sorted."""
    by_zones = {}
    for prefix, zones in table.items():
        by_zones.setdefault(" ".join(sorted(zones)), []).append(prefix)
    return {zones: " ".join(sorted(prefixes)) for zones, prefixes in sorted(by_zones.items()) if zones}


states = {}
for npa, row in assigned.items():
    location, country = row["LOCATION"].strip(), row["COUNTRY"].strip()
    if country == "US" and location not in TERRITORIES:
        states[npa] = ["US-" + location]
    elif country == "CANADA":
        states[npa] = STATES[location]

OUT.write_text(
    json.dumps(
        {
            "doc": "Written by scripts/data/write-number-places.py, which says how.",
            "sources": {
                "zones": f"libphonenumber's time zones by prefix, from phonenumbers {phonenumbers.__version__} on PyPI (Apache-2.0)",
                "states": f"NPA database of the North American Numbering Plan Administrator, file date {file_date}",
            },
            "countries": grouped(countries),
            "areas": grouped(areas),
            "mobileByArea": [str(code) for code in sorted(_GEO_MOBILE_COUNTRIES - MOBILE_EVERYWHERE)],
            "states": grouped({npa: set(names) for npa, names in states.items()}),
        },
        indent=2,
    )
    + "\n"
)
