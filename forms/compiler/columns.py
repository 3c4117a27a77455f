"""Which columns of the survey and settings sheets does pyxform read? The others it drops without a word.

Source: the XLSForm reference (xlsform.org) and the older names that pyxform 4 still takes. The choices sheet
may have any column, since choice filters use them; the entities sheet is checked by pyxform itself.
"""

from __future__ import annotations

_SURVEY = """
    type name label hint guidance_hint appearance parameters
    relevant constraint constraint_message required required_message readonly read_only
    calculation default trigger choice_filter repeat_count save_to disabled
    media image big-image audio video autoplay rows bind body control instance intent query list_name
    command tag value caption relevance constraining_message calculate count jr:count
    requiredmsg noapperrorstring no_app_error_string compact_tag
    sms_field sms_option sms_separator sms_allow_media sms_date_format sms_datetime_format sms_response
"""

_SETTINGS = """
    form_title form_id version default_language instance_name public_key submission_url style name
    auto_send auto_delete client_editable allow_choice_duplicates namespaces attribute instance_xmlns
    omit_instanceid instance_id clean_text_values add_none_option flat
    title set_form_title id_string set_form_id prefix delimiter
    sms_keyword sms_separator sms_allow_media sms_date_format sms_datetime_format sms_response
"""

BY_SHEET = {"survey": frozenset(_SURVEY.split()), "settings": frozenset(_SETTINGS.split())}


def is_read(sheet: str, header: str) -> bool:
    """Does pyxform read the column? Only what stands before :: or : counts ("label::Shqip (sq)")."""
    known = BY_SHEET.get(sheet)
    if known is None:
        return True
    whole = "_".join(header.split()).lower()
    first = "_".join(header.split("::" if "::" in header else ":")[0].split()).lower()
    return whole in known or first in known
