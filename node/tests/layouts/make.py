#!/usr/bin/env python3
"""Writes one small file for every layout, as its publisher describes it, and the canonical rows it must become.

The files are checked in; this script is only needed to change them:  python3 node/tests/layouts/make.py

It does not read the layout files and shares no code with the importer: what stands in which column is written here a second
time, from the description. People, numbers, schools and colleges are invented.

  fixtures/LAYOUT.txt        the file
  fixtures/LAYOUT.expected   one line a canonical row: table, row of the file, then element=value, tab between
  hazards/LAYOUT.txt         the same file with every way in which such files go wrong, one row each
  hazards/LAYOUT.rows        which row has which hazard, and whether the importer must complain of the row, note it, or be silent
  orders/LAYOUT.ORDER.txt    the file with its dates in another order: mdy must become the same rows, dmy and untold be refused
"""
import pathlib
import tomllib

HERE = pathlib.Path(__file__).parent
DICTIONARY = tomllib.loads((HERE / "../../../protocol/src/dictionary/elements.v1.toml").read_text())

LEA, SCHOOL, OTHER_SCHOOL = "9912345", "9930001", "9930002"
# local, ssid, ssn, first, middle, last, suffix, born, gender, hispanic, races, zip
PEOPLE = [
    ("100001", "1000000001", "501110001", "Ana", "Maria", "Garcia Lopez", "", "20030412", "F", "Y", ["700"], "95814"),
    ("100002", "1000000002", "501110002", "JOHN", "Q", "O'BRIEN", "JR", "20030101", "M", "N", ["700"], "95820"),
    ("100003", "0123456789", "", "Mei", "", "Chen", "", "20021231", "F", "N", ["201"], "94110"),
    ("100004", "1000000004", "501110004", "lucas", "", "de la cruz", "", "20030229", "M", "Y", [], "93701"),
    ("100005", "1000000005", "", "Sky", "R", "Nguyen", "", "20030715", "X", "N", ["204"], "92801"),
    ("100006", "1000000006", "501110006", "Amara", "", "Okafor", "", "20030820", "F", "N", ["600"], "94601"),
    ("100007", "1000000007", "501110007", "Kai", "L", "Kahale", "III", "20021105", "M", "N", ["301", "400"], "91910"),
    ("100008", "1000000008", "", "Rosa", "", "Smith-Jones", "", "20030314", "F", "N", ["100", "700"], "95969"),
    ("100009", "1000000009", "501110009", "Priya", "", "Patel", "", "20030606", "F", "N", ["205"], "95112"),
    ("100010", "1000000010", "501110010", "Omar", "", "Haddad", "", "20030930", "M", "N", ["700"], "92020"),
    ("100011", "1000000011", "", "Li", "Wei", "Vang", "", "20030518", "F", "N", ["208"], "93727"),
    ("100012", "1000000012", "501110012", "Jose", "", "Ramirez", "", "20030203", "M", "Y", ["500"], "90022"),
]
# 2003 was no leap year: a real day for person 4.
PEOPLE[3] = PEOPLE[3][:7] + ("20040229",) + PEOPLE[3][8:]
FIELDS = ("local", "ssid", "ssn", "first", "middle", "last", "suffix", "born", "gender", "hispanic", "races", "zip")
PEOPLE = [dict(zip(FIELDS, person)) for person in PEOPLE]
GROUPS = {"1": "american-indian", "2": "asian", "3": "pacific-islander", "6": "black", "7": "white"}


def day(text):
    """20030412 -> 2003-04-12"""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text else ""


def ethnicity(hispanic, races):
    if hispanic == "Y" or "500" in races:
        return "hispanic"
    groups = {"filipino" if race == "400" else GROUPS[race[0]] for race in races}
    return "not-reported" if not groups else groups.pop() if len(groups) == 1 else "two-or-more"


def flag(text):
    return {"Y": "yes", "N": "no", "": ""}[text]


EVERY = {}


class Fixture:
    """The rows of one file and what they must become."""

    def __init__(self, layout):
        self.layout, self.lines, self.expected, self.records, self.end = layout, [], [], [], "\r\n"
        EVERY[layout] = self

    def delimited(self, columns, values, separator="^"):
        self.columns, self.separator, self.length = columns, separator, None
        self.records.append(values)
        self.lines.append(self.line(values))

    def fixed(self, length, places):
        self.length, self.separator = length, ""
        self.records.append(places)
        self.lines.append(self.line(places))

    def line(self, values):
        if self.length is None:
            return self.separator.join(values.get(column, "") for column in self.columns)
        record = [" "] * self.length
        for (first, last), text in values.items():
            assert len(text) <= last - first + 1, (self.layout, first, text)
            record[first - 1 : first - 1 + len(text)] = text
        return "".join(record)

    def row(self, table, **elements):
        """The canonical row the line just written must become."""
        named = {element.replace("_", "-"): value for element, value in elements.items()}
        known = DICTIONARY["tables"][table]["elements"]
        assert set(named) <= set(known), (self.layout, set(named) - set(known))
        cells = [f"{element}={named[element]}" for element in known if named.get(element)]
        self.expected.append("\t".join([table, str(len(self.lines))] + cells))

    def write(self, end="\r\n"):
        self.end = end
        (HERE / "fixtures" / f"{self.layout}.txt").write_bytes("".join(line + end for line in self.lines).encode())
        (HERE / "fixtures" / f"{self.layout}.expected").write_text("".join(line + "\n" for line in self.expected))


# ------------------------------------------------------------------------------------------------------------- CALPADS
HEAD = ["RecordTypeCode", "TransactionTypeCode", "LocalRecordID", "ReportingLEA", "SchoolOfAttendance"]
SENR = HEAD + """SchoolOfAttendanceNPS AcademicYearID SSID LocalStudentID StudentLegalFirstName StudentLegalMiddleName
StudentLegalLastName StudentLegalNameSuffix StudentAliasFirstName StudentAliasMiddleName StudentAliasLastName
StudentBirthDate StudentGenderCode StudentBirthCity StudentBirthStateProvinceCode StudentBirthCountryCode
EnrollmentSchoolStartDate EnrollmentStatusCode GradeLevelCode EnrollmentSchoolExitDate StudentExitReasonCode
StudentSchoolCompletionStatus ExpectedReceiverSchoolofAttendance StudentMetAllUCCSURequirementsIndicator
StudentSchoolTransferCode DistrictofGeographicResidence StudentGoldenStateSealMeritDiplomaIndicator
StudentSealofBiliteracyIndicator PostsecondaryTransitionStatusIndicator
WorkforceReadinessStrategicSkillsCertificateProgramCompletionIndicator FoodHandlerCertificationProgramCompletionIndicator
PreApprenticeshipCertificationProgramCompletionIndicator PreApprenticeshipProgramNonCertifiedCompletionIndicator
StateFederalJobProgramCompletionIndicator""".split()
SINF = """RecordTypeCode TransactionTypeCode LocalRecordID EffectiveStartDate EffectiveEndDate ReportingLEA
SchoolOfAttendance AcademicYearID SSID LocalStudentID StudentLegalFirstName StudentLegalMiddleName StudentLegalLastName
StudentLegalNameSuffix StudentAliasFirstName StudentAliasMiddleName StudentAliasLastName StudentBirthDate
StudentGenderCode StudentBirthCity StudentBirthStateProvinceCode StudentBirthCountryCode
StudentHispanicEthnicityIndicator StudentEthnicityMissingIndicator StudentRace1Code StudentRace2Code StudentRace3Code
StudentRace4Code StudentRace5Code StudentRaceMissingIndicator AddressLine1 AddressLine2 AddressCityName
AddressStateProvinceCode AddressZipCode StudentInitialUSSchoolEnrollmentDateK-12
EnrolledinUSSchoollessthanThreeCumulativeYearsIndicator ParentGuardianHighestEducationLevelCode Guardian1FirstName
Guardian1LastName Guardian2FirstName Guardian2LastName""".split()
SELA = HEAD + """AcademicYearID SSID StudentLegalFirstName StudentLegalLastName StudentBirthDate StudentGenderCode
LocalStudentID EnglishAcquisitionStatusCode EnglishAcquisitionStatusStartDate PrimaryLanguageCode""".split()
WHO = """AcademicYearID SSID LocalStudentID StudentLegalFirstName StudentLegalLastName StudentBirthDate
StudentGenderCode""".split()
SPRG = HEAD + WHO + """EducationProgramCode EducationProgramMembershipCode EducationProgramMembershipStartDate
EducationProgramMembershipEndDate EducationServiceAcademicYear EducationServiceCode CaliforniaPartnershipAcademyID
MigrantStudentID PrimaryDisabilityCode DistrictofSpecialEducationAccountability HomelessDwellingTypeCode
UnaccompaniedYouthIndicator RunawayYouthIndicator Filler""".split()
CRSC = """RecordTypeCode TransactionTypeCode LocalRecordID ReportingLEA SchoolofCourseDelivery AcademicYearID
CRS-StateCourseCode CRS-LocalCourseID CRS-CourseName CRS-CourseContentCode Filler
CRS-CTETechnicalPreparationCourseIndicator CRS-UCCSUApprovedIndicator CourseSectionID AcademicTermCode SEID LocalStaffID
ClassID CourseSectionInstructionalLevelCode EducationServiceCode LanguageofInstructionCode InstructionalStrategyCode
IndependentStudyIndicator DistanceLearningIndicator MultipleTeacherCode EducationProgramFundingSourceCode
CTECourseSectionProviderCode""".split()
SCSC = HEAD + WHO + """LocalCourseID CourseSectionID AcademicTermCode StudentCreditsAttempted StudentCreditsEarned
StudentCourseFinalGrade UC_CSUAdmissionRequirementCode MarkingPeriodCode""".split()
SCTE = HEAD + WHO + ["CTEPathwayCode", "StudentCTEPathwayCompletionAcademicYearID"]
SSID = """ReportingLEA SchoolOfAttendance SSID LocalStudentID StudentLegalLastName StudentLegalFirstName GenderCode
StudentBirthDate EnrollmentStartDate GradeLevelCode EnglishLanguageAcquisitionStatusCode
EnglishLanguageAcquisitionStatusStartDate PrimaryLanguage DateSSIDCreated""".split()
assert [len(x) for x in (SENR, SINF, SELA, SPRG, CRSC, SCSC, SCTE, SSID)] == [39, 42, 15, 26, 27, 20, 14, 14]
YEAR = "2020-2021"


