"""A phone of PJSIP: pjsua.py LOCAL_ADDRESS TRANSPORT EDGE USER PASSWORD DOMAIN DIALLED.

Registers, calls, talks for half a second, hangs up and leaves; says what came of each. It answers a first challenge it
knows, SHA-256 included (RFC 8760).
"""
import sys
import time

import pjsua2 as pj

local, transport, edge, user, password, domain, dialled = sys.argv[1:]
PATIENCE = 8


def wait(what, so):
    end = time.monotonic() + PATIENCE
    while not so():
        endpoint.libHandleEvents(20)
        if time.monotonic() > end:
            sys.exit("waited for " + what)


class Call(pj.Call):
    state = None
    code = 0

    def onCallState(self, prm):
        info = self.getInfo()
        self.state, self.code = info.state, info.lastStatusCode


class Account(pj.Account):
    code = 0
    active = False

    def onRegState(self, prm):
        self.code, self.active = prm.code, self.getInfo().regIsActive


endpoint = pj.Endpoint()
endpoint.libCreate()
settings = pj.EpConfig()
settings.uaConfig.threadCnt = 0
settings.uaConfig.mainThreadOnly = True
settings.logConfig.level = 4
settings.logConfig.consoleLevel = 4
endpoint.libInit(settings)
sort = {
    "udp": pj.PJSIP_TRANSPORT_UDP,
    "tcp": pj.PJSIP_TRANSPORT_TCP,
    "tls": pj.PJSIP_TRANSPORT_TLS,
}[transport]
bound = pj.TransportConfig()
bound.boundAddress = local
endpoint.transportCreate(sort, bound)
endpoint.libStart()
endpoint.audDevManager().setNullDev()

of = pj.AccountConfig()
of.idUri = f"sip:{user}@{domain}"
of.regConfig.registrarUri = f"sip:{domain}"
of.sipConfig.authCreds.append(pj.AuthCredInfo("digest", domain, user, 0, password))
of.sipConfig.proxies.append(f"sip:{edge};transport={transport};lr")
of.mediaConfig.transportConfig.boundAddress = local
account = Account()
account.create(of)
wait("a registration", lambda: account.code)
print("registered", account.code, account.active, flush=True)
if account.active:
    call = Call(account)
    call.makeCall(f"sip:{dialled}@{domain}", pj.CallOpParam(True))
    over = (pj.PJSIP_INV_STATE_CONFIRMED, pj.PJSIP_INV_STATE_DISCONNECTED)
    wait("an answer", lambda: call.state in over)
    print("called", call.code, flush=True)
    if call.state == pj.PJSIP_INV_STATE_CONFIRMED:
        until = time.monotonic() + 0.5
        wait("nothing", lambda: time.monotonic() > until)
        call.hangup(pj.CallOpParam())
        wait("the end", lambda: call.state == pj.PJSIP_INV_STATE_DISCONNECTED)
        print("hung up", flush=True)
    # The library frees what is left in any order.
    del call
    account.setRegistration(False)
    wait("leaving", lambda: not account.active)
    print("left", account.code, flush=True)
endpoint.libDestroy()
