"""What does a form mean, and what does a submission say?

A pure library: bytes in, frozen values out. It knows XLSForms, XForms and submissions, and nothing of
Flask, databases, clocks, networks or files; `forms.xlsform` alone starts a process (the compiler).

    forms.xlsform      XLSForm bytes -> CompiledForm
    forms.schema       XForm bytes -> FormSchema; old version against new
    forms.submission   submission bytes -> Submission -> CleanRecord, tables, entities, attachments
    forms.safe_xml     untrusted XML bytes -> element, within limits
    forms.errors       everything that may go wrong
"""
