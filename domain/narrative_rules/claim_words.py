"""The words that the rules on over-claiming look for, as patterns without nested repeats (they read hostile texts too)."""

from __future__ import annotations

import re


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# --- what a claim is about ----------------------------------------------------------------------------------

OUTCOME = _words(
    r"crimes?|criminality|criminals|violence|violent|offending|offences?|offenders?|reoffending|harms?|robber(?:y|ies)|"
    r"assaults?|assaulted|stabbings?|stabbed|thefts?|burglar(?:y|ies)|knife (?:crime|carrying)|disorder|"
    r"anti-?social behaviour|asb|shoplifting|victims|victimisation|injur(?:y|ies)|murders?|homicides?|drug dealing"
)
SAFER = _words(r"safer")
LOWER = _words(
    r"f[ae]ll|falls|fallen|falling|drop|drops|dropped|dropping|declin\w+|decreas\w+|reduc\w+|lower|fewer|less|down|"
    r"rises?|rose|risen|rising|increas\w+|higher|more|improv\w+|halved|cut|changes?|changed"
)
SERVICE = _words(
    r"patrols?|patrolling|services?|programmes?|projects?|schemes?|initiatives?|approach|outreach|policing|deployments?|"
    r"model|operations?|plans?|team|teams|officers|pilot|our|we|this work"
)
# Names of things, and plain uses of words that would otherwise count.
HARMLESS = _words(
    r"(?:crime|violence) (?:prevention|reduction) (?:officers?|units?|networks?|partnerships?|teams?|boards?|plans?|advice|funds?)|"
    r"stops? and search(?:es)?|effective (?:date|from|on|as of)|crime (?:numbers?|references?|records?|data|recording)"
)

# --- cause ------------------------------------------------------------------------------------------------

LESSENS = _words(
    r"reduc(?:e|es|ed|ing)|cuts?|cutting|lower(?:s|ed|ing)|halv(?:e|es|ed|ing)|prevent(?:s|ed|ing)?|avert(?:s|ed|ing)?|"
    r"stop(?:s|ped|ping)?|deter(?:s|red|ring)?|suppress(?:es|ed|ing)?|curb(?:s|ed|ing)?|slash(?:es|ed|ing)?|"
    r"decreas(?:es|ed|ing)|eliminat(?:es|ed|ing)|eradicat(?:es|ed|ing)|quell(?:s|ed|ing)?|minimis(?:es|ed|ing)|"
    r"(?:driv(?:es?|en|ing)|drove|br(?:ings?|inging|ought)|ke(?:eps?|eping|pt)|push(?:es|ed|ing)?|forc(?:es|ed|ing)) (?:\w+ ){0,4}down"
)
LESSENED = _words(
    r"(?:was|were|is|are|been|being) (?:\w+ly )?(?:reduced|cut|lowered|halved|prevented|averted|stopped|deterred|suppressed|"
    r"curbed|slashed|eliminated|eradicated|brought down|driven down|kept down)"
)
GIVES_FALL = _words(
    r"(?:deliver|achiev|produc|secur|creat|generat|driv|g[ai]v|bring|brought|contribut)\w* (?:to |about )?(?:[\w%-]+ ){0,4}"
    r"(?:reductions?|falls?|drops?|decreases?|declines?) (?:in|of)"
)
BECAUSE_OF = _words(  # the effect stands before, or after the comma where the sentence begins with the cause
    r"caused by|due to|owing to|thanks to|because|as a (?:direct )?result of|result(?:s|ed|ing)? (?:of|from)|"
    r"attribut(?:ed|able) to|down to|driven by|a consequence of|on account of|explained by|credit(?:ed)? to"
)
LEADS_TO = _words(  # the effect stands after
    r"caus(?:es|ed|ing)|led to|leads to|leading to|result(?:s|ed|ing)? in|brought about|contribut(?:es|ed|ing) to|behind"
)
CHANCE = _words(r"chance|ordinary|random|variation|seasons?|seasonal|recording|reporting|late records")
EFFECT_ON = _words(
    r"(?:had|has|have|having|made|makes|making) (?:an?|the|no small) (?:\w+ ){0,3}(?:impact|effect|dent) (?:on|in)"
)
MADE_SAFER = _words(r"(?:ma[dk]e|makes|making|ke(?:pt|ep|eps|eping)|left) (?:\w+ ){1,6}safer?")
COUNTERFACTUAL = _words(
    r"without (?:\w+ ){1,6}would|had it not been for|if it (?:had not|hadn't|were not|weren't|was not|wasn't) (?:been )?for|"
    r"would otherwise have|would have been (?:far |many |much |even )?(?:more|worse|higher)"
)

