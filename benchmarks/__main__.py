"""All promises, one after the other. Ends with 1 if one does not hold."""

from __future__ import annotations

import sys

from benchmarks import first_answer, form_list_statements, idle_memory, publish_forms
from benchmarks.promise import machine

print(machine())
outcomes = []
for module in (publish_forms, idle_memory, first_answer, form_list_statements):
    outcome = module.measure()
    outcome.show()
    outcomes.append(outcome)
sys.exit(0 if all(outcome.holds for outcome in outcomes) else 1)
