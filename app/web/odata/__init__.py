"""The cleaned tables as OData 4.0 JSON."""