def calpads(kind, person, number):
    """What every CALPADS record of a student begins with."""
    return {
        "RecordTypeCode": kind,
        "TransactionTypeCode": "A" if number % 3 == 0 else "",
        "LocalRecordID": f"{number:06}",
        "ReportingLEA": LEA,
        "SchoolOfAttendance": SCHOOL if number % 2 else OTHER_SCHOOL,
        "AcademicYearID": YEAR,
        "SSID": person["ssid"],
        "LocalStudentID": person["local"],
        "StudentLegalFirstName": person["first"],
        "StudentLegalMiddleName": person["middle"],
        "StudentLegalLastName": person["last"],
        "StudentLegalNameSuffix": person["suffix"],
        "StudentBirthDate": person["born"],
        "StudentGenderCode": person["gender"],
    }


def place(values):
    return {"institution": values["ReportingLEA"], "school": values["SchoolOfAttendance"], "school_year": "2020"}


def student(person, *names):
    """The elements of a person under the names of the dictionary."""
    every = {
        "local_id": person["local"], "ssid": person["ssid"], "ssn": person["ssn"], "first": person["first"],
        "middle": person["middle"], "last": person["last"], "suffix": person["suffix"],
        "birth_date": day(person["born"]), "gender": person["gender"], "zip": person["zip"],
    }
    return {name: every[name] for name in names}


def senr():
    fixture = Fixture("calpads-senr")
    # exit day, reason, completion, the school year of completion by the state's rule
    ends = [
        ("20210604", "E230", "100", "2020"), ("20210604", "E230", "320", "2020"), ("20210815", "E230", "250", "2020"),
        ("20210816", "E230", "100", "2021"), ("20210301", "E160", "", ""), ("", "", "", ""),
        ("20210604", "E140", "", ""), ("20210604", "E230", "480", ""), ("20210604", "E155", "", ""),
        ("20210604", "E230", "330", "2020"), ("20201215", "E230", "120", "2020"), ("20210604", "E230", "100", ""),
    ]
    for number, (person, (exit_day, reason, completion, cohort)) in enumerate(zip(PEOPLE, ends), 1):
        values = calpads("SENR", person, number)
        status = "20" if number == 12 else "10"  # a secondary enrolment does not count
        a_g = ["Y", "N", ""][number % 3]
        values |= {
            "StudentAliasFirstName": "Annie" if number == 1 else "", "StudentAliasLastName": "Garcia" if number == 1 else "",
            "StudentBirthCity": "Fresno", "StudentBirthStateProvinceCode": "CA", "StudentBirthCountryCode": "US",
            "EnrollmentSchoolStartDate": "20200817", "EnrollmentStatusCode": status, "GradeLevelCode": "12" if number < 12 else "11",
            "EnrollmentSchoolExitDate": exit_day, "StudentExitReasonCode": reason, "StudentSchoolCompletionStatus": completion,
            "StudentMetAllUCCSURequirementsIndicator": a_g, "DistrictofGeographicResidence": LEA,
            "StudentGoldenStateSealMeritDiplomaIndicator": "N", "StudentSealofBiliteracyIndicator": "Y" if number % 4 == 0 else "N",
        }
        fixture.delimited(SENR, values)
        alias = {"alias_first": values["StudentAliasFirstName"], "alias_last": values["StudentAliasLastName"]}
        fixture.row("student", **place(values), **alias,
                    **student(person, "local_id", "ssid", "first", "middle", "last", "suffix", "birth_date", "gender"))
        fixture.row("enrolment", **place(values), **student(person, "local_id", "ssid"), grade_level=values["GradeLevelCode"],
                    enrolment_status=status, entry_date="2020-08-17", exit_date=day(exit_day), exit_reason=reason,
                    completion_status=completion, completer_cohort=cohort, a_g_met=flag(a_g))
    fixture.write()


def sinf():
    fixture = Fixture("calpads-sinf")
    for number, person in enumerate(PEOPLE, 1):
        values = calpads("SINF", person, number)
        entered = "20080825" if number % 2 else ""
        values |= {
            "EffectiveStartDate": "20200817", "EffectiveEndDate": "", "StudentBirthCity": "Fresno",
            "StudentBirthStateProvinceCode": "CA", "StudentBirthCountryCode": "US",
            "StudentHispanicEthnicityIndicator": person["hispanic"], "StudentEthnicityMissingIndicator": "N",
            "StudentRaceMissingIndicator": "N" if person["races"] else "Y", "AddressLine1": "1 Oak St", "AddressCityName": "Anytown",
            "AddressStateProvinceCode": "CA", "AddressZipCode": person["zip"], "StudentInitialUSSchoolEnrollmentDateK-12": entered,
            "EnrolledinUSSchoollessthanThreeCumulativeYearsIndicator": "N", "ParentGuardianHighestEducationLevelCode": str(10 + number % 5),
            "Guardian1FirstName": "Pat", "Guardian1LastName": "Guardian", "Guardian2FirstName": "", "Guardian2LastName": "",
        }
        values |= {f"StudentRace{place}Code": race for place, race in enumerate(person["races"], 1)}
        fixture.delimited(SINF, values)
        fixture.row("student", **place(values), hispanic=flag(person["hispanic"]), races=" ".join(person["races"]),
                    ethnicity=ethnicity(person["hispanic"], person["races"]), first_school_date=day(entered),
                    parent_education=values["ParentGuardianHighestEducationLevelCode"],
                    **student(person, "local_id", "ssid", "first", "middle", "last", "suffix", "birth_date", "gender", "zip"))
    fixture.write()


def sela():
    fixture = Fixture("calpads-sela")
    statuses = ["EO", "IFEP", "EL", "RFEP", "TBD", "EL"]
    for number, person in enumerate(PEOPLE, 1):
        values = calpads("SELA", person, number)
        status, since = statuses[number % 6], f"20{10 + number}0901"
        values |= {"EnglishAcquisitionStatusCode": status, "EnglishAcquisitionStatusStartDate": since, "PrimaryLanguageCode": f"{number % 4:02}"}
        fixture.delimited(SELA, values)
        fixture.row("student", **place(values), language_status=status, language_status_date=day(since),
                    primary_language=values["PrimaryLanguageCode"],
                    **student(person, "local_id", "ssid", "first", "last", "birth_date", "gender"))
    fixture.write()


