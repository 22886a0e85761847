import { type Tag, tagOf } from './dictionary.ts';

/** What tells of the person a study was of before and is no longer true, besides number, name, birth date and sex (PS3.3 §C.2, §C.7.1.1, §C.7.2.2). */
export const TOLD_OF_ANOTHER: readonly Tag[] = [
  'ReferencedPatientSequence',
  'IssuerOfPatientIDQualifiersSequence',
  'TypeOfPatientID',
  'SourcePatientGroupIdentificationSequence',
  'GroupOfPatientsIdentificationSequence',
  'PatientBirthTime',
  'PatientBirthDateInAlternativeCalendar',
  'PatientDeathDateInAlternativeCalendar',
  'PatientAlternativeCalendar',
  'PatientInsurancePlanCodeSequence',
  'OtherPatientIDs',
  'OtherPatientNames',
  'OtherPatientIDsSequence',
  'PatientBirthName',
  'PatientAge',
  'PatientMotherBirthName',
  'PatientAddress',
  'MilitaryRank',
  'BranchOfService',
  'MedicalRecordLocator',
  'ReferencedPatientPhotoSequence',
  'CountryOfResidence',
  'RegionOfResidence',
  'PatientTelephoneNumbers',
  'PatientTelecomInformation',
  'EthnicGroup',
  'Occupation',
  'PatientReligiousPreference',
  'ResponsiblePerson',
  'ResponsiblePersonRole',
  'ResponsibleOrganization',
].map(tagOf);

/** What names the order that a study was made for, and not the exam (PS3.3 §C.7.2.1, §C.7.3.1). */
export const TOLD_OF_AN_ORDER: readonly Tag[] = [
  'IssuerOfAccessionNumberSequence',
  'ReferencedStudySequence',
  'OrderPlacerIdentifierSequence',
  'OrderFillerIdentifierSequence',
  'RequestAttributesSequence',
  'ReferencedRequestSequence',
].map(tagOf);
