"""Notes with identifying details, each with what must be found, and notes without any.

Written before the rules, by one hand; the people are invented. The rules were shaped with TUNING; HELD_OUT was looked
at once they were done.
"""

from __future__ import annotations

VOCABULARY = (
    "Clock Tower", "Haymarket", "Humberstone Gate", "Granby Street", "London Road station", "Market Place",
    "Church Gate", "Leicester city centre", "Leicestershire Police", "Street outreach", "Police dedicated team",
    "Police overtime", "Grip (demonstration)", "Police and Crime Commissioner (demonstration)",
)  # fmt: skip

TUNING = (
    ("Sgt Emma Clarke led the briefing.", ("Emma Clarke",)),
    ("We supported Siân, who had been sleeping near the station.", ("Siân",)),
    ("A man named Łukasz Wójcik was helped to find a hostel.", ("Łukasz Wójcik",)),
    ("The caller's number was 07700 900123.", ("07700 900123",)),
    ("Contact j.smith@example.org for details.", ("j.smith@example.org",)),
    ("The car with the plate AB12 CDE was stopped on Granby Street.", ("AB12 CDE",)),
    ("He was born on 14/03/1991.", ("14/03/1991",)),
    ("A 17-year-old boy was found with a knife.", ("17-year-old",)),
    ("The victim lives at 14 Silver Walk, LE1 4QA.", ("14 Silver Walk", "LE1 4QA")),
    ("Crime number 23*456789/22 refers.", ("23*456789/22",)),
    ("Her NI number is QQ 12 34 56 C.", ("QQ 12 34 56 C",)),
    ("NHS number 943 476 5919 was recorded in error.", ("943 476 5919",)),
    ("A Polish woman accepted a referral to housing.", ("Polish",)),
    ("One man, a Muslim, was abused outside the mosque.", ("Muslim",)),
    ("A young woman with schizophrenia was taken to hospital.", ("schizophrenia",)),
    ("A gay teenager was assaulted near Market Place.", ("gay",)),
    ("PC 4521 Jones gave first aid.", ("Jones",)),
    ("Mrs O'Brien from the bakery thanked the team.", ("O'Brien",)),
    ("Dr Adaeze Okafor spoke to the outreach workers.", ("Adaeze Okafor",)),
    ("Local resident Priya said the area felt calmer.", ("Priya",)),
    ("A Romanian rough sleeper, aged 42, was moved on.", ("Romanian", "aged 42")),
    ("Thanks to Gareth and his colleagues.", ("Gareth",)),
    ("Mr Nowak-Kowalska complained about noise.", ("Nowak-Kowalska",)),
    ("Staff met Jordan, 19, at the Clock Tower.", ("Jordan", "19")),
    ("A pregnant woman was assaulted in Haymarket.", ("pregnant",)),
    ("Ms. María José Núñez accepted help.", ("María José Núñez",)),
)
TUNING_CLEAN = (
    "Patrols were delivered at Clock Tower, Haymarket and Market Place.",
    "On Friday 22 December the Christmas market closed late.",
    "The Home Office visited on 5 December 2023.",
    "Abstractions were due to public order events on Saturdays.",
    "Street outreach and the Police dedicated team met weekly.",
    "The team delivered 5,883 of 7,225 planned minutes (81%).",
    "Two new outreach workers start in January.",
    "Training on PSPO powers was given to 12 staff.",
    "GPS trackers failed for 3 hours on 14/12/2023.",
    "Grip funding of £268,000 ends on 31 March 2024.",
    "Leicester City Football Club played at home on Boxing Day.",
    "We will review the plan with the Community Safety Partnership in Q4.",
    "Engagements rose from 497 to 539.",
    "Police overtime was short by 16 visits.",
    "The 40-minute visits and 15-minute visits were kept apart.",
    "The men's shelter opened on Church Gate.",
    "CCTV operators and the BID wardens joined the briefing.",
)
HELD_OUT = (
    ("Insp Rhiannon Llŷr approved the change.", ("Rhiannon Llŷr",)),
    ("He rang from 0116 496 0123 twice.", ("0116 496 0123",)),
    ("A Somali man in his twenties accepted a referral.", ("Somali", "in his twenties")),
    ("Date of birth: 3 June 1988.", ("3 June 1988",)),
    ("Thank you to Małgorzata for her help.", ("Małgorzata",)),
    ("Tariq Hussain's shop was broken into.", ("Tariq Hussain",)),
    ("A deaf man was helped home.", ("deaf",)),
    ("Kayleigh told staff that she had been followed.", ("Kayleigh",)),
    ("The flat at 22a Church Gate was searched.", ("22a Church Gate",)),
    ("Occurrence 22000456789 is linked.", ("22000456789",)),
    ("Vehicle BD51 SMR was seized.", ("BD51 SMR",)),
    ("A trans woman was threatened on London Road.", ("trans",)),
    ("An autistic boy of 14 was found by the patrol.", ("autistic", "14")),
    ("Mr. Li and Councillor Beth Hargreaves visited.", ("Li", "Beth Hargreaves")),
    ("The man known as Baz was given a warning.", ("Baz",)),
    ("Wójcik was arrested twice.", ("Wójcik",)),
    ("His mother, a refugee from Eritrea, runs the corner shop by the bank.", ("Eritrea", "mother")),
    ("A woman whose brother was stabbed in 2019 spoke to the team.", ("brother was stabbed in 2019",)),
)
HELD_OUT_CLEAN = (
    "Operation Sceptre ran from 13 to 19 November.",
    "The Violence Reduction Network funded two courses.",
    "Risk owner: the Partnership Manager.",
    "No media interest was recorded in the month.",
    "De Montfort University began a survey.",
    "St Margaret's bus station reopened.",
    "Hate crime was discussed at the Safer Leicester Partnership.",
    "The Easter plan covers 29 March to 1 April.",
    "Visits at Granby Street took 15.5 minutes at the median.",
    "The Chief Constable and the Mayor attended.",
)