def sprg():
    fixture = Fixture("calpads-sprg")
    programmes = ["181", "191", "127", "122", "135", "182"]
    for number, person in enumerate(PEOPLE, 1):
        values = calpads("SPRG", person, number)
        end = "20210604" if number % 2 else ""
        values |= {
            "EducationProgramCode": programmes[number % 6], "EducationProgramMembershipCode": "3" if number % 6 == 3 else "1",
            "EducationProgramMembershipStartDate": "20200701", "EducationProgramMembershipEndDate": end,
            "EducationServiceAcademicYear": YEAR if number % 6 == 3 else "", "MigrantStudentID": "MIG9" if number % 6 == 4 else "",
            "HomelessDwellingTypeCode": "100" if number % 6 == 1 else "", "UnaccompaniedYouthIndicator": "N" if number % 6 == 1 else "",
        }
        fixture.delimited(SPRG, values)
        fixture.row("program", **place(values), **student(person, "local_id", "ssid"), program_code=values["EducationProgramCode"],
                    membership_code=values["EducationProgramMembershipCode"], entry_date="2020-07-01", exit_date=day(end))
    fixture.write()


COURSES = [("2403", "ALG2", "Algebra II", "C"), ("2130", "ENG11", "English 11", "B"), ("2605", "BIO", "Biology", "D"), ("2810", "ART1", "Art I", "F")]


def crsc():
    fixture = Fixture("calpads-crsc")
    for number in range(1, 13):
        code, local, title, _ = COURSES[number % 4]
        values = {
            "RecordTypeCode": "CRSC", "LocalRecordID": str(number), "ReportingLEA": LEA, "SchoolofCourseDelivery": SCHOOL,
            "AcademicYearID": YEAR, "CRS-StateCourseCode": code, "CRS-LocalCourseID": local, "CRS-CourseName": title,
            "CRS-CourseContentCode": "139" if number % 4 == 0 else "", "CRS-CTETechnicalPreparationCourseIndicator": "N",
            "CRS-UCCSUApprovedIndicator": "Y" if number % 3 else "N", "CourseSectionID": f"{local}-{number}", "AcademicTermCode": "S1" if number % 2 else "S2",
            "SEID": f"80000000{number:02}", "LocalStaffID": f"T{number}", "ClassID": f"C{number}", "CourseSectionInstructionalLevelCode": "16" if number % 4 == 1 else "",
            "LanguageofInstructionCode": "00", "IndependentStudyIndicator": "N", "DistanceLearningIndicator": "Y" if number == 3 else "N", "MultipleTeacherCode": "1",
        }
        fixture.delimited(CRSC, values)
        fixture.row("section", institution=LEA, school=SCHOOL, school_year="2020", term=values["AcademicTermCode"], course_id=local,
                    section_id=values["CourseSectionID"], state_course_code=code, course_title=title, content_code=values["CRS-CourseContentCode"],
                    instructional_level=values["CourseSectionInstructionalLevelCode"], a_g_met=flag(values["CRS-UCCSUApprovedIndicator"]))
    fixture.write()


def scsc():
    fixture = Fixture("calpads-scsc")
    grades = ["A", "B+", "C-", "F", "P", "D"]
    for number, person in enumerate(PEOPLE, 1):
        _, local, _, a_g = COURSES[number % 4]
        grade = grades[number % 6]
        values = calpads("SCSC", person, number)
        earned = "0.00" if grade == "F" else "5.00"
        values |= {
            "LocalCourseID": local, "CourseSectionID": f"{local}-{number}", "AcademicTermCode": "S1" if number % 2 else "S2",
            "StudentCreditsAttempted": "5.00", "StudentCreditsEarned": earned, "StudentCourseFinalGrade": grade,
            "UC_CSUAdmissionRequirementCode": a_g, "MarkingPeriodCode": "S1" if number % 2 else "S2",
        }
        fixture.delimited(SCSC, values)
        fixture.row("course", **place(values), **student(person, "local_id", "ssid"), term=values["AcademicTermCode"], course_id=local,
                    section_id=values["CourseSectionID"], grade=grade, marking_period=values["MarkingPeriodCode"], units_attempted="5.00",
                    units_earned=earned, a_g_code=a_g)
    fixture.write()


def scte():
    fixture = Fixture("calpads-scte")
    for number, person in enumerate(PEOPLE, 1):
        values = calpads("SCTE", person, number)
        done = "2020-2021" if number % 3 else ""
        values |= {"CTEPathwayCode": str(150 + number), "StudentCTEPathwayCompletionAcademicYearID": done}
        fixture.delimited(SCTE, values)
        fixture.row("program", **place(values), **student(person, "local_id", "ssid"), pathway_code=values["CTEPathwayCode"],
                    completion_year="2020" if done else "")
    fixture.write()


def ssid_extract():
    fixture = Fixture("calpads-ssid-extract")
    for number, person in enumerate(PEOPLE, 1):
        status = ["EO", "EL", "RFEP", "IFEP"][number % 4]
        school = SCHOOL if number % 2 else OTHER_SCHOOL
        values = {
            "ReportingLEA": LEA, "SchoolOfAttendance": school, "SSID": person["ssid"], "LocalStudentID": person["local"],
            "StudentLegalLastName": person["last"], "StudentLegalFirstName": person["first"], "GenderCode": person["gender"],
            "StudentBirthDate": person["born"], "EnrollmentStartDate": "20200817", "GradeLevelCode": "12",
            "EnglishLanguageAcquisitionStatusCode": status, "EnglishLanguageAcquisitionStatusStartDate": "20110905",
            "PrimaryLanguage": f"{number % 4:02}", "DateSSIDCreated": "20080901",
        }
        fixture.delimited(SSID, values)
        fixture.row("student", institution=LEA, school=school, language_status=status, language_status_date="2011-09-05",
                    primary_language=values["PrimaryLanguage"],
                    **student(person, "local_id", "ssid", "first", "last", "birth_date", "gender"))
    fixture.write()


def refused():
    """Only what shows the layout: nothing of these files is ever read."""
    for kind, count in (("SDIS", 23), ("SPED", 57), ("SSRV", 18)):
        fixture = Fixture(f"calpads-{kind.lower()}")
        for number, person in enumerate(PEOPLE, 1):
            values = calpads(kind, person, number)
            columns = HEAD + WHO + [f"Column{place}" for place in range(len(HEAD + WHO) + 1, count + 1)]
            fixture.delimited(columns, values)
        fixture.write()


# -------------------------------------------------------------------------------------------------------------- CAASPP
CAASPP = """RecordType SSID StudentLastName StudentFirstName StudentMiddleName DateofBirth Gender Blank1 Blank2
CALPADSGrade GradeAssessed CALPADSDistrictCode CALPADSDistrictName CALPADSSchoolCode CALPADSSchoolName
CALPADSCharterCode CALPADSCharterSchoolIndicator SPEDAcctDist Section504Status PrimaryDisabilityType
PrimaryDisabilityforTesting CALPADSIDEAIndicator IDEAIndicatorforTesting MigrantStatus ELStatus ELEntryDate RFEPDate
FirstEntryDateInUSSchool EnrollmentEffectiveDate ELAS CEDSLanguageCode CALPADSPrimaryLanguage MilitaryStatus FosterStatus
HomelessStatus EconomicDisadvantageStatus EconomicDisadvantageTesting CALPADSNPSSchoolFlag HispanicorLatino
AmericanIndianorAlaskaNative Asian HawaiianOrOtherPacificIslander Filipino BlackorAfricanAmerican White TwoorMoreRaces
ReportingEthnicity ParentEducationLevel FinalTestedSchoolCode FinalTestCompletedDate ScaleScore
SmarterScaleScoresErrorBandsMin SmarterScaleScoresErrorBandsMax AchievementLevels EAP""".split()


