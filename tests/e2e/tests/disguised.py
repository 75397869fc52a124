"""Runs a tool of SIPVicious that calls itself a phone: disguised.py OWN_ADDRESS TOOL ARGUMENTS..."""
import importlib
import socket
import sys

sys.path.insert(0, "/usr/share/sipvicious")
import sipvicious.libs.svhelper as helper

own = sys.argv[1]
del sys.argv[0:2]
make = helper.makeRequest


def disguised(*arguments, **named):
    named["useragent"] = "Yealink SIP-T46U 108.86.0.20"
    return make(*arguments, **named)


class Bound(socket.socket):
    """svcrack does not bind to the address it is given."""

    def bind(self, address):
        super().bind((own, address[1]))


helper.makeRequest = disguised
socket.socket = Bound
importlib.import_module("sipvicious." + sys.argv[0]).main()
