"""How does a form look to OData clients? Its `$metadata`: `metadata_of_form`."""

from forms.odata.metadata import metadata_of_form

__all__ = ["metadata_of_form"]