def caaspp():
    """A shortened file: real ones have 363 to 401 columns, found by name."""
    fixture = Fixture("caaspp-results")
    fixture.lines.append("^".join(CAASPP))
    general = {"1": "100", "2": "299", "3": "399", "6": "600", "7": "700"}
    names = {"100": "AmericanIndianorAlaskaNative", "299": "Asian", "399": "HawaiianOrOtherPacificIslander", "400": "Filipino", "600": "BlackorAfricanAmerican", "700": "White"}
    for number, person in enumerate(PEOPLE, 1):
        races = sorted({race if race == "400" else general[race[0]] for race in person["races"] if race != "500"})
        values = {
            "RecordType": "01" if number % 2 else "02", "SSID": person["ssid"], "StudentLastName": person["last"], "StudentFirstName": person["first"],
            "StudentMiddleName": person["middle"], "DateofBirth": day(person["born"]), "Gender": person["gender"], "CALPADSGrade": "11", "GradeAssessed": "11",
            "CALPADSDistrictCode": LEA, "CALPADSDistrictName": "Anytown Unified", "CALPADSSchoolCode": SCHOOL, "CALPADSSchoolName": "Anytown High",
            "PrimaryDisabilityType": "240" if number == 5 else "", "MigrantStatus": "N", "ELAS": "EL" if number % 5 == 0 else "EO", "FosterStatus": "N",
            "HomelessStatus": "Y" if number == 4 else "N", "EconomicDisadvantageStatus": "Y" if number % 2 else "N", "MilitaryStatus": "N",
            "HispanicorLatino": person["hispanic"], "ParentEducationLevel": str(10 + number % 5), "ReportingEthnicity": "", "FinalTestedSchoolCode": SCHOOL,
            "FinalTestCompletedDate": f"2021-05-{number + 9:02}", "ScaleScore": str(2500 + number), "AchievementLevels": str(1 + number % 4),
        }
        values |= {name: "Y" if code in races else "N" for code, name in names.items()}
        fixture.delimited(CAASPP, values)
        where = {"school": SCHOOL, "school_year": "2020"}
        fixture.row("student", **where, institution=LEA, hispanic=flag(person["hispanic"]), races=" ".join(races), ethnicity=ethnicity(person["hispanic"], races),
                    parent_education=values["ParentEducationLevel"], language_status=values["ELAS"], foster="no", homeless=flag(values["HomelessStatus"]),
                    economic_disadvantage=flag(values["EconomicDisadvantageStatus"]), **student(person, "ssid", "first", "middle", "last", "birth_date", "gender"))
        fixture.row("assessment", **where, ssid=person["ssid"], test=values["RecordType"], test_date=values["FinalTestCompletedDate"], grade_assessed="11",
                    scale_score=values["ScaleScore"], achievement_level=values["AchievementLevels"])
    fixture.write()


def caaspp_2015():
    fixture = Fixture("caaspp-2015")
    for number, person in enumerate(PEOPLE, 1):
        ela, mathematics = str(2400 + number), str(2300 + number)
        fixture.fixed(1323, {
            (1, 2): "01", (3, 18): f"{number:016}", (19, 68): person["last"], (69, 98): person["first"], (99, 128): person["middle"],
            (159, 168): person["ssid"], (169, 178): day(person["born"]), (179, 179): person["gender"], (272, 278): SCHOOL,
            (1149, 1152): ela, (1153, 1156): mathematics, (1189, 1189): str(1 + number % 4), (1190, 1190): str(1 + number % 3), (1193, 1193): "Y", (1194, 1194): "Y",
        })
        fixture.row("student", school_year="2014", **student(person, "ssid", "first", "middle", "last", "birth_date", "gender"))
        both = {"ssid": person["ssid"], "school_year": "2014", "test": "Smarter Balanced"}
        fixture.row("assessment", **both, test_subject="ELA", scale_score=ela, achievement_level=str(1 + number % 4))
        fixture.row("assessment", **both, test_subject="mathematics", scale_score=mathematics, achievement_level=str(1 + number % 3))
    fixture.write()


# ------------------------------------------------------------------------------------------------------------- CCC MIS
# SB29, positions of the groups used here: 2 Mexican, 6 Asian Indian, 7 Chinese, 12 Vietnamese, 13 Filipino, 14 Asian other,
# 15 Black, 16 American Indian, 18 Hawaiian, 21 White; 1 Hispanic.
POSITIONS = {"205": 6, "201": 7, "204": 12, "400": 13, "208": 14, "600": 15, "100": 16, "301": 18, "700": 21}
KEPT = {"208": "299"}  # a position is not finer than "Asian other"


def sb29(person):
    answers = ["N"] * 21
    if person["hispanic"] == "Y":
        answers[0] = answers[1] = "Y"
    for race in person["races"]:
        if race in POSITIONS:
            answers[POSITIONS[race] - 1] = "Y"
    return "".join(answers)


def mis_sb(vintage):
    fixture = Fixture(f"ccc-mis-sb-{vintage}")
    for number, person in enumerate(PEOPLE, 1):
        known = bool(person["ssn"])
        identifier = person["ssn"] or f"C{person['local']}"
        special = number == 6
        names = {"first": person["first"].upper(), "last": person["last"].upper()}
        record = {
            (1, 2): "SB", (3, 5): "991", (6, 8): "187" if vintage == "2018" else "177", (9, 17): identifier, (18, 18): "S" if known else "C",
            (22, 29): person["born"], (30, 30): person["gender"], (33, 33): "1", (35, 43): person["zip"] + "XXXX", (44, 48): "50000",
            (50, 54): "10000" if special else "49930", (55, 60): "061234", (62, 62): "B" if number % 2 else "X",
            (63, 63): "Y" if special else str(1 + number % 5), (64, 99): "0" * 36, (127, 147): sb29(person), (148, 148): "N",
            (149, 178): names["first"], (179, 208): names["last"], (209, 210): "2X",
        }
        extra = {}
        if vintage == "2018":
            record |= {(211, 218): f"ABC{1000 + number}", (219, 228): person["ssid"] if number % 2 else "", (229, 229): "X", (230, 230): "X"}
            extra = {"system_id": f"ABC{1000 + number}", "ssid": person["ssid"] if number % 2 else ""}
        fixture.fixed(int({"2018": 230, "2017": 210}[vintage]), record)
        races = sorted(KEPT.get(race, race) for race in person["races"] if race in POSITIONS)
        when = {"institution": "991", "school_year": "20" + record[(6, 8)][:2]}
        fixture.row("student", **when, local_id=identifier, ssn=person["ssn"], birth_date=day(person["born"]), gender=person["gender"], zip=person["zip"],
                    hispanic=flag(person["hispanic"]), races=" ".join(races), ethnicity=ethnicity(person["hispanic"], races), parent_education="2X", **names, **extra)
        fixture.row("enrolment", **when, local_id=identifier, ssid=extra.get("ssid", ""), term=record[(6, 8)], term_season="fall", special_admit="yes" if special else "no",
                    origin_institution="061234", goal="B" if number % 2 else "", enrolment_status=record[(63, 63)])
    fixture.write()


MIS_COURSES = [("MATH 110", "CCC000100001"), ("ENGL 101", "CCC000100002"), ("BIOL 010", "CCC000100003"), ("MATH 095", "CCC000100004")]


def mis_sx():
    fixture = Fixture("ccc-mis-sx")
    for number, person in enumerate(PEOPLE, 1):
        identifier = person["ssn"] or f"C{person['local']}"
        course, control = MIS_COURSES[number % 4]
        grade, units = [("A", "0300"), ("B+", "0400"), ("W", "0000"), ("P", "0350"), ("F", "0000"), ("XXX", "8888")][number % 6]
        dropped = "181015" if grade == "W" else "888888"
        hours = "01234" if number == 3 else "88888"
        fixture.fixed(78, {
            (1, 2): "SX", (3, 5): "991", (6, 8): "187", (9, 17): identifier, (18, 29): course, (30, 35): f"{number:06}", (36, 41): "180820",
            (42, 47): dropped, (48, 51): units, (52, 54): grade, (55, 59): hours, (60, 60): "Y", (61, 72): control,
        })
        fixture.row("course", local_id=identifier, institution="991", school_year="2018", term="187", term_season="fall", course_id=course,
                    section_id=f"{number:06}", control_number=control, grade="" if grade == "XXX" else grade,
                    units_earned="" if units == "8888" else f"{int(units) / 100:.2f}", effective_date="2018-08-20",
                    drop_date="2018-10-15" if grade == "W" else "", attendance_hours="123.40" if number == 3 else "")
    fixture.write()


def mis_sp():
    fixture = Fixture("ccc-mis-sp")
    for number, person in enumerate(PEOPLE, 1):
        identifier = person["ssn"] or f"C{person['local']}"
        award, top = ["A", "S", "L", "T"][number % 4], ["170100", "150100", "050500"][number % 3]
        fixture.fixed(35, {(1, 2): "SP", (3, 5): "991", (6, 8): "193", (9, 17): identifier, (18, 23): top, (24, 24): award, (25, 30): "190524", (31, 35): f"{30000 + number}"})
        fixture.row("award", local_id=identifier, institution="991", school_year="2018", term="193", award_date="2019-05-24", award=award, top_code=top,
                    control_number=f"{30000 + number}")
    fixture.write()


