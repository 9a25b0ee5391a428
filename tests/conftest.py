"""How all tests run: what Hypothesis tries, and how long it may take."""

import os

from hypothesis import settings

# A busy machine must not fail a test, and what decides over a merge must say the same twice: chance is for people.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")