# --- proof, praise, significance, money, displacement ---------------------------------------------------------

PROOF = _words(
    r"prov(?:es?|ed|en|ing)|demonstrat(?:es?|ed|ing)|shows?|shown|showed|confirms?|confirmed|vindicates?|validates?|"
    r"testament|clear(?:ly)?|evidence of"
)
PROVED = _words(
    r"works?|worked|working|effective(?:ness)?|success(?:ful|es)?|impact|value|difference|benefits?|paying off|pays off|"
    r"reduc\w+|prevent\w*"
)
PRAISE = _words(
    r"(?:is|are|was|were|been|be|prove[ds]?|proven|being|remains?) (?:an? )?(?:\w+ ){0,2}(?:effective|success|successful)|"
    r"(?:success|effectiveness) of (?:the|our|this|these) (?:\w+ ){0,2}(?:patrols?|service|programme|project|scheme|initiative|"
    r"approach|policing|model|operation|plan|outreach|pilot)|ma[dk](?:e|es|ing) (?:a|the|all the) (?:\w+ )?difference|"
    r"turn(?:ed|ing|s) (?:\w+ ){1,4}around|transform(?:ed|s|ing)|pa(?:id|ys|ying) off|game.?changer"
)
WORKS = re.compile(
    r"\b(?:(?:is|are|was|were) (?:clearly |really |plainly )?working|works?|worked)\b(?= well\b|\s*[.,;:!?)”\"]|\s*$)",
    re.IGNORECASE,
)
PRACTICAL = re.compile(r"^ (?:in|at|for) (?!reduc|tackl|prevent|cut|lower|deter|stop|curb)\w+ing\b", re.IGNORECASE)
SIGNIFICANT = _words(r"significant(?:ly)?|statistically")
TESTED = re.compile(r"\b(?:interval|test(?:ed|s)?|limits|signal|confidence|chance)\b|\bp ?[=<]", re.IGNORECASE)
SAVING = _words(r"sav(?:ed|es|ing|ings) (?:\w+ ){0,5}(?:money|pounds|costs?|cash|police time)|cost savings?")
SAVED_POUNDS = re.compile(r"\bsav(?:ed|es|ings?)\b[^.;]{0,60}?£[\d,]+", re.IGNORECASE)
NOT_MOVED = _words(
    r"no (?:crime |evidence of )?displacement|without (?:any )?displacement|displac(?:ed|es|ing) (?:none|no)\b|"
    r"(?:not|never) (?:been )?displaced|did not (?:displace|move)|offenders (?:have |had )?moved on"
)

# --- what takes a claim back, or softens it -------------------------------------------------------------------

NOT_CLAIMED = _words(
    r"no (?:\w+ )?(?:evidence|proof|claim|sign|suggestion|way of)|nothing (?:shows|says|suggests)|not (?:shown|known|possible|clear|"
    r"evidence|proof|claim\w*|mean|because|due|caused|conclude|to say|say|prove|show|prevent\w*|reduce\w*|enough)|"
    r"cannot|can't|can not|could not|unable to|whether|wrong to|too (?:early|soon|few)|unclear|unknown|neither|never|"
    r"did not|does not|do not|didn't|doesn't|don't|remains to be seen|rather than|instead of|if"
)
CANNOT_SAY = _words(r"(?:cannot|can't|can not|not) (?:be )?(?:say|said|tell|told|know|known|shown|claimed)")
AIM = _words(
    r"aims?|aimed|aiming|intend(?:s|ed)?|intention|hopes?|hoped|hoping|plan(?:s|ned)? to|seeks?|seeking|sought|designed|"
    r"objectives?|goals?|purpose|wants?|try|tries|trying|tried|attempts?|in order|expected to|focus\w* on|towards?|"
    r"committed to|asked to|how to|ways? to"
)
HELPS = _words(
    r"help(?:s|ed|ing)?|continu\w+|manag\w+|succe\w+|enabl\w+|allow\w+|serv\w+|work(?:s|ed|ing)|able|combined"
)
HEDGE = _words(
    r"may|might|could|can(?! be)|would|will|possibl[ey]|perhaps|probably|likely|appear(?:s|ed)?|seem(?:s|ed)?|suggest(?:s|ed)?|"
    r"believe[ds]?|think|thought|feels?|felt|consistent with|in our view|indicat\w+|potentially|should|expected"
)
STOPS = _listed(
    "because by at on during after before when while to from for and or so with without which who that than as until"
)
CARRIERS = _listed("rise rises increase increases escalation surge spike growth level levels number numbers")