def mis_cb():
    fixture = Fixture("ccc-mis-cb")
    levels = {"Y": "0", "A": "1", "B": "2", "C": "3", "D": "4"}
    for number in range(1, 13):
        subject, control = ["MATH", "ENGL", "BIOL", "ART"][number % 4], f"CCC0002{number:05}"
        level, ge, support = "YABCD"[number % 5], "YABCD"[number % 3], "S" if number % 6 == 0 else "N"
        credit, transfer, basic = "DCN"[number % 3], "ABC"[number % 3], "B" if level != "Y" else "N"
        fixture.fixed(157, {
            (1, 2): "CB", (3, 5): "991", (6, 8): "187", (9, 20): control, (21, 32): f"{subject} {number:03}", (33, 100): f"Course {number}",
            (101, 106): "170100", (107, 107): credit, (108, 108): transfer, (109, 112): "0400", (113, 116): "0350", (117, 117): basic, (118, 118): "E",
            (119, 119): "N", (120, 120): "Y", (121, 121): "N", (152, 152): level, (153, 153): "Y", (154, 154): "Y", (155, 155): "2", (156, 156): ge, (157, 157): support,
        })
        fixture.row("section", institution="991", school_year="2018", term="187", term_season="fall", course_id=f"{subject} {number:03}", control_number=control,
                    course_title=f"Course {number}", levels_below_transfer=levels[level], credit_status=credit, transfer_status=transfer,
                    basic_skills="yes" if basic == "B" else "no", ge_status="" if ge == "Y" else ge, support_course="yes" if support == "S" else "no",
                    units_min="3.50", units_max="4.00", top_code="170100")
    fixture.write()


def mis_xb():
    fixture = Fixture("ccc-mis-xb")
    for number in range(1, 13):
        course, control = MIS_COURSES[number % 4]
        kind = "WDPE"[number % 4]
        fixture.fixed(63, {
            (1, 2): "XB", (3, 5): "991", (6, 8): "187", (9, 20): course, (21, 26): f"{number:06}", (27, 27): kind, (28, 33): "180904" if kind in "WD" else "888888",
            (34, 34): "N", (35, 38): "0400", (39, 42): "0350", (43, 45): "NNN", (46, 51): "000500" if number % 2 else "888888", (52, 63): control,
        })
        fixture.row("section", institution="991", school_year="2018", term="187", term_season="fall", course_id=course, section_id=f"{number:06}",
                    control_number=control, units_min="3.50", units_max="4.00")
    fixture.write()


# ----------------------------------------------------------------------------------------------------------------- CSU
SEASONS = {"1": "winter", "2": "spring", "3": "summer", "4": "fall"}


def csu(number):
    """Year, term digit, school year."""
    return [("2020", "4", "2020"), ("2021", "2", "2020"), ("2021", "3", "2021"), ("2021", "1", "2020")][number % 4]


def erss():
    fixture = Fixture("csu-erss")
    for number, person in enumerate(PEOPLE, 1):
        year, term, school_year = csu(number)
        ssid, local = person["ssid"] if number % 3 else "", f"0{person['local']}00"
        fixture.fixed(450, {
            (1, 9): person["ssn"], (10, 13): year, (14, 14): term, (15, 16): "99", (17, 24): person["born"], (25, 25): person["gender"], (32, 35): "2020",
            (41, 46): f"06{number:04}", (52, 52): "1", (54, 54): "1", (55, 55): "2", (56, 56): "4", (68, 71): "0450", (72, 74): "325", (75, 77): "300",
            (78, 81): "0605", (82, 84): "310", (91, 96): "270101", (121, 123): "375", (230, 230): "6", (236, 244): local, (260, 264): "17011",
            (308, 313): "010203", (314, 315): "03", (319, 328): ssid, (329, 338): f"88{number:08}", (339, 342): "0101",
        })
        who = {"local_id": local, "ssid": ssid, "institution": "99", "school_year": school_year}
        fixture.row("student", **who, ssn=person["ssn"], system_id=f"88{number:08}", birth_date=day(person["born"]), gender=person["gender"])
        fixture.row("enrolment", **who, term=year + term, term_season=SEASONS[term], enrolment_status="1", student_level="2", degree_objective="4",
                    major="17011", cip_code="270101", admission_basis="03", origin_institution=f"06{number:04}", high_school_year="2020",
                    units_cumulative="60.50", units_transferred="45.00", gpa="3.10", high_school_gpa="3.75", transfer_gpa="3.25")
    fixture.write()


def ersa():
    fixture = Fixture("csu-ersa")
    for number, person in enumerate(PEOPLE, 1):
        year, term, school_year = csu(number)
        local, ssid = f"0{person['local']}00", person["ssid"] if number % 3 else ""
        fixture.fixed(550, {
            (1, 9): person["ssn"], (10, 13): year, (14, 14): term, (15, 16): "99", (26, 26): "1", (28, 28): "1", (29, 36): f"202003{number + 9:02}", (46, 53): person["born"],
            (54, 62): local, (73, 73): "1", (75, 77): "375", (78, 83): f"06{number:04}", (94, 94): person["gender"], (95, 95): "1", (179, 179): "N",
            (180, 185): "304104", (186, 187): "34", (201, 230): f"{person['last']},{person['first']}"[:30], (256, 256): "6", (258, 282): person["last"],
            (283, 288): person["suffix"], (289, 308): person["first"], (309, 328): person["middle"], (396, 401): "010203", (407, 416): ssid, (417, 426): f"88{number:08}",
        })
        fixture.row("student", local_id=local, ssid=ssid, institution="99", school_year=school_year, system_id=f"88{number:08}", parent_education="3",
                    **student(person, "ssn", "first", "middle", "last", "suffix", "birth_date", "gender"))
    fixture.write()


def ersd():
    fixture = Fixture("csu-ersd")
    for number, person in enumerate(PEOPLE, 1):
        year, term, school_year = csu(number)
        ssid, local = person["ssid"] if number % 3 else "", f"0{person['local']}00"
        fixture.fixed(200, {
            (1, 9): person["ssn"], (10, 13): year, (14, 14): term, (15, 16): "99", (17, 24): person["born"], (25, 25): person["gender"], (32, 35): "2016",
            (41, 46): f"06{number:04}", (54, 54): "4", (55, 59): "17011", (60, 63): "0450", (64, 66): "325", (67, 69): "300", (70, 73): "1205", (74, 76): "310",
            (77, 82): "270101", (91, 91): "6", (96, 104): local, (144, 149): "010203", (153, 162): ssid, (163, 172): f"88{number:08}",
        })
        who = {"local_id": local, "ssid": ssid, "institution": "99", "school_year": school_year}
        fixture.row("student", **who, ssn=person["ssn"], system_id=f"88{number:08}", birth_date=day(person["born"]), gender=person["gender"])
        fixture.row("award", **who, term=year + term, award="4", major="17011", cip_code="270101", gpa="3.10", units_cumulative="120.50")
    fixture.write()