# After case studies and patrol news as others publish them, shortened, with people and streets renamed; what must be found
# was marked before the rules saw them. Rare facts are marked too, since they tell who somebody is as well as a name does.
OTHERS = (
    ("Rowena was 5 months pregnant with addiction issues when she was first placed in a hostel.", ("Rowena", "pregnant", "addiction")),
    ("I first supported Rupa when we found them sleeping under a bridge.", ("Rupa",)),
    ("One of the youths, a 16-year-old boy, was arrested on suspicion of assault.", ("16-year-old",)),
    ("Five boys, aged 14, 15, 15, 15 and 16, were found in a garden in Smithfield Crescent.", ("aged 14", "Smithfield Crescent")),
    ("A 34-year-old man was arrested in Beestmarket Hill after officers spotted him smoking.", ("34-year-old", "Beestmarket Hill")),
    ("He has now been bailed with conditions not to enter the centre unless accompanied by his mother.", ("his mother",)),
    ("The couple had been together 22 years and slept in a derelict building.", ("together 22 years",)),
    ("A teenage boy had assaulted a social worker and damaged her car in Tenby Road.", ("teenage boy", "Tenby Road")),
    ("PC Richmond visited the academy every day that week.", ("Richmond",)),
    ("Sergeant Jonty Groome said the team found a samurai sword in his rucksack.", ("Jonty Groome", "samurai sword")),
    ("Project Manager Lesley Harwood spoke of two clients.", ("Lesley Harwood",)),
    ("The man came over on his bike and said he was banned from one hostel.", ("banned from one hostel",)),
    ("She was a victim of sexual assault which had resulted in her pregnancy.", ("sexual assault", "pregnancy")),
    ("The driver of the van stopped in Mansford on 19 January was disqualified.", ("Mansford",)),
    ("Her partner struggled with his mental health.", ("Her partner", "mental health")),
)  # fmt: skip
OTHERS_CLEAN = (
    "Officers spent more than 4,000 extra hours patrolling and seized nine weapons in six months.",
    "Operation Guardian patrols were held on Saturday (15 October 2022).",
    "31 stop and searches were carried out in the city and 10 knives were handed in to amnesty bins.",
    "The Outreach Team worked with the Fire Brigade to make the site safe.",
    "A total of £66m was announced for all 43 force areas.",
    "Since we did a Rough Sleeper count early this month, numbers have dropped.",
    "The Violence and Complex Crime Unit's Prevention Team runs the course.",
    "Referrals were made to drug and alcohol services and to mental health services.",
    "PCSOs worked overtime to carry out the extra patrols.",
    "Local authority enforcement staff will use Community Protection Warnings.",
)
