"""Will a phone be able to evaluate the form's expressions?

pyxform checks none of them, and a phone that meets a wrong one refuses the whole form.
"""

from forms.xpath.check import Problem, check_expressions

__all__ = ["Problem", "check_expressions"]