# ------------------------------------------------------------------------------------------------ colleges' own files
def college():
    fixture = Fixture("college-students")
    columns = "student_id ssid ssn first middle last suffix prior_last birth_date gender hispanic race zip".split()
    fixture.lines.append(",".join(columns))
    for number, person in enumerate(PEOPLE, 1):
        prior, races = "Silva" if number == 6 else "", person["races"][:1]
        fixture.delimited(columns, {
            "student_id": person["local"], "ssid": person["ssid"], "ssn": person["ssn"], "first": person["first"], "middle": person["middle"], "last": person["last"],
            "suffix": person["suffix"], "prior_last": prior, "birth_date": day(person["born"]), "gender": person["gender"], "hispanic": person["hispanic"],
            "race": "".join(races), "zip": person["zip"],
        }, ",")
        fixture.row("student", prior_last=prior, hispanic=flag(person["hispanic"]), races=" ".join(races), ethnicity=ethnicity(person["hispanic"], races),
                    **student(person, "local_id", "ssid", "ssn", "first", "middle", "last", "suffix", "birth_date", "gender", "zip"))
    fixture.write("\n")

    terms = [("2020FA", "fall", "2020"), ("2021SP", "spring", "2020"), ("2021SU", "summer", "2021"), ("2021WI", "winter", "2020")]
    fixture = Fixture("college-enrollments")
    columns = "student_id term units_attempted units_earned status level".split()
    fixture.lines.append(",".join(columns))
    for number, person in enumerate(PEOPLE, 1):
        (term, season, year), status = terms[number % 4], ["FIRST", "CONTINUING", "SPECIAL", "TRANSFER"][number % 4]
        fixture.delimited(columns, {"student_id": person["local"], "term": term, "units_attempted": "12.5", "units_earned": "9", "status": status, "level": "LD"}, ",")
        fixture.row("enrolment", local_id=person["local"], school_year=year, term=term, term_season=season, enrolment_status=status,
                    special_admit="yes" if status == "SPECIAL" else "no", student_level="LD", units_attempted="12.50", units_earned="9.00")
    fixture.write("\n")

    fixture = Fixture("college-courses")
    columns = "student_id term subject number title units grade levels_below_transfer".split()
    fixture.lines.append(",".join(columns))
    for number, person in enumerate(PEOPLE, 1):
        (term, season, year), grade = terms[number % 4], ["A", "B+", "W", "P"][number % 4]
        fixture.delimited(columns, {"student_id": person["local"], "term": term, "subject": "MATH", "number": f"{100 + number}", "title": "College Algebra",
                                    "units": "4", "grade": grade, "levels_below_transfer": str(number % 4)}, ",")
        fixture.row("course", local_id=person["local"], school_year=year, term=term, term_season=season, subject="MATH", course_number=f"{100 + number}",
                    course_title="College Algebra", grade=grade, units_attempted="4.00", levels_below_transfer=str(number % 4))
    fixture.write("\n")

    fixture = Fixture("university-courses")
    columns = "campus student_id term subject number title units_attempted units_earned grade level cip".split()
    fixture.lines.append(",".join(columns))
    for number, person in enumerate(PEOPLE, 1):
        (term, season, year), grade = terms[number % 4], ["A", "B+", "W", "F"][number % 4]
        earned = "3" if grade in ("A", "B+") else "0"
        fixture.delimited(columns, {"campus": "99", "student_id": person["local"], "term": term, "subject": "STAT", "number": f"{10 + number}", "title": "Statistics",
                                    "units_attempted": "3", "units_earned": earned, "grade": grade, "level": "college", "cip": "27.0501"}, ",")
        fixture.row("course", local_id=person["local"], institution="99", school_year=year, term=term, term_season=season, subject="STAT", course_number=f"{10 + number}",
                    course_title="Statistics", grade=grade, units_attempted="3.00", units_earned=f"{earned}.00", instructional_level="college", cip_code="27.0501")
    fixture.write("\n")

    fixture = Fixture("college-awards")
    columns = "student_id award_date award program_cip".split()
    fixture.lines.append(",".join(columns))
    for number, person in enumerate(PEOPLE, 1):
        date, year = [("2021-05-24", "2020"), ("2021-06-30", "2020"), ("2021-07-01", "2021")][number % 3]
        fixture.delimited(columns, {"student_id": person["local"], "award_date": date, "award": "AA-T", "program_cip": "24.0101"}, ",")
        fixture.row("award", local_id=person["local"], school_year=year, award_date=date, award="AA-T", cip_code="24.0101")
    fixture.write("\n")


# ----------------------------------------------------------------------------------------------------------------- NSC
NSC_HIGH_SCHOOL = """YOUR_UNIQUE_IDENTIFIER FIRST_NAME MIDDLE_NAME LAST_NAME NAME_SUFFIX REQUESTER_RETURN_FIELD
RECORD_FOUND_Y/N HIGH_SCHOOL_CODE HIGH_SCHOOL_GRAD_DATE COLLEGE_CODE/BRANCH COLLEGE_NAME COLLEGE_STATE 2-YEAR/4-YEAR
PUBLIC/PRIVATE ENROLLMENT_BEGIN ENROLLMENT_END ENROLLMENT_STATUS GRADUATED GRADUATION_DATE DEGREE_TITLE MAJOR
COLLEGE_SEQUENCE PROGRAM_CODE""".split()
NSC_COLLEGE = [
    "Your Unique Identifier", "First Name", "Middle Initial", "Last Name", "Name Suffix", "Requester Return Field", "Record Found Y/N", "Search Date",
    "College Code/Branch", "College Name", "College State", "2-year / 4-year", "Public / Private", "Enrollment Begin", "Enrollment End", "Enrollment Status",
    "Class Level", "Enrollment Major 1", "Enrollment CIP 1", "Enrollment Major 2", "Enrollment CIP 2", "Graduated?", "Graduation Date", "Degree Title",
    "Degree Major 1", "Degree CIP 1", "College Sequence",
]
assert len(NSC_HIGH_SCHOOL) == 23


def nsc():
    for layout, columns in (("nsc-detail-high-school", NSC_HIGH_SCHOOL), ("nsc-detail-college", NSC_COLLEGE)):
        fixture = Fixture(layout)
        fixture.lines.append(",".join(columns))
        high_school = layout.endswith("school")
        for number, person in enumerate(PEOPLE, 1):
            found, graduated = number % 3 != 0, number % 4 == 1
            # The clearing-house puts an underscore behind the number, so that a spreadsheet leaves it alone.
            returned = person["local"] + "_"
            values = {
                "FIRST": person["first"].upper(), "MIDDLE": person["middle"].upper()[:1], "LAST": person["last"].upper(), "SUFFIX": person["suffix"], "FOUND": "Y" if found else "N",
            }
            if found:
                values |= {"CODE": f"00{number:04}-00", "NAME": "ANYTOWN COLLEGE", "STATE": "CA", "LEVEL": "2-year" if number % 2 else "4-year", "CONTROL": "Public",
                           "GRADUATED": "Y" if graduated else "N", "SEQUENCE": str(1 + number % 2)}
                values |= {"DEGREE_DAY": "20230519", "DEGREE": "ASSOCIATE IN ARTS"} if graduated else {"BEGIN": "20210823", "END": "20211217", "STATUS": "F" if number % 2 else ""}
                values["MAJOR"] = "MATHEMATICS" if graduated == high_school else ""
            names = {
                "FIRST": ("FIRST_NAME", "First Name"), "MIDDLE": ("MIDDLE_NAME", "Middle Initial"), "LAST": ("LAST_NAME", "Last Name"), "SUFFIX": ("NAME_SUFFIX", "Name Suffix"),
                "FOUND": ("RECORD_FOUND_Y/N", "Record Found Y/N"), "CODE": ("COLLEGE_CODE/BRANCH", "College Code/Branch"), "NAME": ("COLLEGE_NAME", "College Name"),
                "STATE": ("COLLEGE_STATE", "College State"), "LEVEL": ("2-YEAR/4-YEAR", "2-year / 4-year"), "CONTROL": ("PUBLIC/PRIVATE", "Public / Private"),
                "BEGIN": ("ENROLLMENT_BEGIN", "Enrollment Begin"), "END": ("ENROLLMENT_END", "Enrollment End"), "STATUS": ("ENROLLMENT_STATUS", "Enrollment Status"),
                "GRADUATED": ("GRADUATED", "Graduated?"), "DEGREE_DAY": ("GRADUATION_DATE", "Graduation Date"), "DEGREE": ("DEGREE_TITLE", "Degree Title"),
                "MAJOR": ("MAJOR", "Enrollment Major 1"), "SEQUENCE": ("COLLEGE_SEQUENCE", "College Sequence"),
            }
            record = {names[key][0 if high_school else 1]: value for key, value in values.items()}
            if high_school:
                record |= {"YOUR_UNIQUE_IDENTIFIER": returned, "HIGH_SCHOOL_CODE": "051234", "HIGH_SCHOOL_GRAD_DATE": "20210604"}
                extra = {"high_school_graduation_date": "2021-06-04"}
            else:
                level = "J" if found and not graduated else ""
                record |= {"Requester Return Field": returned, "Search Date": "20210701", "Class Level": level, "Enrollment CIP 1": "270101" if values.get("MAJOR") else ""}
                extra = {"student_level": level, "cip_code": record["Enrollment CIP 1"]}
            fixture.delimited(columns, record, ",")
            fixture.row("elsewhere", local_id=person["local"], first=values["FIRST"], middle=values["MIDDLE"], last=values["LAST"], suffix=values["SUFFIX"],
                        record_found="yes" if found else "no", college_code=values.get("CODE", ""), college_name=values.get("NAME", ""), college_state=values.get("STATE", ""),
                        college_level=values.get("LEVEL", "").upper(), college_control=values.get("CONTROL", "").upper(), entry_date=day(values.get("BEGIN", "")),
                        exit_date=day(values.get("END", "")), enrolment_status=values.get("STATUS", ""), graduated=flag(values.get("GRADUATED", "")),
                        award_date=day(values.get("DEGREE_DAY", "")), degree_title=values.get("DEGREE", ""), major=values.get("MAJOR", ""),
                        sequence=values.get("SEQUENCE", ""), **extra)
        fixture.write()


