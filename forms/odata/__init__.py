"""How do a form and an entity list look to OData clients? Their `$metadata`: `metadata_of_form`, `metadata_of_list`."""

from forms.odata.metadata import SYSTEM_OF_ENTITIES, metadata_of_form, metadata_of_list

__all__ = ["SYSTEM_OF_ENTITIES", "metadata_of_form", "metadata_of_list"]
