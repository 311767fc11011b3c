"""Word lists and patterns for the rules on identifying details; no pattern nests repeats, so hostile texts cost little."""

from __future__ import annotations

import re

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})|\d{{1,2}}(?:st|nd|rd|th)? {MONTH},? \d{{4}}|{MONTH} \d{{4}}|"
    r"\d{4}-\d{2}-\d{2}|\d{4})"
)


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


EMAIL = _any_case(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
PHONE = re.compile(r"(?<![\w£.,])(?:\+44[\s(]{0,2}0?\)?|\(?0)\d[\d\s()-]{7,13}\d(?![\w,.]\d|\w)")
NATIONAL_INSURANCE = _any_case(r"\b[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b")
NHS_NUMBER = re.compile(r"(?<![\w£])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\w)")
POSTCODE = _any_case(r"\b[a-z]{1,2}\d[a-z\d]? ?\d(?!st|nd|rd|th)[abd-hjlnp-uw-z]{2}\b")
VEHICLE = re.compile(r"\b(?!FY|fy)(?:[A-Z]{2}\d{2} ?[A-Z]{3}|[a-z]{2}\d{2} ?[a-z]{3}|[A-Z]\d{2,3} ?[A-Z]{3})\b")
BIRTH = _any_case(
    rf"\b(?:born|date of birth|birthday|d\.?o\.?b\.?)\W{{0,4}}(?:(?:on|in|is|was|the) ){{0,2}}(?P<date>{_DATE})\b"
)
OLD_DATE = _any_case(
    rf"(?<![\w/.-])(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-]|\d{{1,2}}(?:st|nd|rd|th)? {MONTH},? )(?P<year>(?:19|20)\d{{2}})\b"
)
ADDRESS = re.compile(
    rf"\b(?:(?:[Ff]lat|[Rr]oom|[Uu]nit) )?\d{{1,4}}[a-zA-Z]? (?!(?i:{MONTH})\b)(?:[^\W\d_a-zß-ÿ][\w’'-]* ){{1,3}}?"
    r"(?:Street|Road|Lane|Avenue|Close|Drive|Way|Walk|Gate|Court|Place|Square|Terrace|Crescent|Gardens|Row|Hill|Mews|"
    r"House|Grove|Park|Yard|Parade|Rise|View|Buildings|St|Rd|Ave)\b"
)
REFERENCE = _any_case(
    r"(?<![\w/*])\d{2}[*/]\d{5,8}(?:[/*]\d{2,4})?\b|\b(?:crime|occurrence|incident|reference|ref|log|custody|urn|cad|niche|case|collar)"
    r"(?: (?:number|no|ref|reference))?[.:]? {0,2}(?P<number>[\w*/-]{4,20})"
)
LONG_NUMBER = re.compile(r"(?<![\w£.,])\d{9,16}(?![\w,.]\d|\w)")
AGE = _any_case(
    r"\b\d{1,3}[- ]?(?:years?|yrs?|months?)[- ]?old\b|\baged? (?:about |around |just |only )?\d{1,3}\b(?! ?(?:to|and|[-–]) ?\d)|"
    r"\b(?:in (?:his|her|their|the) )(?:early |mid |mid-|late )?"
    r"(?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties|\d0s)\b"
)
AGE_OF = _any_case(r"\b(?:man|woman|boy|girl|male|female|child|teenager|youth|youngster) of (?P<age>\d{1,2})\b")
AGE_AFTER_NAME = re.compile(r", \(?(?P<age>\d{1,2})\)?(?=[,.;)]|$)")
TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Prof|Professor|Rev|Reverend|Sir|Dame|Lord|Lady|Cllr|Councillor|Sgt|Sergeant|PC|PCSO|WPC|"
    r"DC|DS|DI|DCI|DSU|Insp|Inspector|CI|Supt|Superintendent|Det|Detective|Constable|Imam|Father|Sister|Brother)\b\.?"
    r"(?: \d{1,6})?(?= )"
)
TOKEN = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")

