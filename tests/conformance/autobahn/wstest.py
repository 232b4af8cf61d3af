"""Runs Autobahn's `wstest` from the folder that `setup.sh` has filled; takes its arguments."""

import os
import site
import sys
import types
import unittest

ROOT = os.path.dirname(os.path.abspath(__file__))

# By `site`, because the namespace package `zope` is made by a .pth file.
site.addsitedir(os.path.join(ROOT, "site"))

# The fuzzing client is used over `ws:` alone, so what its modules import for TLS may be hollow.
# That saves pyOpenSSL and cryptography, whose last versions for Python 2.7 need a compiler.
hollow = types.ModuleType("twisted.internet.ssl")
hollow.ClientContextFactory = hollow.DefaultOpenSSLContextFactory = object
sys.modules["twisted.internet.ssl"] = hollow
# Imported by a mode that is not used here.
sys.modules["unittest2"] = unittest

import twisted.internet  # noqa: E402

twisted.internet.ssl = hollow

from autobahntestsuite import wstest  # noqa: E402

wstest.run()