# -------------------------------------------------------------------------------------------------------------- others
def cal_pass():
    fixture = Fixture("cal-pass-k12-student")
    columns = [f"K12S{number}" for number in range(1, 13)]
    for number, person in enumerate(PEOPLE, 1):
        gender = person["gender"] if number != 7 else ""
        partial = {"first": person["first"][:3], "last": person["last"].replace(" ", "").replace("'", "")[:3]}
        fixture.delimited(columns, {"K12S1": SCHOOL, "K12S2": "0708", "K12S3": person["local"], "K12S4": person["ssn"], "K12S5": person["ssid"], "K12S6": partial["first"],
                                    "K12S7": partial["last"], "K12S8": gender, "K12S9": "12", "K12S10": "500", "K12S11": "Y", "K12S12": "0"}, ",")
        fixture.row("student", local_id=person["local"], ssid=person["ssid"], school=SCHOOL, school_year="2007", first_partial=partial["first"], last_partial=partial["last"], gender=gender)
    fixture.write()


def wages():
    fixture = Fixture("quarterly-wages")
    columns = "employer_account quarter ssn first_name middle_initial last_name wages naics".split()
    fixture.lines.append(",".join(columns))
    for number, person in enumerate((person for person in PEOPLE if person["ssn"]), 1):
        quarter, year = [("2021Q3", "2021"), ("2021Q2", "2020"), ("2021Q4", "2021")][number % 3]
        pay = f"{8000 + number}.{number:02}"
        fixture.delimited(columns, {"employer_account": f"999-{number:04}-1", "quarter": quarter, "ssn": person["ssn"], "first_name": person["first"].upper(),
                                    "middle_initial": person["middle"][:1], "last_name": person["last"].upper(), "wages": pay, "naics": "611210"}, ",")
        fixture.row("wage", ssn=person["ssn"], first=person["first"].upper(), middle=person["middle"][:1], last=person["last"].upper(), quarter=quarter, school_year=year,
                    employer=f"999-{number:04}-1", industry="611210", wages=pay)
    fixture.write("\n")


# ------------------------------------------------------------------------------------------------------------- hazards
# What stands where: local number, SSID, SSN, first, last, birth date, gender, another date, a code list, school year or term.
ROLES = ("local", "ssid", "ssn", "first", "last", "born", "gender", "date", "code", "year")
PLACES = {
    "calpads-senr": ("LocalStudentID", "SSID", "", "StudentLegalFirstName", "StudentLegalLastName", "StudentBirthDate", "StudentGenderCode", "EnrollmentSchoolExitDate", "StudentExitReasonCode", "AcademicYearID"),
    "calpads-sinf": ("LocalStudentID", "SSID", "", "StudentLegalFirstName", "StudentLegalLastName", "StudentBirthDate", "StudentGenderCode", "", "StudentRace1Code", "AcademicYearID"),
    "calpads-sela": ("LocalStudentID", "SSID", "", "StudentLegalFirstName", "StudentLegalLastName", "StudentBirthDate", "StudentGenderCode", "EnglishAcquisitionStatusStartDate", "EnglishAcquisitionStatusCode", "AcademicYearID"),
    "calpads-sprg": ("LocalStudentID", "SSID", "", "", "", "", "", "EducationProgramMembershipEndDate", "EducationProgramCode", "AcademicYearID"),
    "calpads-crsc": ("", "", "", "", "", "", "", "", "AcademicTermCode", "AcademicYearID"),
    "calpads-scsc": ("LocalStudentID", "SSID", "", "", "", "", "", "", "AcademicTermCode", "AcademicYearID"),
    "calpads-scte": ("LocalStudentID", "SSID", "", "", "", "", "", "", "", "AcademicYearID"),
    "calpads-ssid-extract": ("LocalStudentID", "SSID", "", "StudentLegalFirstName", "StudentLegalLastName", "StudentBirthDate", "GenderCode", "EnglishLanguageAcquisitionStatusStartDate", "EnglishLanguageAcquisitionStatusCode", ""),
    "caaspp-results": ("", "SSID", "", "StudentFirstName", "StudentLastName", "DateofBirth", "Gender", "", "ELAS", "FinalTestCompletedDate"),
    "caaspp-2015": ("", (159, 168), "", (69, 98), (19, 68), (169, 178), (179, 179), "", "", ""),
    "ccc-mis-sb-2018": ((9, 17), (219, 228), (9, 17), (149, 178), (179, 208), (22, 29), (30, 30), "", (62, 62), (6, 8)),
    "ccc-mis-sb-2017": ((9, 17), "", (9, 17), (149, 178), (179, 208), (22, 29), (30, 30), "", (62, 62), (6, 8)),
    "ccc-mis-sx": ((9, 17), "", "", "", "", "", "", (36, 41), "", (6, 8)),
    "ccc-mis-sp": ((9, 17), "", "", "", "", "", "", (25, 30), (24, 24), (6, 8)),
    "ccc-mis-cb": ("", "", "", "", "", "", "", "", (107, 107), (6, 8)),
    "ccc-mis-xb": ("", "", "", "", "", "", "", "", "", (6, 8)),
    "csu-erss": ((236, 244), (319, 328), (1, 9), "", "", (17, 24), (25, 25), "", "", (14, 14)),
    "csu-ersa": ((54, 62), (407, 416), (1, 9), (289, 308), (258, 282), (46, 53), (94, 94), "", "", (14, 14)),
    "csu-ersd": ((96, 104), (153, 162), (1, 9), "", "", (17, 24), (25, 25), "", "", (14, 14)),
    "college-students": ("student_id", "ssid", "ssn", "first", "last", "birth_date", "gender", "", "race", ""),
    "college-enrollments": ("student_id", "", "", "", "", "", "", "", "status", "term"),
    "college-courses": ("student_id", "", "", "", "", "", "", "", "", "term"),
    "university-courses": ("student_id", "", "", "", "", "", "", "", "", "term"),
    "college-awards": ("student_id", "", "", "", "", "", "", "award_date", "", ""),
    "nsc-detail-high-school": ("YOUR_UNIQUE_IDENTIFIER", "", "", "FIRST_NAME", "LAST_NAME", "", "", "ENROLLMENT_BEGIN", "ENROLLMENT_STATUS", ""),
    "nsc-detail-college": ("Requester Return Field", "", "", "First Name", "Last Name", "", "", "Enrollment Begin", "Enrollment Status", ""),
    "cal-pass-k12-student": ("K12S3", "K12S5", "", "", "", "", "K12S8", "", "", "K12S2"),
    "quarterly-wages": ("", "", "ssn", "first_name", "last_name", "", "", "", "", "quarter"),
}
# What tells the rows of files without students apart.
SECTIONS = {"calpads-crsc": "CourseSectionID", "ccc-mis-cb": (21, 32), "ccc-mis-xb": (21, 26)}
# Layouts of which one row with separators too many is still known to stand where it should: everything that is kept before its
# blank end is checked, or followed by what is.
SURE = {
    "calpads-senr", "calpads-sinf", "calpads-sela", "calpads-sprg", "calpads-scsc", "calpads-scte", "calpads-ssid-extract", "college-students", "college-courses",
    "cal-pass-k12-student",
}
# What only some layouts have.
ALSO = {
    "nsc-detail-high-school": [("leading zeros of a college lost", {"COLLEGE_CODE/BRANCH": "1155-00"}, True), ("a college without its branch", {"COLLEGE_CODE/BRANCH": "001155"}, True),
                               ("leading zero of a school lost", {"HIGH_SCHOOL_CODE": "51234"}, True)],
    "nsc-detail-college": [("leading zeros of a college lost", {"College Code/Branch": "1155-00"}, True), ("a college without its branch", {"College Code/Branch": "001155"}, True)],
}
# Hazard, the roles it changes and to what, and whether the importer must say something about the row. A list: one value a row.
HAZARDS = [
    ("leading zero lost", {"ssid": "123456780"}, True),
    ("scientific notation", {"ssid": "1.2346E+09"}, True),
    ("thousands separators", {"ssid": "1,234,567,890"}, True),
    ("one digit repeated", {"ssid": "7777777777"}, True),
    ("letters in an SSID", {"ssid": "12345A7890"}, True),
    ("a spreadsheet's date of birth", {"born": "5/3/2004"}, True),
    ("a spreadsheet's day number", {"born": "38110"}, True),
    ("day and month exchanged", {"born": "20042503"}, True),
    ("day 99", {"born": "20040599"}, True),
    ("1 January 1900", {"born": "19000101"}, True),
    ("born next century", {"born": "21040101"}, True),
    ("no such day", {"born": "20040231"}, True),
    ("a year old", {"born": "20250601"}, True),
    ("the year at the end", {"born": "05312004"}, True),
    ("filler last name", {"last": "UNKNOWN"}, True),
    ("filler first name", {"first": "FNU"}, True),
    ("test record", {"last": "TEST"}, True),
    ("filler SSN", {"ssn": "123456789"}, True),
    ("area 000", {"ssn": "000121234"}, True),
    ("area 666", {"ssn": "666121234"}, True),
    ("taxpayer number", {"ssn": "900701234"}, True),
    ("two surnames", {"last": "DE LA CRUZ MARTINEZ"}, "noted"),
    ("hyphenated surname", {"last": "Garcia-Lopez"}, "noted"),
    ("one surname of several words", {"last": "DE LA CRUZ"}, False),
    ("small letters", {"last": "mcdonald", "first": "anna"}, False),
    ("gender X", {"gender": "X"}, False),
    ("unknown gender", {"gender": "Q"}, True),
    ("a spreadsheet's date", {"date": "5/3/21"}, True),
    ("no such day", {"date": "20210231"}, True),
    ("unknown code", {"code": "?"}, True),
    ("unknown year or term", {"year": "?"}, True),
    ("Windows-1252", {"last": "Pe\xf1a"}, True),
    ("letters lost", {"last": "Pe\ufffda"}, True),
    ("separators at the end of one row", "trailing", True),
    ("a separator too many", "wide", True),
    ("the row before, once more", "again", True),
    ("an SSID of another student", "ssid again", True),
    ("an SSN of another student", "ssn again", True),
]