PERSON = _any_case(
    r"\b(?:man|woman|boy|girl|male|female|person|teenager|teen|youth|youngster|victim|suspect|resident|student|mother|father|"
    r"brother|sister|son|daughter|wife|husband|girlfriend|boyfriend|patient|rough sleeper|client|service user|child|baby|adult|"
    r"pensioner|lad|lady|gentleman|individual|shopkeeper|worker|offender|detainee|he|she|him|her|his)\b"
)
FAMILY = _any_case(
    r"\b(?:his|her|whose|the victim[’']s|the suspect[’']s) (?:younger |older |elder |late |ex-?)?"
    r"(?:mother|father|brother|sister|son|daughter|wife|husband|girlfriend|boyfriend|partner|uncle|aunt|cousin|employer|landlord)\b"
)
_NATIONALITY = (
    "afghan|albanian|algerian|american|angolan|bangladeshi|brazilian|bulgarian|chinese|congolese|croatian|czech|dutch|egyptian|"
    "eritrean|estonian|ethiopian|filipino|french|gambian|georgian|german|ghanaian|greek|gujarati|hungarian|indian|indonesian|"
    "iranian|iraqi|irish|israeli|italian|jamaican|japanese|kenyan|korean|kosovan|kurdish|latvian|lebanese|libyan|lithuanian|"
    "malaysian|maltese|mexican|moldovan|moroccan|nepalese|nepali|nigerian|pakistani|palestinian|polish|portuguese|punjabi|romanian|"
    "russian|rwandan|scottish|senegalese|serbian|slovak|slovakian|slovenian|somali|spanish|sri lankan|sudanese|swedish|syrian|"
    "tamil|thai|tunisian|turkish|ugandan|ukrainian|vietnamese|welsh|yemeni|zimbabwean"
)
_ETHNICITY = "black|white|asian|african|caribbean|mixed[- ]race|mixed[- ]heritage|arab|roma|gyps(?:y|ies)|traveller|latino|latina"
_BELIEF = (
    "muslim|christian|jewish|jew|hindu|sikh|buddhist|catholic|jehovah[’']s witness|atheist|rastafarian|hijab|turban"
)
_HEALTH = (
    "pregnan\\w+|autis\\w+|schizophren\\w+|bipolar|depress(?:ion|ed)|psychosis|psychotic|suicidal|self-harm\\w*|epilep\\w+|diabet\\w+|"
    "hiv|hepatitis|cancer|dementia|disab(?:led|ility)|wheelchair|deaf|blind|amputee|addict\\w*|alcoholic|overdos\\w+|heroin user|"
    "learning difficult\\w+|adhd|asthma\\w*|mental (?:health|illness)|mentally ill|sectioned|miscarriage|dyslexi\\w+"
)
_SEXUALITY = "gay|lesbian|bisexual|homosexual|queer|trans|transgender|transsexual|non-binary|intersex"
SPECIAL = _any_case(
    rf"\b(?:{_NATIONALITY}|{_ETHNICITY}|{_BELIEF}|{_HEALTH}|{_SEXUALITY}|asylum seeker|refugee|sex worker)\b"
)
IS_NATIONALITY = _any_case(rf"(?:{_NATIONALITY}|{_ETHNICITY}|{_BELIEF})s?")

PARTICLES = _listed("de da di do dos del della van von der den la le el al bin binti ibn ap ab ferch mac y")
# What only people do: whoever does it at a sentence's start is somebody.
SPEAKS = _listed(
    "said says told asked thanked accepted agreed disclosed explained complained rang lives lived felt feels admitted "
    "refused alleged"
)
STARTERS = _listed(
    "then later today yesterday tomorrow again next last first second finally meanwhile overall currently recently following "
    "despite across between throughout within without through against among around about near outside inside like just very "
    "a an the this that these those our we it its there here in on at by from with for to as of off over under after before "
    "during while when where who what which why how all both each every no not none nobody nothing some somebody someone many "
    "most more less few fewer several one two three four five six seven eight nine ten other others another his her their they "
    "he she you your my me us them if since because although though however also and but or so yet until once only even "
    "thanks thank please see contact local staff management residents partners officers police council teams"
)
ORDINARY = STARTERS | _listed(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept "
    "oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun mondays tuesdays "
    "wednesdays thursdays fridays saturdays sundays easter christmas boxing day new year eve bank holiday diwali eid ramadan "
    "halloween bonfire night pride carnival good remembrance "
    "home office police policing crime crimes commissioner commissioner's community communities safety safer partnership city "
    "council county borough district town football club rugby cricket university college school academy hospital station bus "
    "rail railway street road lane gate square place park centre market shopping high cross north south east west central upper "
    "lower midlands violence reduction network unit serious duty board group forum team teams manager officer officers chief "
    "constable superintendent inspector sergeant mayor deputy assistant minister secretary government parliament councillor "
    "cabinet member grip hotspot hotspots hot spot spots action response fund funding surge operation op neighbourhood immediate "
    "justice public spaces space protection order orders knife hate trust ambulance fire rescue service services street outreach "
    "british britain england english united kingdom london covid teams zoom microsoft excel facebook instagram snapchat tiktok "
    "whatsapp youtube twitter radio news i project programme phase section annex table figure chart act code practice "
    "information data college pastors angels national health local authority adult social care youth council's force's "
    "strategic lead analyst director head wardens warden ministerial official sensitive quarter wi-fi bluetooth android"
)
ACRONYMS = _listed("COVID MAPPA MARAC OFFICIAL RASSO SENSITIVE URGENT")
GIVEN_NAMES = _listed(
    "aaron abdul adam ahmed aisha alan alex alexander ali alice amelia amir amy andrew anna anthony ava ben benjamin beth "
    "callum catherine charlie charlotte chloe chris christopher claire daniel danielle david diana dylan edward ella ellie "
    "emily emma ethan eva fatima fiona gareth gary george grace graham hannah harry hassan helen ian ibrahim imran isaac "
    "isabella jack jacob james jane jason jasmine jennifer jessica jodie john jordan joseph joshua karen kate katie keith kelly "
    "kevin khadija kieran kyle laura lauren leah lee lewis liam lily lisa louise lucy luke maria mariam mark martin mary "
    "maryam matthew megan michael mia mohamed mohammad mohammed muhammad natalie nathan nicola noah oliver olivia omar oscar "
    "patricia paul peter philip rachel rebecca richard robert ryan sam samantha samuel sandra sara sarah scott sean sharon "
    "simon sophie stephen steven susan thomas tom tracy tyler victoria wayne william yasmin yusuf zara zoe agnieszka andrzej "
    "anita ewa jakub janusz katarzyna krzysztof magda marek mateusz pawel piotr tomasz raj ravi priya sunita deepak"
)