def hazard_file(fixture):
    place = dict(zip(ROLES, PLACES[fixture.layout]))
    encode = lambda line: line.encode() if "\ufffd" in line else line.encode("cp1252")
    # Rows that are right, three times over with other students, so that the file is still known for what it is.
    lines, rows, count = [], [], 0
    unique = place["local"] or place["ssn"] or place["ssid"] or SECTIONS[fixture.layout]

    def fresh(values):
        """The values with a student of their own."""
        nonlocal count
        count += 1
        values = dict(values)
        if place["local"] in values:
            old = values[place["local"]]
            values[place["local"]] = f"{300000 + count}".zfill(len(old.rstrip("_"))) + ("_" if old.endswith("_") else "")
        elif unique == SECTIONS.get(fixture.layout):
            values[unique] = f"{300000 + count}"
        if values.get(place["ssid"]):
            values[place["ssid"]] = f"{2000000000 + count}"
        if place["ssn"] and place["ssn"] == place["local"]:
            values[(18, 18)] = "C"  # SB01: a number the college gave
        elif values.get(place["ssn"]):
            values[place["ssn"]] = f"{502220000 + count}"
        return values

    def add(line, hazard="", seen=False, data=None):
        lines.append(data if data is not None else encode(line))
        if hazard:
            must = "noted" if seen == "noted" else "said" if seen else "silent"
            rows.append(f"{len(lines)}\t{hazard}\t{must}\n")

    def fits(role, text):
        return place[role] and (fixture.length is None or len(text) <= place[role][1] - place[role][0] + 1)

    if fixture.length is None:
        header = fixture.separator.join(fixture.columns)
        if fixture.layout.startswith("calpads"):
            add(header, "header present", True)
        elif fixture.layout != "cal-pass-k12-student":
            add(header)
    for _ in range(3):
        for values in fixture.records:
            add(fixture.line(fresh(values)))
    base = next(values for values in fixture.records if values.get(place["ssid"], "x") and values.get(place["ssn"], "x") and values.get(place["date"], "x"))
    good = fresh(base)
    add(fixture.line(good), "nothing: the row that is repeated below", False)
    for hazard, change, seen in HAZARDS:
        values = fresh(base)
        if change == "trailing":
            if fixture.length is None:
                add(fixture.line(values) + fixture.separator * 2, hazard, fixture.layout not in SURE)
        elif change == "wide":
            if fixture.length is None:
                add(fixture.line(values).replace(fixture.separator, fixture.separator * 3, 1) + fixture.separator + "x", hazard, seen)
        elif change == "again":
            add(fixture.line(good), hazard, seen)
        elif change in ("ssid again", "ssn again"):
            role = change.split()[0]
            if place[role] and place["local"] and place[role] != place["local"]:
                values[place[role]] = good[place[role]]
                add(fixture.line(values), hazard, seen)
        elif all(fits(role, text) for role, text in change.items()):
            values |= {place[role]: text for role, text in change.items()}
            if place["ssn"] == place["local"] and "ssn" in change:
                values[(18, 18)] = "S"
            line = fixture.line(values)
            if fixture.separator == ",":
                line = line.replace("1,234,567,890", '"1,234,567,890"')
            if fixture.length is None or "\ufffd" not in line:
                add(line, hazard, seen)
    for hazard, change, seen in ALSO.get(fixture.layout, []):
        add(fixture.line(fresh(base) | change), hazard, seen)
    out = b"" if fixture.length is not None else b"\xef\xbb\xbf"
    out += b"".join(line + fixture.end.encode() for line in lines)
    (HERE / "hazards" / f"{fixture.layout}.txt").write_bytes(out)
    (HERE / "hazards" / f"{fixture.layout}.rows").write_text("".join(rows))


# -------------------------------------------------------------------------------------------------------------- orders
# Where the dates of a file stand.
DATES = {
    "csu-erss": [(17, 24)], "csu-ersa": [(46, 53), (29, 36)], "csu-ersd": [(17, 24)], "college-students": ["birth_date"],
    "calpads-senr": ["StudentBirthDate", "EnrollmentSchoolStartDate", "EnrollmentSchoolExitDate"],
    "caaspp-results": ["DateofBirth", "FinalTestCompletedDate"],
}


def orders(fixture):
    """The same records, dates written in the other orders: with the month first, with the day first, and with no day above 12."""
    compact = fixture.length is not None
    for order in ("mdy", "dmy", "untold"):
        lines = []
        for values in fixture.records:
            values = dict(values)
            for place in DATES[fixture.layout]:
                digits = values.get(place, "").replace("-", "")
                if not digits:
                    continue
                year, month, of_month = digits[:4], digits[4:6], digits[6:]
                if order == "untold":
                    of_month = f"{int(of_month) % 12 + 1:02}"
                parts = [of_month, month, year] if order == "dmy" else [month, of_month, year]
                values[place] = "".join(parts) if compact else "/".join(part.lstrip("0") for part in parts)
            lines.append(fixture.line(values))
        header = fixture.lines[: len(fixture.lines) - len(fixture.records)]
        text = "".join(line + fixture.end for line in header + lines)
        (HERE / "orders" / f"{fixture.layout}.{order}.txt").write_bytes(text.encode())


if __name__ == "__main__":
    (HERE / "orders").mkdir(exist_ok=True)
    (HERE / "fixtures").mkdir(exist_ok=True)
    (HERE / "hazards").mkdir(exist_ok=True)
    for make in (senr, sinf, sela, sprg, crsc, scsc, scte, ssid_extract, refused, caaspp, caaspp_2015, mis_sx, mis_sp, mis_cb, mis_xb, erss, ersa, ersd,
                 college, nsc, cal_pass, wages):
        make()
    for vintage in ("2018", "2017"):
        mis_sb(vintage)
    for layout in PLACES:
        hazard_file(EVERY[layout])
    for layout in DATES:
        orders(EVERY[layout])
